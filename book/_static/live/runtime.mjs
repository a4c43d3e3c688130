/* A Keras CNN in plain JavaScript that keeps the output of every layer.

   A tensor is {shape, data}. The shape is [rows, columns, channels] or [length];
   data is a Float32Array in Keras's order, in which the last axis runs fastest.
   One picture is run at a time, so the axis that counts pictures is left out.

   Every kind of layer is one function in LAYERS. It gets a layer's settings
   (those of Keras, under Keras's names) and the shapes that come in, and returns
   a plan: the shape that goes out, the shapes of the weights, the number of
   multiplications, and run(tensors, weights), which does the work. A plan is made
   before any memory is taken, so a network can be refused in good time. */

import { costOf, tooLong } from "./costs.mjs";

/** What is said to a reader whose network cannot be run: one sentence. */
export class NetworkError extends Error {}

/** More than this, and a page would stand still. */
export const LIMITS = {
  layers: 500,
  values: 2 ** 24, // in one layer's output
  allValues: 2 ** 25, // in all outputs together: 128 MiB
  cost: 30e9, // nanoseconds for one picture, by costs.mjs
};

export const volume = (shape) => shape.reduce((product, size) => product * size, 1);
export const tensor = (shape) => ({ shape, data: new Float32Array(volume(shape)) });
const equal = (a, b) => a.length === b.length && a.every((value, place) => value === b[place]);
const isWhole = (value, low, high) => Number.isInteger(value) && value >= low && value <= high;

/** A name or value out of a file, short enough for a sentence. */
export const quote = (value) => {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "nothing";
  return `"${text.length > 60 ? text.slice(0, 60) + "…" : text}"`;
};

function fail(layer, text) {
  throw new NetworkError(`Layer ${quote(layer.name)} (${layer.type}) ${text}.`);
}

/* ---- Reading a layer's settings ----------------------------------------------- */

const LARGEST = 65536; // of sizes, strides, numbers of filters

function whole(layer, key, fallback, low = 1) {
  const value = layer[key] ?? fallback;
  if (!isWhole(value, low, LARGEST)) fail(layer, `has ${key} = ${quote(value)}, which makes no sense`);
  return value;
}

function pair(layer, key, fallback) {
  const value = layer[key] ?? fallback;
  const both = isWhole(value, 1, LARGEST) ? [value, value] : value;
  if (!Array.isArray(both) || both.length !== 2 || !both.every((one) => isWhole(one, 1, LARGEST)))
    fail(layer, `has ${key} = ${quote(value)}, which makes no sense`);
  return both;
}

function number(layer, key, fallback) {
  const value = layer[key] ?? fallback;
  if (!Number.isFinite(value)) fail(layer, `has ${key} = ${quote(value)}, which is no number`);
  return value;
}

function flag(layer, key, fallback) {
  const value = layer[key] ?? fallback;
  if (typeof value !== "boolean") fail(layer, `has ${key} = ${quote(value)}, which is neither true nor false`);
  return value;
}

/** The one shape that comes in; with maps = true it must be rows, columns, channels. */
function only(layer, shapes, maps = false) {
  if (shapes.length !== 1) fail(layer, `has ${shapes.length} inputs and takes one`);
  if (maps && shapes[0].length !== 3)
    fail(layer, `takes rows, columns and channels and gets the shape [${shapes[0]}]`);
  return shapes[0];
}

/** Softmax and the like run along the last axis, batch normalisation scales it. */
function lastAxis(layer, shape) {
  const axes = layer.axis === undefined ? [-1] : [layer.axis].flat(); // null is all of them
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== shape.length)) // Keras counts the pictures as axis 0
    fail(layer, `works along axis ${quote(axis)}, and only the last one is supported`);
}

/* ---- Activations --------------------------------------------------------------- */

const sigmoid = (v) => 1 / (1 + Math.exp(-v));
const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
const hardSigmoid = (v) => Math.min(Math.max(v + 3, 0), 6) / 6;

/** The error function: a series near zero, a continued fraction further out. */
function erf(x) {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a, sum = a;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 100; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
      if (term === 0) break;
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 40; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / ((a + fraction) * Math.sqrt(Math.PI)));
}

/** Activations that look at one value at a time. */
const POINTWISE = {
  relu: (v) => (v > 0 ? v : 0),
  relu6: (v) => (v > 0 ? (v < 6 ? v : 6) : 0),
  leaky_relu: (v) => (v > 0 ? v : 0.2 * v), // Keras's slope where only the name is given
  elu: (v) => (v > 0 ? v : Math.expm1(v)),
  sigmoid,
  tanh: Math.tanh,
  silu: (v) => v * sigmoid(v),
  gelu: (v) => 0.5 * v * (1 + erf(v / Math.SQRT2)),
  selu: (v) => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * Math.expm1(v)),
  celu: (v) => (v > 0 ? v : Math.expm1(v)),
  mish: (v) => v * Math.tanh(softplus(v)),
  exponential: Math.exp,
  softplus,
  softsign: (v) => v / (1 + Math.abs(v)),
  squareplus: (v) => (v + Math.sqrt(v * v + 4)) / 2,
  log_sigmoid: (v) => -softplus(-v),
  hard_sigmoid: hardSigmoid,
  hard_silu: (v) => v * hardSigmoid(v),
  hard_tanh: (v) => Math.min(Math.max(v, -1), 1),
  hard_shrink: (v) => (Math.abs(v) > 0.5 ? v : 0),
  soft_shrink: (v) => (v > 0.5 ? v - 0.5 : v < -0.5 ? v + 0.5 : 0),
  tanh_shrink: (v) => v - Math.tanh(v),
};
export const ACTIVATIONS = ["linear", "softmax", "log_softmax", ...Object.keys(POINTWISE)];

/** What an activation makes of one number; for explanations. */
export const activate = (name, v) => (POINTWISE[name] ? POINTWISE[name](v) : v);

/** ReLU in place, also one that is cut off above.

    The first bit of a number is its sign, and shifted down it makes the mask of the
    others. A choice for each number would do as well, but a processor guesses the way
    of a choice in advance, and here half of its guesses would be wrong and cost time. */
function cutOff(data, most = Infinity) {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < bits.length; i++) {
    bits[i] &= ~(bits[i] >> 31);
    if (data[i] > most) data[i] = most;
  }
}

/** Softmax over each run of `length` values, or its logarithm, in place. */
function softmax(data, length, logarithm = false) {
  for (let start = 0; start < data.length; start += length) {
    let largest = -Infinity, sum = 0;
    for (let i = start; i < start + length; i++) largest = Math.max(largest, data[i]);
    for (let i = start; i < start + length; i++) sum += Math.exp(data[i] - largest);
    for (let i = start; i < start + length; i++) data[i] = logarithm ? data[i] - largest - Math.log(sum) : Math.exp(data[i] - largest) / sum;
  }
}

const AS_ACTIVATION = ["ELU", "LeakyReLU", "ReLU", "Softmax"];

