/* How one value of a network came about: its inputs, its weights, and the sum.

   explain(network, found, layer, n) looks at value n of a layer's output (counted in
   Keras's order) and returns a plain object. `back` is the value of an earlier layer
   that had the largest share in it, `reads` says what was read. Besides these:

   kind "sum"       parts (a patch, its weights and their subtotal for each channel), bias, z
   kind "window"    the values under a pooling window
   kind "map"       a whole map, of which the mean or the largest value is kept
   kind "softmax"   all logits of the row, their exponentials and the sum of these
   kind "formula"   lines of arithmetic
   kind "same"      nothing: the value comes from elsewhere as it is
   kind "plain"     words: the figure does not take this kind of layer apart

   Nothing here draws. All sums are made anew from the layer before, in double
   precision, so a test can hold them against what the runtime found. */

import { write } from "./figure.mjs";
import { AS_OPERATION, TRAINING_ONLY, activate } from "./runtime.mjs";

/** A shape as maps: rows, columns, channels. A row of numbers is one map of one row. */
export function view(shape) {
  const [rows, columns, channels] = shape.length === 1 ? [1, shape[0], 1] : shape.length === 2 ? [...shape, 1] : shape.length === 3 ? shape : [shape[0] * shape[1], shape[2], shape[3]];
  return { rows, columns, channels, isList: shape.length === 1 };
}

/** Value n as [row, column, channel], and back. */
export const placeOf = ({ columns, channels }, n) => [Math.floor(n / (columns * channels)), Math.floor(n / channels) % columns, n % channels];
export const numberOf = ({ columns, channels }, row, column, channel) => (row * columns + column) * channels + channel;

/** A number with four digits that count, for sums of small things. */
export function short(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "no number" : value > 0 ? "\u221e" : "\u2212\u221e";
  const size = Math.abs(value);
  if (size > 0 && size < 1e-4) return value.toExponential(1).replace("-", "\u2212").replace("e-", "e\u2212");
  return write(value, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4);
}

/** + b or − b, as it goes on after a sum. */
export const onwards = (value) => `${value < 0 ? "\u2212" : "+"} ${short(Math.abs(value))}`;

/* ---- Colours: what a layer's values are --------------------------------------------- */

const ABOVE_ZERO = ["relu", "relu6", "sigmoid", "softmax", "hard_sigmoid", "exponential", "softplus", "squareplus"];
/** Layers that hand every value on as it is. */
export const PASSING = [...TRAINING_ONLY, "Identity", "Cast"];
const KEEPS = [
  ...PASSING, "AveragePooling2D", "CenterCrop", "Cropping2D", "ExpandDims", "Flatten", "GetItem", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "InputLayer",
  "Max", "MaxPooling2D", "Mean", "Permute", "Reshape", "Resizing", "Squeeze", "Transpose", "UpSampling2D", "ZeroPadding2D",
];
const JOINING = ["Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Stack"]; // of values above zero they make values above zero

/** The kind of each layer's colours: Map(name -> image, signed or relu). */
export function kindsOf(network, inputKind) {
  const kinds = new Map([["input", inputKind]]);
  for (const layer of network.layers) {
    const came = layer.inputs.map((name) => kinds.get(name)), { type } = layer;
    let kind = "signed";
    if (KEEPS.includes(type)) kind = came[0];
    else if (JOINING.includes(type)) kind = came.every((one) => one === "relu") && (layer.args ?? []).flat(Infinity).every((value) => value === null || value >= 0) ? "relu" : "signed";
    else if (type === "Rescaling") kind = [layer.scale ?? 1, layer.offset ?? 0].flat(Infinity).every((value) => value >= 0) ? came[0] : "signed";
    else if (type === "Softmax" || (type === "ReLU" && !layer.negative_slope) || ABOVE_ZERO.includes(AS_OPERATION[type] ?? layer.activation)) kind = "relu";
    kinds.set(layer.name, kind);
  }
  return kinds;
}

/* ---- What was read ------------------------------------------------------------------------ */

