/* A network that runs: in the page where that takes a moment, in a thread where it takes longer.

   Which of the two is decided by costs.mjs before anything runs. A small network, such as the
   chapter's, answers within a frame in the page itself: nothing has to be copied, and the
   maps follow the pen. A larger one would make the page stand still, so it gets a thread of
   its own, which can be stopped at any time. */

import { volume } from "./runtime.mjs";
import { Thread } from "./thread.mjs";

/** Nanoseconds by costs.mjs: what runs longer goes into the thread. On a device four times as slow it is 50 ms. */
export const LIGHT = 12e6;
const MOST_MAPS = 256; // whose largest values are kept: as many as are drawn

/** The outputs of all layers, each surveyed: {shape, data, most, limits, finite}.

    most is the largest magnitude, limits that of each map, finite whether all are numbers. */
export function surveyed(found) {
  const known = new Map(); // layers that pass values on share one array
  for (const [name, { shape, data }] of found) {
    const channels = shape.length > 2 ? shape.at(-1) : 1, kept = known.get(data);
    if (kept?.channels !== channels) known.set(data, { channels, ...survey(data, channels) });
    const { most, limits, finite } = known.get(data);
    found.set(name, { shape, data, most, limits, finite });
  }
  return found;
}

function survey(data, channels) {
  const limits = new Float32Array(channels);
  let sum = 0;
  for (let k = 0, c = 0; k < data.length; k++) {
    const size = Math.abs(data[k]);
    sum += size * 0; // not 0 any more once it meets what is no number
    if (size > limits[c]) limits[c] = size;
    if (++c === channels) c = 0;
  }
  return { most: limits.reduce((a, b) => (b > a ? b : a), 0), limits: limits.slice(0, MOST_MAPS), finite: sum === 0 };
}

/** The first layer whose numbers overflow, or null. */
export function overflowing(network, found) {
  return network.layers.find(({ name }) => !found.get(name).finite) ?? null;
}

/** In the thread: every layer's output, and news before each layer. */
export function runSlowly(network, pixels, tell) {
  let done = 0, last = -Infinity;
  return surveyed(network.run(pixels, (layer) => {
    if (performance.now() - last > 50) tell({ layer: layer.name, share: done / network.cost });
    if (performance.now() - last > 50) last = performance.now();
    done += layer.cost;
  }));
}

/** The memory of all outputs, each once: a thread hands it over instead of copying it. */
export const buffersOf = (found) => [...new Set([...found.values()].map(({ data }) => data.buffer))];

/** A network and where it runs. file: the bytes that it was read from, for the thread. */
export class Runner {
  #thread = new Thread();

  constructor(network, file) {
    this.network = network;
    this.file = file;
  }

  get isLight() {
    return this.network.cost <= LIGHT;
  }

  /** Run in the page, at once. */
  now(pixels) {
    return surveyed(this.network.run(pixels));
  }

  /** Run wherever it should; kept with the outputs. tell({layer, share}) hears how far it is. */
  async later(pixels, tell) {
    if (this.isLight) return this.now(pixels);
    if (pixels.length !== volume(this.network.input)) throw new RangeError(`A picture of ${pixels.length} numbers for the shape [${this.network.input}].`);
    const opened = this.#thread.awake ? null : this.#thread.ask({ job: "open", buffer: this.file });
    const answered = this.#thread.ask({ job: "run", pixels }, { tell });
    answered.catch(() => {}); // what goes wrong with the opening is told first
    await opened;
    return (await answered).found;
  }

  /** Stop what runs; the next picture starts it again. */
  stop() {
    this.#thread.stop();
  }
}
