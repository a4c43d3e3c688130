/* A picture of the reader's, made into what a network reads. The file never leaves the page.

   Grey networks: the three steps of chapter 5, and for pictures of up to 1,120 pixels
   with its very numbers. Transparent parts become white, colours grey; the ground, which
   is what the rim mostly shows, becomes 0 and the brightest value 255; the garment is cut
   out, its longer side shrunk to the network's size by averaging, and centred.

   Colour networks: the middle of the photograph, as wide and high as the network's picture,
   shrunk by averaging. */

import { decoded, isDeepGrey, painted } from "./decode.mjs";
import { isWhole, lookInto, turnOf } from "./picture-file.mjs";
import { Thread } from "./thread.mjs";

const LARGEST_FILE = 100e6;
const MOST_PIXELS = 50e6;
const LONGEST_SIDE = 30000; // no browser paints more in one row
const LONGEST = 1120; // chapter 5 shrinks what is larger; here the browser does
const MANY = 1e6; // pixels that a thread decodes and shrinks; fewer take the page a moment
const EVEN = "This picture shows one even area. Choose one with a garment on a plain ground.";

/** Why a picture cannot be read: one sentence. */
export class PictureError extends Error {}

/** To the nearest whole number, a half to the even one, as Python and NumPy round. */
export function rint(value) {
  const down = Math.floor(value), rest = value - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}

/** A file's name for a sentence. */
const called = (file) => (file.name ? `\u201c${file.name.slice(0, 60)}\u201d` : "This");
const thread = new Thread();

/** A file -> {picture, width, height}: an ImageBitmap, upright, its numbers as they are in the file.

    What the file is and how large its picture, its first bytes say, before anything is decoded.
    shortest: how many pixels the shorter side needs. */
export async function readPicture(file, shortest = 1) {
  const name = called(file);
  if (file.size > LARGEST_FILE) throw new PictureError(`${name} has ${Math.round(file.size / 1e6)} MB; ${LARGEST_FILE / 1e6} MB is the most, so save it smaller.`);
  if (!file.size) throw new PictureError(`${name} is empty.`);
  const { kind, size, head } = await lookInto(file).catch(() => {
    throw new PictureError(`${name} cannot be read; choose it again.`);
  });
  if (kind === "network") throw new PictureError(`${name} is a network file and no picture; the network explorer opens it.`);
  if (!kind) throw new PictureError(`${name} is no picture that this browser can read; JPEG, PNG and WebP always work.`);
  if (!size) throw new PictureError(`${name} is damaged.`);
  const [width, height] = size, pixels = `${width} x ${height} pixels`;
  if (Math.min(width, height) < shortest) throw new PictureError(`${name} is a picture of ${pixels}; ${shortest} on the shorter side are needed.`);
  if (width * height > MOST_PIXELS || Math.max(width, height) > LONGEST_SIDE)
    throw new PictureError(`${name} has ${pixels}, which is too large; shrink it to ${MOST_PIXELS / 1e6} million pixels or fewer.`);
  if (!(await isWhole(file, { kind, head }))) throw new PictureError(`${name} is damaged: it ends too early.`);
  try {
    const { turn, upright } = await turnOf(file, { kind, head });
    const source = { upright, turn, deep: isDeepGrey(head) }, many = source.deep || width * height > MANY;
    // A thread needs a canvas of its own to paint on, and the connection to start; the page can do the same.
    const done = many && typeof OffscreenCanvas !== "undefined" ? await thread.ask({ job: "decode", source }).catch(() => null) : null;
    const picture = done?.picture ?? (await decoded(source));
    return { picture, width: picture.width, height: picture.height };
  } catch {
    if (kind === "heic") throw new PictureError(`${name} is a HEIC photograph, which this browser does not read; save it as JPEG.`);
    throw new PictureError(`${name} is damaged, or of a kind that this browser reads only in part.`);
  }
}

/** The same on white as {width, height, data}, RGBA; shrunk by the browser if a side is longer than `longest`. */
export async function openPicture(file, { longest = LONGEST, shortest = 1 } = {}) {
  const { picture, width: wide, height: high } = await readPicture(file, shortest), shrink = Math.min(1, longest / Math.max(wide, high));
  const [width, height] = [wide, high].map((side) => Math.max(1, Math.round(side * shrink)));
  const wish = { picture, width, height };
  if (!thread.awake || wide * high <= MANY) return { width, height, data: painted(wish), from: [wide, high] };
  const { data } = await thread.ask({ job: "paint", wish }, { transfer: [picture] }).catch(({ message }) => {
    throw new PictureError(message);
  });
  return { width, height, data, from: [wide, high] };
}