/** The pixels of one channel under a window, with weight(place) for each; -1 is padding. */
function patch(x, win, row, column, channel, weight) {
  const [H, W, C] = x.shape, [kh, kw] = win.kernel;
  const part = { channel, x: [], w: [], from: [], sum: 0 };
  for (let u = 0; u < kh; u++)
    for (let v = 0; v < kw; v++) {
      const i = row * win.stride[0] + u * win.dilation[0] - win.top, j = column * win.stride[1] + v * win.dilation[1] - win.left;
      const from = i < 0 || j < 0 || i >= H || j >= W ? -1 : (i * W + j) * C + channel;
      part.from.push(from);
      part.x.push(from < 0 ? 0 : x.data[from]);
      part.w.push(weight(u * kw + v));
      part.sum += part.x.at(-1) * part.w.at(-1);
    }
  part.product = part.sum;
  return part;
}

const range = (count) => [...Array(count).keys()];

/** Along one axis: the pixels [i, u] of an input of the given size whose kernel covers a place with its weight u. */
function reaching(layer, axis, place, size) {
  const { kernel, stride } = layer.plan.back, list = range(kernel[axis]).map((u) => [(place - u) / stride[axis], u]);
  return list.filter(([i]) => Number.isInteger(i) && i >= 0 && i < size).reverse();
}

/** The parts whose subtotals make the sum of unit n, before bias and activation. */
const PARTS = {
  Conv2D(layer, x, n) {
    const filters = layer.shape[2], [row, column, filter] = placeOf(view(layer.shape), n), [kernel] = layer.weights;
    const deep = kernel.shape[2], first = Math.floor(filter / (filters / (layer.groups ?? 1))) * deep;
    return range(deep).map((c) => patch(x, layer.plan.windows, row, column, first + c, (place) => kernel.data[(place * deep + c) * filters + filter]));
  },

  DepthwiseConv2D(layer, x, n) {
    const filters = layer.shape[2], [row, column, filter] = placeOf(view(layer.shape), n), [kernel] = layer.weights;
    const channel = Math.floor(filter / (filters / x.shape[2]));
    return [patch(x, layer.plan.windows, row, column, channel, (place) => kernel.data[place * filters + filter])];
  },

  SeparableConv2D(layer, x, n) {
    const filters = layer.shape[2], [row, column, filter] = placeOf(view(layer.shape), n), [each, across] = layer.weights;
    const middle = across.shape[2], several = middle / x.shape[2];
    return range(middle).map((m) => {
      const part = patch(x, layer.plan.windows, row, column, Math.floor(m / several), (place) => each.data[place * middle + m]);
      const factor = across.data[m * filters + filter];
      return { ...part, label: m, factor, product: part.sum * factor };
    });
  },

  /** The pixels that reach place n: each is spread over the maps by the kernel's weights. */
  Conv2DTranspose(layer, x, n) {
    const { top, left } = layer.plan.back, [H, W, C] = x.shape, [kernel] = layer.weights, [, kw, filters] = kernel.shape, [row, column, filter] = placeOf(view(layer.shape), n);
    const places = [...reaching(layer, 0, row + top, H)].flatMap(([i, u]) => reaching(layer, 1, column + left, W).map(([j, v]) => [i * W + j, u * kw + v]));
    return range(C).map((channel) => {
      const from = places.map(([place]) => place * C + channel), values = from.map((k) => x.data[k]), w = places.map(([, at]) => kernel.data[(at * filters + filter) * C + channel]);
      const sum = values.reduce((total, value, k) => total + value * w[k], 0);
      return { channel, x: values, w, from, sum, product: sum };
    });
  },

  /** After Flatten a dense layer is a filter as large as the map: a patch for each channel. */
  Dense(layer, x, n, maps) {
    const [kernel] = layer.weights, [N, units] = kernel.shape, unit = n % units, start = Math.floor(n / units) * N;
    const { rows, columns, channels } = maps ?? { rows: 1, columns: 1, channels: N };
    return range(channels).map((channel) => {
      const from = range(rows * columns).map((place) => start + place * channels + channel);
      const values = from.map((k) => x.data[k]), w = from.map((k) => kernel.data[(k - start) * units + unit]);
      const sum = values.reduce((total, value, place) => total + value * w[place], 0);
      return { channel, x: values, w, from, sum, product: sum };
    });
  },
};

