/* The Teach lab's thread: it has the backbone and the features of all pictures, trains heads and answers.

   Its jobs (thread.mjs), with what each answers:
       load {address}               {}: the photo lab's network, of which the backbone is kept; on the way {share}
       halt                         {}: the loading ends
       add {id, bitmap | square}    {small, file, twin}: features are kept under the id; small is the picture as the network
                                    gets it, and file the same as a JPEG, where a thread can paint.
                                    twin is the id of the same picture, if it is there already; then nothing is kept
       keep {id, row}               {}: features that come from a saved file
       drop {ids}                   {}
       forget {all}                 {}: there is no head any more; with `all` no picture either that was asked about
       learn {pictures, strength, classes}   a head for all, which then answers, comes on the way as {head, milliseconds};
                                    {things, groups}, and {fold, probabilities, judged, threshold} where there are enough
                                    things; {late} if a newer question came
       ask {id | bitmap | square | again}   {logits, probabilities, bias, places, shape, small, milliseconds}
       rows {ids}                   {rows}

   A picture is read as in chapter 6: at most 512 pixels, the middle square in 224x224 pixels by Pillow's
   rules, then 80x80 by Keras's Resizing with antialias, and picture and mirror image go through the network.
   `square` is for browsers that cannot paint in a thread: 224x224 pixels that the page has made. */

import { fetched, NetworkError, readNetwork } from "./network-file.mjs";
import { middleSquare, rowReader, shares, thumbnail } from "./resize.mjs";
import { foldsOf, groupsOf, judged, learning, logitsOf, softmax, thingsOf, thresholdOf } from "./teach-head.mjs";
import { serve } from "./thread.mjs";

export const SQUARE = 224, SIDE = 80, QUALITY = 0.85;
const SAME = 1e-4; // features of the same picture, on whatever machine
const SLICE = 20; // milliseconds of work after which messages are read

let network = null, head = null, turn = 0;
let kept = null; // the picture that was asked about last, for a head that comes later
const known = new Map(); // id -> {row, maps}: maps only of pictures that came in this visit
const prints = new Map(); // fingerprint of a square -> id

/** The backbone alone, for pictures of SIDE pixels: the photo lab's file without its head. */
export function backboneOf(buffer) {
  const view = new DataView(buffer), length = view.getUint32(8, true), bytes = new Uint8Array(buffer);
  readNetwork(buffer.slice(0)); // says in words what is wrong with the file, if anything is
  const description = JSON.parse(new TextDecoder().decode(bytes.subarray(12, 12 + length)));
  const layers = description.layers.slice(0, -2).map((layer) => ({ ...layer, shape: layer.shape.map(() => null) }));
  if (layers.at(-1)?.type !== "GlobalAveragePooling2D" || description.dtype !== "float16") throw new NetworkError("The file holds another kind of network than the book\u2019s.");
  const cut = description.layers.slice(-2).flatMap(({ weights }) => weights).reduce((count, shape) => count + shape.reduce((a, b) => a * b, 1), 0);
  const text = JSON.stringify({ input: [SIDE, SIDE, 3], name: "backbone", layers, dtype: "float16" }), coded = new TextEncoder().encode(text);
  const long = Math.ceil(coded.length / 4) * 4, numbers = bytes.subarray(12 + length, bytes.length - 2 * cut), out = new Uint8Array(12 + long + numbers.length).fill(32);
  out.set(bytes.subarray(0, 8));
  new DataView(out.buffer).setUint32(8, long, true);
  out.set(coded, 12);
  out.set(numbers, 12 + long);
  return readNetwork(out.buffer);
}

/** A decoded picture -> {data} of 224x224 pixels, as chapter 6's `squared` makes it. */
export function squareOf(bitmap) {
  const { width, height } = bitmap;
  return middleSquare(thumbnail(width, height, rowReader(bitmap, width, height)), SQUARE).data;
}

const plan = shares(SQUARE, SIDE, 0, SQUARE, "bilinear");