/** Grey as Pillow makes it, in whole numbers. */
export function greyOf({ width, height, data }) {
  const grey = new Float64Array(width * height);
  for (let n = 0, k = 0; n < grey.length; n++, k += 4) grey[n] = (data[k] * 19595 + data[k + 1] * 38470 + data[k + 2] * 7471 + 0x8000) >> 16;
  return grey;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Where each new pixel reads, and how much of each old one: Pillow's box filter. */
function shares(from, to) {
  const scale = from / to, wide = Math.max(scale, 1), support = 0.5 * wide;
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5)), last = Math.min(from, Math.trunc(centre + support + 0.5));
    const weights = Array.from({ length: last - first }, (_, k) => {
      const away = (k + first - centre + 0.5) / wide;
      return away > -0.5 && away <= 0.5 ? 1 : 0;
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Shrink (or enlarge) by averaging, first the rows, then the columns, as Pillow does. */
export function resizeBox(values, rows, columns, toRows, toColumns) {
  let now = new Float32Array(values);
  if (toColumns !== columns) {
    const plan = shares(columns, toColumns), next = new Float32Array(rows * toColumns);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < toColumns; j++) {
        const { first, weights } = plan[j];
        let sum = 0;
        for (let k = 0, at = i * columns + first; k < weights.length; k++, at++) sum += now[at] * weights[k];
        next[i * toColumns + j] = sum;
      }
    now = next;
  }
  if (toRows === rows) return now;
  const next = new Float32Array(toRows * toColumns);
  shares(rows, toRows).forEach(({ first, weights }, i) => {
    for (let j = 0; j < toColumns; j++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += now[(first + k) * toColumns + j] * weights[k];
      next[i * toColumns + j] = sum;
    }
  });
  return next;
}

/** Light and dark: "auto" takes the ground from the rim, "as" and "turned" do not. */
function onBlack(picture, light) {
  const { width, height } = picture, values = (picture.grey ??= greyOf(picture)).slice();
  if (light === "auto") {
    const row = (i) => values.subarray(i * width, (i + 1) * width), column = (j) => Array.from({ length: height }, (_, i) => values[i * width + j]);
    const ground = median([...row(0), ...row(height - 1), ...column(0), ...column(width - 1)]);
    for (let n = 0; n < values.length; n++) values[n] = Math.abs(values[n] - ground);
  } else if (light === "turned") for (let n = 0; n < values.length; n++) values[n] = 255 - values[n];
  let most = 0, least = light === "auto" ? 0 : 255;
  for (let n = 0; n < values.length; n++) {
    const value = values[n];
    if (value > most) most = value;
    if (value < least) least = value;
  }
  if (most - least < 26) throw new PictureError(EVEN); // a tenth of the way from black to white
  const times = 255 / most;
  for (let n = 0; n < values.length; n++) values[n] *= times;
  return values;
}

/** Put rows x columns values into the middle of a larger black picture, scaled to fit. */
export function fitted(values, rows, columns, toRows, toColumns) {
  const byWidth = toRows * columns >= toColumns * rows; // the width is what limits it
  const scaled = (size) => Math.max(1, rint(byWidth ? (size * toColumns) / columns : (size * toRows) / rows));
  const high = Math.min(toRows, scaled(rows)), wide = Math.min(toColumns, scaled(columns));
  const small = resizeBox(values, rows, columns, high, wide), top = (toRows - high) >> 1, left = (toColumns - wide) >> 1;
  const out = new Float32Array(toRows * toColumns);
  for (let i = 0; i < high; i++) for (let j = 0; j < wide; j++) out[(top + i) * toColumns + left + j] = rint(small[i * wide + j]);
  return out;
}

/** A garment as the data show it: cut out, shrunk, centred. */
export function garment(pixels, rows, columns, light = "auto") {
  const values = onBlack(pixels, light), { width, height } = pixels;
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let i = 0, n = 0; i < height; i++)
    for (let j = 0; j < width; j++, n++) {
      if (!(values[n] > 13)) continue;
      if (i < top) top = i;
      if (j < left) left = j;
      if (j > right) right = j;
      bottom = i;
    }
  const high = bottom - top + 1, wide = right - left + 1, cut = new Float32Array(high * wide);
  for (let i = 0; i < high; i++) cut.set(values.subarray((top + i) * width + left, (top + i) * width + right + 1), i * wide);
  return fitted(cut, high, wide, rows, columns);
}

/** The middle of a photograph in colour: rows x columns x 3. */
export function photograph({ width, height, data }, rows, columns, light = "auto") {
  const wide = Math.min(width, Math.max(1, Math.round((height * columns) / rows))), high = Math.min(height, Math.max(1, Math.round((width * rows) / columns)));
  const left = (width - wide) >> 1, top = (height - high) >> 1, out = new Float32Array(rows * columns * 3);
  for (let c = 0; c < 3; c++) {
    const cut = new Float32Array(high * wide);
    for (let i = 0; i < high; i++) for (let j = 0; j < wide; j++) cut[i * wide + j] = data[4 * ((top + i) * width + left + j) + c];
    resizeBox(cut, high, wide, rows, columns).forEach((value, n) => (out[3 * n + c] = rint(light === "turned" ? 255 - value : value)));
  }
  return out;
}
