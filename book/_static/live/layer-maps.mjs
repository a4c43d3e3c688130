/* How the values of a layer lie on one canvas: maps beside one another, in lines.

   A row of numbers, as after Flatten, is drawn as maps of one value each. Each value is a
   block of pixels of the canvas; the canvas itself is scaled to the width of the figure. */

import { clamp, draw, painter } from "./figure.mjs";
import { numberOf, placeOf, view } from "./why.mjs";

const MOST_MAPS = 256, MOST_VALUES = 4096; // as many as a reader can look at

/** Maps beside one another, or a row of numbers wrapped to lines: where each value is drawn. */
export function geometry(shape, width) {
  const seen = view(shape), few = seen.isList && seen.columns <= 20;
  const maps = seen.isList ? seen.columns : seen.channels, rows = seen.isList ? 1 : seen.rows, columns = seen.isList ? 1 : seen.columns;
  const longest = Math.max(rows, columns), step = Math.ceil(longest / 128), high = Math.ceil(rows / step), wide = Math.ceil(columns / step);
  const wish = seen.isList ? (few ? 58 : 10) : longest > 64 ? 148 : longest > 20 ? 76 : 37;
  const block = few ? [26, 12] : seen.isList ? [6, 6] : Array(2).fill(Math.max(1, Math.round(28 / Math.max(high, wide))));
  const gap = seen.isList && !few ? 1 : 2, shown = Math.min(maps, seen.isList ? MOST_VALUES : MOST_MAPS);
  const most = clamp(Math.floor(width / wish), 1, shown), lines = Math.ceil(shown / most);
  const perRow = seen.isList && !few ? most : Math.ceil(shown / lines); // lines of one length
  const one = [wide * block[0], high * block[1]];
  const size = [perRow * (one[0] + gap) - gap, lines * (one[1] + gap) - gap];
  const scale = Math.min(width / size[0], (1.3 * wish) / one[0]);
  return { ...seen, maps, shown, step, high, wide, block, gap, perRow, one, size, scale, few };
}

/** Value n -> its map and its place there; and the other way round. */
export const mapOf = (g, n) => (g.isList ? [n, 0, 0] : (([row, column, channel]) => [channel, row, column])(placeOf(g, n)));
export const valueOf = (g, map, row, column) => (g.isList ? map : numberOf(g, row, column, map));

/** Where a map begins on the canvas. */
export const cornerOf = (g, map) => [(map % g.perRow) * (g.one[0] + g.gap), Math.floor(map / g.perRow) * (g.one[1] + g.gap)];

const RULE = 0x4c888078; // between maps: half transparent, so it is seen on light and on dark

/** An empty picture for a layer's canvas, with rules between its maps. */
function ruled(context, g) {
  const image = context.createImageData(...g.size), pixels = new Uint32Array(image.data.buffer), [width, height] = g.size;
  for (let map = 0; map < g.shown; map++) {
    const [left, top] = cornerOf(g, map), right = Math.min(left + g.one[0] + g.gap, width), bottom = Math.min(top + g.one[1] + g.gap, height);
    for (let y = top; y < bottom; y++) pixels.fill(RULE, y * width + left, y * width + right);
  }
  return { image, pixels };
}

/** Paint all maps of a layer onto its canvas. limits: one number, or one for each map. */
export function paintMaps(canvas, data, g, kind, limits) {
  const [width, height] = g.size, context = canvas.getContext("2d");
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  g.picture ??= ruled(context, g);
  const { image, pixels } = g.picture, common = Array.isArray(limits) ? null : painter(kind, limits), [bw, bh] = g.block;
  for (let map = 0; map < g.shown; map++) {
    const pixel = common ?? painter(kind, limits[map]), [left, top] = cornerOf(g, map);
    for (let i = 0; i < g.high; i++) {
      const start = (top + i * bh) * width + left;
      for (let j = 0, at = start; j < g.wide; j++) {
        const colour = pixel(data[valueOf(g, map, i * g.step, j * g.step)]);
        for (const end = at + bw; at < end; at++) pixels[at] = colour;
      }
      for (let k = 1; k < bh; k++) pixels.copyWithin(start + k * width, start, start + g.one[0]);
    }
  }
  context.putImageData(image, 0, 0);
}

/** Frames around values of a layer: one for each map, as large as what was read of it. */
export function frames(g, list) {
  const boxes = new Map();
  for (const n of list) {
    const [map, row, column] = mapOf(g, n), key = g.isList ? n : map, box = boxes.get(key);
    if (map >= g.shown) continue;
    if (box) boxes.set(key, [map, Math.min(box[1], row), Math.min(box[2], column), Math.max(box[3], row), Math.max(box[4], column)]);
    else boxes.set(key, [map, row, column, row, column]);
  }
  return boxes.size > 300 ? [] : [...boxes.values()].map((box) => frame(g, ...box));
}

export function frame(g, map, top, left, bottom, right) {
  const [x, y] = cornerOf(g, map), [bw, bh] = g.block, at = (value) => Math.floor(value / g.step);
  const box = { x: x + at(left) * bw, y: y + at(top) * bh, width: (at(right) - at(left) + 1) * bw, height: (at(bottom) - at(top) + 1) * bh };
  return draw("g", { class: "frame" }, draw("rect", { class: "rim", ...box }), draw("rect", { class: "mark", ...box }));
}