/** The activation that a layer names, as a function that changes a tensor in place. */
function activation(layer) {
  const name = layer.activation ?? "linear";
  if (name === "linear") return (t) => t;
  if (name === "relu") return (t) => (cutOff(t.data), t);
  if (name === "softmax") return (t) => (softmax(t.data, t.shape.at(-1)), t);
  if (name === "log_softmax") return (t) => (softmax(t.data, t.shape.at(-1), true), t);
  if (typeof name === "object" && AS_ACTIVATION.includes(name.type)) {
    // A layer that was given as an activation, such as LeakyReLU(0.1).
    const inner = { ...name, name: layer.name };
    // Its settings are checked now, before anything runs; 1 is a shape like any other.
    if (name.type !== "Softmax") LAYERS[name.type](inner, [[1]]);
    else if ([name.axis ?? -1].flat()[0] !== -1) fail(layer, `has a Softmax along axis ${quote(name.axis)}, and only the last one, -1, is supported`);
    return (t) => LAYERS[name.type](inner, [t.shape]).run([t], []);
  }
  if (!ACTIVATIONS.includes(name)) fail(layer, `has the activation ${quote(name)}, which is not supported`);
  const f = POINTWISE[name];
  return (t) => {
    for (let i = 0; i < t.data.length; i++) t.data[i] = f(t.data[i]);
    return t;
  };
}

/** A new tensor of f(value, place); a loop is many times as fast as the list's own map. */
function mapped({ shape, data }, f) {
  const out = tensor(shape);
  for (let i = 0; i < data.length; i++) out.data[i] = f(data[i], i);
  return out;
}

/* ---- Windows that walk over a picture ---------------------------------------------- */

/** How a window of k weights walks along n values.

    size is the number of places, before and after the zeros that are added at either
    end. "same" adds as many as ceil(n / stride) places need; the odd one goes to the
    end, as TensorFlow has it. size is 0 or less where the window fits nowhere. */
export function walk(n, k, stride = 1, dilation = 1, padding = "valid") {
  const reach = dilation * (k - 1) + 1;
  if (padding === "valid") return { size: Math.floor((n - reach) / stride) + 1, before: 0, after: 0 };
  const size = Math.ceil(n / stride);
  const zeros = Math.max((size - 1) * stride + reach - n, 0);
  return { size, before: zeros >> 1, after: zeros - (zeros >> 1) };
}

/** Where the windows of a layer stand: read row = row * stride + u * dilation - top. */
function windows(layer, [H, W], sizeKey, defaultStride) {
  const kernel = pair(layer, sizeKey), stride = pair(layer, "strides", defaultStride ?? kernel);
  const dilation = pair(layer, "dilation_rate", 1), padding = layer.padding ?? "valid";
  if (padding !== "valid" && padding !== "same") fail(layer, `has the padding ${quote(padding)}, which is not supported`);
  const down = walk(H, kernel[0], stride[0], dilation[0], padding);
  const right = walk(W, kernel[1], stride[1], dilation[1], padding);
  if (down.size < 1 || right.size < 1) fail(layer, `has a window that does not fit into ${H} rows and ${W} columns`);
  return { kernel, stride, dilation, rows: down.size, columns: right.size, top: down.before, left: right.before };
}

/** A product of matrices: rows (rows, deep) times w (deep, wide), plus the bias, into `to` from `start`.

    Four rows and four columns at a time, so that each number that is fetched is used
    four times; sums of many products need the digits of ordinary numbers (64 bits). Where
    fewer than four are left, the last one is done more than once, with the same result. */
function product(a, rows, deep, w, wide, bias, to, start) {
  for (let row = 0; row < rows; row += 4) {
    const r1 = Math.min(row + 1, rows - 1), r2 = Math.min(row + 2, rows - 1), r3 = Math.min(row + 3, rows - 1);
    const a0 = row * deep, a1 = r1 * deep, a2 = r2 * deep, a3 = r3 * deep;
    for (let m = 0; m < wide; m += 4) {
      const m1 = Math.min(m + 1, wide - 1), m2 = Math.min(m + 2, wide - 1), m3 = Math.min(m + 3, wide - 1);
      let s00 = bias ? bias[m] : 0, s01 = bias ? bias[m1] : 0, s02 = bias ? bias[m2] : 0, s03 = bias ? bias[m3] : 0;
      let s10 = s00, s11 = s01, s12 = s02, s13 = s03;
      let s20 = s00, s21 = s01, s22 = s02, s23 = s03;
      let s30 = s00, s31 = s01, s32 = s02, s33 = s03;
      for (let c = 0, k = 0; c < deep; c++, k += wide) {
        const x0 = a[a0 + c], x1 = a[a1 + c], x2 = a[a2 + c], x3 = a[a3 + c];
        const w0 = w[k + m], w1 = w[k + m1], w2 = w[k + m2], w3 = w[k + m3];
        s00 += x0 * w0, s01 += x0 * w1, s02 += x0 * w2, s03 += x0 * w3;
        s10 += x1 * w0, s11 += x1 * w1, s12 += x1 * w2, s13 += x1 * w3;
        s20 += x2 * w0, s21 += x2 * w1, s22 += x2 * w2, s23 += x2 * w3;
        s30 += x3 * w0, s31 += x3 * w1, s32 += x3 * w2, s33 += x3 * w3;
      }
      const o0 = start + row * wide, o1 = start + r1 * wide, o2 = start + r2 * wide, o3 = start + r3 * wide;
      to[o0 + m] = s00, to[o0 + m1] = s01, to[o0 + m2] = s02, to[o0 + m3] = s03;
      to[o1 + m] = s10, to[o1 + m1] = s11, to[o1 + m2] = s12, to[o1 + m3] = s13;
      to[o2 + m] = s20, to[o2 + m1] = s21, to[o2 + m2] = s22, to[o2 + m3] = s23;
      to[o3 + m] = s30, to[o3 + m1] = s31, to[o3 + m2] = s32, to[o3 + m3] = s33;
    }
  }
}

/** The pixels under the windows first to until of one row of the output, a row of numbers for each; 0 beside the picture. */
function gather({ shape: [H, W, C], data }, win, i, first, until, patches) {
  const [kh, kw] = win.kernel, [sh, sw] = win.stride, [dh, dw] = win.dilation;
  for (let j = first, to = 0; j < until; j++)
    for (let u = 0; u < kh; u++) {
      const row = i * sh + u * dh - win.top;
      for (let v = 0; v < kw; v++) {
        const column = j * sw + v * dw - win.left;
        if (row < 0 || row >= H || column < 0 || column >= W) for (let c = 0; c < C; c++) patches[to++] = 0;
        else for (let c = 0, from = (row * W + column) * C; c < C; c++) patches[to++] = data[from++];
      }
    }
}

const LARGEST_PATCHES = 2 ** 22; // numbers that are gathered at a time

/** Cross-correlation. Kernel: (rows, columns, channels, filters). */
function convolve(x, kernel, bias, win, filters) {
  const out = tensor([win.rows, win.columns, filters]), [H, W, C] = x.shape, deep = volume(win.kernel) * C;
  // Filters of 1x1 at every pixel: the picture itself is the matrix.
  if (deep === C && win.rows === H && win.columns === W) product(x.data, H * W, C, kernel.data, filters, bias?.data, out.data, 0);
  else {
    const most = Math.max(4, Math.floor(LARGEST_PATCHES / deep)), patches = new Float32Array(Math.min(win.columns, most) * deep);
    for (let i = 0; i < win.rows; i++)
      for (let j = 0; j < win.columns; j += most) {
        const until = Math.min(j + most, win.columns);
        gather(x, win, i, j, until, patches);
        product(patches, until - j, deep, kernel.data, filters, bias?.data, out.data, (i * win.columns + j) * filters);
      }
  }
  return out;
}