/** 224x224 pixels -> 80x80, as Keras's Resizing with antialias: in ordinary numbers, not rounded. */
export function shrunk(square) {
  const wide = new Float32Array(SQUARE * SIDE * 3), out = new Float32Array(SIDE * SIDE * 3);
  for (let j = 0; j < SIDE; j++) {
    const { first, weights } = plan[j];
    for (let i = 0; i < SQUARE; i++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0, from = (i * SQUARE + first) * 3 + c; k < weights.length; k++, from += 3) sum += weights[k] * square[from];
        wide[(i * SIDE + j) * 3 + c] = sum;
      }
  }
  for (let i = 0; i < SIDE; i++) {
    const { first, weights } = plan[i];
    for (let at = 0; at < SIDE * 3; at++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * wide[(first + k) * SIDE * 3 + at];
      out[i * SIDE * 3 + at] = sum;
    }
  }
  return out;
}

/** Left and right change places: rows x columns x channels. */
function mirrored(data, rows, columns, channels) {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) for (let c = 0; c < channels; c++) out[(i * columns + j) * channels + c] = data[(i * columns + columns - 1 - j) * channels + c];
  return out;
}

/** Features and last maps of a picture and of its mirror image. */
export function seen(network, pixels) {
  const pooling = network.layers.at(-1), parts = [pixels, mirrored(pixels, SIDE, SIDE, 3)].map((one) => network.run(one));
  const row = new Float32Array(2 * pooling.shape[0]), maps = parts.map((found) => found.get(pooling.inputs[0]));
  parts.forEach((found, n) => row.set(found.get(pooling.name).data, n * pooling.shape[0]));
  return { row, maps };
}

/** What each place adds to each logit, the mirror image turned back: classes x places. With the bias the sum is the logit. */
export function placesOf(head, maps) {
  const [rows, columns, F] = maps[0].shape, K = head.bias.length, count = rows * columns, found = new Float64Array(K * count);
  maps.forEach(({ data }, turned) => {
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        const to = i * columns + (turned ? columns - 1 - j : j), from = (i * columns + j) * F;
        for (let f = 0; f < F; f++) {
          const value = data[from + f] / (2 * count);
          if (value) for (let k = 0; k < K; k++) found[k * count + to] += value * head.kernel[f * K + k];
        }
      }
  });
  return { places: found, shape: [rows, columns] };
}

/** A number that stands for a picture's pixels. */
function print(square) {
  let one = 2166136261, other = 40503;
  for (const value of square) {
    one = Math.imul(one ^ value, 16777619);
    other = (Math.imul(other, 31) + value) | 0;
  }
  return `${one},${other}`;
}

const line = new MessageChannel(), waiting = [];
line.port1.onmessage = () => waiting.shift()?.();
/** Let messages be read. */
const breathe = () => new Promise((done) => {
  waiting.push(done);
  line.port2.postMessage(0);
});

let stopper = null;

async function load({ address }, tell) {
  stopper = new AbortController();
  const read = backboneOf(await fetched(address, (share) => tell({ share }), stopper.signal));
  // The first runs are slow, until the browser has translated the code.
  seen(read, new Float32Array(SIDE * SIDE * 3));
  network = read;
}

const asSquare = ({ bitmap, square }) => {
  if (!bitmap) return square;
  const made = squareOf(bitmap);
  bitmap.close();
  return made;
};

