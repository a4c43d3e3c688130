/* A small network that learns, in plain JavaScript: forward, backward and three optimizers.

   Stages of convolution, max pooling over 2x2 and ReLU, then Flatten and a dense layer of
   ten logits, as in chapter 5; the loss is softmax cross-entropy. Numbers lie as in Keras:
   maps row by row with the channels last, kernels as (rows, columns, channels, filters).
   For the work each kernel is kept turned, a filter's weights in one row.

   Max pooling hands the gradient to one value of four, so only a quarter of a
   convolution's places have one: backward is cheaper than forward. */

export const SIDE = 28, CLASSES = 10;
export const MOMENTUM = 0.9, BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-7; // Keras's own for Adam

/** Numbers from 0 up to 1 that a seed determines, on every machine alike (mulberry32). */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Mix a list in place. */
export function mix(list, random) {
  for (let n = list.length - 1; n > 0; n--) {
    const other = Math.floor(random() * (n + 1));
    [list[n], list[other]] = [list[other], list[n]];
  }
  return list;
}

/** Weights of one layer: values, gradients, and what the optimizers remember. */
class Weights {
  constructor(shape) {
    this.shape = shape;
    const size = shape.reduce((a, b) => a * b, 1);
    for (const name of ["value", "gradient", "first", "second"]) this[name] = new Float32Array(size);
  }
}

/** Convolution (padding "same"), max pooling 2x2 and ReLU, in one walk over the maps. */
class Stage {
  constructor([rows, columns, channels], filters, side) {
    Object.assign(this, { rows, columns, channels, filters, side, shape: [rows >> 1, columns >> 1, filters] });
    this.margin = (side - 1) / 2;
    this.wide = columns + side - 1; // with the rim of zeros
    this.x = new Float32Array((rows + side - 1) * this.wide * channels);
    this.dx = new Float32Array(this.x.length);
    const places = this.shape[0] * this.shape[1];
    this.out = new Float32Array(places * filters);
    this.dout = new Float32Array(places * filters);
    this.from = new Int32Array(places * filters); // where in x the window of the largest value begins; -1: cut off
    // Turned: filter after filter, each (rows, columns, channels).
    this.kernel = new Weights([filters, side, side, channels]);
    this.bias = new Weights([filters]);
    this.fans = [side * side * channels, side * side * filters];
  }

  /** Maps without a rim, into x. */
  read(data, scale = 1) {
    const { rows, columns, channels, wide, margin, x } = this, long = columns * channels;
    for (let r = 0, n = 0; r < rows; r++) for (let k = 0, to = ((r + margin) * wide + margin) * channels; k < long; k++) x[to++] = data[n++] * scale;
  }

  forward() {
    const { filters, side, channels, wide, x, out, from } = this, W = this.kernel.value, B = this.bias.value;
    const [high, broad] = this.shape, run = side * channels, row = wide * channels, size = side * run, leap = row - run;
    for (let r = 0, o = 0; r < high; r++)
      for (let c = 0; c < broad; c++, o += filters) {
        const at = 2 * r * row + 2 * c * channels;
        for (let f = 0; f + 1 < filters; f += 2) {
          // Four places, two filters: eight sums at once.
          const p = B[f], q = B[f + 1];
          let a = p, b = p, d = p, e = p, g = q, h = q, i = q, j = q;
          for (let s = 0, w = f * size, v = w + size, n = at; s < side; s++, n += leap)
            for (let end = n + run; n < end; n++, w++, v++) {
              const u = W[w], t = W[v], x0 = x[n], x1 = x[n + channels], x2 = x[n + row], x3 = x[n + row + channels];
              a += x0 * u; b += x1 * u; d += x2 * u; e += x3 * u;
              g += x0 * t; h += x1 * t; i += x2 * t; j += x3 * t;
            }
          let most = a, place = at;
          if (b > most) (most = b), (place = at + channels);
          if (d > most) (most = d), (place = at + row);
          if (e > most) (most = e), (place = at + row + channels);
          if (most > 0) (out[o + f] = most), (from[o + f] = place);
          else (out[o + f] = most <= 0 ? 0 : NaN), (from[o + f] = -1);
          most = g; place = at;
          if (h > most) (most = h), (place = at + channels);
          if (i > most) (most = i), (place = at + row);
          if (j > most) (most = j), (place = at + row + channels);
          if (most > 0) (out[o + f + 1] = most), (from[o + f + 1] = place);
          else (out[o + f + 1] = most <= 0 ? 0 : NaN), (from[o + f + 1] = -1);
        }
      }
  }

