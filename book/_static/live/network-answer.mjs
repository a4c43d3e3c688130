/* What the numbers at the end of a network mean: classes, labels, or plain numbers.

   The last activation tells: softmax makes shares of one whole, a sigmoid a share of its
   own for each output. Where there is none, the loss that the network was trained with
   tells, and where the file names no loss, whether classes are named. */

import { PASSING, view } from "./why.mjs";

const STILL = ["Flatten", "Reshape", "Squeeze", "ExpandDims", ...PASSING];
const SHARES = ["softmax", "sigmoid", "mixed"];

/** What a layer's values are by its activation, or by those before it: "mixed" where shares are added or scaled. */
function meant({ type, activation, weights }, came) {
  const own = { Softmax: "softmax", Sigmoid: "sigmoid" }[type] ?? activation?.type?.toLowerCase() ?? activation ?? "linear";
  if (own !== "linear") return own;
  if (STILL.includes(type)) return came[0];
  if (weights.length || !came.length || !came.every((one) => SHARES.includes(one))) return "linear";
  const alike = type === "Average" || (type === "Concatenate" && came[0] === "sigmoid");
  return alike && came.every((one) => one === came[0]) ? came[0] : "mixed";
}

/** {units, shares, add}: how many outputs, whether they are shares, and what the page adds to make them so.

    wish: "softmax", "sigmoid" or "none" where the reader chose; open says that there is a choice. */
export function answerOf(network, wish = null) {
  const { isList, rows, columns, channels } = view(network.layers.find(({ name }) => name === network.output).shape), units = isList ? columns : channels;
  if (!isList && rows * columns > 1) return { units: 0 };
  const known = new Map();
  for (const layer of network.layers) known.set(layer.name, meant(layer, layer.inputs.map((name) => known.get(name) ?? "linear")));
  const name = known.get(network.output), two = units === 1 && network.classes?.length === 2;
  if (name === "sigmoid" || (name === "softmax" && units > 1)) return { units, two, shares: true };
  if (!["linear", "mixed"].includes(name) || units === 0) return { units, shares: false };
  const add = wish ?? (name === "mixed" ? "none" : guess(network, units, two));
  return { units, two: two && add === "sigmoid", shares: add !== "none", open: true, add: add === "none" ? null : units === 1 ? "sigmoid" : add };
}

function guess({ loss, classes }, units, two) {
  if (/binary|sigmoid/i.test(loss ?? "")) return "sigmoid";
  if (/categorical/i.test(loss ?? "") && units > 1) return "softmax";
  if (loss && loss !== "None") return "none";
  return two ? "sigmoid" : classes && units > 1 ? "softmax" : "none";
}
