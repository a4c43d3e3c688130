/* A picture of the reader's, made into what a network reads. The file never leaves the page.

   Grey networks: the three steps of chapter 5, and for pictures of up to 1,120 pixels
   with its very numbers. Transparent parts become white, colours grey; the ground, which
   is what the rim mostly shows, becomes 0 and the brightest value 255; the garment is cut
   out, its longer side shrunk to the network's size by averaging, and centred.

   Colour networks: the middle of the photograph, as wide and high as the network's picture,
   shrunk by averaging. */

import { isDeepGrey } from "./deep-png.mjs";
import { lookInto, turnOf } from "./picture-file.mjs";
import { Thread } from "./thread.mjs";

const LARGEST_FILE = 100e6;
const MOST_PIXELS = 50e6;
const LONGEST_SIDE = 30000; // no browser paints more in one row
// Upright, and the numbers as they are in the file: Pillow knows no colour profiles and no gamma either.
const NUMBERS = { imageOrientation: "from-image", colorSpaceConversion: "none" };
const LONGEST = 1120; // chapter 5 shrinks what is larger; here the browser does
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
const thread = new Thread(); // for the rare pictures that the browser does not read as the chapters do

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
  try {
    const { turn, upright } = await turnOf(file, { kind, head });
    const picture = await turned(isDeepGrey(head) ? await deepPicture(file, width, height) : await createImageBitmap(upright, NUMBERS), turn);
    return { picture, width: picture.width, height: picture.height };
  } catch {
    if (kind === "heic") throw new PictureError(`${name} is a HEIC photograph, which this browser does not read; save it as JPEG.`);
    throw new PictureError(`${name} is damaged, or of a kind that this browser reads only in part.`);
  }
}

/** Where the corners go: x' = a x + c y + e, y' = b x + d y + f, by the camera's note. */
const TURNS = {
  2: (w) => [-1, 0, 0, 1, w, 0], 3: (w, h) => [-1, 0, 0, -1, w, h], 4: (w, h) => [1, 0, 0, -1, 0, h], 5: () => [0, 1, 1, 0, 0, 0],
  6: (w, h) => [0, 1, -1, 0, h, 0], 7: (w, h) => [0, -1, -1, 0, h, w], 8: (w) => [0, -1, 1, 0, 0, w],
};

/** A picture turned as the camera was held. */
function turned(picture, turn) {
  if (!TURNS[turn]) return picture;
  const { width, height } = picture, canvas = Object.assign(document.createElement("canvas"), turn > 4 ? { width: height, height: width } : { width, height });
  const context = canvas.getContext("2d");
  context.setTransform(...TURNS[turn](width, height));
  context.drawImage(picture, 0, 0);
  picture.close();
  return createImageBitmap(canvas, NUMBERS);
}

async function deepPicture(file, width, height) {
  const { grey } = await thread.ask({ job: "deep", file }), image = new ImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  for (let k = 0; k < grey.length; k++) pixels[k] = 0xff000000 | (grey[k] * 0x10101);
  return createImageBitmap(image, NUMBERS);
}

/** The same on white as {width, height, data}, RGBA; shrunk by the browser if a side is longer than `longest`. */
export async function openPicture(file, { longest = LONGEST, shortest = 1 } = {}) {
  const { picture, width: wide, height: high } = await readPicture(file, shortest), shrink = Math.min(1, longest / Math.max(wide, high));
  const [width, height] = [wide, high].map((side) => Math.max(1, Math.round(side * shrink)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  return { width, height, data: context.getImageData(0, 0, width, height).data, from: [wide, high] };
}

/** Grey as Pillow makes it, in whole numbers. */
export const greyOf = ({ width, height, data }) =>
  Float64Array.from({ length: width * height }, (_, n) => (data[4 * n] * 19595 + data[4 * n + 1] * 38470 + data[4 * n + 2] * 7471 + 0x8000) >> 16);

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
  let now = Float32Array.from(values);
  if (toColumns !== columns) {
    const plan = shares(columns, toColumns), next = new Float32Array(rows * toColumns);
    for (let i = 0; i < rows; i++)
      plan.forEach(({ first, weights }, j) => {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += now[i * columns + first + k] * weights[k];
        next[i * toColumns + j] = sum;
      });
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
function onBlack({ width, height, data }, light) {
  const values = greyOf({ width, height, data });
  if (light === "auto") {
    const row = (i) => values.subarray(i * width, (i + 1) * width), column = (j) => Array.from({ length: height }, (_, i) => values[i * width + j]);
    const ground = median([...row(0), ...row(height - 1), ...column(0), ...column(width - 1)]);
    values.forEach((value, n) => (values[n] = Math.abs(value - ground)));
  } else if (light === "turned") values.forEach((value, n) => (values[n] = 255 - value));
  const most = values.reduce((a, b) => Math.max(a, b)), least = light === "auto" ? 0 : values.reduce((a, b) => Math.min(a, b));
  if (most - least < 26) throw new PictureError(EVEN); // a tenth of the way from black to white
  return values.map((value) => value * (255 / most));
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
  values.forEach((value, n) => {
    if (!(value > 13)) return;
    const i = Math.floor(n / width), j = n % width;
    [top, bottom, left, right] = [Math.min(top, i), Math.max(bottom, i), Math.min(left, j), Math.max(right, j)];
  });
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
