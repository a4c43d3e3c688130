/* The Train lab's thread: it has the pictures and the network, learns, and tells how it goes.

   Its jobs (thread.mjs), with what each answers:
       load {address}         {training, others}: how many pictures; on the way {share}
       build {settings}       what is shown of a network with fresh weights
       set {settings}         {}: batch, rate and optimizer from the next batch on
       go {pace}              {why}: "paused", "limit" or "broken"; on the way what is shown, every `pace` milliseconds
       pause                  {}: `go` ends within a picture or two
       step                   what is shown after one more batch
       rewind {place}         what is shown of a remembered epoch, from which it then goes on
       look {pixels}          what is shown with this picture's maps
       file {classes}         {buffer}: the network as a file

   Settings are those of TrainNet and {pictures, batch, rate, optimizer, order, labels}. The order of the
   pictures follows from the seed and the epoch alone, so that who rewinds sees the same again. */

import { serve } from "./thread.mjs";
import { CLASSES, SIDE, TrainNet, dice, fileOf, mix } from "./train-net.mjs";

export const AREA = SIDE * SIDE;
export const OTHERS = 1000; // pictures that it never learns from, the last ones of the file
const WINDOW = 500; // pictures over which training's own loss and accuracy are averaged
const SLICE = 25; // milliseconds of work after which messages are read
const LIMIT = 80_000; // pictures after which it pauses by itself
const MEMORIES = 20;
const OFTEN = 1000, SELDOM = 4000; // pictures between two looks at the other pictures: at first, and later