/** A small picture, painted. */
export function painted(canvas, pixels) {
  const context = canvas.getContext("2d"), image = context.createImageData(SIDE, SIDE);
  for (let n = 0; n < SIDE * SIDE; n++) {
    for (let c = 0; c < 3; c++) image.data[4 * n + c] = pixels[3 * n + c];
    image.data[4 * n + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Here and not in the page, which writes such files in its idle time: with something moving on it, few a second. */
const fileOf = (pixels) => typeof OffscreenCanvas === "undefined" ? null :
  painted(new OffscreenCanvas(SIDE, SIDE), pixels).convertToBlob({ type: "image/jpeg", quality: QUALITY });

async function add({ id, ...picture }) {
  const square = asSquare(picture), mark = print(square), twin = prints.get(mark);
  if (twin !== undefined && known.has(twin)) return { answer: { twin } };
  const pixels = shrunk(square), { row, maps } = seen(network, pixels);
  const small = Uint8ClampedArray.from(pixels);
  // A saved lesson brings no fingerprints, so features tell whether its pictures have come again.
  for (const [other, one] of known)
    if (!one.maps && one.row.every((value, k) => Math.abs(value - row[k]) < SAME)) {
      prints.set(mark, other);
      return { answer: { twin: other } };
    }
  known.set(id, { row, maps, small });
  prints.set(mark, id);
  return { answer: { small, file: await fileOf(small) } };
}

function drop({ ids }) {
  for (const id of ids) known.delete(id);
  for (const [mark, id] of prints) if (!known.has(id)) prints.delete(mark);
}

/** Run a search to its end, and let messages be read on the way; null when a newer question has come. */
async function finished(search, mine) {
  for (let begin = performance.now(); ; ) {
    const { done, value } = search.next();
    if (done) return value;
    if (performance.now() - begin < SLICE) continue;
    await breathe();
    if (turn !== mine) return null;
    begin = performance.now();
  }
}

async function learn({ pictures, strength, classes }, tell) {
  const mine = ++turn, begin = performance.now(), labels = pictures.map(({ label }) => label), rows = pictures.map(({ id }) => known.get(id).row);
  const found = await finished(learning(rows, labels, strength, classes), mine);
  if (!found) return { answer: { late: true } };
  head = found;
  const milliseconds = performance.now() - begin;
  tell({ head: found, milliseconds });
  await breathe();
  if (turn !== mine) return { answer: { late: true } };
  const groups = groupsOf(pictures, rows), fold = foldsOf(labels, groups, classes), things = thingsOf(labels, groups, classes);
  if (!fold) return { answer: { things, groups } };
  const probabilities = Array(rows.length);
  for (const f of new Set(fold)) {
    const seen = rows.map((_, n) => n).filter((n) => fold[n] !== f), pick = (list) => seen.map((n) => list[n]);
    const other = await finished(learning(pick(rows), pick(labels), strength, classes), mine);
    if (!other) return { answer: { late: true } };
    rows.forEach((row, n) => fold[n] === f && (probabilities[n] = softmax(logitsOf(other, row))));
  }
  return { answer: { things, groups, fold, probabilities, judged: judged(probabilities, labels, groups, classes), threshold: thresholdOf(probabilities, labels), milliseconds: performance.now() - begin } };
}

function ask({ id, keep = false, again = false, ...picture }) {
  const begin = performance.now(), mine = again ? kept : id === undefined ? null : known.get(id);
  const pixels = mine ? null : shrunk(asSquare(picture)), { row, maps } = mine ?? seen(network, pixels);
  const logits = head ? logitsOf(head, row) : null, small = mine ? mine.small : Uint8ClampedArray.from(pixels);
  if (keep) kept = { row, maps, small };
  return { answer: { logits, probabilities: logits && softmax(logits), bias: head && [...head.bias], ...(maps && head ? placesOf(head, maps) : { places: null }), small, milliseconds: performance.now() - begin } };
}

const MEMORY = "This picture needs more memory than the browser gives; make it smaller and try again.";
if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope)
  serve({
    load: { work: load, trouble: "The network could not be loaded. Is the connection there? Then try it again." },
    halt: { work: () => stopper?.abort(), trouble: MEMORY },
    add: { work: add, trouble: MEMORY },
    keep: { work: ({ id, row }) => void known.set(id, { row }), trouble: MEMORY },
    drop: { work: drop, trouble: MEMORY },
    forget: { work: ({ all = false }) => void ((head = null), (kept = all ? null : kept), turn++), trouble: MEMORY },
    learn: { work: learn, trouble: "The head could not be trained; load the page again." },
    ask: { work: ask, trouble: MEMORY },
    rows: { work: ({ ids }) => ({ answer: { rows: ids.map((id) => known.get(id).row) } }), trouble: MEMORY },
  }, [NetworkError]);
