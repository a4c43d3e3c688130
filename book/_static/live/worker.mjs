/* What the live figures do in a thread of their own (thread.mjs), so that the page goes on answering.

   The photo lab's jobs, with what each answers:
       load {address}          {side, classes, parameters}; on the way {share}, 0 to 1
       shrink {bitmap, side}   {pixels, milliseconds}: a decoded picture as a square of pixels
       look {pixels}           {logits, probabilities, places, bias, shape, milliseconds}
   Those of the network explorer:
       open {buffer}           {}: a network's file, which this thread then has
       run {pixels}            {found}: every layer's output (running.mjs); on the way {layer, share}
   And for pictures of all labs:
       decode {source}         {picture}: a file as an ImageBitmap, upright (decode.mjs)
       paint {wish}            {data}: a picture on white, in the size that is wished, RGBA

   `places` holds for each class what every place of the last maps adds to its logit. The
   features are means over the places, and the head is linear, so

       logit = bias + the sum over places of (sum over features of map * weight) / number of places

   and nothing is left over: the map of a class is exact. */

import { decoded, painted } from "./decode.mjs";
import { fetched, NetworkError, readNetwork } from "./network-file.mjs";
import { prepared, rowReader } from "./resize.mjs";
import { buffersOf, runSlowly } from "./running.mjs";
import { serve } from "./thread.mjs";

let network = null;

/** What each place adds to each logit: (classes, places). */
export function contributions({ shape: [rows, columns, F], data }, kernel, classes) {
  const places = rows * columns, found = new Float64Array(classes * places);
  for (let place = 0; place < places; place++)
    for (let f = 0; f < F; f++) {
      const value = data[place * F + f];
      for (let k = 0; k < classes; k++) found[k * places + place] += value * kernel[f * classes + k];
    }
  return found.map((sum) => sum / places);
}

/** Run the network on a square of pixels. */
export function look(network, pixels) {
  const begin = performance.now(), found = network.run(pixels);
  const milliseconds = performance.now() - begin;
  const [pooling, head] = network.layers.slice(-3), maps = found.get(pooling.inputs[0]);
  const [kernel, bias] = head.weights.map(({ data }) => data), classes = bias.length;
  return {
    logits: [...found.get(head.name).data],
    probabilities: [...found.get(network.output).data],
    places: contributions(maps, kernel, classes),
    bias: [...bias],
    shape: maps.shape.slice(0, 2),
    milliseconds,
  };
}

/** A network that this worker knows how to read: mean over maps, dense layer, softmax at its end. */
function fits({ layers, input, classes }) {
  const types = layers.slice(-3).map(({ type }) => type).join();
  return types === "GlobalAveragePooling2D,Dense,Softmax" && input.length === 3 && input[0] === input[1] && input[2] === 3 && classes;
}

async function load({ address }, tell) {
  const read = readNetwork(await fetched(address, (share) => tell({ share })));
  if (!fits(read)) throw new NetworkError("The file holds another kind of network than the photo lab\u2019s.");
  // The first runs are slow, until the browser has translated the code; the reader need not wait for them.
  look(read, new Float32Array(read.input[0] ** 2 * 3));
  network = read;
  return { answer: { side: read.input[0], classes: read.classes, parameters: read.parameters } };
}

function shrink({ bitmap, side }) {
  const begin = performance.now(), { width, height } = bitmap;
  const { data } = prepared(width, height, rowReader(bitmap, width, height), side);
  bitmap.close();
  return { answer: { pixels: data, milliseconds: performance.now() - begin } };
}

async function run({ pixels }, tell) {
  const found = await runSlowly(network, pixels, tell);
  return { answer: { found }, transfer: buffersOf(found) };
}

async function decode({ source }) {
  const picture = await decoded(source);
  return { answer: { picture }, transfer: [picture] };
}

function paint({ wish }) {
  const data = painted(wish);
  return { answer: { data }, transfer: [data.buffer] };
}

const MEMORY = "needs more memory than the browser gives", SMALLER = `This picture ${MEMORY}; make it smaller and try again.`;

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope)
  serve({
    load: { work: load, trouble: "The network could not be loaded. Is the connection there? Then press the button again." },
    shrink: { work: shrink, trouble: SMALLER },
    look: { work: ({ pixels }) => ({ answer: look(network, pixels) }), trouble: "The network could not be run on this picture; load the page again." },
    open: { work: ({ buffer }) => void (network = readNetwork(buffer)), trouble: `The network ${MEMORY}.` },
    run: { work: run, trouble: `The network ${MEMORY}; try it with smaller pictures.` },
    decode: { work: decode, trouble: SMALLER },
    paint: { work: paint, trouble: SMALLER },
  }, [NetworkError]);