/** The same in groups: filters of a group see the channels of their group alone. */
function convolveInGroups(x, kernel, bias, win, filters, groups) {
  const [H, W, C] = x.shape, deep = C / groups, wide = filters / groups;
  const out = tensor([win.rows, win.columns, filters]);
  const [kh, kw] = win.kernel, [sh, sw] = win.stride, [dh, dw] = win.dilation;
  const sums = new Float64Array(filters), from = x.data, w = kernel.data;
  for (let i = 0, o = 0; i < win.rows; i++)
    for (let j = 0; j < win.columns; j++, o += filters) {
      if (bias) sums.set(bias.data);
      else sums.fill(0);
      for (let u = 0; u < kh; u++) {
        const row = i * sh + u * dh - win.top;
        if (row < 0 || row >= H) continue;
        for (let v = 0; v < kw; v++) {
          const column = j * sw + v * dw - win.left;
          if (column < 0 || column >= W) continue;
          for (let c = 0; c < C; c++) {
            const value = from[(row * W + column) * C + c], first = Math.floor(c / deep) * wide;
            let k = ((u * kw + v) * deep + (c % deep)) * filters + first;
            for (let m = first; m < first + wide; m++) sums[m] += value * w[k++];
          }
        }
      }
      out.data.set(sums, o);
    }
  return out;
}

/** One filter, or several, for each channel alone. Kernel: (rows, columns, channels, several). */
function convolveDepthwise(x, kernel, bias, win, several) {
  const [H, W, C] = x.shape, filters = C * several, [kh, kw] = win.kernel;
  const [sh, sw] = win.stride, [dh, dw] = win.dilation, long = win.columns * filters;
  const out = tensor([win.rows, win.columns, filters]), sums = new Float64Array(long);
  const from = x.data, w = kernel.data;
  for (let i = 0; i < win.rows; i++) {
    for (let o = 0; o < long; o++) sums[o] = bias ? bias.data[o % filters] : 0;
    for (let u = 0; u < kh; u++) {
      const row = i * sh + u * dh - win.top;
      if (row < 0 || row >= H) continue;
      for (let j = 0; j < win.columns; j++) {
        const column = j * sw - win.left, next = dw * C, second = filters, third = 2 * filters;
        if (kw === 3 && several === 1 && column >= 0 && column + 2 * dw < W) {
          // Three weights at once, where they fit: nearly always, and much faster.
          let n = (row * W + column) * C, o = j * filters, k = u * 3 * filters;
          for (const end = n + C; n < end; n++, o++, k++)
            sums[o] += from[n] * w[k] + from[n + next] * w[k + second] + from[n + 2 * next] * w[k + third];
          continue;
        }
        for (let v = 0; v < kw; v++) {
          if (column + v * dw < 0 || column + v * dw >= W) continue;
          let n = (row * W + column + v * dw) * C, o = j * filters, k = (u * kw + v) * filters;
          for (const end = n + C; n < end; n++) for (let s = 0; s < several; s++, o++, k++) sums[o] += from[n] * w[k];
        }
      }
    }
    out.data.set(sums, i * long);
  }
  return out;
}

/** The largest value or the mean under each window. Padding is left out of both. */
function pool(x, win, largest) {
  const [H, W, C] = x.shape, out = tensor([win.rows, win.columns, C]);
  const [kh, kw] = win.kernel, [sh, sw] = win.stride, [dh, dw] = win.dilation;
  const kept = new Float64Array(C), from = x.data, to = out.data;
  for (let i = 0, o = 0; i < win.rows; i++)
    for (let j = 0; j < win.columns; j++, o += C) {
      let count = 0;
      for (let c = 0; c < C; c++) kept[c] = largest ? -Infinity : 0;
      for (let u = 0; u < kh; u++) {
        const row = i * sh + u * dh - win.top;
        if (row < 0 || row >= H) continue;
        for (let v = 0; v < kw; v++) {
          const column = j * sw + v * dw - win.left;
          if (column < 0 || column >= W) continue;
          const n = (row * W + column) * C;
          count++;
          // Math.max, and no choice: see cutOff.
          if (largest) for (let c = 0; c < C; c++) kept[c] = Math.max(kept[c], from[n + c]);
          else for (let c = 0; c < C; c++) kept[c] += from[n + c];
        }
      }
      for (let c = 0; c < C; c++) to[o + c] = largest ? kept[c] : kept[c] / count;
    }
  return out;
}

/** One number per channel: its mean, or its largest value. */
function poolAll(x, shape, largest) {
  const C = x.shape[2], kept = new Float64Array(C).fill(largest ? -Infinity : 0);
  for (let i = 0; i < x.data.length; i += C)
    for (let c = 0; c < C; c++)
      if (!largest) kept[c] += x.data[i + c];
      else if (x.data[i + c] > kept[c]) kept[c] = x.data[i + c];
  const places = x.data.length / C;
  return { shape, data: Float32Array.from(kept, (v) => (largest ? v : v / places)) };
}

/** values (…, N) times kernel (N, units). */
function dense(x, kernel, bias, units) {
  const N = x.shape.at(-1), out = tensor([...x.shape.slice(0, -1), units]);
  const sums = new Float64Array(units), w = kernel.data;
  for (let row = 0; row * N < x.data.length; row++) {
    if (bias) sums.set(bias.data);
    else sums.fill(0);
    for (let n = 0, k = 0; n < N; n++, k += units) {
      const value = x.data[row * N + n];
      if (value !== 0) for (let m = 0; m < units; m++) sums[m] += value * w[k + m];
    }
    out.data.set(sums, row * units);
  }
  return out;
}

/* ---- The kinds of layers --------------------------------------------------------- */

const pooling = (largest) => (layer, shapes) => {
  const [H, W, C] = only(layer, shapes, true), win = windows(layer, [H, W], "pool_size");
  return {
    shape: [win.rows, win.columns, C],
    windows: win,
    work: win.rows * win.columns * C * volume(win.kernel),
    run: ([x]) => pool(x, win, largest),
  };
};

const globalPooling = (largest) => (layer, shapes) => {
  const [H, W, C] = only(layer, shapes, true);
  const shape = flag(layer, "keepdims", false) ? [1, 1, C] : [C];
  return { shape, work: H * W * C, run: ([x]) => poolAll(x, shape, largest) };
};

const reshaping = (target) => (layer, shapes) => {
  const shape = target(layer, only(layer, shapes));
  return { shape, run: ([x]) => ({ shape, data: x.data }) };
};

/** Softmax, or its logarithm, as a layer or an operation. */
const overRows = (logarithm) => (layer, shapes) => {
  const shape = only(layer, shapes);
  lastAxis(layer, shape);
  const run = ([x]) => {
    const data = x.data.slice();
    softmax(data, shape.at(-1), logarithm);
    return { shape, data };
  };
  return { shape, run };
};

/** What only training uses: when the network answers, values pass as they are. */
const identity = (layer, shapes) => ({ shape: only(layer, shapes), run: ([x]) => x });
export const TRAINING_ONLY = [
  "ActivityRegularization", "AlphaDropout", "AugMix", "Dropout", "GaussianDropout", "GaussianNoise", "RandAugment", "SpatialDropout1D", "SpatialDropout2D", "StochasticDepth",
  ...("Brightness ColorDegeneration ColorJitter Contrast ElasticTransform Erasing Flip GaussianBlur Grayscale Hue Invert Perspective Posterization Rotation Saturation Sharpness Shear Translation Zoom").split(" ").map((kind) => `Random${kind}`),
];

/** A constant as place -> number: one number, or a number for each channel, however deep the lists around it. */
function constant(layer, key, value, C) {
  let list = value;
  while (Array.isArray(list) && list.length === 1) list = list[0];
  if (typeof list === "number") list = [list];
  if (!Array.isArray(list) || (list.length !== 1 && list.length !== C) || !list.every(Number.isFinite)) fail(layer, `has ${key} = ${quote(value)}, which makes no sense`);
  return list.length === 1 ? () => list[0] : (i) => list[i % C];
}

