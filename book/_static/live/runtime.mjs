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
  if (maps && (layer.data_format ?? "channels_last") !== "channels_last")
    fail(layer, "puts the channels first, and only channels last are supported");
  return shapes[0];
}

/** Softmax and the like run along the last axis, batch normalisation scales it. */
function lastAxis(layer, shape) {
  const axis = Array.isArray(layer.axis) ? layer.axis[0] : layer.axis ?? -1;
  if (axis !== -1 && axis !== shape.length) // Keras counts the pictures as axis 0
    fail(layer, `works along axis ${quote(axis)}, and only the last one is supported`);
}

/* ---- Activations --------------------------------------------------------------- */

const sigmoid = (v) => 1 / (1 + Math.exp(-v));

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
};
export const ACTIVATIONS = ["linear", "softmax", ...Object.keys(POINTWISE)];

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

/** Softmax over each run of `length` values, in place. */
function softmax(data, length) {
  for (let start = 0; start < data.length; start += length) {
    let largest = -Infinity, sum = 0;
    for (let i = start; i < start + length; i++) largest = Math.max(largest, data[i]);
    for (let i = start; i < start + length; i++) sum += Math.exp(data[i] - largest);
    for (let i = start; i < start + length; i++) data[i] = Math.exp(data[i] - largest) / sum;
  }
}

/** The activation that a layer names, as a function that changes a tensor in place. */
function activation(layer) {
  const name = layer.activation ?? "linear";
  if (name === "linear") return (t) => t;
  if (name === "relu") return (t) => (cutOff(t.data), t);
  if (name === "softmax") return (t) => (softmax(t.data, t.shape.at(-1)), t);
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

/** What only training uses: when the network answers, values pass as they are. */
const identity = (layer, shapes) => ({ shape: only(layer, shapes), run: ([x]) => x });
const TRAINING_ONLY = [
  "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "RandomBrightness",
  "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "SpatialDropout2D",
];

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
    const [H, W, C] = only(layer, shapes, true), sides = layer.padding;
    const good = (list, test) => Array.isArray(list) && list.length === 2 && list.every(test);
    if (!good(sides, (side) => good(side, (n) => isWhole(n, 0, LARGEST))))
      fail(layer, `has padding = ${quote(sides)}, which makes no sense`);
    const [[top, bottom], [left, right]] = sides, wide = W + left + right;
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

  Softmax(layer, shapes) {
    const shape = only(layer, shapes);
    lastAxis(layer, shape);
    const run = ([x]) => {
      const data = x.data.slice();
      softmax(data, shape.at(-1));
      return { shape, data };
    };
    return { shape, run };
  },

  Rescaling(layer, shapes) {
    const shape = only(layer, shapes), C = shape.at(-1);
    const each = (key, fallback) => {
      const value = layer[key] ?? fallback; // one number for all channels, or a list
      if (!Array.isArray(value)) return number(layer, key, fallback), () => value;
      if (value.length !== C || !value.every(Number.isFinite)) fail(layer, `has ${key} = ${quote(value)}, which makes no sense`);
      return (i) => value[i % C];
    };
    const scale = each("scale", 1), offset = each("offset", 0);
    return { shape, run: ([x]) => mapped(x, (v, i) => v * scale(i) + offset(i)) };
  },

  Add(layer, shapes) {
    if (shapes.length < 2 || !shapes.every((shape) => equal(shape, shapes[0])))
      fail(layer, `adds the shapes [${shapes.join("], [")}], and they must be alike`);
    return {
      shape: shapes[0],
      run(tensors) {
        // The sums need the digits of ordinary numbers, also where there are many terms.
        const sums = Float64Array.from(tensors[0].data);
        for (const { data } of tensors.slice(1)) for (let i = 0; i < sums.length; i++) sums[i] += data[i];
        return { shape: shapes[0], data: Float32Array.from(sums) };
      },
    };
  },

  Concatenate(layer, shapes) {
    if (shapes.length < 2 || !shapes.every((shape) => equal(shape.slice(0, -1), shapes[0].slice(0, -1))))
      fail(layer, `joins the shapes [${shapes.join("], [")}], and they must be alike up to the last axis`);
    lastAxis(layer, shapes[0]);
    const sizes = shapes.map((shape) => shape.at(-1)), wide = sizes.reduce((a, b) => a + b);
    return {
      shape: [...shapes[0].slice(0, -1), wide],
      run(tensors) {
        const out = tensor(this.shape);
        tensors.forEach((t, number) => {
          const start = sizes.slice(0, number).reduce((a, b) => a + b, 0), C = sizes[number];
          for (let row = 0; row * C < t.data.length; row++)
            out.data.set(t.data.subarray(row * C, (row + 1) * C), row * wide + start);
        });
        return out;
      },
    };
  },

  InputLayer: identity,
  Identity: identity,
  ...Object.fromEntries(TRAINING_ONLY.map((name) => [name, identity])),
};

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
    this.input = shapes.get("input");
    this.layers = listed.map((layer) => {
      const { name, type, inputs } = readLayer(layer, shapes);
      const plan = LAYERS[type](layer, inputs.map((input) => shapes.get(input)));
      readShape(plan.shape, `The output of layer ${quote(name)}`);
      const declared = layer.weights ?? [], expected = plan.weights ?? [];
      if (!Array.isArray(layer.shape) || !equal(layer.shape, plan.shape))
        fail(layer, `should give the shape [${plan.shape}], and the file says ${quote(layer.shape)}`);
      if (!Array.isArray(declared) || declared.length !== expected.length || !expected.every((shape, n) => Array.isArray(declared[n]) && equal(shape, declared[n])))
        fail(layer, `should have weights of the shapes ${quote(expected)}, and the file says ${quote(declared)}`);
      values += volume(plan.shape);
      work += plan.work ?? volume(plan.shape);
      const weights = expected.map((shape) => ({ shape, start: used, end: (used += volume(shape)) }));
      shapes.set(name, plan.shape);
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
  if (shapes.has(name) || name.length > 200) throw new NetworkError(`Two layers are called ${quote(name)}, or the name is too long.`);
  if (!Array.isArray(inputs) || !inputs.length || inputs.length > 64) fail(layer, "has no list of inputs");
  for (const input of inputs) if (!shapes.has(input)) fail(layer, `takes its input from ${quote(input)}, which does not come before it`);
  return { name, type, inputs };
}

function readClasses(classes, units) {
  if (classes === undefined || classes === null || classes.length === 0) return null;
  const names = Array.isArray(classes) && classes.every((one) => typeof one === "string" && one.length <= 200);
  if (!names || classes.length !== units)
    throw new NetworkError(`The file should name ${units} classes, one for each output.`);
  return classes;
}
