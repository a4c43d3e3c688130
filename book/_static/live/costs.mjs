/* How long a layer takes for one picture, in nanoseconds, before anything is run.

   All that a layer does is counted, by what it took in one thread of a desktop computer:
   products of a convolution, comparisons under a pooling window, terms of a sum, values
   that are fetched and stored, and the activation. A phone takes two to six times as long. */

const volume = (shape) => shape.reduce((product, size) => product * size, 1);
const inFours = (count) => 4 * Math.ceil(count / 4); // the products are reckoned four by four

const VALUE = 6; // to fetch or to store one
const ACTIVATIONS = { linear: 0, relu: 1, relu6: 4, leaky_relu: 4, softmax: 30, gelu: 150 };
const CURVE = 60; // another activation: an exponential or two
const OTHER = 6; // one step of a layer that has no line of its own

const KINDS = {
  Conv2D(places, under, [, , C], { shape: [rows, columns, filters], weights: [[, , deep]] }) {
    if (deep < C) return places * under * (4 + C * (4 + (1.5 * filters * deep) / C));
    return places * under * C * 1.5 + rows * inFours(columns) * inFours(filters) * under * C * 0.7;
  },
  DepthwiseConv2D: (places, under, [, , C], { shape: [, , filters] }) => places * under * (5 + filters * 3),
  SeparableConv2D(places, under, shape, { shape: [, , filters], weights: [, [, , middle]] }) {
    return places * (under * (5 + middle * 3) + middle * (2 + 1.5 * filters));
  },
  Dense: (places, under, shape, { shape: out }) => volume(shape) * (2 + 1.5 * out.at(-1)),
  MaxPooling2D: (places, under, [, , C]) => places * under * (5 + 2.5 * C),
  AveragePooling2D: (places, under, [, , C]) => places * under * (5 + 1.5 * C),
};

/** A layer with its plan (runtime.mjs) and the shapes that come in -> nanoseconds. */
export function costOf({ type, activation }, plan, shapes) {
  const out = volume(plan.shape), read = shapes.reduce((sum, shape) => sum + volume(shape), 0);
  const [rows, columns] = plan.windows ? [plan.windows.rows, plan.windows.columns] : [1, 1];
  const work = KINDS[type]?.(rows * columns, volume(plan.windows?.kernel ?? []), shapes[0], plan) ?? OTHER * (plan.work ?? 0);
  return work + VALUE * (read + out) + out * (type === "Softmax" ? ACTIVATIONS.softmax : ACTIVATIONS[activation?.type ?? activation ?? "linear"] ?? CURVE);
}

const words = (nanoseconds) => {
  const seconds = nanoseconds / 1e9;
  return seconds < 1e6 ? `${Number(seconds.toPrecision(2)).toLocaleString("en")} s` : "many days";
};

/** Why a network takes too long, in one sentence, or "" where it does not. layers: [{name, type, cost}]. */
export function tooLong(layers, most) {
  const all = layers.reduce((sum, { cost }) => sum + cost, 0);
  if (all <= most) return "";
  const costly = [...layers].sort((a, b) => b.cost - a.cost).slice(0, 3).filter(({ cost }, n) => !n || cost > all / 20);
  const list = costly.map(({ name, type, cost }) => `"${name.slice(0, 30)}" (${type}) ${words(cost)}`).join(", ");
  return `One picture would take this page about ${words(all)}, and ${words(most)} is the most; the slowest of its ${layers.length} layers: ${list}; use smaller pictures, or larger strides or fewer filters before these layers.`;
}