/** An axis as Keras counts it, the pictures being axis 0, as a place in a shape. */
const placeOfAxis = (axis, rank) => (axis < 0 ? axis + rank : axis - 1);

/** The axes along which a normalisation works: the last ones, and how many values they hold. */
function lastAxes(layer, shape) {
  const axes = [layer.axis ?? -1].flat().map((axis) => placeOfAxis(axis, shape.length)).sort((a, b) => a - b);
  if (!axes.length || !axes.every((axis, k) => axis === shape.length - axes.length + k)) fail(layer, `works along the axes ${quote(layer.axis)}, and only the last ones are supported`);
  return shape.slice(-axes.length);
}

/** The shape that tensors of several shapes are stretched to: sizes of 1 give way. */
function stretched(layer, shapes) {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return [...Array(rank).keys()].map((axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1), most = Math.max(...sizes);
    if (!sizes.every((size) => size === 1 || size === most)) fail(layer, `gets the shapes [${shapes.join("], [")}], which do not fit together`);
    return most;
  });
}

/** Place in the stretched shape -> place in the tensor. */
function reader(shape, target) {
  if (equal(shape, target)) return (n) => n;
  const size = volume(shape);
  if (size === 1) return () => 0;
  if (shape.slice(0, -1).every((n) => n === 1) && shape.at(-1) === target.at(-1)) return (n) => n % size;
  const steps = target.map((_, axis) => {
    const own = axis - target.length + shape.length;
    return own < 0 || shape[own] === 1 ? 0 : volume(shape.slice(own + 1));
  });
  return (n) => {
    let place = 0;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      place += (n % target[axis]) * steps[axis];
      n = Math.floor(n / target[axis]);
    }
    return place;
  };
}

/** Keras's merging layers, and sums and the like with constants: "args" then says where the tensors stand (null). */
const arithmetic = (f, most = Infinity, after = (v) => v) => (layer, shapes) => {
  const args = layer.args ?? shapes.map(() => null), shape = stretched(layer, shapes), C = shape.at(-1);
  if (!Array.isArray(args) || args.filter((one) => one === null).length !== shapes.length || args.length < 2 || args.length > most)
    fail(layer, `has ${args.length ?? "no"} inputs, which makes no sense`);
  const constants = args.map((one) => (one === null ? null : constant(layer, "a constant", one, C)));
  let next = 0;
  const tensors = args.map((one) => (one === null ? next++ : -1));
  const read = shapes.map((one) => reader(one, shape)), count = args.length;
  /** The numbers that meet at place n; for explanations as well. */
  const terms = (found, n) => args.map((_, k) => (constants[k] ? constants[k](n) : found[tensors[k]].data[read[tensors[k]](n)]));
  return {
    shape,
    terms,
    reads: (k, n) => (tensors[k] < 0 ? null : { input: tensors[k], n: read[tensors[k]](n) }),
    work: volume(shape) * count,
    run(found) {
      const out = tensor(shape), to = out.data;
      const at = args.map((_, k) => {
        if (constants[k]) return constants[k];
        const { data } = found[tensors[k]], place = read[tensors[k]];
        return (n) => data[place(n)];
      });
      for (let n = 0; n < to.length; n++) {
        let value = at[0](n);
        for (let k = 1; k < count; k++) value = f(value, at[k](n));
        to[n] = after(value, count);
      }
      return out;
    },
  };
};

/** One value after the other, changed by f(value, place, C); weights are lists of one number for each channel. */
const normalised = (shape, size, epsilon, gamma, beta, { data }, centred = true) => {
  const out = tensor(shape);
  for (let start = 0; start < data.length; start += size) {
    let mean = 0, variance = 0;
    if (centred) {
      for (let i = start; i < start + size; i++) mean += data[i];
      mean /= size;
    }
    for (let i = start; i < start + size; i++) variance += (data[i] - mean) ** 2;
    const factor = 1 / Math.sqrt(variance / size + epsilon);
    for (let i = 0; i < size; i++) out.data[start + i] = (data[start + i] - mean) * factor * (gamma ? gamma.data[i] : 1) + (beta ? beta.data[i] : 0);
  }
  return out;
};

/** Maps in another size, as TensorFlow has it: the middle of a pixel is half a pixel from its rim. */
function resized(layer, [H, W, C], rows, columns) {
  const way = layer.interpolation ?? "nearest";
  if (way !== "nearest" && way !== "bilinear") fail(layer, `has the interpolation ${quote(way)}, and only nearest and bilinear are supported`);
  const places = (from, to) => Array.from({ length: to }, (_, i) => {
    const at = ((i + 0.5) * from) / to - (way === "nearest" ? 0 : 0.5), low = Math.floor(at);
    if (way === "nearest") return [Math.min(low, from - 1), Math.min(low, from - 1), 0];
    return [Math.max(low, 0), Math.min(low + 1, from - 1), at - low];
  });
  const down = places(H, rows), across = places(W, columns);
  return {
    shape: [rows, columns, C],
    places: [down, across],
    work: 4 * rows * columns * C,
    run([{ data }]) {
      const out = tensor([rows, columns, C]);
      let to = 0;
      for (const [top, bottom, y] of down)
        for (const [left, right, x] of across)
          for (let c = 0; c < C; c++) {
            const at = (i, j) => data[(i * W + j) * C + c], above = at(top, left) + (at(top, right) - at(top, left)) * x;
            out.data[to++] = above + (at(bottom, left) + (at(bottom, right) - at(bottom, left)) * x - above) * y;
          }
      return out;
    },
  };
}

/** A plan whose values are those of the input at other places: origin(n) says where. */
const moved = (shape, origin) => ({
  shape,
  origin,
  run: ([{ data }]) => {
    const out = tensor(shape);
    for (let n = 0; n < out.data.length; n++) out.data[n] = data[origin(n)];
    return out;
  },
});

/** Axes in another order; order[k] is the place that axis k had. */
function turned(layer, shape, order) {
  if (!Array.isArray(order) || order.length !== shape.length || !shape.every((_, axis) => order.includes(axis))) fail(layer, `cannot put the axes of the shape [${shape}] into another order`);
  const target = order.map((axis) => shape[axis]), steps = order.map((axis) => volume(shape.slice(axis + 1)));
  return moved(target, (n) => {
    let place = 0;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      place += (n % target[axis]) * steps[axis];
      n = Math.floor(n / target[axis]);
    }
    return place;
  });
}

/** The part of each map that begins at (top, left). */
function cropped(layer, [, W, C], top, left, rows, columns) {
  if (rows < 1 || columns < 1) fail(layer, "cuts everything away");
  return moved([rows, columns, C], (n) => {
    const c = n % C, j = Math.floor(n / C) % columns, i = Math.floor(n / (C * columns));
    return ((i + top) * W + j + left) * C + c;
  });
}

/** Sides as Keras gives them: ((top, bottom), (left, right)). */
function sidesOf(layer, key) {
  const sides = layer[key], good = (list, test) => Array.isArray(list) && list.length === 2 && list.every(test);
  if (!good(sides, (side) => good(side, (n) => isWhole(n, 0, LARGEST)))) fail(layer, `has ${key} = ${quote(sides)}, which makes no sense`);
  return sides;
}

