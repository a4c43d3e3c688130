/* A picture's file as pixels, upright, with the numbers that stand in it; in the worker or in the page.

   Of grey PNG pictures with 16 bits for each pixel browsers keep the upper eight bits. Chapters 5 and 6 divide by the brightest pixel
   instead, so that a scan whose brightest pixel is 9,000 of 65,535 is not nearly black:

       grey = floor(value * 255 / max(255, brightest value))

   Everything else that browsers open comes out as with Pillow and needs no file like this. */

import { PNG, textAt, u32 } from "./picture-file.mjs";

// Interlaced files hold seven small pictures: first row and column, steps down and to the right.
const PASSES = [[0, 0, 8, 8], [0, 4, 8, 8], [4, 0, 8, 4], [0, 2, 4, 4], [2, 0, 4, 2], [0, 1, 2, 2], [1, 0, 2, 1]];

/** Whether the bytes of a file begin a PNG that is grey, with 16 bits and no transparency. */
export const isDeepGrey = (bytes) => textAt(bytes, 0, PNG) && bytes[24] === 16 && bytes[25] === 0;

/** A whole file -> its picture, row by row. */
async function deepPicture(bytes) {
  const width = u32(bytes, 16), height = u32(bytes, 20), parts = [];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + u32(bytes, at)) if (textAt(bytes, at + 4, "IDAT")) parts.push(bytes.subarray(at + 8, at + 8 + u32(bytes, at)));
  const passes = bytes[28] ? PASSES : [[0, 0, 1, 1]];
  const sizes = passes.map(([top, left, down, right]) => [Math.ceil((height - top) / down), Math.ceil((width - left) / right)].map((n) => Math.max(n, 0)));
  const data = await inflated(parts, sizes.reduce((sum, [rows, columns]) => sum + (columns ? rows * (1 + 2 * columns) : 0), 0));
  const values = new Uint16Array(width * height);
  let from = 0, most = 255;
  passes.forEach(([top, left, down, right], n) => {
    const [rows, columns] = sizes[n], long = 2 * columns;
    let above = new Uint8Array(long);
    for (let row = 0; row < rows && columns; row++, from += 1 + long) {
      const line = data.subarray(from + 1, from + 1 + long);
      unfiltered(line, above, data[from]);
      for (let k = 0, to = (top + row * down) * width + left; k < long; k += 2, to += right) {
        const value = 256 * line[k] + line[k + 1];
        values[to] = value;
        if (value > most) most = value;
      }
      above = line;
    }
  });
  const times = 255 / most;
  const image = new ImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  for (let k = 0; k < values.length; k++) pixels[k] = 0xff000000 | (Math.trunc(values[k] * times) * 0x10101);
  return image;
}

/** The parts of a compressed stream -> its `size` bytes. */
async function inflated(parts, size) {
  const data = new Uint8Array(size), reader = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let filled = 0;
  try {
    while (filled < size) {
      const { done, value } = await reader.read();
      if (done) break;
      data.set(value.subarray(0, size - filled), filled);
      filled += value.length;
    }
  } catch {
    filled = 0;
  }
  reader.cancel().catch(() => {});
  if (filled < size) throw new RangeError("The file ends too early.");
  return data;
}

/** Take back, in place, what a PNG subtracts from each byte of a row: one of its five filters. */
function unfiltered(line, above, filter) {
  const step = 2; // bytes of a pixel
  for (let k = 0; k < line.length; k++) {
    const a = k < step ? 0 : line[k - step], b = above[k], c = k < step ? 0 : above[k - step];
    if (filter === 1) line[k] += a;
    else if (filter === 2) line[k] += b;
    else if (filter === 3) line[k] += (a + b) >> 1;
    else if (filter === 4) {
      const p = a + b - c, [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
      line[k] += pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    }
  }
}

// Upright, and the numbers as they are in the file: Pillow knows no colour profiles and no gamma either.
const NUMBERS = { imageOrientation: "from-image", colorSpaceConversion: "none" };

/** Where the corners go: x' = a x + c y + e, y' = b x + d y + f, by the camera's note. */
const TURNS = {
  2: (w) => [-1, 0, 0, 1, w, 0], 3: (w, h) => [-1, 0, 0, -1, w, h], 4: (w, h) => [1, 0, 0, -1, 0, h], 5: () => [0, 1, 1, 0, 0, 0],
  6: (w, h) => [0, 1, -1, 0, h, 0], 7: (w, h) => [0, -1, -1, 0, h, w], 8: (w) => [0, -1, 1, 0, 0, w],
};

/** A canvas; a worker has only the kind that is never seen. */
const canvasOf = (width, height) => (typeof document === "undefined" ? new OffscreenCanvas(width, height) : Object.assign(document.createElement("canvas"), { width, height }));

/** A file, how it is turned and whether it is grey with 16 bits -> an ImageBitmap. */
export async function decoded({ upright, turn, deep }) {
  const picture = await createImageBitmap(deep ? await deepPicture(new Uint8Array(await upright.arrayBuffer())) : upright, NUMBERS);
  if (!TURNS[turn]) return picture;
  const { width, height } = picture, canvas = turn > 4 ? canvasOf(height, width) : canvasOf(width, height), context = canvas.getContext("2d");
  context.setTransform(...TURNS[turn](width, height));
  context.drawImage(picture, 0, 0);
  picture.close();
  return createImageBitmap(canvas, NUMBERS);
}

/** A picture on white, in another size: its pixels, RGBA. */
export function painted({ picture, width, height }) {
  const context = canvasOf(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  return context.getImageData(0, 0, width, height).data;
}
