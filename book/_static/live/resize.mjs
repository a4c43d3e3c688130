/* Pictures made smaller or larger exactly as the book's own Python does it: with Pillow,
   to the last bit.

   A picture is {width, height, data} with three numbers from 0 to 255 for each pixel,
   row by row. A new pixel is a weighted mean of the old ones around its centre. Pillow
   rounds the weights to whole numbers of 22 binary digits, goes along the rows, rounds to
   0 to 255, and then goes down the columns, or the other way round. So does this file. */

const DIGITS = 22;
const SIDE_OF_THUMBNAIL = 512, SIDE_OF_SQUARE = 128; // as in chapter 6

/** How much a pixel counts, by its distance from the centre; and how far that reaches. */
const FILTERS = {
  bicubic: {
    reach: 2,
    weight(distance) {
      const x = Math.abs(distance), a = -0.5;
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  },
  bilinear: { reach: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) },
};

/** For each of `to` new values: {first, weights}, over `from` old ones, of which the part low to high counts. */
export function shares(from, to, low = 0, high = from, kind = "bicubic") {
  const { reach, weight } = FILTERS[kind];
  // Pillow keeps the borders of the part in 32 bits.
  const begin = Math.fround(low), scale = Math.fround(Math.fround(high) - begin) / to;
  const wide = Math.max(scale, 1); // to shrink a picture, a filter covers more of it
  return Array.from({ length: to }, (_, n) => {
    const centre = begin + (n + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach * wide + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach * wide + 0.5));
    const weights = Array.from({ length: end - first }, (_, x) => weight((x + first - centre + 0.5) * (1 / wide)));
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((w) => (sum ? w / sum : w)) };
  });
}

/** The same with weights in whole numbers. */
const whole = (list) =>
  list.map(({ first, weights }) => ({
    first,
    weights: Int32Array.from(weights, (w) => Math.trunc((w < 0 ? -0.5 : 0.5) + w * 2 ** DIGITS)),
  }));

/** Weighted sums along one direction. Lines lie `line` apart, their values `step`. */
function along(data, out, list, lines, line, step, outLine, outStep) {
  for (let n = 0; n < list.length; n++) {
    const { first, weights } = list[n], count = weights.length;
    for (let l = 0; l < lines; l++)
      for (let c = 0; c < 3; c++) {
        let sum = 2 ** (DIGITS - 1), from = l * line + first * step + c;
        for (let k = 0; k < count; k++, from += step) sum += data[from] * weights[k];
        out[l * outLine + n * outStep + c] = sum >> DIGITS; // the array cuts off at 0 and 255
      }
  }
}

/** A picture in a new size; box = [left, top, right, bottom] takes a part of it, fractions and all. */
export function resized(picture, width, height, [left, top, right, bottom] = [0, 0, picture.width, picture.height]) {
  const { width: w, height: h } = picture;
  const acrossRows = ({ width: wide, height: high, data }) => {
    if (!left && right === wide && width === wide) return { width: wide, height: high, data };
    const out = new Uint8ClampedArray(width * high * 3);
    along(data, out, whole(shares(wide, width, left, right)), high, wide * 3, 3, width * 3, 3);
    return { width, height: high, data: out };
  };
  const downColumns = ({ width: wide, height: high, data }) => {
    if (!top && bottom === high && height === high) return { width: wide, height: high, data };
    const out = new Uint8ClampedArray(wide * height * 3);
    along(data, out, whole(shares(high, height, top, bottom)), wide, 3, wide * 3, 3, wide * 3);
    return { width: wide, height, data: out };
  };
  // What is rounded in between depends on the order. Pillow begins with the columns where
  // that takes away far more rows than the other way would take away columns.
  if (height < h && 2 * (w - width) < h - height) return acrossRows(downColumns(picture));
  return downColumns(acrossRows(picture));
}

/** Means of blocks of pixels; at the right and lower border the blocks may be smaller.

    rowsOf(first, count) gives rows of a picture as a canvas has them, four numbers a pixel:
    so a large photograph need not be in memory as numbers all at once. */