/** keras.ops.mean and max over rows and columns: global pooling. */
const overMaps = (largest) => (layer, shapes) => {
  if (layer.initial != null) fail(layer, `has initial = ${quote(layer.initial)}, which is not supported`);
  const rank = only(layer, shapes, true).length, axes = [layer.axis ?? []].flat().map((axis) => placeOfAxis(axis, rank));
  if (axes.length !== 2 || !axes.includes(0) || !axes.includes(1)) fail(layer, `works along the axes ${quote(layer.axis)}, and only rows and columns together are supported`);
  return globalPooling(largest)(layer, shapes);
};

/** keras.ops functions that are activations. */
export const AS_OPERATION = {
  Relu: "relu", Relu6: "relu6", Sigmoid: "sigmoid", Tanh: "tanh", Silu: "silu", Selu: "selu", Softplus: "softplus", Softsign: "softsign",
  HardSigmoid: "hard_sigmoid", HardSilu: "hard_silu", HardTanh: "hard_tanh", Exp: "exponential",
};

export const LAYERS = {
  Conv2D(layer, shapes) {
    const [H, W, C] = only(layer, shapes, true), win = windows(layer, [H, W], "kernel_size", 1);
    const filters = whole(layer, "filters"), groups = whole(layer, "groups", 1), act = activation(layer);
    if (C % groups || filters % groups) fail(layer, `cannot part ${C} channels and ${filters} filters into ${groups} groups`);
    return {
      shape: [win.rows, win.columns, filters],
      windows: win,
      weights: [[...win.kernel, C / groups, filters], ...(flag(layer, "use_bias", true) ? [[filters]] : [])],
      work: (win.rows * win.columns * filters * volume(win.kernel) * C) / groups,
      run: ([x], [kernel, bias]) =>
        act(groups > 1 ? convolveInGroups(x, kernel, bias, win, filters, groups) : convolve(x, kernel, bias, win, filters)),
    };
  },

  DepthwiseConv2D(layer, shapes) {
    const [H, W, C] = only(layer, shapes, true), win = windows(layer, [H, W], "kernel_size", 1);
    const several = whole(layer, "depth_multiplier", 1), filters = C * several, act = activation(layer);
    return {
      shape: [win.rows, win.columns, filters],
      windows: win,
      weights: [[...win.kernel, C, several], ...(flag(layer, "use_bias", true) ? [[filters]] : [])],
      work: win.rows * win.columns * filters * volume(win.kernel),
      run: ([x], [kernel, bias]) => act(convolveDepthwise(x, kernel, bias, win, several)),
    };
  },

  SeparableConv2D(layer, shapes) {
    const [H, W, C] = only(layer, shapes, true), win = windows(layer, [H, W], "kernel_size", 1);
    const several = whole(layer, "depth_multiplier", 1), middle = C * several;
    const filters = whole(layer, "filters"), act = activation(layer), places = win.rows * win.columns;
    return {
      shape: [win.rows, win.columns, filters],
      windows: win,
      weights: [[...win.kernel, C, several], [1, 1, middle, filters], ...(flag(layer, "use_bias", true) ? [[filters]] : [])],
      work: places * middle * (volume(win.kernel) + filters),
      // The second step, 1x1 over all channels, is a dense layer at every place.
      run: ([x], [each, across, bias]) => act(dense(convolveDepthwise(x, each, null, win, several), across, bias, filters)),
    };
  },

  Dense(layer, shapes) {
    const shape = only(layer, shapes), units = whole(layer, "units"), act = activation(layer);
    return {
      shape: [...shape.slice(0, -1), units],
      weights: [[shape.at(-1), units], ...(flag(layer, "use_bias", true) ? [[units]] : [])],
      work: volume(shape) * units,
      run: ([x], [kernel, bias]) => act(dense(x, kernel, bias, units)),
    };
  },

  BatchNormalization(layer, shapes) {
    const shape = only(layer, shapes), C = shape.at(-1), epsilon = number(layer, "epsilon", 1e-3);
    const scale = flag(layer, "scale", true), centre = flag(layer, "center", true);
    lastAxis(layer, shape);
    return {
      shape,
      weights: Array(2 + scale + centre).fill([C]),
      run([x], weights) {
        const [gamma, beta, mean, variance] = [scale && weights[0], centre && weights[+scale], ...weights.slice(-2)];
        const factor = new Float64Array(C), shift = new Float64Array(C), out = tensor(shape);
        for (let c = 0; c < C; c++) {
          factor[c] = (gamma ? gamma.data[c] : 1) / Math.sqrt(variance.data[c] + epsilon);
          shift[c] = (beta ? beta.data[c] : 0) - mean.data[c] * factor[c];
        }
        const from = x.data, to = out.data;
        for (let i = 0; i < from.length; i += C) for (let c = 0; c < C; c++) to[i + c] = from[i + c] * factor[c] + shift[c];
        return out;
      },
    };
  },

  ZeroPadding2D(layer, shapes) {
    const [H, W, C] = only(layer, shapes, true), [[top, bottom], [left, right]] = sidesOf(layer, "padding"), wide = W + left + right;
    return {
      shape: [H + top + bottom, wide, C],
      run([x]) {
        const out = tensor([H + top + bottom, wide, C]);
        for (let i = 0; i < H; i++)
          out.data.set(x.data.subarray(i * W * C, (i + 1) * W * C), ((i + top) * wide + left) * C);
        return out;
      },
    };
  },

  MaxPooling2D: pooling(true),
  AveragePooling2D: pooling(false),
  GlobalMaxPooling2D: globalPooling(true),
  GlobalAveragePooling2D: globalPooling(false),

  Flatten: reshaping((layer, shape) => [volume(shape)]),
  Reshape: reshaping((layer, shape) => {
    const target = layer.target_shape;
    if (!Array.isArray(target) || !target.length || !target.every((n) => n === -1 || isWhole(n, 1, LIMITS.values)))
      fail(layer, `has target_shape = ${quote(target)}, which makes no sense`);
    const open = target.filter((n) => n === -1).length, rest = volume(target.filter((n) => n !== -1));
    const found = target.map((n) => (n === -1 ? volume(shape) / rest : n));
    if (open > 1 || volume(found) !== volume(shape) || !found.every(Number.isInteger))
      fail(layer, `cannot turn the shape [${shape}] into [${target}]`);
    return found;
  }),

  Activation(layer, shapes) {
    const shape = only(layer, shapes), act = activation(layer);
    return { shape, run: ([x]) => act({ shape, data: x.data.slice() }) };
  },

  ReLU(layer, shapes) {
    const slope = number(layer, "negative_slope", 0), threshold = number(layer, "threshold", 0);
    const most = layer.max_value == null ? Infinity : number(layer, "max_value");
    const shape = only(layer, shapes), f = (v) => (v >= threshold ? Math.min(v, most) : slope * (v - threshold));
    const plain = ([x]) => {
      const data = x.data.slice();
      cutOff(data, most);
      return { shape, data };
    };
    return { shape, run: slope === 0 && threshold === 0 && most >= 0 ? plain : ([x]) => mapped(x, f) };
  },

  LeakyReLU(layer, shapes) {
    const slope = number(layer, "negative_slope", 0.3);
    return { shape: only(layer, shapes), run: ([x]) => mapped(x, (v) => (v >= 0 ? v : slope * v)) };
  },

  Softmax: overRows(false),
  LogSoftmax: overRows(true),

  Rescaling(layer, shapes) {
    const shape = only(layer, shapes), C = shape.at(-1);
    const scale = constant(layer, "scale", layer.scale ?? 1, C), offset = constant(layer, "offset", layer.offset ?? 0, C);
    return { shape, affine: (i) => [scale(i), offset(i)], run: ([x]) => mapped(x, (v, i) => v * scale(i) + offset(i)) };
  },

  Normalization(layer, shapes) {
    const shape = only(layer, shapes), axes = [layer.axis ?? []].flat(), C = axes.length ? shape.at(-1) : 1;
    if (axes.length > 1 || (axes.length && placeOfAxis(axes[0], shape.length) !== shape.length - 1)) fail(layer, `works along the axes ${quote(axes)}, and only the last one is supported`);
    const given = layer.mean != null, invert = flag(layer, "invert", false), fixed = given && ["mean", "variance"].map((key) => constant(layer, key, layer[key], shape.at(-1)));
    // Spread 0 counts as 1e-7, Keras's epsilon.
    const spread = (variance) => Math.max(Math.sqrt(variance), 1e-7);
    const read = (weights) => fixed || [0, 1].map((k) => (i) => weights[k].data[i % C]);
    return {
      shape,
      read,
      weights: given ? [] : axes.length ? [[C], [C], []] : [[], [], []], // the last one counts what was seen
      run([x], weights) {
        const [mean, variance] = read(weights);
        return mapped(x, invert ? (v, i) => mean(i) + v * spread(variance(i)) : (v, i) => (v - mean(i)) / spread(variance(i)));
      },
    };
  },

  LayerNormalization(layer, shapes) {
    const shape = only(layer, shapes), own = lastAxes(layer, shape), scale = flag(layer, "scale", true), centre = flag(layer, "center", true), epsilon = number(layer, "epsilon", 1e-3);
    if (flag(layer, "rms_scaling", false)) fail(layer, "has rms_scaling, which is not supported");
    return { shape, weights: Array(scale + centre).fill(own), run: ([x], w) => normalised(shape, volume(own), epsilon, scale && w[0], centre && w[+scale], x) };
  },

  RMSNormalization(layer, shapes) {
    const shape = only(layer, shapes), own = lastAxes(layer, shape), epsilon = number(layer, "epsilon", 1e-6);
    return { shape, weights: [own], run: ([x], w) => normalised(shape, volume(own), epsilon, w[0], null, x, false) };
  },

  GroupNormalization(layer, shapes) {
    const shape = only(layer, shapes), C = shape.at(-1), groups = layer.groups === -1 ? C : whole(layer, "groups", 32), deep = C / groups;
    const scale = flag(layer, "scale", true), centre = flag(layer, "center", true), epsilon = number(layer, "epsilon", 1e-3);
    if (C % groups) fail(layer, `cannot part ${C} channels into ${groups} groups`);
    lastAxis(layer, shape);
    return {
      shape,
      weights: Array(scale + centre).fill([C]),
      run([x], weights) {
        const gamma = scale && weights[0].data, beta = centre && weights[+scale].data, mean = new Float64Array(groups), variance = new Float64Array(groups);
        const group = Int32Array.from({ length: C }, (_, c) => Math.floor(c / deep)), count = x.data.length / groups, from = x.data;
        for (let i = 0; i < from.length; i += C) for (let c = 0; c < C; c++) mean[group[c]] += from[i + c] / count;
        for (let i = 0; i < from.length; i += C) for (let c = 0; c < C; c++) variance[group[c]] += (from[i + c] - mean[group[c]]) ** 2 / count;
        return mapped(x, (v, i) => ((v - mean[group[i % C]]) / Math.sqrt(variance[group[i % C]] + epsilon)) * (gamma ? gamma[i % C] : 1) + (beta ? beta[i % C] : 0));
      },
    };
  },

  LayerScale(layer, shapes) {
    const shape = only(layer, shapes), C = shape.at(-1);
    return { shape, weights: [[C]], run: ([x], [gamma]) => mapped(x, (v, i) => v * gamma.data[i % C]) };
  },

  ELU(layer, shapes) {
    const alpha = number(layer, "alpha", 1);
    return { shape: only(layer, shapes), run: ([x]) => mapped(x, (v) => (v > 0 ? v : alpha * Math.expm1(v))) };
  },

  PReLU(layer, shapes) {
    const shape = only(layer, shapes), shared = (layer.shared_axes ?? []).map((axis) => placeOfAxis(axis, shape.length));
    const own = shape.map((size, axis) => (shared.includes(axis) ? 1 : size)), place = reader(own, shape);
    return { shape, place, weights: [own], run: ([x], [alpha]) => mapped(x, (v, i) => (v >= 0 ? v : v * alpha.data[place(i)])) };
  },

  Conv2DTranspose(layer, shapes) {
    const [H, W, C] = only(layer, shapes, true), [kh, kw] = pair(layer, "kernel_size"), [sh, sw] = pair(layer, "strides", 1);
    const filters = whole(layer, "filters"), act = activation(layer), padding = layer.padding ?? "valid", more = layer.output_padding != null;
    if (padding !== "valid" && padding !== "same") fail(layer, `has the padding ${quote(padding)}, which is not supported`);
    if (more || pair(layer, "dilation_rate", 1).some((n) => n > 1)) fail(layer, "has an output_padding or a dilation_rate, which is not supported");
    const long = (n, k, step) => n * step + (padding === "valid" ? Math.max(k - step, 0) : 0);
    const rows = long(H, kh, sh), columns = long(W, kw, sw), top = walk(rows, kh, sh, 1, padding).before, left = walk(columns, kw, sw, 1, padding).before;
    return {
      shape: [rows, columns, filters],
      back: { kernel: [kh, kw], stride: [sh, sw], top, left },
      weights: [[kh, kw, filters, C], ...(flag(layer, "use_bias", true) ? [[filters]] : [])],
      work: H * W * C * kh * kw * filters,
      run([{ data: x }], [kernel, bias]) {
        const out = tensor([rows, columns, filters]), sums = new Float64Array(out.data.length), w = kernel.data;
        if (bias) for (let n = 0; n < sums.length; n++) sums[n] = bias.data[n % filters];
        for (let i = 0; i < H; i++)
          for (let j = 0; j < W; j++)
            for (let u = 0; u < kh; u++) {
              const row = i * sh + u - top;
              if (row < 0 || row >= rows) continue;
              for (let v = 0; v < kw; v++) {
                const column = j * sw + v - left, start = (i * W + j) * C;
                if (column < 0 || column >= columns) continue;
                for (let f = 0, k = (u * kw + v) * filters * C, to = (row * columns + column) * filters; f < filters; f++) {
                  let sum = 0;
                  for (let c = 0; c < C; c++) sum += x[start + c] * w[k++];
                  sums[to + f] += sum;
                }
              }
            }
        out.data.set(sums);
        return act(out);
      },
    };
  },

  UpSampling2D(layer, shapes) {
    const [H, W, C] = only(layer, shapes, true), [down, across] = pair(layer, "size", 2);
    return resized(layer, [H, W, C], H * down, W * across);
  },

  Resizing(layer, shapes) {
    const shape = only(layer, shapes, true);
    for (const key of ["crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"]) if (layer[key]) fail(layer, `has ${key}, which is not supported`);
    return resized({ interpolation: "bilinear", ...layer }, shape, whole(layer, "height"), whole(layer, "width"));
  },

  CenterCrop(layer, shapes) {
    const [H, W, C] = only(layer, shapes, true), rows = whole(layer, "height"), columns = whole(layer, "width");
    if (rows > H || columns > W) fail(layer, `cuts ${rows} x ${columns} pixels out of ${H} x ${W}, which is not supported`);
    return cropped(layer, [H, W, C], Math.floor((H - rows) / 2), Math.floor((W - columns) / 2), rows, columns);
  },

  Cropping2D(layer, shapes) {
    const [H, W, C] = only(layer, shapes, true), [[top, bottom], [left, right]] = sidesOf(layer, "cropping");
    return cropped(layer, [H, W, C], top, left, H - top - bottom, W - left - right);
  },

  Permute: (layer, shapes) => turned(layer, only(layer, shapes), Array.isArray(layer.dims) ? layer.dims.map((axis) => axis - 1) : null),
  Transpose: (layer, shapes) => turned(layer, only(layer, shapes), Array.isArray(layer.axes) && layer.axes[0] === 0 ? layer.axes.slice(1).map((axis) => axis - 1) : null),

  /** x[..., 2] or x[..., ::-1]: "take" is a channel, or a list of them. */
  GetItem(layer, shapes) {
    const shape = only(layer, shapes), C = shape.at(-1), list = [layer.take].flat(), one = !Array.isArray(layer.take);
    if (!list.length || !list.every((c) => isWhole(c, 0, C - 1)) || (one && shape.length < 2)) fail(layer, `takes ${quote(layer.take)} of ${C} channels, which makes no sense`);
    return moved([...shape.slice(0, -1), ...(one ? [] : [list.length])], (n) => Math.floor(n / list.length) * C + list[n % list.length]);
  },

  Stack(layer, shapes) {
    const shape = shapes[0], N = shapes.length;
    if (!shapes.every((other) => equal(other, shape))) fail(layer, `gets the shapes [${shapes.join("], [")}], which do not fit together`);
    if ((layer.axis ?? 0) !== -1 && layer.axis !== shape.length + 1) fail(layer, `works along axis ${quote(layer.axis)}, and only the last one is supported`);
    return {
      shape: [...shape, N],
      from: (n) => ({ input: n % N, n: Math.floor(n / N) }),
      run: (tensors) => mapped(tensor([...shape, N]), (_, n) => tensors[n % N].data[Math.floor(n / N)]),
    };
  },

  Add: arithmetic((a, b) => a + b),
  Average: arithmetic((a, b) => a + b, Infinity, (sum, count) => sum / count),
  Multiply: arithmetic((a, b) => a * b),
  Maximum: arithmetic(Math.max),
  Minimum: arithmetic(Math.min),
  Subtract: arithmetic((a, b) => a - b, 2),
  Divide: arithmetic((a, b) => a / b, 2),
  TrueDivide: arithmetic((a, b) => a / b, 2),
  Power: arithmetic((a, b) => a ** b, 2),

  Concatenate(layer, shapes) {
    const rank = shapes[0].length, axis = placeOfAxis(layer.axis ?? -1, rank), rest = (shape) => shape.filter((_, k) => k !== axis);
    if (!isWhole(axis, 0, rank - 1) || !shapes.every((shape) => shape.length === rank && equal(rest(shape), rest(shapes[0]))))
      fail(layer, `joins the shapes [${shapes.join("], [")}] along axis ${quote(layer.axis ?? -1)}, which do not fit together`);
    const sizes = shapes.map((shape) => volume(shape.slice(axis))), wide = sizes.reduce((a, b) => a + b);
    const starts = sizes.map((_, k) => sizes.slice(0, k).reduce((a, b) => a + b, 0)), shape = [...shapes[0]];
    shape[axis] = shapes.reduce((sum, one) => sum + one[axis], 0);
    return {
      shape,
      /** Where value n comes from. */
      from(n) {
        const row = Math.floor(n / wide), place = n % wide, input = starts.findLastIndex((start) => start <= place);
        return { input, n: row * sizes[input] + place - starts[input] };
      },
      run(tensors) {
        const out = tensor(shape);
        tensors.forEach((t, k) => {
          for (let row = 0; row * sizes[k] < t.data.length; row++) out.data.set(t.data.subarray(row * sizes[k], (row + 1) * sizes[k]), row * wide + starts[k]);
        });
        return out;
      },
    };
  },

  Mean: overMaps(false),
  Max: overMaps(true),

  Cast(layer, shapes) {
    if (layer.dtype !== "float32" && layer.dtype?.config?.name !== "float32") fail(layer, `makes ${quote(layer.dtype)} of the numbers, and only float32 is supported`);
    return identity(layer, shapes);
  },

  Gelu(layer, shapes) {
    const shape = only(layer, shapes), rough = flag(layer, "approximate", true);
    const f = (v) => (rough ? 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))) : POINTWISE.gelu(v));
    return { shape, run: ([x]) => mapped(x, f) };
  },

  LeakyRelu(layer, shapes) {
    const slope = number(layer, "negative_slope", 0.2);
    return { shape: only(layer, shapes), run: ([x]) => mapped(x, (v) => (v > 0 ? v : slope * v)) };
  },

  Negative: (layer, shapes) => ({ shape: only(layer, shapes), run: ([x]) => mapped(x, (v) => -v) }),
  ...Object.fromEntries(Object.entries(AS_OPERATION).map(([type, name]) => [type, (layer, shapes) => LAYERS.Activation({ ...layer, activation: name }, shapes)])),

  InputLayer: identity,
  Identity: identity,
  ...Object.fromEntries(TRAINING_ONLY.map((name) => [name, identity])),
};
LAYERS.ExpandDims = LAYERS.Squeeze = LAYERS.Reshape; // the exporter writes their target_shape
LAYERS.Elu = LAYERS.ELU;