/** The maps that were written into one row before a layer: {name, shape}, or null. */
function mapsBefore(network, name) {
  const layers = new Map(network.layers.map((layer) => [layer.name, layer]));
  for (let layer = layers.get(name); layer; layer = layers.get(layer.inputs[0])) {
    if (!["Flatten", "Reshape", ...PASSING].includes(layer.type)) return null;
    const before = layer.inputs[0], shape = before === "input" ? network.input : layers.get(before).shape;
    if (shape.length > 1) return { name: before, shape };
  }
  return null;
}

/* ---- The explanations ---------------------------------------------------------------------- */

const biasOf = (layer) => (layer.use_bias === false ? 0 : layer.weights.at(-1).data);
const total = (parts) => parts.reduce((sum, part) => sum + part.product, 0);

function explainSum(network, found, layer, n) {
  const before = layer.inputs[0], x = found.get(before), type = layer.type;
  const maps = type === "Dense" && x.shape.length === 1 ? mapsBefore(network, before) : null;
  const folded = maps && view(maps.shape), parts = PARTS[type](layer, x, n, folded);
  const units = layer.shape.at(-1), unit = n % units, biases = biasOf(layer), bias = biases ? biases[unit] : 0;
  const activation = activationOf(layer);
  const kernel = folded ? [folded.rows, folded.columns] : layer.plan.windows?.kernel ?? (layer.plan.back ? reachedBy(layer, x, n) : [1, 1]);
  const said = { kind: "sum", rows: kernel[0], columns: kernel[1], parts, bias: biases ? bias : null, z: total(parts) + bias, activation };
  if (SOFT.includes(activation))
    said.softmax = softmaxOf(range(units).map((m) => total(PARTS[type](layer, x, n - unit + m, folded)) + (biases ? biases[m] : 0)), unit, activation);
  said.answer = said.softmax?.value ?? applied(activation, said.z);
  let most = -1;
  said.back = { name: maps?.name ?? before, n: 0 };
  for (const part of parts)
    part.x.forEach((value, place) => {
      const share = Math.abs(value * part.w[place] * (part.factor ?? 1));
      if (part.from[place] >= 0 && share > most) [most, said.back.n] = [share, part.from[place]];
    });
  said.reads = { name: said.back.name, from: [...new Set(parts.flatMap((part) => part.from))].filter((k) => k >= 0) };
  return said;
}

/** How many rows and columns of pixels reach place n of a transposed convolution. */
function reachedBy(layer, x, n) {
  const [row, column] = placeOf(view(layer.shape), n), { top, left } = layer.plan.back;
  return [reaching(layer, 0, row + top, x.shape[0]).length, reaching(layer, 1, column + left, x.shape[1]).length];
}

const SOFT = ["softmax", "log_softmax"];

/** A layer's activation: its name, or the settings of a layer that was given as one. */
function activationOf({ activation = "linear" }) {
  return activation?.type === "Softmax" ? "softmax" : activation ?? "linear";
}

/** What an activation makes of z. */
const applied = (act, z) => (typeof act === "object" ? VALUES[act.type](act, z) : activate(act, z));

function softmaxOf(logits, unit, name = "softmax") {
  const largest = logits.reduce((a, b) => Math.max(a, b)), powers = logits.map((z) => Math.exp(z - largest)), sum = powers.reduce((a, b) => a + b, 0);
  return { logits, largest, powers, sum, unit, value: name === "softmax" ? powers[unit] / sum : logits[unit] - largest - Math.log(sum), logarithm: name !== "softmax" };
}

function explainPooling(found, layer, n) {
  const before = layer.inputs[0], x = found.get(before), win = layer.plan.windows, largest = layer.type.includes("Max");
  const [row, column, channel] = placeOf(view(layer.shape), n), { x: values, from } = patch(x, win, row, column, channel, () => 1);
  const there = range(from.length).filter((place) => from[place] >= 0);
  const best = there.reduce((a, b) => (values[b] > values[a] ? b : a)), sum = there.reduce((a, b) => a + values[b], 0);
  return {
    kind: "window", largest, rows: win.kernel[0], columns: win.kernel[1], x: values, from, best, count: there.length, sum,
    z: largest ? values[best] : sum / there.length,
    back: { name: before, n: from[best] }, reads: { name: before, from: there.map((place) => from[place]) },
  };
}