export function reduced(width, height, rowsOf, across, down) {
  const wide = Math.ceil(width / across), high = Math.ceil(height / down);
  const out = new Uint8ClampedArray(wide * high * 3), sums = new Float64Array(wide * 3);
  // Pillow multiplies by 2 ** 24 / count, rounded down, instead of dividing by the count.
  const factor = (count) => Math.trunc(Math.fround(2 ** 32 / Math.fround(256 * count)));
  for (let row = 0; row < high; row++) {
    const count = Math.min(down, height - row * down), rows = rowsOf(row * down, count);
    sums.fill(0);
    for (let y = 0, from = 0; y < count; y++)
      for (let x = 0; x < wide; x++) {
        let red = 0, green = 0, blue = 0;
        for (const end = from + 4 * Math.min(across, width - x * across); from < end; from += 4) {
          red += rows[from];
          green += rows[from + 1];
          blue += rows[from + 2];
        }
        sums[3 * x] += red;
        sums[3 * x + 1] += green;
        sums[3 * x + 2] += blue;
      }
    for (let x = 0; x < wide; x++) {
      const many = count * Math.min(across, width - x * across), times = factor(many);
      for (let c = 0; c < 3; c++)
        out[(row * wide + x) * 3 + c] = Math.floor(((sums[x * 3 + c] + Math.trunc(many / 2)) * times) / 2 ** 24);
    }
  }
  return { width: wide, height: high, data: out };
}

/** The size of a thumbnail: the longer side as asked for, the other as near to the old shape as can be. */
export function thumbnailSize(width, height, side) {
  if (width <= side && height <= side) return [width, height];
  const aspect = width / height;
  const nearest = (number, far) => {
    const [a, b] = [Math.floor(number), Math.ceil(number)];
    return Math.max(far(b) < far(a) ? b : a, 1);
  };
  if (aspect <= 1) return [nearest(side * aspect, (n) => Math.abs(aspect - n / side)), side];
  return [side, nearest(side / aspect, (n) => (n === 0 ? 0 : Math.abs(aspect - side / n)))];
}

/** Pillow's thumbnail: by whole blocks first if the picture is large, then bicubic. */
export function thumbnail(width, height, rowsOf, side = SIDE_OF_THUMBNAIL) {
  const [wide, high] = thumbnailSize(width, height, side);
  const across = Math.trunc(width / wide / 2) || 1, down = Math.trunc(height / high / 2) || 1;
  const picture = reduced(width, height, rowsOf, across, down);
  if (wide === width && high === height) return picture;
  return resized(picture, wide, high, [0, 0, width / across, height / down]);
}

/** The largest square in the middle of a picture, in a new size: Pillow's ImageOps.fit. */
export function middleSquare(picture, side = SIDE_OF_SQUARE) {
  const { width, height } = picture, square = Math.min(width, height);
  const left = (width - square) * 0.5, top = (height - square) * 0.5;
  return resized(picture, side, side, [left, top, left + square, top + square]);
}

/** What chapter 6 does to a photograph of a reader's before the network sees it. */
export function prepared(width, height, rowsOf, side) {
  return resized(middleSquare(thumbnail(width, height, rowsOf)), side, side);
}

/** A small map, rows x columns, enlarged to a square as the chapter enlarges it: bilinear, in ordinary numbers. */
export function enlarged(values, rows, columns, side) {
  const across = shares(columns, side, 0, columns, "bilinear"), down = shares(rows, side, 0, rows, "bilinear");
  const wide = new Float32Array(rows * side), out = new Float32Array(side * side);
  for (let i = 0; i < rows; i++)
    across.forEach(({ first, weights }, j) => (wide[i * side + j] = weights.reduce((sum, w, k) => sum + w * values[i * columns + first + k], 0)));
  down.forEach(({ first, weights }, i) => {
    for (let j = 0; j < side; j++) out[i * side + j] = weights.reduce((sum, w, k) => sum + w * wide[(first + k) * side + j], 0);
  });
  return out;
}

/** Reads rows of a decoded picture for `thumbnail`, some hundred at a time; on white where it is transparent. */
export function rowReader(picture, width, height) {
  const most = Math.max(1, Math.floor(2 ** 20 / width));
  const canvas = typeof OffscreenCanvas === "undefined" ? document.createElement("canvas") : new OffscreenCanvas(1, 1);
  let begin = 0, end = 0, pixels = null;
  return (first, count) => {
    if (first < begin || first + count > end) {
      [begin, end] = [first, Math.min(height, first + Math.max(count, most))];
      Object.assign(canvas, { width, height: end - begin });
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.fillStyle = "#fff";
      context.fillRect(0, 0, width, end - begin);
      context.drawImage(picture, 0, begin, width, end - begin, 0, 0, width, end - begin);
      pixels = context.getImageData(0, 0, width, end - begin).data;
    }
    return pixels.subarray((first - begin) * width * 4, (first - begin + count) * width * 4);
  };
}