/* ---- A whole network ------------------------------------------------------------------ */

/** A network that is ready to run.

    input   the shape that goes in, such as [28, 28, 1]
    layers  in the order in which they run: {name, type, inputs, shape, plan, weights}
    output  the name of the layer that gives the answer */
export class Network {
  /** description: see network-file.mjs; numbers: the weights of all layers in one row. */
  constructor(description, numbers) {
    const shapes = new Map([["input", readShape(description.input, "The network's input")]]);
    const listed = description.layers;
    if (!Array.isArray(listed) || !listed.length) throw new NetworkError("The file names no layers.");
    if (listed.length > LIMITS.layers)
      throw new NetworkError(`The network has ${listed.length} layers; at most ${LIMITS.layers} can be shown.`);
    if (listed.filter((layer) => layer?.type === "InputLayer").length > 1) throw new NetworkError("The network has several inputs; only one is supported.");
    let used = 0, values = volume(shapes.get("input")), work = 0;
    const taken = new Map();
    this.input = shapes.get("input");
    this.layers = listed.map((layer) => {
      const { name, type, inputs } = readLayer(layer, shapes);
      const plan = LAYERS[type](layer, inputs.map((input) => shapes.get(input)));
      readShape(plan.shape, `The output of layer ${quote(name)}`);
      const declared = layer.weights ?? [], expected = plan.weights ?? [];
      // A layer within a network for pictures of any size does not know its shape: null.
      if (!Array.isArray(layer.shape) || layer.shape.length !== plan.shape.length || !layer.shape.every((size, axis) => size === null || size === plan.shape[axis]))
        fail(layer, `should give the shape [${plan.shape}], and the file says ${quote(layer.shape)}`);
      if (!Array.isArray(declared) || declared.length !== expected.length || !expected.every((shape, n) => Array.isArray(declared[n]) && equal(shape, declared[n])))
        fail(layer, `should have weights of the shapes ${quote(expected)}, and the file says ${quote(declared)}`);
      values += volume(plan.shape);
      work += plan.work ?? volume(plan.shape);
      const twin = layer.same == null ? null : taken.get(layer.same); // the same layer, called before
      if (layer.same != null && (twin?.type !== type || !equal(twin.weights.map(({ shape }) => `${shape}`), expected.map(String)))) fail(layer, `should have the weights of ${quote(layer.same)}, which has others`);
      const weights = twin?.weights ?? expected.map((shape) => ({ shape, start: used, end: (used += volume(shape)) }));
      shapes.set(name, plan.shape);
      taken.set(name, { type, weights });
      const cost = costOf(layer, plan, inputs.map((input) => shapes.get(input)));
      return { ...layer, name, type, inputs, shape: plan.shape, plan, weights, cost };
    });
    if (values > LIMITS.allValues)
      throw new NetworkError("The network's outputs are too large for this page; try it with smaller pictures.");
    const slow = tooLong(this.layers, LIMITS.cost);
    if (slow) throw new NetworkError(slow);
    if (used !== numbers.length)
      throw new NetworkError(`The network needs ${used.toLocaleString("en")} weights and the file holds ${numbers.length.toLocaleString("en")}; it is damaged.`);
    for (const layer of this.layers)
      layer.weights = layer.weights.map(({ shape, start, end }) => ({ shape, data: numbers.subarray(start, end) }));
    for (const layer of this.layers)
      for (const { data } of layer.weights)
        if (!allFinite(data)) fail(layer, "has a weight that is not a number");
    this.output = this.layers.at(-1).name;
    if (description.output !== undefined && description.output !== this.output) {
      if (!shapes.has(description.output)) throw new NetworkError(`The file's output ${quote(description.output)} is none of its layers.`);
      this.output = description.output;
    }
    this.name = typeof description.name === "string" ? description.name.slice(0, 80) : "network";
    this.loss = typeof description.loss === "string" ? description.loss.slice(0, 80) : null;
    this.pixels = readPixels(description.pixels) ?? pixelsOf(this.layers);
    this.classes = readClasses(description.classes, volume(shapes.get(this.output)));
    this.work = work;
    this.cost = this.layers.reduce((sum, { cost }) => sum + cost, 0);
    this.parameters = used;
  }