function explainWholeMap(found, layer, n) {
  const before = layer.inputs[0], x = found.get(before), [rows, columns, channels] = x.shape, largest = layer.type.includes("Max");
  const from = range(rows * columns).map((place) => place * channels + n), values = from.map((k) => x.data[k]);
  const sum = values.reduce((a, b) => a + b, 0), best = values.reduce((most, one, place) => (one > values[most] ? place : most), 0);
  return { kind: "map", largest, rows, columns, x: values, sum, count: values.length, z: largest ? values[best] : sum / values.length, back: { name: before, n: from[best] }, reads: { name: before, from } };
}

const NAMES = { relu: "ReLU", relu6: "ReLU, 6 at most", leaky_relu: "leaky ReLU", elu: "ELU", sigmoid: "the sigmoid", tanh: "tanh", silu: "SiLU", gelu: "GELU", linear: "nothing", selu: "SELU", celu: "CELU", mish: "Mish", hard_silu: "hard SiLU", exponential: "the exponential" };
const WORKED = {
  relu: (z) => (z > 0 ? `${short(z)} is above zero and stays` : `${short(z)} is not above zero, so it becomes 0`),
  relu6: (z) => `max(0, min(6, ${short(z)}))`,
  leaky_relu: (z) => (z > 0 ? `${short(z)} is above zero and stays` : `0.2 \u00b7 (${short(z)})`),
  sigmoid: (z) => `1 / (1 + e^(${short(-z)}))`,
  silu: (z) => `${short(z)} / (1 + e^(${short(-z)}))`,
  elu: (z) => (z > 0 ? `${short(z)} is above zero and stays` : `e^(${short(z)}) \u2212 1`),
  tanh: (z) => `tanh(${short(z)})`,
  exponential: (z) => `e^(${short(z)})`,
  softplus: (z) => `ln(1 + e^(${short(z)}))`,
  log_sigmoid: (z) => `\u2212ln(1 + e^(${short(-z)}))`,
  softsign: (z) => `${short(z)} / (1 + ${short(Math.abs(z))})`,
  hard_sigmoid: (z) => `max(0, min(6, ${short(z)} + 3)) / 6`,
  hard_silu: (z) => `${short(z)} \u00b7 max(0, min(6, ${short(z)} + 3)) / 6`,
  hard_tanh: (z) => `max(\u22121, min(1, ${short(z)}))`,
  gelu: (z) => `${short(z)} \u00b7 \u03a6(${short(z)})`,
};

/** What an activation makes of z, in words with the numbers; "" where it changes nothing. */
export function activated(name, z, value) {
  if (typeof name === "object") return `${name.type}: ${FORMULAS[name.type](name, z, value).join(", ")}`;
  return name === "linear" || SOFT.includes(name) ? "" : `${NAMES[name] ?? name}: ${WORKED[name]?.(z) ?? `${name}(${short(z)})`}${/stays|becomes/.test(WORKED[name]?.(z)) ? "" : ` = ${short(value)}`}`;
}

/** The settings of a number that is the same for all, or one for each channel, however deep the lists around it. */
function picked(value, fallback, n, C) {
  const list = [value ?? fallback].flat(Infinity);
  return list.length === 1 ? list[0] : list[n % C];
}
const scaling = (layer, n) => [picked(layer.scale, 1, n, layer.shape.at(-1)), picked(layer.offset, 0, n, layer.shape.at(-1))];
const slopeOf = ({ type, negative_slope }) => negative_slope ?? (type === "LeakyRelu" ? 0.2 : 0.3);
const alphaOf = (layer, n) => (layer.type === "PReLU" ? layer.weights[0].data[layer.plan.place(n)] : layer.alpha ?? 1);
const roughGelu = (layer) => layer.type === "Gelu" && (layer.approximate ?? true);

/** What batch normalisation and Normalization do: (x - mean) / spread, times gamma, plus beta. */
function statistics(layer, n) {
  if (layer.type === "Normalization") {
    const [mean, variance] = layer.plan.read(layer.weights).map((of) => of(n));
    return { mean, variance, spread: Math.max(Math.sqrt(variance), 1e-7), gamma: 1, beta: 0 };
  }
  const c = n % layer.shape.at(-1), scale = layer.scale ?? true, centre = layer.center ?? true;
  const [mean, variance] = layer.weights.slice(-2).map(({ data }) => data[c]);
  return { mean, variance, spread: Math.sqrt(variance + (layer.epsilon ?? 1e-3)), gamma: scale ? layer.weights[0].data[c] : 1, beta: centre ? layer.weights[+scale].data[c] : 0 };
}

