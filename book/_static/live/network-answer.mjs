/* What the numbers at the end of a network mean: classes, labels, or plain numbers.

   The last activation tells: softmax makes shares of one whole, a sigmoid a share of its
   own for each output. Where there is none, the loss that the network was trained with
   tells, and where the file names no loss, whether classes are named. */

import { PASSING, view } from "./why.mjs";

/** {units, shares, add}: how many outputs, whether they are shares, and what the page adds to make them so.

    wish: "softmax", "sigmoid" or "none" where the reader chose; open says that there is a choice. */
export function answerOf(network, wish = null) {
  const byName = (name) => network.layers.find((layer) => layer.name === name);
  let layer = byName(network.output);
  const { isList, rows, columns, channels } = view(layer.shape), units = isList ? columns : channels;
  if (!isList && rows * columns > 1) return { units: 0 };
  while (["Flatten", "Reshape", "Squeeze", "ExpandDims", ...PASSING].includes(layer.type) && byName(layer.inputs[0])) layer = byName(layer.inputs[0]);
  const name = { Softmax: "softmax", Sigmoid: "sigmoid" }[layer.type] ?? layer.activation?.type?.toLowerCase() ?? layer.activation ?? "linear";
  const two = units === 1 && network.classes?.length === 2;
  if (name === "sigmoid" || (name === "softmax" && units > 1)) return { units, two, shares: true };
  if (name !== "linear" || units === 0) return { units, shares: false };
  const add = wish ?? guess(network, units, two);
  return { units, two: two && add === "sigmoid", shares: add !== "none", open: true, add: add === "none" ? null : units === 1 ? "sigmoid" : add };
}

function guess({ loss, classes }, units, two) {
  if (/binary|sigmoid/i.test(loss ?? "")) return "sigmoid";
  if (/categorical/i.test(loss ?? "") && units > 1) return "softmax";
  if (loss && loss !== "None") return "none";
  return two ? "sigmoid" : classes && units > 1 ? "softmax" : "none";
}
