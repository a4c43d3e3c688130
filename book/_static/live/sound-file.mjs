/* A recording's file. WAV is read here, by hand, and only as much of it as is heard: the file is cut before
   it is loaded. Any other kind is left to the browser (decodeAudioData), which the page asks. */

import { SoundError, checkRate } from "./sound-math.mjs";

export const LONGEST = 10; // seconds of a recording that are heard
const MOST_PARTS = 1000; // of a WAV file
const MOST_CHANNELS = 32;

const textAt = (view, at, length = 4) => String.fromCharCode(...new Uint8Array(view.buffer, at, length));
const part = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());
const DAMAGED = "is damaged: its format cannot be read. Save it anew, or choose another.";

// Bits of a sample -> the function that reads one, from -1 to 1.
const WHOLE = {
  8: (view, at) => (view.getUint8(at) - 128) / 128,
  16: (view, at) => view.getInt16(at, true) / 2 ** 15,
  24: (view, at) => (view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getInt8(at + 2) << 16)) / 2 ** 23,
  32: (view, at) => view.getInt32(at, true) / 2 ** 31,
};
const FLOATS = { 32: (view, at) => view.getFloat32(at, true), 64: (view, at) => view.getFloat64(at, true) };

/** A file -> {channels, rate, said}, or null if it is no WAV file of numbers. */
export async function readWav(file) {
  if (!file.size) throw new SoundError("is empty; choose another.");
  const head = await part(file, 0, 12);
  if (head.byteLength < 12 || textAt(head, 0) !== "RIFF" || textAt(head, 8) !== "WAVE") return null;
  const whole = head.getUint32(4, true) === file.size - 8; // the file says itself how long it is
  let format = null, at = 12;
  for (let n = 0; n < MOST_PARTS && at + 8 <= file.size; n++) {
    const chunk = await part(file, at, at + 48), name = textAt(chunk, 0), size = chunk.getUint32(4, true);
    if (name === "data") return format ? samplesOf(file, format, at + 8, size, whole) : broken();
    if (name === "fmt ") format = readFormat(chunk, size);
    if (name === "fmt " && !format) return null; // packed in another way: the browser may know it
    at += 8 + size + (size % 2);
  }
  return broken();
}

function broken() {
  throw new SoundError(DAMAGED);
}

function readFormat(chunk, size) {
  if (size < 16 || chunk.byteLength < 24) broken();
  let kind = chunk.getUint16(8, true);
  const channels = chunk.getUint16(10, true), rate = chunk.getUint32(12, true), block = chunk.getUint16(20, true), bits = chunk.getUint16(22, true);
  if (kind === 0xfffe && chunk.byteLength >= 34) kind = chunk.getUint16(32, true); // the extended form
  const read = { 1: WHOLE, 3: FLOATS }[kind]?.[bits];
  if (!read) return null;
  if (!channels || channels > MOST_CHANNELS || block !== (channels * bits) / 8) broken();
  checkRate(rate); // before anything is read: seconds of a wrong rate may be gigabytes
  return { channels, rate, block, bits, read };
}

async function samplesOf(file, { channels, rate, block, bits, read }, from, size, whole) {
  // A recorder that was cut off has not written how long the sound became.
  const open = (size === 0 && !whole) || size === 0xffffffff, wanted = open ? file.size - from : size, there = Math.min(wanted, file.size - from);
  const frames = Math.floor(there / block), taken = Math.min(frames, Math.ceil(LONGEST * rate)), said = [];
  const view = await part(file, from, from + taken * block), width = bits / 8;
  const found = Array.from({ length: channels }, (_, c) => Float64Array.from({ length: taken }, (_, n) => read(view, n * block + c * width)));
  if (bits === 8) said.push("has 8 bits, so its quiet parts are noise");
  if (frames > taken) said.push(`is longer; its first ${LONGEST} seconds were taken`);
  if (there < wanted) said.push(`ends too early: ${(frames / rate).toFixed(2)} of ${(Math.floor(wanted / block) / rate).toFixed(2)} seconds are there`);
  return { channels: found, rate, said };
}