  /** Run one picture, a list of numbers in the order of `input`: Map(layer's name -> tensor). before(layer) is called for each. */
  run(picture, before = null) {
    if (picture.length !== volume(this.input)) throw new RangeError(`A picture of ${picture.length} numbers for the shape [${this.input}].`);
    const found = new Map([["input", { shape: this.input, data: Float32Array.from(picture) }]]);
    for (const layer of this.layers) {
      before?.(layer);
      found.set(layer.name, layer.plan.run(layer.inputs.map((name) => found.get(name)), layer.weights));
    }
    return found;
  }
}

/** Whether all are numbers: 0 times anything else is none. A plain loop, since there may be millions. */
function allFinite(data) {
  let sum = 0;
  for (let k = 0; k < data.length; k++) sum += data[k] * 0;
  return sum === 0;
}

function readShape(shape, what) {
  if (!Array.isArray(shape) || shape.length < 1 || shape.length > 4 || !shape.every((n) => isWhole(n, 1, LIMITS.values)))
    throw new NetworkError(`${what} has the shape ${quote(shape)}, which makes no sense.`);
  if (volume(shape) > LIMITS.values)
    throw new NetworkError(`${what} has ${volume(shape).toLocaleString("en")} values; at most ${LIMITS.values.toLocaleString("en")} can be shown.`);
  return shape;
}