/** Layers that look at one value at a time: what they make of x. */
const VALUES = {
  Rescaling: (layer, x, n) => scaling(layer, n)[0] * x + scaling(layer, n)[1],
  Activation: (layer, x) => applied(activationOf(layer), x),
  ReLU: ({ negative_slope, threshold, max_value }, x) => (x >= (threshold ?? 0) ? Math.min(x, max_value ?? Infinity) : (negative_slope ?? 0) * (x - (threshold ?? 0))),
  LeakyReLU: (layer, x) => (x >= 0 ? x : slopeOf(layer) * x),
  LeakyRelu: (layer, x) => (x >= 0 ? x : slopeOf(layer) * x),
  PReLU: (layer, x, n) => (x >= 0 ? x : alphaOf(layer, n) * x),
  ELU: (layer, x) => (x > 0 ? x : alphaOf(layer) * Math.expm1(x)),
  Gelu: (layer, x) => (roughGelu(layer) ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) : activate("gelu", x)),
  Negative: (layer, x) => -x,
  LayerScale: (layer, x, n) => layer.weights[0].data[n % layer.shape.at(-1)] * x,
  BatchNormalization(layer, x, n) {
    const { mean, spread, gamma, beta } = statistics(layer, n);
    return ((x - mean) / spread) * gamma + beta;
  },
  Normalization(layer, x, n) {
    const { mean, spread } = statistics(layer, n);
    return layer.invert ? mean + x * spread : (x - mean) / spread;
  },
};

/** And how: lines of arithmetic. */
const FORMULAS = {
  Rescaling(layer, x, y, n) {
    const [scale, offset] = scaling(layer, n);
    return [`scale \u00b7 x + offset`, `${short(scale)} \u00b7 ${short(x)} ${onwards(offset)} = ${short(y)}`];
  },
  Activation: (layer, x, y) => [activated(activationOf(layer), x, y) || `${short(x)} stays as it is`],
  ReLU(layer, x, y) {
    const slope = layer.negative_slope ?? 0, threshold = layer.threshold ?? 0, most = layer.max_value ?? Infinity;
    if (x < threshold && slope) return [`${short(x)} is below ${short(threshold)}: ${short(slope)} \u00b7 (${short(x)} ${onwards(-threshold)}) = ${short(y)}`];
    if (threshold) return [x < threshold ? `${short(x)} is below ${short(threshold)} and becomes 0` : x > most ? `${short(x)} is above the largest value allowed and becomes ${short(y)}` : `${short(x)} is not below ${short(threshold)} and stays`];
    return [x > most ? `${short(x)} is above the largest value allowed and becomes ${short(y)}` : activated("relu", x, y)];
  },
  LeakyReLU: (layer, x, y) => [x >= 0 ? `${short(x)} is not below zero and stays` : `${short(slopeOf(layer))} \u00b7 (${short(x)}) = ${short(y)}`],
  PReLU: (layer, x, y, n) => [x >= 0 ? `${short(x)} is not below zero and stays` : `${short(x)} is below zero and is multiplied by the learned slope: ${short(alphaOf(layer, n))} \u00b7 (${short(x)}) = ${short(y)}`],
  ELU: (layer, x, y) => [x > 0 ? `${short(x)} is above zero and stays` : `${short(alphaOf(layer))} \u00b7 (e^(${short(x)}) \u2212 1) = ${short(y)}`],
  Gelu: (layer, x, y) => [roughGelu(layer) ? `GELU, by its approximation with tanh: ${short(x)} becomes ${short(y)}` : activated("gelu", x, y)],
  Negative: (layer, x, y) => [`\u2212(${short(x)}) = ${short(y)}`],
  LayerScale: (layer, x, y, n) => [`the learned factor of this channel times x: ${short(layer.weights[0].data[n % layer.shape.at(-1)])} \u00b7 (${short(x)}) = ${short(y)}`],
  Normalization(layer, x, y, n) {
    const { mean, variance, spread } = statistics(layer, n), kept = `kept by the layer: mean ${short(mean)}, variance ${short(variance)}`;
    if (layer.invert) return [kept, `mean + x \u00b7 \u221avariance = ${short(mean)} + (${short(x)}) \u00b7 ${short(spread)} = ${short(y)}`];
    return [kept, `(x \u2212 mean) / \u221avariance = (${short(x)} ${onwards(-mean)}) / ${short(spread)} = ${short(y)}`];
  },
  BatchNormalization(layer, x, y, n) {
    const { mean, variance, gamma, beta } = statistics(layer, n), epsilon = layer.epsilon ?? 1e-3;
    return [
      `kept from training, for this channel: mean ${short(mean)}, variance ${short(variance)}; learned: weight \u03b3 ${short(gamma)}, bias \u03b2 ${short(beta)}`,
      `(x \u2212 mean) / \u221a(variance + ${epsilon}) = (${short(x)} ${onwards(-mean)}) / ${short(Math.sqrt(variance + epsilon))} = ${short((x - mean) / Math.sqrt(variance + epsilon))}`,
      `\u03b3 \u00b7 ${short((x - mean) / Math.sqrt(variance + epsilon))} + \u03b2 = ${short(y)}`,
    ];
  },
};
FORMULAS.LeakyRelu = FORMULAS.LeakyReLU;
VALUES.Elu = VALUES.ELU;
FORMULAS.Elu = FORMULAS.ELU;
for (const [type, activation] of Object.entries(AS_OPERATION)) {
  VALUES[type] = (layer, x) => activate(activation, x);
  FORMULAS[type] = (layer, x, y) => [activated(activation, x, y)];
}