  /** Gradients of the weights out of dout; those of x too where there is a stage before. */
  backward(before) {
    const { filters, side, channels, wide, x, dx, dout, from } = this, W = this.kernel.value, dW = this.kernel.gradient, dB = this.bias.gradient;
    const run = side * channels, leap = wide * channels - run, size = side * run;
    if (before) dx.fill(0);
    for (let o = 0, f = 0; o < dout.length; o++, f = f + 1 === filters ? 0 : f + 1) {
      const grad = dout[o];
      if (from[o] < 0 || grad === 0) continue;
      dB[f] += grad;
      if (before)
        for (let s = 0, w = f * size, n = from[o]; s < side; s++, n += leap)
          for (let end = n + run; n < end; n++, w++) {
            dW[w] += grad * x[n];
            dx[n] += grad * W[w];
          }
      else
        for (let s = 0, w = f * size, n = from[o]; s < side; s++, n += leap)
          for (let end = n + run; n < end; n++, w++) dW[w] += grad * x[n];
    }
    if (before) {
      const { rows, columns, margin } = this, long = columns * channels;
      for (let r = 0, n = 0; r < rows; r++) for (let k = 0, from = ((r + margin) * wide + margin) * channels; k < long; k++) before.dout[n++] = dx[from++];
    }
  }
}

/** Flatten and a dense layer. */
class Head {
  constructor(inputs) {
    this.inputs = inputs;
    this.out = new Float32Array(CLASSES);
    this.kernel = new Weights([inputs, CLASSES]);
    this.bias = new Weights([CLASSES]);
    this.fans = [inputs, CLASSES];
  }

  forward(x) {
    const W = this.kernel.value, sums = Float64Array.from(this.bias.value);
    for (let d = 0, w = 0; d < this.inputs; d++, w += CLASSES) {
      const value = x[d];
      if (value === 0) continue;
      for (let k = 0; k < CLASSES; k++) sums[k] += value * W[w + k];
    }
    this.out.set(sums);
  }

  backward(x, grad, before) {
    const W = this.kernel.value, dW = this.kernel.gradient, dB = this.bias.gradient;
    for (let k = 0; k < CLASSES; k++) dB[k] += grad[k];
    for (let d = 0, w = 0; d < this.inputs; d++, w += CLASSES) {
      const value = x[d];
      let sum = 0;
      for (let k = 0; k < CLASSES; k++) {
        dW[w + k] += value * grad[k];
        sum += W[w + k] * grad[k];
      }
      before.dout[d] = sum;
    }
  }
}

/** A kernel as Keras keeps it, (rows, columns, channels, filters), from the turned one; and back. */
export function turned({ shape: [filters, rows, columns, channels] }, values, back = false) {
  const size = rows * columns * channels, found = new Float32Array(values.length);
  for (let f = 0; f < filters; f++)
    for (let k = 0; k < size; k++)
      if (back) found[f * size + k] = values[k * filters + f];
      else found[k * filters + f] = values[f * size + k];
  return found;
}

/** The network and its optimizer.

    filters: those of each stage, even numbers; side: of the first kernels; reluLogits: a ReLU after the
    dense layer, which is a mistake; start: "random" (Glorot's uniform, as in Keras) or "equal". */
export class TrainNet {
  steps = 0;

  constructor({ filters, side = 3, seed = 0, start = "random", reluLogits = false }) {
    Object.assign(this, { filters, side, reluLogits, stages: [] });
    let shape = [SIDE, SIDE, 1];
    for (const count of filters) {
      const stage = new Stage(shape, count, this.stages.length ? 3 : side);
      this.stages.push(stage);
      shape = stage.shape;
    }
    this.head = new Head(shape[0] * shape[1] * shape[2]);
    this.layers = [...this.stages, this.head];
    this.weights = this.layers.flatMap(({ kernel, bias }) => [kernel, bias]);
    this.probabilities = new Float64Array(CLASSES);
    this.gradient = new Float64Array(CLASSES);
    const random = dice(seed);
    for (const layer of this.layers) {
      const { kernel, fans } = layer, limit = Math.sqrt(6 / (fans[0] + fans[1])), values = new Float32Array(kernel.value.length);
      for (let n = 0; n < values.length; n++) values[n] = start === "equal" ? limit / 4 : (2 * random() - 1) * limit;
      kernel.value.set(layer === this.head ? values : turned(kernel, values, true));
    }
  }

  get parameters() {
    return this.weights.reduce((sum, { value }) => sum + value.length, 0);
  }

  /** All weights as Keras's get_weights gives them: kernel, bias, kernel, bias. */
  lists(what = "value") {
    return this.layers.flatMap((layer) => [layer === this.head ? layer.kernel[what].slice() : turned(layer.kernel, layer.kernel[what]), layer.bias[what].slice()]);
  }

  /** The same, taken over. */
  setLists(lists) {
    this.layers.forEach((layer, n) => {
      layer.kernel.value.set(layer === this.head ? lists[2 * n] : turned(layer.kernel, lists[2 * n], true));
      layer.bias.value.set(lists[2 * n + 1]);
    });
  }

