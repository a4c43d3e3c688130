/* A network in one file: what the notebook cell `save_network` writes and the pages read.

   bytes 0-7    the letters P2PNET1 and a line feed
   bytes 8-11   the length of the description, a whole number, lowest byte first
   then         the description: JSON in UTF-8, filled up with spaces to a multiple of four
   then         all weights, float32, lowest byte first, layer by layer in Keras's order

   The description is {name, input, layers, output, classes, dtype}. With "dtype":
   "float16" the weights are stored in half precision, and made float32 when they are
   read; "float32", or nothing, is the usual. A layer is {name, type,
   inputs, shape, weights} with the settings that Keras gives it, under Keras's names;
   "inputs" names layers before it, or "input"; "weights" lists shapes. Nothing in a
   file is ever run: it is numbers and names, each checked before it is used. */

import { Network, NetworkError, quote } from "./runtime.mjs";

export { NetworkError };
export const MAGIC = "P2PNET1\n";
export const LARGEST_FILE = 64 * 2 ** 20;
const LARGEST_DESCRIPTION = 2 ** 20;

/** A file's bytes; tells which share has come, from 0 to 1. A signal can end it. */
export async function fetched(address, tell, signal) {
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new NetworkError(`The network could not be loaded (status ${answer.status}).`);
  const length = Number(answer.headers.get("content-length")), parts = [];
  let size = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    if (length) tell(Math.min(1, size / length));
  }
  const bytes = new Uint8Array(size);
  parts.reduce((start, part) => (bytes.set(part, start), start + part.length), 0);
  return bytes.buffer;
}

/** The network in an ArrayBuffer; a NetworkError with one sentence if there is none. */
export function readNetwork(buffer) {
  const bytes = new Uint8Array(buffer);
  if (bytes.length > LARGEST_FILE) throw new NetworkError(tooLarge(bytes.length));
  if (!bytes.length) throw new NetworkError("The file is empty.");
  if (!startsWith(bytes, MAGIC)) throw new NetworkError("This is no network file; write one with save_network in a notebook.");
  if (bytes.length < 12) throw new NetworkError("The file ends too early; it is damaged.");
  const length = new DataView(buffer).getUint32(8, true);
  if (length > LARGEST_DESCRIPTION || length % 4) throw new NetworkError("The length of the file's description makes no sense; the file is damaged.");
  if (12 + length > bytes.length) throw new NetworkError("The file ends within its description; it is damaged.");
  const description = parse(bytes.subarray(12, 12 + length)), { dtype = "float32" } = description;
  if (dtype !== "float32" && dtype !== "float16") throw new NetworkError(`The file's weights are ${quote(dtype)}; only float32 and float16 can be read.`);
  if ((bytes.length - 12 - length) % (dtype === "float16" ? 2 : 4)) throw new NetworkError("The file ends within a weight; it is damaged.");
  // Every browser's machine stores the lowest byte first, as the file does.
  const network = new Network(description, dtype === "float16" ? widened(new Uint16Array(buffer, 12 + length)) : new Float32Array(buffer, 12 + length));
  network.file = buffer; // for a thread that runs it
  return network;
}

/** Numbers in half precision as float32: a bit of sign, five of exponent, ten of fraction. */
export function widened(halves) {
  const numbers = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i], exponent = (half >> 10) & 31, fraction = half & 1023;
    let size = 0;
    if (exponent === 0) size = fraction * 2 ** -24;
    else if (exponent < 31) size = (1024 + fraction) * POWERS[exponent];
    else size = fraction ? NaN : Infinity;
    numbers[i] = half & 0x8000 ? -size : size;
  }
  return numbers;
}
const POWERS = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (exponent - 25));

/** The network in a file that a reader chose or dropped. */
export async function readNetworkFile(file) {
  if (file.size > LARGEST_FILE) throw new NetworkError(tooLarge(file.size));
  return readNetwork(await file.arrayBuffer());
}

/** The network at an address of the book's own. */
export async function loadNetwork(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new NetworkError(`The network could not be loaded (status ${answer.status}).`);
  return readNetwork(await answer.arrayBuffer());
}

const tooLarge = (size) => `The file has ${Math.ceil(size / 2 ** 20)} MB; at most ${LARGEST_FILE / 2 ** 20} can be shown.`;
const startsWith = (bytes, text) => [...text].every((sign, place) => bytes[place] === sign.charCodeAt(0));

function parse(bytes) {
  let description = null;
  try {
    description = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new NetworkError("The file's description cannot be read; it is damaged.");
  }
  if (typeof description !== "object" || description === null || Array.isArray(description))
    throw new NetworkError("The file's description is no description of a network; it is damaged.");
  return description;
}