/** Layers in which several numbers meet: how two of them meet, the sign between them, and words for it. */
const MEETING = {
  Add: [(a, b) => a + b, "+"],
  Average: [(a, b) => a + b, "+"],
  Subtract: [(a, b) => a - b, "\u2212"],
  Multiply: [(a, b) => a * b, "\u00b7"],
  Divide: [(a, b) => a / b, "/"],
  TrueDivide: [(a, b) => a / b, "/"],
  Power: [(a, b) => a ** b, "to the power of"],
  Maximum: [Math.max, ",", "the largest of"],
  Minimum: [Math.min, ",", "the smallest of"],
};

function explainMeeting(found, layer, n) {
  const [f, sign, words] = MEETING[layer.type], terms = layer.plan.terms(layer.inputs.map((name) => found.get(name)), n), { length } = terms;
  const whence = terms.map((_, k) => layer.plan.reads(k, n)), names = whence.map((one) => (one ? layer.inputs[one.input] : "a constant"));
  const met = terms.reduce((a, b) => f(a, b)), z = layer.type === "Average" ? met / length : met, bracket = (term) => (term < 0 ? `(${short(term)})` : short(term));
  const list = sign === "," ? terms.map(short).join(", ") : terms.map((term, k) => (sign === "+" ? (k ? onwards(term) : short(term)) : `${k ? `${sign} ` : ""}${bracket(term)}`)).join(" ");
  const same = whence.every((one) => !one || one.n === n);
  // The way back leads to the largest number that is no constant.
  const most = range(length).filter((k) => whence[k]).reduce((a, b) => (Math.abs(terms[b]) > Math.abs(terms[a]) ? b : a)), back = { name: names[most], n: whence[most].n };
  return {
    kind: "formula",
    lines: [words ? `${words} ${list}: ${short(z)}` : layer.type === "Average" ? `(${list}) / ${length} = ${short(z)}` : `${list} = ${short(z)}`, `(${names.join(", ")}${same ? ", at the same place" : "; smaller ones are repeated over all places"})`],
    z, back, reads: { name: back.name, from: [back.n] },
  };
}

/** Normalisations whose mean and variance are those of this picture. */
const NORMALISING = ["LayerNormalization", "RMSNormalization", "GroupNormalization"];