function readLayer(layer, shapes) {
  if (typeof layer !== "object" || layer === null || typeof layer.name !== "string" || typeof layer.type !== "string")
    throw new NetworkError("The file holds a layer without a name or a type; it is damaged.");
  const { name, type } = layer;
  // Keras's functional models begin with a layer that stands for the picture.
  const inputs = type === "InputLayer" ? ["input"] : layer.inputs;
  if (!Object.hasOwn(LAYERS, type))
    throw new NetworkError(`Layer ${quote(name)} is a ${quote(type).slice(1, -1)}, a kind that this page cannot run.`);
  if (name.length > 200) throw new NetworkError(`The name of layer ${quote(name)} is longer than 200 letters.`);
  if (name === "input") throw new NetworkError('A layer is called "input", a name that the file keeps for the picture.');
  if (shapes.has(name)) throw new NetworkError(`Two layers are called ${quote(name)}.`);
  if (!Array.isArray(inputs) || !inputs.length || inputs.length > 64) fail(layer, "has no list of inputs");
  if ((layer.data_format ?? "channels_last") !== "channels_last") fail(layer, "puts the channels first, and only channels last are supported");
  for (const input of inputs) if (!shapes.has(input)) fail(layer, `takes its input from ${quote(input)}, which does not come before it`);
  return { name, type, inputs };
}

function readClasses(classes, units) {
  if (classes === undefined || classes === null || classes.length === 0) return null;
  const names = Array.isArray(classes) && classes.every((one) => typeof one === "string" && one.length <= 200);
  // One output can part two classes.
  if (!names || (classes.length !== units && !(units === 1 && classes.length === 2)))
    throw new NetworkError(`The file should name ${units} classes, one for each output.`);
  return classes;
}

/* ---- Which pixels a network expects -------------------------------------------------------- */

export const PIXELS = [[0, 255], [0, 1], [-1, 1]];

function readPixels(pixels) {
  if (pixels === undefined || pixels === null) return null;
  const found = Array.isArray(pixels) && PIXELS.find((range) => equal(range, pixels));
  if (!found) throw new NetworkError(`The file says that pixels go ${quote(pixels)}; only 0 to 255, 0 to 1 and -1 to 1 are known.`);
  return found;
}

/** Layers that change no value, at most its place: a picture behind them is still a picture. */
const STILL_PIXELS = [
  ...TRAINING_ONLY, "InputLayer", "Identity", "Cast", "ZeroPadding2D", "Cropping2D", "CenterCrop", "Resizing", "UpSampling2D", "MaxPooling2D", "AveragePooling2D",
  "Reshape", "ExpandDims", "Squeeze", "Flatten", "Permute", "Transpose", "GetItem", "Stack", "Concatenate",
];

/** [0, 255] or [0, 1], by the first layer that scales or shifts the pixels; null where none does. */
function pixelsOf(layers) {
  const pictures = new Set(["input"]), large = (yes) => (yes ? PIXELS[0] : PIXELS[1]);
  for (const layer of layers) {
    if (!layer.inputs.some((name) => pictures.has(name))) continue;
    const { type, plan, weights } = layer, most = (list) => Math.max(...list.map(Math.abs));
    const numbers = (layer.args ?? []).flat(Infinity).filter(Number.isFinite);
    if (STILL_PIXELS.includes(type)) pictures.add(layer.name);
    else if (type === "Rescaling") {
      const scale = most([layer.scale ?? 1].flat(Infinity)), offset = most([layer.offset ?? 0].flat(Infinity));
      return large(scale === 1 ? offset > 2 : scale < 0.1);
    } else if (["Add", "Subtract"].includes(type) && numbers.length) return large(most(numbers) > 2);
    else if (type === "Multiply" && numbers.length) return large(most(numbers) < 0.1);
    else if (["Divide", "TrueDivide"].includes(type) && numbers.length) return large(most(numbers) > 10);
    else if (type === "Normalization" || type === "BatchNormalization") {
      const mean = type === "Normalization" ? plan.read(weights)[0](0) : weights.at(-2).data[0];
      if (mean) return large(Math.abs(mean) > 2);
    }
  }
  return null;
}
