/* What the sound lab does in a thread of its own (thread.mjs), with what each question answers:

       read {file}             what `take` answers, or {kind: "other"}: the browser must decode it
       take {channels, rate}   {offer, length, seconds, hit, columns, lines, bands, samples, said}: a recording
       rising {}               the same for the sound that the figure begins with
       keep {offer}            {}: this recording is the one that the questions below are about
       leave {}                {}: stops `cover`
       load {folder}           {classes, hits, test}: the network and what goes with it
       look {start}            {picture, shares}: half a second from there on
       cover {start, kind}     {lost}: for each block and class, how much probability goes when the block is covered; null if another came in between
       slide {from}            {next}: the answers along the recording, told as {first, shares}; next is where it was stopped, null at the end
       rest {}                 {}: stops `slide`
       through {line}          {samples}: the recording through one filter
*/

import { readNetwork } from "./network-file.mjs";
import { LONGEST, readWav } from "./sound-file.mjs";
import { BANDS, BLOCK, COLUMNS, HALF, RATE, SPAN, STEP, SoundError, firstHit, isHeard, logMel, peakOf, pictures, recording, rising, stored, through } from "./sound-math.mjs";
import { serve } from "./thread.mjs";

const SLICE = 25; // milliseconds of work after which messages are read
const TELL = 100; // milliseconds between two pieces of news

const line = new MessageChannel(), waiting = [];
line.port1.onmessage = () => waiting.shift()?.();

/** Let messages be read. */
const breathe = () => new Promise((done) => {
  waiting.push(done);
  line.port2.postMessage(0);
});

const offers = new Map(); // number -> recording that the page has not chosen yet
let offered = 0;
let track = null; // the recording
let most = 0; // its peak
let network = null;
let average = null; // of the pictures that the network learned from
let sliding = 0; // which `slide` is the last
let covering = 0;

/** What the page gets of a recording. Files are read side by side, and the last to be ready need not be the last that was chosen. */
function taken(samples, said) {
  offers.set(++offered, samples);
  const { columns, lines, bands } = pictures(samples), copy = Float32Array.from(samples);
  return { answer: { offer: offered, length: samples.length, seconds: samples.length / RATE, hit: Math.min(firstHit(samples), samples.length - HALF), columns, lines, bands, samples: copy, said }, transfer: [lines.buffer, bands.buffer, copy.buffer] };
}

function keep({ offer }) {
  sliding++;
  covering++;
  track = offers.get(offer);
  most = peakOf(track);
  offers.clear();
}

function take({ channels, rate, said = [] }) {
  const made = recording(channels, rate);
  return taken(made.samples, [...said, ...made.said]);
}

async function read({ file }) {
  const found = await readWav(file);
  return found ? take(found) : { answer: { kind: "other" } };
}

async function load({ folder }) {
  const [file, lab] = await Promise.all(["drums.p2p", "lab.json"].map(async (name) => {
    const answer = await fetch(new URL(name, folder));
    if (!answer.ok) throw new SoundError(`The network could not be loaded (status ${answer.status}); press the button again.`);
    return name.endsWith("json") ? answer.json() : answer.arrayBuffer();
  }));
  network = readNetwork(file);
  average = Float32Array.from(lab.average);
  // The first runs are slow, until the browser has translated the code.
  for (let n = 0; n < 5; n++) network.run(average);
  return { answer: { classes: lab.classes, hits: lab.hits, test: lab.test, parameters: network.parameters } };
}

/** Softmax of the network's logits. */
export function sharesOf(network, picture) {
  const logits = network.run(picture).get(network.output).data, top = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - top)), sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** The picture of half a second, or null where there is nothing to hear, or nothing that a window sees. */
function pictureAt(start) {
  const picture = isHeard(track, start, most) ? logMel(stored(track, start)) : null;
  return picture?.some(Boolean) ? picture : null;
}

function look({ start }) {
  const picture = pictureAt(start);
  return { answer: { picture: picture ?? new Float32Array(COLUMNS * BANDS), shares: picture && sharesOf(network, picture) } };
}

/** A picture whose block is covered. */
export function covered(picture, cover, row, column) {
  const out = picture.slice();
  for (let c = column * SPAN; c < (column + 1) * SPAN; c++)
    for (let band = row * BLOCK; band < (row + 1) * BLOCK; band++) out[c * BANDS + band] = cover ? cover[c * BANDS + band] : 0;
  return out;
}

async function cover({ start, kind }) {
  const turn = ++covering, picture = logMel(stored(track, start)), before = sharesOf(network, picture), lost = [];
  let last = performance.now();
  for (let row = 0; row < BANDS / BLOCK; row++)
    for (let column = 0; column < COLUMNS / SPAN; column++) {
      const after = sharesOf(network, covered(picture, kind === "average" ? average : null, row, column));
      lost.push(before.map((share, k) => share - after[k]));
      if (performance.now() - last < SLICE) continue;
      await breathe();
      if (turn !== covering) return { answer: { lost: null } };
      last = performance.now();
    }
  return { answer: { lost } };
}

async function slide({ from }, tell) {
  const turn = ++sliding, classes = network.classes.length, end = Math.floor((track.length - HALF) / STEP) + 1;
  let last = performance.now(), told = last, first = from, shares = [];
  for (let n = from; n < end; n++) {
    // Where nothing is heard there is no answer: a row of zeros.
    const picture = pictureAt(n * STEP);
    shares.push(...(picture ? sharesOf(network, picture) : Array(classes).fill(0)));
    const now = performance.now();
    if (now - told > TELL) {
      tell({ first, shares });
      [first, shares, told] = [n + 1, [], now];
    }
    if (now - last < SLICE) continue;
    await breathe();
    if (turn !== sliding) {
      if (shares.length) tell({ first, shares });
      return { answer: { next: n + 1 < end ? n + 1 : null } };
    }
    last = performance.now();
  }
  tell({ first, shares });
  return { answer: { next: null } };
}

function filtered({ line }) {
  const samples = through(track, line);
  return { answer: { samples }, transfer: samples ? [samples.buffer] : [] };
}

const AGAIN = "The lab came to a halt; choose the recording again.";

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope)
  serve({
    read: { work: read, trouble: "cannot be read; choose it again." },
    take: { work: take, trouble: `needs more memory than the browser gives; choose one of ${LONGEST} seconds or less.` },
    rising: { work: () => taken(rising(), []), trouble: AGAIN },
    keep: { work: keep, trouble: AGAIN },
    load: { work: load, trouble: "The network could not be loaded. Is the connection there? Then try it again." },
    look: { work: look, trouble: AGAIN },
    cover: { work: cover, trouble: AGAIN },
    leave: { work: () => void covering++, trouble: AGAIN },
    slide: { work: slide, trouble: AGAIN },
    rest: { work: () => void sliding++, trouble: AGAIN },
    through: { work: filtered, trouble: AGAIN },
  }, [SoundError]);
