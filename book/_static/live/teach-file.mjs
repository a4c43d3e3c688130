/* What the Teach lab keeps in files, and what it reads out of a picture's.

   A lesson, with the ending .p2t:
       bytes 0-7    the letters P2PTCH1 and a line feed
       bytes 8-11   the length of the description, lowest byte first
       then         the description: JSON, filled up with spaces to a multiple of four
       then         features of all pictures, float32, 2 F each; the head's kernel (F x classes) and bias
       then         the small pictures, JPEG or PNG, one after the other

   The description is {names, strength, threshold, features, taught, pictures: [{label, name, thing, time, bytes}]}; taught
   lists the classes that the head knows. Nothing in a file is ever run: each part is checked before it is used. */

import { textAt } from "./picture-file.mjs";

export const MAGIC = "P2PTCH1\n", LONGEST_NAME = 40, MOST_CLASSES = 10, MOST_PICTURES = 400;
const LARGEST = 64 * 2 ** 20, MOST_SMALL = 60_000;

/** Why a file cannot be opened: one sentence. */
export class LessonError extends Error {}

const damaged = (what) => new LessonError(`This file is damaged: ${what}. Open another copy of it.`);

/** -> a Blob. pictures: [{label, name, thing, time, row, small}]. */
export function writeLesson({ names, strength, threshold, taught, head, pictures }) {
  const F = pictures.length ? pictures[0].row.length / 2 : 0;
  const description = { names, strength, threshold, features: F, taught: head ? taught : [], pictures: pictures.map(({ label, name, thing, time, small }) => ({ label, name, thing, time, bytes: small.length })) };
  const text = new TextEncoder().encode(JSON.stringify(description)), long = Math.ceil(text.length / 4) * 4, front = new Uint8Array(12 + long).fill(32);
  front.set(new TextEncoder().encode(MAGIC));
  new DataView(front.buffer).setUint32(8, long, true);
  front.set(text, 12);
  const numbers = head ? [Float32Array.from(head.kernel), Float32Array.from(head.bias)] : [];
  return new Blob([front, ...pictures.map(({ row }) => row), ...numbers, ...pictures.map(({ small }) => small)], { type: "application/octet-stream" });
}

/** The bytes of a lesson -> {names, strength, threshold, pictures: [{label, name, thing, time, row, small}], head, taught}. */
export function readLesson(buffer) {
  const bytes = new Uint8Array(buffer);
  if (!bytes.length) throw new LessonError("This file is empty; open one that the Teach lab has saved.");
  if (bytes.length > LARGEST) throw new LessonError("This file is larger than any that the Teach lab saves.");
  if (textAt(bytes, 0, "P2PTCH") && !textAt(bytes, 0, MAGIC)) throw new LessonError("This file was saved by another version of the Teach lab; open it there, or teach these classes again from their pictures.");
  if (!textAt(bytes, 0, MAGIC)) throw new LessonError("This is no file of the Teach lab; those that it saves end in .p2t.");
  const length = bytes.length < 12 ? Infinity : new DataView(buffer).getUint32(8, true);
  if (length % 4 || 12 + length > bytes.length) throw damaged("it ends within its description");
  let told = null;
  try {
    told = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(12, 12 + length)));
  } catch {
    throw damaged("its description cannot be read");
  }
  const { names, strength, threshold, features: F, taught, pictures } = told ?? {};
  const whole = (value, most) => Number.isInteger(value) && value >= 0 && value <= most, word = (value, most) => typeof value === "string" && value.length <= most;
  if (!Array.isArray(names) || names.length < 2 || names.length > MOST_CLASSES || !names.every((name) => word(name, LONGEST_NAME) && name.trim()) || new Set(names.map((name) => name.toLowerCase())).size < names.length) throw damaged("its classes make no sense");
  if (![0.01, 0.1, 1].includes(strength) || (threshold !== null && !(threshold >= 0 && threshold <= 1))) throw damaged("its settings make no sense");
  if (!Array.isArray(pictures) || pictures.length > MOST_PICTURES || (pictures.length && F !== 512)) throw damaged("its list of pictures makes no sense");
  const good = (one) => one && whole(one.label, names.length - 1) && word(one.name, 300) && word(one.thing, 300) && (one.time === null || Number.isFinite(one.time)) && whole(one.bytes, MOST_SMALL);
  if (!pictures.every(good)) throw damaged("a picture in it makes no sense");
  if (!Array.isArray(taught) || !taught.every((k) => whole(k, names.length - 1))) throw damaged("its head makes no sense");
  const K = taught.length, starts = [12 + length, 8 * F * pictures.length || 0, 4 * K * (F + 1) || 0, ...pictures.map((one) => one.bytes)];
  let at = starts[0];
  const next = (size) => ((at += size), buffer.slice(at - size, at));
  if (starts.reduce((a, b) => a + b) !== bytes.length) throw damaged("it is longer or shorter than it says");
  const rows = pictures.map(() => new Float32Array(next(8 * F)));
  const head = K ? { kernel: new Float32Array(next(4 * K * F)), bias: new Float32Array(next(4 * K)) } : null;
  if (![...rows, head?.kernel ?? [], head?.bias ?? []].every((list) => list.every(Number.isFinite))) throw damaged("a number in it is none");
  return { names, strength, threshold, taught, head, pictures: pictures.map(({ label, name, thing, time, bytes: size }, n) => ({ label, name, thing, time: time ?? NaN, row: rows[n], small: new Uint8Array(next(size)) })) };
}

/** What a cell of chapter 6 makes a Keras model of: JSON. */
export function exported({ names, head, strength, threshold, counts, judged }) {
  const K = names.length, digits = (value) => Number(value.toPrecision(9)), kernel = [];
  for (let at = 0; at < head.kernel.length; at += K) kernel.push(Array.from(head.kernel.subarray(at, at + K), digits));
  const promise = judged ? { right: judged.right / judged.there, between: [judged.low, judged.high], mean: judged.mean, things: judged.things } : null;
  return JSON.stringify({ made: "Teach lab, 1", backbone: "book's", names, pictures: counts, L2: strength, threshold: digits(threshold), promise, bias: Array.from(head.bias, digits), kernel });
}

/** When a picture was taken, in seconds by the camera's note in a JPEG file; else not a number. */
export async function exposure(file) {
  const bytes = new Uint8Array(await file.slice(0, 65536).arrayBuffer()), view = new DataView(bytes.buffer);
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return NaN;
  try {
    for (let at = 2; bytes[at] === 0xff && bytes[at + 1] !== 0xda; at += 2 + view.getUint16(at + 2)) {
      if (bytes[at + 1] !== 0xe1 || !textAt(bytes, at + 4, "Exif\0\0")) continue;
      const base = at + 10, little = textAt(bytes, base, "II"), two = (n) => view.getUint16(base + n, little), four = (n) => view.getUint32(base + n, little);
      const entry = (list, tag) => Array.from({ length: two(list) }, (_, k) => list + 2 + 12 * k).find((one) => two(one) === tag);
      const inside = entry(four(4), 0x8769), taken = inside && entry(four(inside + 8), 0x9003);
      if (!taken) return NaN;
      const start = base + four(taken + 8), said = String.fromCharCode(...bytes.subarray(start, start + 19)).match(/^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)$/);
      return said ? Date.UTC(said[1], said[2] - 1, ...said.slice(3)) / 1000 : NaN;
    }
  } catch {
    // an odd note says nothing
  }
  return NaN;
}