function explainNormalising(found, layer, n) {
  const { data } = found.get(layer.inputs[0]), { type, weights, shape } = layer, C = shape.at(-1), x = data[n], rms = type === "RMSNormalization";
  const grouped = type === "GroupNormalization", epsilon = layer.epsilon ?? (rms ? 1e-6 : 1e-3), scale = rms || (layer.scale ?? true), centre = !rms && (layer.center ?? true);
  const axes = [layer.axis ?? -1].flat().length, size = grouped ? C : shape.slice(-axes).reduce((a, b) => a * b), start = n - (n % size);
  const deep = grouped ? C / (layer.groups === -1 ? C : layer.groups ?? 32) : 0, group = Math.floor((n % C) / deep);
  const from = grouped ? range(data.length).filter((k) => Math.floor((k % C) / deep) === group) : range(size).map((k) => start + k);
  const mean = rms ? 0 : from.reduce((sum, k) => sum + data[k], 0) / from.length, variance = from.reduce((sum, k) => sum + (data[k] - mean) ** 2, 0) / from.length;
  const gamma = scale ? weights[0].data[n % size] : 1, beta = centre ? weights[+scale].data[n % size] : 0, even = (x - mean) / Math.sqrt(variance + epsilon), z = even * gamma + beta;
  const who = `of ${from.length.toLocaleString("en")} values of this picture`, root = short(Math.sqrt(variance + epsilon));
  return {
    kind: "formula",
    lines: [
      rms ? `mean of the squares ${who}: ${short(variance)}` : `mean ${who}: ${short(mean)}, their variance ${short(variance)}`,
      rms ? `x / \u221a(mean + ${epsilon}) = ${short(x)} / ${root} = ${short(even)}` : `(x \u2212 mean) / \u221a(variance + ${epsilon}) = (${short(x)} ${onwards(-mean)}) / ${root} = ${short(even)}`,
      `learned: ${scale ? `weight \u03b3 ${short(gamma)}` : "no weight"}, ${centre ? `bias \u03b2 ${short(beta)}` : "no bias"}; so ${short(gamma)} \u00b7 (${short(even)}) ${onwards(beta)} = ${short(z)}`,
    ],
    x, z, back: { name: layer.inputs[0], n }, reads: { name: layer.inputs[0], from },
  };
}

/** Maps in another size, where a value lies between up to four others. */
function explainBetween(found, layer, n) {
  const name = layer.inputs[0], { shape: [, W, C], data } = found.get(name), [row, column, channel] = placeOf(view(layer.shape), n);
  const [[top, bottom, y], [left, right, x]] = [layer.plan.places[0][row], layer.plan.places[1][column]];
  const terms = [[top, left, (1 - y) * (1 - x)], [top, right, (1 - y) * x], [bottom, left, y * (1 - x)], [bottom, right, y * x]].filter(([, , share]) => share !== 0).map(([i, j, share]) => [share, (i * W + j) * C + channel]);
  const z = terms.reduce((sum, [share, k]) => sum + share * data[k], 0), [, most] = terms.reduce((a, b) => (b[0] > a[0] ? b : a));
  return {
    kind: "formula",
    lines: ["The place lies between pixels of the map before; each counts by how near it is.", `${terms.map(([share, k]) => `${short(share)} \u00b7 (${short(data[k])})`).join(" + ")} = ${short(z)}`],
    z, back: { name, n: most }, reads: { name, from: [...new Set(terms.map(([, k]) => k))] },
  };
}

function origin(network, found, layer, n) {
  const before = layer.inputs[0], [row, column, channel] = placeOf(view(layer.shape), n);
  if (layer.type === "ZeroPadding2D") {
    const [[top], [left]] = layer.padding, [H, W, C] = found.get(before).shape, i = row - top, j = column - left;
    const inside = i >= 0 && j >= 0 && i < H && j < W;
    return inside ? { name: before, n: (i * W + j) * C + channel } : { name: before, n: -1, words: "It lies in the rim of zeros." };
  }
  const from = layer.plan?.from?.(n);
  if (from) return { name: layer.inputs[from.input], n: from.n };
  if (layer.plan?.places) {
    const [down, across] = layer.plan.places, [, W, C] = found.get(before).shape;
    return { name: before, n: (down[row][0] * W + across[column][0]) * C + channel };
  }
  if (layer.plan?.origin) return { name: before, n: layer.plan.origin(n) };
  return { name: before, n };
}