  /** One picture, pixels from 0 to 255 -> its probabilities, which the next picture overwrites. */
  forward(pixels) {
    const { stages, head, probabilities: p } = this;
    stages.forEach((stage, n) => {
      if (n) stage.read(stages[n - 1].out);
      else stage.read(pixels, 1 / 255);
      stage.forward();
    });
    head.forward(stages.at(-1).out);
    let most = -Infinity, sum = 0;
    for (let k = 0; k < CLASSES; k++) most = Math.max(most, (p[k] = this.reluLogits && head.out[k] < 0 ? 0 : head.out[k]));
    for (let k = 0; k < CLASSES; k++) sum += p[k] = Math.exp(p[k] - most);
    for (let k = 0; k < CLASSES; k++) p[k] /= sum;
    return p;
  }

  /** The loss of one answer: the surprise at its label; at most what Float32 can tell from no chance at all. */
  loss(label) {
    const chance = this.probabilities[label];
    return -Math.log(chance < 1e-38 ? 1e-38 : chance);
  }

  /** Add to the gradients what one picture says, by 1 / batch. */
  backward(label, share) {
    const { stages, head, gradient, probabilities } = this;
    for (let k = 0; k < CLASSES; k++) gradient[k] = this.reluLogits && !(head.out[k] > 0) ? 0 : share * (probabilities[k] - (k === label ? 1 : 0));
    head.backward(stages.at(-1).out, gradient, stages.at(-1));
    for (let n = stages.length - 1; n >= 0; n--) stages[n].backward(stages[n - 1]);
  }

  forget() {
    for (const { gradient } of this.weights) gradient.fill(0);
  }

  /** One step of an optimizer, by Keras's formulas. */
  update({ optimizer, rate }) {
    const t = ++this.steps, pace = (rate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t);
    for (const { value, gradient, first, second } of this.weights)
      if (optimizer === "adam")
        for (let n = 0; n < value.length; n++) {
          const g = gradient[n];
          first[n] += (g - first[n]) * (1 - BETA1);
          second[n] += (g * g - second[n]) * (1 - BETA2);
          value[n] -= (pace * first[n]) / (Math.sqrt(second[n]) + EPSILON);
        }
      else if (optimizer === "momentum")
        for (let n = 0; n < value.length; n++) value[n] += first[n] = MOMENTUM * first[n] - rate * gradient[n];
      else for (let n = 0; n < value.length; n++) value[n] -= rate * gradient[n];
  }

  /** Another optimizer begins with nothing remembered. */
  freshOptimizer() {
    this.steps = 0;
    for (const { first, second } of this.weights) first.fill(0), second.fill(0);
  }

  /** Everything that is needed to go on from here; and back to it. */
  remember() {
    return { steps: this.steps, arrays: this.weights.map(({ value, first, second }) => [value, first, second].map((one) => one.slice())) };
  }

  recall({ steps, arrays }) {
    this.steps = steps;
    arrays.forEach(([value, first, second], n) => {
      this.weights[n].value.set(value);
      this.weights[n].first.set(first);
      this.weights[n].second.set(second);
    });
  }
}

/* ---- Its file ------------------------------------------------------------------------------------ */

/** The network as a file of network-file.mjs, which the explorer and a cell of chapter 5 read. */
export function fileOf(net, classes) {
  const layers = [], lists = net.lists();
  let before = "input";
  const add = (name, type, shape, settings = {}, weights = []) => {
    layers.push({ name, type, inputs: [before], shape, weights, ...settings });
    before = name;
  };
  add("rescaling", "Rescaling", [SIDE, SIDE, 1], { scale: 1 / 255, offset: 0 });
  net.stages.forEach(({ rows, columns, channels, filters, side, shape }, n) => {
    const end = n ? `_${n}` : "";
    add(`conv2d${end}`, "Conv2D", [rows, columns, filters], { filters, kernel_size: [side, side], padding: "same" }, [[side, side, channels, filters], [filters]]);
    add(`max_pooling2d${end}`, "MaxPooling2D", shape, { pool_size: [2, 2] });
    add(`re_lu${end}`, "ReLU", shape);
  });
  add("flatten", "Flatten", [net.head.inputs]);
  add("dense", "Dense", [CLASSES], { units: CLASSES, ...(net.reluLogits ? { activation: "relu" } : {}) }, [[net.head.inputs, CLASSES], [CLASSES]]);
  const head = { name: "train_lab", input: [SIDE, SIDE, 1], layers, output: before, pixels: [0, 255], classes, dtype: "float32", loss: "sparse_categorical_crossentropy" };
  let text = new TextEncoder().encode(JSON.stringify(head));
  const length = Math.ceil(text.length / 4) * 4, numbers = lists.reduce((sum, list) => sum + list.length, 0);
  const bytes = new Uint8Array(12 + length + 4 * numbers).fill(32, 12, 12 + length), numbersView = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("P2PNET1\n"));
  numbersView.setUint32(8, length, true);
  bytes.set(text, 12);
  let at = 12 + length;
  for (const list of lists) for (const value of list) numbersView.setFloat32(at, value, true), (at += 4);
  return bytes.buffer;
}
