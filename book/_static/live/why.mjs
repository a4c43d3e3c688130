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

   Nothing here draws. All sums are made anew from the layer before, in double
   precision, so a test can hold them against what the runtime found. */

import { write } from "./figure.mjs";

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

const ABOVE_ZERO = ["relu", "relu6", "sigmoid", "softmax"];
const KEEPS = [
  "ActivityRegularization", "AlphaDropout", "AveragePooling2D", "Dropout", "Flatten", "GaussianDropout", "GaussianNoise", "GlobalAveragePooling2D",
  "GlobalMaxPooling2D", "Identity", "InputLayer", "MaxPooling2D", "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation",
  "RandomTranslation", "RandomZoom", "Reshape", "SpatialDropout2D", "ZeroPadding2D",
];
/** Layers that hand every value on as it is. */
export const PASSING = KEEPS.filter((type) => !/Pooling|Flatten|Reshape|Padding|InputLayer/.test(type));

/** The kind of each layer's colours: Map(name -> image, signed or relu). */
export function kindsOf(network, inputKind) {
  const kinds = new Map([["input", inputKind]]);
  for (const layer of network.layers) {
    const came = layer.inputs.map((name) => kinds.get(name)), { type } = layer;
    let kind = "signed";
    if (KEEPS.includes(type)) kind = came[0];
    else if (type === "Add" || type === "Concatenate") kind = came.every((one) => one === "relu") ? "relu" : "signed";
    else if (type === "Rescaling") kind = [layer.scale ?? 1, layer.offset ?? 0].flat().every((value) => value >= 0) ? came[0] : "signed";
    else if (type === "Softmax" || (type === "ReLU" && !layer.negative_slope) || ABOVE_ZERO.includes(layer.activation)) kind = "relu";
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
  const activation = layer.activation ?? "linear", kernel = folded ? [folded.rows, folded.columns] : layer.plan.windows?.kernel ?? [1, 1];
  const said = { kind: "sum", rows: kernel[0], columns: kernel[1], parts, bias: biases ? bias : null, z: total(parts) + bias, activation };
  if (activation === "softmax")
    said.softmax = softmaxOf(range(units).map((m) => total(PARTS[type](layer, x, n - unit + m, folded)) + (biases ? biases[m] : 0)), unit);
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

function softmaxOf(logits, unit) {
  const largest = logits.reduce((a, b) => Math.max(a, b)), powers = logits.map((z) => Math.exp(z - largest)), sum = powers.reduce((a, b) => a + b, 0);
  return { logits, largest, powers, sum, unit, value: powers[unit] / sum };
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

const NAMES = { relu: "ReLU", relu6: "ReLU, 6 at most", leaky_relu: "leaky ReLU", elu: "ELU", sigmoid: "the sigmoid", tanh: "tanh", silu: "SiLU", gelu: "GELU", linear: "nothing" };
const WORKED = {
  relu: (z) => (z > 0 ? `${short(z)} is above zero and stays` : `${short(z)} is not above zero, so it becomes 0`),
  relu6: (z) => `max(0, min(6, ${short(z)}))`,
  leaky_relu: (z) => (z > 0 ? `${short(z)} is above zero and stays` : `0.2 \u00b7 (${short(z)})`),
  sigmoid: (z) => `1 / (1 + e^(${short(-z)}))`,
  silu: (z) => `${short(z)} / (1 + e^(${short(-z)}))`,
  elu: (z) => (z > 0 ? `${short(z)} is above zero and stays` : `e^(${short(z)}) \u2212 1`),
  tanh: (z) => `tanh(${short(z)})`,
  gelu: (z) => `${short(z)} \u00b7 \u03a6(${short(z)})`,
};

/** What an activation makes of z, in words with the numbers; "" where it changes nothing. */
export function activated(name, z, value) {
  return name === "linear" || name === "softmax" ? "" : `${NAMES[name] ?? name}: ${WORKED[name]?.(z) ?? `${name}(${short(z)})`}${/stays|becomes/.test(WORKED[name]?.(z)) ? "" : ` = ${short(value)}`}`;
}

/** Layers that look at one value at a time: lines of arithmetic. */
const FORMULAS = {
  Rescaling(layer, x, y, n) {
    const C = layer.shape.at(-1), pick = (value, fallback) => (Array.isArray(value) ? value[n % C] : value ?? fallback);
    const scale = pick(layer.scale, 1), offset = pick(layer.offset, 0);
    return [`scale \u00b7 x + offset`, `${short(scale)} \u00b7 ${short(x)} ${onwards(offset)} = ${short(y)}`];
  },
  Activation: (layer, x, y) => [activated(layer.activation ?? "linear", x, y) || `${short(x)} stays as it is`],
  ReLU(layer, x, y) {
    const slope = layer.negative_slope ?? 0, threshold = layer.threshold ?? 0, most = layer.max_value ?? Infinity;
    if (x < threshold) return [slope ? `${short(x)} is below ${short(threshold)}: ${short(slope)} \u00b7 (${short(x)} ${onwards(-threshold)}) = ${short(y)}` : activated("relu", Math.min(x, 0), y)];
    return [x > most ? `${short(x)} is above the largest value allowed and becomes ${short(y)}` : activated("relu", x, y)];
  },
  LeakyReLU: (layer, x, y) => [x >= 0 ? `${short(x)} is not below zero and stays` : `${short(layer.negative_slope ?? 0.3)} \u00b7 (${short(x)}) = ${short(y)}`],
  BatchNormalization(layer, x, y, n) {
    const c = n % layer.shape.at(-1), scale = layer.scale ?? true, centre = layer.center ?? true, epsilon = layer.epsilon ?? 1e-3;
    const gamma = scale ? layer.weights[0].data[c] : 1, beta = centre ? layer.weights[+scale].data[c] : 0;
    const [mean, variance] = layer.weights.slice(-2).map(({ data }) => data[c]);
    return [
      `kept from training, for this channel: mean ${short(mean)}, variance ${short(variance)}; learned: weight \u03b3 ${short(gamma)}, bias \u03b2 ${short(beta)}`,
      `(x \u2212 mean) / \u221a(variance + ${epsilon}) = (${short(x)} ${onwards(-mean)}) / ${short(Math.sqrt(variance + epsilon))} = ${short((x - mean) / Math.sqrt(variance + epsilon))}`,
      `\u03b3 \u00b7 ${short((x - mean) / Math.sqrt(variance + epsilon))} + \u03b2 = ${short(y)}`,
    ];
  },
};

function origin(network, found, layer, n) {
  const before = layer.inputs[0], [row, column, channel] = placeOf(view(layer.shape), n);
  if (layer.type === "ZeroPadding2D") {
    const [[top], [left]] = layer.padding, [H, W, C] = found.get(before).shape, i = row - top, j = column - left;
    const inside = i >= 0 && j >= 0 && i < H && j < W;
    return inside ? { name: before, n: (i * W + j) * C + channel } : { name: before, n: -1, words: "It lies in the rim of zeros." };
  }
  if (layer.type === "Concatenate") {
    let c = n % layer.shape.at(-1);
    for (const name of layer.inputs) {
      const C = found.get(name).shape.at(-1);
      if (c < C) return { name, n: Math.floor(n / layer.shape.at(-1)) * C + c };
      c -= C;
    }
  }
  return { name: before, n };
}

const PASSED = {
  Flatten: "Flatten writes all values into one row, place by place and at each place channel by channel.",
  Reshape: "The values keep their order and get another shape.",
  ZeroPadding2D: "The layer adds zeros around each map.",
  Concatenate: "The layer puts the channels of its inputs one behind the other.",
};

const MOST_READ = 3e5; // numbers: more than that nobody can look at, and the page would stand still

/** About how many numbers an explanation has to fetch. */
function readBy(layer, x) {
  const under = layer.plan?.windows ? layer.plan.windows.kernel[0] * layer.plan.windows.kernel[1] : 1, units = layer.shape.at(-1), soft = layer.activation === "softmax" ? units : 1;
  if (layer.type === "Dense") return x.shape.at(-1) * soft;
  if (PARTS[layer.type]) return under * x.shape.at(-1) * soft;
  if (layer.type.startsWith("Global")) return x.shape[0] * x.shape[1];
  return layer.type === "Softmax" || soft > 1 ? units : under;
}

export function explain(network, found, layer, n) {
  const value = found.get(layer.name).data[n], before = layer.inputs[0];
  const many = readBy(layer, found.get(before));
  if (many > MOST_READ) return { kind: "many", count: many, z: value, value, back: { name: before, n: 0 }, reads: { name: before, from: [] } };
  const alone = (index) => ({ back: { name: before, n: index }, reads: { name: before, from: [index] } });
  if (PARTS[layer.type]) return { ...explainSum(network, found, layer, n), value };
  if (layer.plan?.windows) return { ...explainPooling(found, layer, n), value };
  if (layer.type.startsWith("Global")) return { ...explainWholeMap(found, layer, n), value };
  if (layer.type === "Softmax" || (layer.type === "Activation" && layer.activation === "softmax")) {
    const x = found.get(before).data, units = layer.shape.at(-1), unit = n % units, start = n - unit;
    const softmax = softmaxOf([...x.subarray(start, start + units)], unit);
    return { kind: "softmax", softmax, z: softmax.value, value, back: { name: before, n }, reads: { name: before, from: range(units).map((m) => start + m) } };
  }
  if (layer.type === "Add") {
    const terms = layer.inputs.map((name) => found.get(name).data[n]), z = terms.reduce((a, b) => a + b, 0);
    return { kind: "formula", lines: [`${terms.map((term, k) => (k ? onwards(term) : short(term))).join(" ")} = ${short(z)}`, `(${layer.inputs.join(", ")}, at the same place)`], z, value, ...alone(n) };
  }
  if (FORMULAS[layer.type]) {
    const x = found.get(before).data[n];
    return { kind: "formula", lines: FORMULAS[layer.type](layer, x, value, n), x, z: value, value, ...alone(n) };
  }
  const from = origin(network, found, layer, n);
  const words = `${PASSED[layer.type] ?? "The layer works in training only; when the network answers, values pass as they are."} ${from.words ?? ""}`.trim();
  return { kind: "same", words, origin: from, z: from.n < 0 ? 0 : found.get(from.name).data[from.n], value, back: from.n < 0 ? null : from, reads: { name: from.name, from: from.n < 0 ? [] : [from.n] } };
}