const PASSED = {
  Flatten: "Flatten writes all values into one row, place by place and at each place channel by channel.",
  Reshape: "The values keep their order and get another shape.",
  ZeroPadding2D: "The layer adds zeros around each map.",
  ExpandDims: "The values keep their order and get another shape.",
  Squeeze: "The values keep their order and get another shape.",
  Concatenate: "The layer puts its inputs one behind the other.",
  Stack: "The layer puts its inputs beside one another, along a new axis.",
  CenterCrop: "The layer keeps the middle of each map.",
  Cropping2D: "The layer cuts off the rims of each map.",
  GetItem: "The layer picks channels.",
  Permute: "The layer turns the axes around; each value stays as it is.",
  Transpose: "The layer turns the axes around; each value stays as it is.",
  UpSampling2D: "The layer repeats each pixel.",
  Resizing: "The layer takes the nearest pixel of the map before.",
  Identity: "The layer hands every value on as it is.",
  Cast: "The layer hands every value on as it is.",
  InputLayer: "The layer hands every value on as it is.",
  ...Object.fromEntries(TRAINING_ONLY.map((type) => [type, "The layer works in training only; when the network answers, values pass as they are."])),
};

const MOST_READ = 3e5; // numbers: more than that nobody can look at, and the page would stand still

/** About how many numbers an explanation has to fetch. */
function readBy(layer, x) {
  const under = layer.plan?.windows ? layer.plan.windows.kernel[0] * layer.plan.windows.kernel[1] : 1, units = layer.shape.at(-1), soft = SOFT.includes(activationOf(layer)) ? units : 1;
  if (layer.type === "Dense") return x.shape.at(-1) * soft;
  if (PARTS[layer.type]) return under * x.shape.at(-1) * soft;
  if (WHOLE_MAP.includes(layer.type)) return x.shape[0] * x.shape[1];
  if (NORMALISING.includes(layer.type)) return x.data.length;
  return layer.type === "Softmax" || layer.type === "LogSoftmax" || soft > 1 ? units : under;
}
const WHOLE_MAP = ["GlobalAveragePooling2D", "GlobalMaxPooling2D", "Mean", "Max"];

export function explain(network, found, layer, n) {
  const value = found.get(layer.name).data[n], before = layer.inputs[0];
  const many = readBy(layer, found.get(before));
  if (many > MOST_READ) return { kind: "many", count: many, z: value, value, back: { name: before, n: 0 }, reads: { name: before, from: [] } };
  const { type } = layer, act = type === "LogSoftmax" ? "log_softmax" : type === "Softmax" ? "softmax" : activationOf(layer);
  if (PARTS[type]) return { ...explainSum(network, found, layer, n), value };
  if (layer.plan?.windows) return { ...explainPooling(found, layer, n), value };
  if (WHOLE_MAP.includes(type)) return { ...explainWholeMap(found, layer, n), value };
  if (MEETING[type]) return { ...explainMeeting(found, layer, n), value };
  if (NORMALISING.includes(type)) return { ...explainNormalising(found, layer, n), value };
  if (layer.plan?.places && layer.plan.places.some((axis) => axis.some(([, , share]) => share !== 0))) return { ...explainBetween(found, layer, n), value };
  if (["Softmax", "LogSoftmax", "Activation"].includes(type) && SOFT.includes(act)) {
    const x = found.get(before).data, units = layer.shape.at(-1), unit = n % units, start = n - unit;
    const softmax = softmaxOf([...x.subarray(start, start + units)], unit, act);
    return { kind: "softmax", softmax, z: softmax.value, value, back: { name: before, n }, reads: { name: before, from: range(units).map((m) => start + m) } };
  }
  if (FORMULAS[type]) {
    const x = found.get(before).data[n];
    return { kind: "formula", lines: FORMULAS[type](layer, x, value, n), x, z: VALUES[type](layer, x, n), value, back: { name: before, n }, reads: { name: before, from: [n] } };
  }
  if (!PASSED[type]) return { kind: "plain", words: "This figure shows the values of this kind of layer and does not take them apart.", z: null, value, back: { name: before, n: 0 }, reads: { name: before, from: [] } };
  const from = origin(network, found, layer, n), words = `${PASSED[type]} ${from.words ?? ""}`.trim();
  return { kind: "same", words, origin: from, z: from.n < 0 ? 0 : found.get(from.name).data[from.n], value, back: from.n < 0 ? null : from, reads: { name: from.name, from: from.n < 0 ? [] : [from.n] } };
}