/** The bytes of an address, unpacked; tells how far it has come. */
async function unpacked(address, tell) {
  const answer = await fetch(address);
  if (!answer.ok) throw new TrainError(`The pictures could not be loaded (status ${answer.status}).`);
  const length = Number(answer.headers.get("content-length"));
  let come = 0;
  const counted = new TransformStream({
    transform(chunk, line) {
      come += chunk.length;
      if (length) tell({ share: Math.min(1, come / length) });
      line.enqueue(chunk);
    },
  });
  const stream = answer.body.pipeThrough(counted).pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export class TrainError extends Error {}

const line = new MessageChannel();
const waiting = [];
line.port1.onmessage = () => waiting.shift()?.();

/** Let messages be read. */
const breathe = () => new Promise((done) => {
  waiting.push(done);
  line.port2.postMessage(0);
});

const best = (p) => p.reduce((most, value, k) => (value > p[most] ? k : most), 0);

/** A training: pictures, a network, and where it stands. */
export class Training {
  pictures = null; // bytes, one picture after the other: first those to learn from
  truths = null;
  pixels = new Uint8Array(AREA); // the chosen picture
  #wanted = false; // whether it should run
  #last = 0;

  take(bytes) {
    const count = Math.floor(bytes.length / (AREA + 1));
    if (bytes.length !== count * (AREA + 1) || count <= OTHERS) throw new TrainError("The file of pictures is damaged; load the page again.");
    this.truths = bytes.subarray(0, count);
    this.pictures = bytes.subarray(count);
    this.training = count - OTHERS;
    if (this.settings) this.#deal();
  }

  build(settings) {
    this.pause();
    this.settings = settings;
    this.net = new TrainNet(settings);
    this.epoch = this.place = this.seen = 0;
    this.memories = [];
    this.#clear();
    this.#judged = null;
    this.#due = 0;
    if (this.pictures) this.#deal();
  }

  /** Labels and their mixing, for the pictures that are used. */
  #deal() {
    const { seed, labels, pictures } = this.settings;
    this.used = Math.min(pictures, this.training);
    this.labels = this.truths.slice(0, this.used);
    if (labels === "shuffled") mix(this.labels, dice(seed + 17));
    this.#sort();
  }

  /** The order of this epoch. */
  #sort() {
    const { seed, order } = this.settings;
    this.order = Uint32Array.from({ length: this.used }, (_, n) => n);
    if (order === "sorted") this.order.sort((a, b) => this.labels[a] - this.labels[b] || a - b);
    else mix(this.order, dice(Math.imul(seed + 1, 0x9e3779b1) + this.epoch));
  }

  #clear() {
    this.points = []; // of training, not told yet: [seen, loss, share right]
    this.tests = []; // of the other pictures: [seen, loss, share right]
    this.losses = []; // of single batches: [seen, loss]
    this.window = [0, 0, 0];
  }

  #judged = null; // what the other pictures said last
  #due = 0; // pictures seen at which they are asked next

  set(settings) {
    if (settings.optimizer !== this.settings.optimizer) this.net.freshOptimizer();
    Object.assign(this.settings, settings);
  }

  pause() {
    this.#wanted = false;
  }

  /** Pause for messages if the slice is over; false if it was asked to stop. */
  async #goOn() {
    if (performance.now() - this.#last > SLICE) {
      await breathe();
      this.#last = performance.now();
    }
    return this.#wanted;
  }

  /** One batch; false if it was stopped before its end, and then nothing has changed. */
  async #batch() {
    const { net, settings, pictures, labels, order } = this, end = Math.min(this.place + settings.batch, this.used), count = end - this.place;
    let loss = 0, right = 0;
    net.forget();
    for (let n = this.place; n < end; n++) {
      const one = order[n], p = net.forward(pictures.subarray(one * AREA, (one + 1) * AREA));
      loss += net.loss(labels[one]);
      right += best(p) === labels[one];
      net.backward(labels[one], 1 / count);
      if (!(await this.#goOn()) || net !== this.net) return false;
    }
    net.update(settings);
    this.seen += count;
    this.place = end;
    this.losses.push([this.seen, loss / count]);
    this.loss = loss / count;
    const w = this.window;
    (w[0] += count), (w[1] += loss), (w[2] += right);
    if (w[0] >= Math.min(WINDOW, this.used)) {
      this.points.push([this.seen, w[1] / w[0], w[2] / w[0]]);
      this.window = [0, 0, 0];
    }
    if (end === this.used) {
      this.epoch++;
      this.place = 0;
      this.#sort();
    }
    return true;
  }

  /** Ask about the other pictures; false if it was stopped. */
  async #judge() {
    const { net, training, pictures, truths, seen } = this, losses = new Float64Array(OTHERS), said = new Uint8Array(OTHERS), sure = new Float32Array(OTHERS);
    const answered = Array(CLASSES).fill(0), right = Array(CLASSES).fill(0), there = Array(CLASSES).fill(0);
    for (let n = 0; n < OTHERS; n++) {
      const one = training + n, p = net.forward(pictures.subarray(one * AREA, (one + 1) * AREA)), label = truths[one], top = best(p);
      losses[n] = net.loss(label);
      said[n] = top;
      sure[n] = p[top];
      answered[top]++;
      there[label]++;
      right[label] += top === label;
      if (!(await this.#goOn()) || net !== this.net) return false;
    }
    const worst = Array.from(losses.keys()).filter((n) => said[n] !== truths[training + n]).sort((a, b) => losses[b] - losses[a] || a - b).slice(0, 10);
    const hits = right.reduce((a, b) => a + b, 0);
    this.#judged = {
      seen, answered, right, there, share: hits / OTHERS, loss: losses.reduce((a, b) => a + b, 0) / OTHERS,
      worst: worst.map((n) => ({ pixels: pictures.slice((training + n) * AREA, (training + n + 1) * AREA), truth: truths[training + n], said: said[n], sure: sure[n] })),
    };
    this.tests.push([seen, this.#judged.loss, this.#judged.share]);
    this.#due = seen + (seen < SELDOM ? OFTEN : SELDOM);
    return true;
  }

  /** Whether an epoch has ended here that is worth remembering. */
  get #memorable() {
    const last = this.memories.at(-1);
    return this.place === 0 && (!last || (this.epoch > last.epoch && this.seen - last.seen >= OFTEN));
  }

  /** Ask the other pictures if it is time, and remember the epoch; false if it was stopped. */
  async #lookAround() {
    const memorable = this.#memorable;
    if ((this.seen >= this.#due || (memorable && this.#judged?.seen !== this.seen)) && !(await this.#judge())) return false;
    if (memorable) this.#remember();
    return true;
  }

  #remember() {
    this.memories.push({ epoch: this.epoch, seen: this.seen, judged: this.#judged, due: this.#due, net: this.net.remember() });
    // Full: every second one goes, the first and the last stay.
    if (this.memories.length > MEMORIES) this.memories = this.memories.filter((_, n, { length }) => n % 2 === 0 || n === length - 1);
  }

  rewind(place) {
    this.pause();
    const found = this.memories[place];
    if (!found) throw new TrainError("This epoch is not remembered any more.");
    this.net.recall(found.net);
    this.#clear();
    [this.epoch, this.seen, this.place, this.#judged, this.#due] = [found.epoch, found.seen, 0, found.judged, found.due];
    this.#sort();
  }

  /** What was remembered later than now belongs to another future. */
  #forgetLater() {
    this.memories = this.memories.filter(({ seen }) => seen <= this.seen);
  }

  /** Whether a number has overflowed. */
  get broken() {
    return !this.net.weights.every(({ value }) => value.every(Number.isFinite));
  }

  async go(tell, pace) {
    const end = this.seen + LIMIT, net = this.net;
    this.#begun();
    let told = performance.now(), from = this.seen, since = told;
    while (this.#wanted && this.net === net) {
      if (!(await this.#lookAround())) break;
      if (this.seen >= end) return "limit";
      if (!(await this.#batch())) break;
      if (!(this.loss < 1e30)) return this.pause(), "broken";
      const now = performance.now();
      if (now - told < pace) continue;
      told = now;
      if (this.net === net) tell(this.shown(now - since > 500 ? (1000 * (this.seen - from)) / (now - since) : 0));
    }
    return "paused";
  }

  #begun() {
    this.#wanted = true;
    this.#last = performance.now();
    this.#forgetLater();
  }

  async step() {
    this.#begun();
    if (await this.#lookAround()) await this.#batch();
    if (this.#wanted) await this.#lookAround();
    this.pause();
  }

  /** What the page shows; what was told once is not told again. */
  shown(speed = 0) {
    const { net, epoch, seen, place, loss, used = 0 } = this, p = Array.from(net.forward(this.pixels));
    const news = {
      epoch, seen, place, used, speed, loss: seen ? loss : null, points: this.points, tests: this.tests, losses: this.losses.slice(-200), judged: this.#judged,
      memories: this.memories.map((one) => ({ epoch: one.epoch, seen: one.seen })), parameters: net.parameters,
      filters: net.lists()[0], maps: net.stages.map(({ shape, out }) => ({ shape, data: out.slice() })), probabilities: p,
    };
    this.points = [];
    this.tests = [];
    this.losses = [];
    return news;
  }
}

const training = new Training();
const shown = () => ({ answer: { shown: training.shown() } });
const AGAIN = "The training came to a halt; press \u201cStart over\u201d.";

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope)
  serve({
    load: {
      async work({ address }, tell) {
        training.take(await unpacked(address, tell));
        return { answer: { training: training.training, others: OTHERS } };
      },
      trouble: "The pictures could not be loaded. Is the connection there? Then press the button again.",
    },
    build: { work: ({ settings, pixels }) => (pixels && (training.pixels = pixels), training.build(settings), shown()), trouble: "The network needs more memory than the browser gives." },
    set: { work: ({ settings }) => training.set(settings), trouble: AGAIN },
    go: {
      async work({ pace }, tell) {
        const why = await training.go((news) => tell({ shown: news }), pace);
        return { answer: { why, shown: training.shown() } };
      },
      trouble: AGAIN,
    },
    pause: { work: () => training.pause(), trouble: AGAIN },
    step: { work: async () => (await training.step(), shown()), trouble: AGAIN },
    rewind: { work: ({ place }) => (training.rewind(place), shown()), trouble: AGAIN },
    look: { work: ({ pixels }) => ((training.pixels = pixels), shown()), trouble: AGAIN },
    file: {
      work({ classes }) {
        if (training.broken) throw new TrainError("The weights are no numbers any more; go back to a remembered epoch, or start over with a lower rate.");
        const buffer = fileOf(training.net, classes);
        return { answer: { buffer }, transfer: [buffer] };
      },
      trouble: AGAIN,
    },
  }, [TrainError]);
