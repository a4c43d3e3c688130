/* <pooling-lab>: a feature map goes through ReLU and pooling while its input is
   shifted by hand (chapters 3 and 4).

   Each stage says how much the shift changed it, in the chapter's measure: the length
   of the difference divided by the length of what was there before. It opens with the
   8x8 region of chapter 4, which holds the pieces that chapters 3 and 4 compute by pencil. */

import {
  LiveFigure, arrow, cellStyle, choice, clamp, colour, define, draw, enable, field, ink, magnitude, make, paint, readNumber, write,
} from "./figure.mjs";

export const SIDE = 8; // values of the map that are shown, in both directions
export const MOST = 8; // pixels, the longest shift
const FIELD = SIDE + 2 * MOST; // what can come into sight
export const LARGE = { top: 16, left: 16, rows: 128, columns: 192 }; // the chapter's crop, with room in both directions
const AROUND = 7; // pixels of the photograph around the piece
const START = { source: "rim", filter: "Sobel x", bias: 0, kind: "max", size: 2, stride: 2, down: 0, right: 0, row: 2, column: 2 };

/** The four filters of chapter 4, row by row. */
export const FILTERS = {
  "Sobel x": [-1, 0, 1, -2, 0, 2, -1, 0, 1],
  "Sobel y": [-1, -2, -1, 0, 0, 0, 1, 2, 1],
  Laplacian: [0, 1, 0, 1, -4, 1, 0, 1, 0],
  diagonal: [-2, -1, 0, -1, 0, 1, 0, 1, 2],
};

/** Pieces of the photograph's map, by their first row and column, and little maps of plain numbers. */
const SOURCES = {
  rim: { words: "photograph: the rim of the cup", at: [56, 80] },
  thin: { words: "photograph: a thin edge", at: [40, 88] },
  broad: { words: "photograph: two broad patches", at: [120, 104] },
  spot: { words: "numbers: one bright value", number: (row, column) => (row === 2 && column === 2 ? 9 : 0) },
  two: { words: "numbers: stripes, one bright, one dark", number: (_, column) => (column % 2 ? 0 : 9) },
  four: { words: "numbers: stripes, two bright, two dark", number: (_, column) => ((column + 2 * MOST) % 4 < 2 ? 9 : 0) },
  own: { words: "numbers: your own", number: () => 0 },
};

/* ---- What is computed ------------------------------------------------------------------ */

/** A 3x3 filter wherever it fits: (rows - 2) x (columns - 2). */
export function filterMap(x, rows, columns, w) {
  const wide = columns - 2, out = new Float64Array((rows - 2) * wide);
  for (let i = 0, to = 0; i < rows - 2; i++)
    for (let j = 0; j < wide; j++, to++)
      for (let u = 0, n = 0; u < 3; u++) for (let v = 0; v < 3; v++, n++) out[to] += w[n] * x[(i + u) * columns + j + v];
  return out;
}

/** Max or mean over windows that fit completely: {rows, columns, data}. size 0 is the whole map. */
export function pool(values, rows, columns, kind, size, stride) {
  const [h, w] = size ? [size, size] : [rows, columns];
  const step = size ? stride : 1;
  const high = Math.floor((rows - h) / step) + 1, wide = Math.floor((columns - w) / step) + 1;
  const data = new Float64Array(high * wide), count = h * w;
  for (let i = 0, to = 0; i < high; i++)
    for (let j = 0; j < wide; j++, to++) {
      let best = -Infinity, sum = 0;
      for (let u = 0, from = i * step * columns + j * step; u < h; u++, from += columns)
        for (let v = 0; v < w; v++) {
          const value = values[from + v];
          sum += value;
          if (value > best) best = value;
        }
      data[to] = kind === "max" ? best : sum / count;
    }
  return { rows: high, columns: wide, data };
}

/** Chapter 4's measure: the length of the difference, divided by the length before. NaN where there was nothing. */
export function change(before, after) {
  let difference = 0, length = 0;
  for (let n = 0; n < before.length; n++) {
    difference += (after[n] - before[n]) ** 2;
    length += before[n] ** 2;
  }
  return length ? Math.sqrt(difference / length) : NaN;
}

/** What is left of a shift when an output with this stride has moved along by whole places: the two candidates. */
export function leftOver(shift, stride) {
  const over = shift - Math.floor(shift / stride) * stride;
  return over ? [over, over - stride] : [0];
}

/* ---- In words --------------------------------------------------------------------------- */

const TOO_FAR = `A shift is a whole number of pixels, from \u2212${MOST} to ${MOST}; the last good one stays in use.`;
const measured = (value) => (Number.isNaN(value) ? "\u2013" : value.toFixed(2));

/** A direction in words: "to the right", "up and to the left". */
function direction(down, right) {
  const parts = [down > 0 ? "down" : down < 0 ? "up" : "", right > 0 ? "to the right" : right < 0 ? "to the left" : ""];
  return parts.filter(Boolean).join(" and ");
}

/** A shift in words. */
function shiftWords(down, right) {
  if (!down && !right) return "No shift";
  const parts = [];
  if (down) parts.push(`${Math.abs(down)} ${down > 0 ? "down" : "up"}`);
  if (right) parts.push(`${Math.abs(right)} to the ${right > 0 ? "right" : "left"}`);
  return `Shifted ${parts.join(" and ")}`;
}

/** A number that fits into a cell of a table of `side` cells in a row. */
function short(value, side) {
  const size = Math.abs(value);
  return write(value, side > 5 ? (size >= 10 ? 0 : 1) : size >= 1000 ? 0 : 2);
}

/* ---- A table of numbers, drawn -------------------------------------------------------------- */

/** A square table of numbers. Cells are made when its size changes and then only changed. */
class Table {
  #side = 0;
  #cells = [];
  #shown = []; // what each cell shows

  constructor(name) {
    this.name = name;
    this.svg = draw("svg", { role: "img", class: "table" });
    this.marks = draw("g");
  }

  /** same[n] marks a cell whose value the shift did not change; frames are [class, row, column, size]. */
  show(values, kind, limit, same, frames) {
    const side = Math.sqrt(values.length);
    if (side !== this.#side) this.#build(side);
    values.forEach((value, n) => {
      const rgb = colour(kind, value, limit), text = short(value, side), shown = `${rgb} ${text} ${same?.[n]}`;
      if (shown === this.#shown[n]) return;
      this.#shown[n] = shown;
      const [box, words, corner] = this.#cells[n];
      box.setAttribute("fill", `rgb(${rgb})`);
      words.setAttribute("fill", ink(rgb));
      words.setAttribute("font-size", text.length > 5 ? 2.6 : text.length > 4 ? 3 : text.length > 3 ? 3.6 : 4.4);
      words.textContent = text;
      corner.setAttribute("fill", same?.[n] ? ink(rgb) : "none");
    });
    this.marks.replaceChildren(...frames.flatMap(([name, row, column, size]) =>
      ["under", name].map((look) => draw("rect", { class: look, x: column * 10 + 0.5, y: row * 10 + 0.5, width: size * 10 - 1, height: size * 10 - 1 }))));
    const rows = Array.from({ length: side }, (_, row) => [...values.slice(row * side, (row + 1) * side)].map((value) => write(value)).join(", "));
    this.svg.setAttribute("aria-label", `${this.name}, row by row: ${rows.join("; ")}.`);
  }

  #build(side) {
    this.#side = side;
    this.#shown = [];
    this.svg.setAttribute("viewBox", `-0.6 -0.6 ${side * 10 + 1.2} ${side * 10 + 1.2}`);
    this.#cells = Array.from({ length: side * side }, (_, n) => {
      const x = (n % side) * 10, y = Math.floor(n / side) * 10;
      return [
        draw("rect", { class: "cell", x, y, width: 10, height: 10 }),
        draw("text", { x: x + 5, y: y + 5.3 }),
        draw("path", { d: `M${x + 0.4} ${y + 0.4}h2.6l-2.6 2.6z` }),
      ];
    });
    this.svg.replaceChildren(...this.#cells.flat(), this.marks);
  }
}

/* ---- The figure -------------------------------------------------------------------------------- */

export class PoolingLab extends LiveFigure {
  static style = `
    .bar { margin-bottom: 1rem; gap: 0.6rem 0.8rem; }
    .bar .field input { width: 4.6rem; }
    select { max-width: 100%; } .field { min-width: 0; max-width: 100%; }
    [aria-invalid="true"] { border: 2px solid var(--orange, #9c4a05) !important; }
    .top { display: grid; gap: 1rem 1.6rem; padding: 1rem 0.8rem; border-radius: 10px; background: var(--wash, #f6f4fa); }
    .input { display: grid; gap: 0.7rem; justify-items: center; align-content: start; min-width: 0; }
    .view { position: relative; width: 12.5rem; max-width: 100%; cursor: grab; touch-action: none; border-radius: 4px; user-select: none; }
    .view:active { cursor: grabbing; }
    .view canvas { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px; }
    .view .frame { position: absolute; border: 3px solid #ff9d2e; outline: 1.5px solid #000; box-shadow: inset 0 0 0 1.5px #000; pointer-events: none; }
    .cells { display: grid; grid-template-columns: repeat(${SIDE}, 1.8rem); gap: 1px; padding: 1px; background: var(--rule-strong, #8a829c); }
    .cells input { width: 1.8rem; height: 1.8rem; min-height: 0; border: 0; padding: 0; border-radius: 0; text-align: center; font-size: 0.78rem; font-variant-numeric: tabular-nums; }
    .cells input:focus { outline-offset: 0; position: relative; z-index: 1; }
    .shift { display: flex; flex-wrap: wrap; gap: 0.6rem 1rem; align-items: center; justify-content: center; }
    .pad { display: grid; grid-template-columns: repeat(3, 2.5rem); grid-auto-rows: 2.3rem; gap: 2px; }
    .pad button { padding: 0; min-height: 0; } #up { grid-area: 1 / 2; } #left { grid-area: 2 / 1; } #none { grid-area: 2 / 2; } #to-right { grid-area: 2 / 3; } #to-bottom { grid-area: 3 / 2; }
    .by { display: grid; gap: 0.3rem; } .by label { display: flex; gap: 0.5rem; align-items: center; justify-content: space-between; }
    .by input { width: 4rem; min-height: 2rem; border: 1px solid var(--rule-strong, #8a829c); border-radius: 8px; padding: 0.1rem 0.4rem; background: var(--paper, #fff); }
    .measures { min-width: 0; display: grid; gap: 0.7rem; align-content: start; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    caption { text-align: left; font-weight: 600; padding-bottom: 0.3rem; }
    th, td { padding: 0.25rem 0.35rem; text-align: right; vertical-align: bottom; border-bottom: 1px solid var(--rule, #ddd8e6); }
    th { font-weight: 600; font-size: 0.82rem; color: var(--ink-soft, #585266); line-height: 1.2; }
    th[scope="row"] { text-align: left; font-size: 0.9rem; color: var(--ink, #23202c); }
    td { font-size: 1.02rem; white-space: nowrap; } tbody td:nth-of-type(1) { font-weight: 600; }
    .chart { width: 100%; max-width: 27rem; } .chart text { font-size: 13px; fill: var(--ink-soft, #585266); } .chart text.large { text-anchor: middle; }
    .axis { stroke: var(--rule-strong, #8a829c); fill: none; } .now { stroke: #ff9d2e; stroke-width: 7; opacity: 0.45; }
    .line { fill: none; stroke-width: 2; } .line path, .line circle, .line rect { stroke-width: 1.5; }
    .line.z { stroke: var(--ink-soft, #585266); } .line.relu { stroke: var(--violet, #593796); stroke-dasharray: 5 3; } .line.pooled { stroke: var(--orange, #9c4a05); stroke-width: 2.6; } .line.along { stroke: var(--orange, #9c4a05); stroke-dasharray: 1.5 3; }
    .key { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; font-size: 0.86rem; color: var(--ink-soft, #585266); }
    .key svg { width: 2rem; height: 0.8rem; vertical-align: middle; margin-right: 0.3rem; overflow: visible; }
    .stages { display: grid; gap: 1rem; margin: 1rem 0; }
    .stages figure { margin: 0; min-width: 0; } figcaption { margin-bottom: 0.3rem; }
    .table { display: block; width: 100%; max-width: 23rem; height: auto; }
    .table text { text-anchor: middle; dominant-baseline: central; font-variant-numeric: tabular-nums; font-family: inherit; }
    .cell { stroke: var(--rule-strong, #8a829c); stroke-width: 0.7px; }
    .cell, .under, .mark { vector-effect: non-scaling-stroke; } .under, .mark { fill: none; } .under { stroke: #000; stroke-width: 5px; } .mark { stroke: #ff9d2e; stroke-width: 2.6px; }
    .pick { display: block; cursor: pointer; border-radius: 3px; max-width: 23rem; }
    .how { margin-top: 0.4rem; line-height: 1.6; font-variant-numeric: tabular-nums; min-height: 6.5em; }
    .how b { background: var(--mark, #fbe3b8); border-radius: 3px; padding: 0 0.15em; font-weight: 600; }
    .how span { display: block; overflow-wrap: anywhere; }
    .below { display: grid; gap: 0.5rem; }
    @container (min-width: 34rem) { .top { grid-template-columns: 15rem 1fr; } .stages { grid-template-columns: 1fr 1fr 0.85fr; gap: 0.7rem; align-items: start; } }
    @container (max-width: 22rem) { .top { padding: 0.8rem 0.4rem; } th, td { padding: 0.2rem; } th { font-size: 0.76rem; } }
  `;

  #state = { ...START };
  #hover = null;
  #grey = null;
  #size = [0, 0];
  #maps = {}; // filter -> the whole map of the photograph
  #field = new Float64Array(FIELD * FIELD); // the map as far as a shift can bring it into sight
  #limit = 1;
  #known = new Map(); // shift -> what it changes, for the settings as they are
  #tables = { z: new Table("The map"), relu: new Table("After ReLU"), pooled: new Table("Pooled") };

  /** What the reader set: for tests, and for pages that want to begin elsewhere. */
  get value() {
    return { ...this.#state };
  }

  set value(wish) {
    const state = { ...this.#state, ...wish };
    if (wish.size !== undefined && wish.stride === undefined) state.stride = wish.size || 1;
    state.down = clamp(state.down, -MOST, MOST);
    state.right = clamp(state.right, -MOST, MOST);
    if (wish.numbers) this.#fill((row, column) => wish.numbers[row]?.[column] ?? 0);
    delete state.numbers;
    const fresh = wish.numbers ? false : state.source !== this.#state.source || state.filter !== this.#state.filter;
    this.#state = state;
    if (fresh) this.#take();
    this.#settings();
  }

  /** The three stages as they are, before the shift, and what it changed. */
  get answers() {
    const { down, right } = this.#state, list = ({ z, relu, pooled }) => ({ z: [...z], relu: [...relu], pooled: [...pooled.data] });
    return { now: list(this.#stages(down, right)), before: list(this.#stages(0, 0)), here: this.#changes(down, right, false), large: this.#isPhoto ? this.#changes(down, right, true) : null, along: this.#along(down, right) };
  }

  get #isPhoto() {
    return Boolean(SOURCES[this.#state.source].at);
  }

  build(root) {
    const list = (id, options, onchange) => {
      const select = make("select", { id, onchange: () => onchange(select.value) });
      select.append(...Object.entries(options).map(([value, textContent]) => make("option", { value, textContent })));
      return select;
    };
    const words = Object.fromEntries(Object.entries(SOURCES).map(([key, source]) => [key, source.words]));
    const filters = Object.fromEntries(Object.keys(FILTERS).map((name) => [name, name]));
    const bias = make("input", { id: "bias", type: "text", inputMode: "decimal", autocomplete: "off", oninput: () => this.#typed(bias, (number) => this.#set({ bias: number })), onblur: () => this.#left(bias, write(this.#state.bias)) });
    root.append(
      make("div", { className: "bar" },
        field("Feature map of", list("source", words, (source) => this.#begin(source))),
        field("Filter", list("filter", filters, (filter) => this.#set({ filter }, true))),
        field("Bias", bias)),
      make("div", { className: "bar" },
        choice("Pooling", "kind", { max: "max", mean: "mean" }, "max", (kind) => this.#set({ kind })),
        choice("Window", "size", { 2: "2x2", 3: "3x3", 4: "4x4", all: "all" }, 2, (size) => this.#set({ size: Number(size) || 0, stride: Number(size) || 1 })),
        choice("Stride", "stride", { 1: "1", 2: "2", 3: "3", 4: "4" }, 2, (stride) => this.#set({ stride: Number(stride) })),
        make("button", { type: "button", id: "start", onclick: () => this.#restart() }, "Start over")),
      make("p", { className: "warning", id: "trouble" }),
      make("div", { className: "top" }, this.#input(), this.#measures()),
      this.#stagesParts(),
      make("div", { className: "below" },
        make("p", { className: "note", id: "remark" }),
        make("p", { className: "note" }, "Change: take the differences place by place, square them, add them up and take the root; divide by the same of what was there before. 0 means that nothing happened, 1 is as much as wiping everything to zero. A corner mark shows a value above zero that is what it was before the shift."))
    );
    this.$("#bias").value = "0";
    this.ready = this.#photograph();
  }

  /* -- parts -- */

  #input() {
    const button = (id, sign, label, down, right) => make("button", { type: "button", id, "aria-label": label, onclick: () => this.#shift(down, right) }, sign);
    const number = (id, words) => make("label", {}, words, make("input", { id, type: "number", step: 1, min: -MOST, max: MOST, value: 0, oninput: () => this.#typedShift(), onblur: () => this.#left(this.$(`#${id}`), String(this.#state[id])) }));
    const view = make("div", { className: "view", id: "view", tabIndex: 0, role: "application", "aria-roledescription": "picture", "aria-label": "Photograph: the arrow keys shift it by one pixel" }, make("canvas"), make("div", { className: "frame" }));
    this.#draggable(view, () => this.$("#view canvas").getBoundingClientRect().width / (SIDE + 2 + 2 * AROUND));
    const cells = Array.from({ length: SIDE * SIDE }, (_, n) => {
      const input = make("input", { type: "text", inputMode: "decimal", autocomplete: "off", dataset: { n } });
      input.setAttribute("aria-label", `number, row ${Math.floor(n / SIDE)}, column ${n % SIDE}`);
      input.oninput = () => this.#typed(input, (value) => this.#write(n, value));
      input.onfocus = () => input.select();
      input.onblur = () => this.#left(input, write(this.#field[this.#at(n)]));
      return input;
    });
    return make("div", { className: "input" },
      make("p", { className: "name", id: "input-name" }), view,
      make("div", { className: "cells", id: "numbers", role: "group", "aria-label": "The map, before any shift" }, ...cells),
      make("div", { className: "shift", role: "group", "aria-label": "Shift the input" },
        make("div", { className: "pad" },
          button("up", "\u2191", "Shift up by one", -1, 0),
          button("left", "\u2190", "Shift left by one", 0, -1), make("button", { type: "button", id: "none", "aria-label": "0, back to no shift", onclick: () => this.#set({ down: 0, right: 0 }) }, "0"), button("to-right", "\u2192", "Shift right by one", 0, 1),
          button("to-bottom", "\u2193", "Shift down by one", 1, 0)),
        make("div", { className: "by" }, number("right", "right by"), number("down", "down by"))));
  }

  #measures() {
    const row = (id, words) => make("tr", { id }, make("th", { scope: "row" }, words), ...Array.from({ length: 4 }, () => make("td")));
    const table = make("table", {}, make("caption", { id: "caption" }),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, make("span", { className: "unseen" }, "stage")),
        ...["change, these 8x8", `change, ${LARGE.rows}x${LARGE.columns} values`, "left after moving along", "same, of those above 0"].map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, row("row-z", "map"), row("row-relu", "after ReLU"), row("row-pooled", "pooled")));
    const key = (name, words) => make("span", {}, draw("svg", { viewBox: "0 0 32 12", "aria-hidden": "true" }, draw("path", { class: `line ${name}`, d: "M0 6h32" })), words);
    return make("div", { className: "measures" }, table,
      make("div", {},
        make("p", { className: "name", id: "chart-name" }),
        draw("svg", { class: "chart", id: "chart", viewBox: "0 0 360 180", role: "img" }),
        make("div", { className: "key" }, key("z", "map"), key("relu", "after ReLU"), key("pooled", "pooled"), key("along", "pooled, moved along"))));
  }

  #stagesParts() {
    const panel = (id, name, inner) => make("figure", { id: `${id}-part` }, make("figcaption", { className: "name" }, name), inner);
    const map = make("div", { className: "pick", id: "map" }, this.#tables.z.svg);
    const pick = make("div", { className: "pick", id: "pick", tabIndex: 0, role: "application", "aria-roledescription": "map", "aria-label": "Pooled map: the arrow keys choose a value", "aria-describedby": "how" }, this.#tables.pooled.svg);
    const at = (event) => {
      const box = this.#tables.pooled.svg.getBoundingClientRect(), side = this.#side, unit = box.width / (side * 10 + 1.2);
      return [event.clientY - box.top, event.clientX - box.left].map((pixels) => clamp(Math.floor((pixels / unit - 0.6) / 10), 0, side - 1));
    };
    // A mouse that passes over shows; a click, a tap or an arrow key chooses.
    pick.onpointermove = (event) => event.pointerType === "mouse" && this.#look(at(event));
    pick.onpointerleave = () => this.#look(null);
    pick.onclick = (event) => this.#pick(...at(event));
    pick.onkeydown = (event) => {
      const step = arrow(event);
      if (!step) return;
      event.preventDefault();
      this.#pick(this.#state.row + step[0], this.#state.column + step[1]);
    };
    return make("div", { className: "stages" },
      panel("z", "map", map), panel("relu", "after ReLU", this.#tables.relu.svg),
      make("div", {}, panel("pooled", "pooled", pick), make("p", { className: "how", id: "how" })));
  }

  /** Dragging shifts by whole cells; so do the arrow keys. */
  #draggable(view, cell) {
    let from = null;
    view.onpointerdown = (event) => {
      view.setPointerCapture(event.pointerId);
      from = { x: event.clientX, y: event.clientY, down: this.#state.down, right: this.#state.right };
    };
    view.onpointermove = (event) => {
      if (!from) return;
      const unit = cell(), far = (start, pixels) => clamp(start + Math.round(pixels / unit), -MOST, MOST);
      const down = far(from.down, event.clientY - from.y), right = far(from.right, event.clientX - from.x);
      if (down !== this.#state.down || right !== this.#state.right) this.#set({ down, right });
    };
    view.onpointerup = view.onpointercancel = () => (from = null);
    view.onkeydown = (event) => {
      const step = arrow(event);
      if (!step) return;
      event.preventDefault();
      this.#shift(...step);
    };
  }

  /* -- what the reader does -- */

  #set(wish, isNew = false) {
    Object.assign(this.#state, wish);
    this.#hover = null;
    if (isNew) this.#take();
    this.#settings();
    this.announce(this.#spoken(), 600);
  }

  #begin(source) {
    this.#trouble("");
    this.#set({ source }, source !== "own");
    if (source === "own") this.#colours(); // its numbers are those that are there
    this.#settings();
  }

  #restart() {
    this.#trouble("");
    this.#set({ ...START }, true);
    this.$("#bias").value = "0";
  }

  #shift(down, right) {
    const wish = { down: clamp(this.#state.down + down, -MOST, MOST), right: clamp(this.#state.right + right, -MOST, MOST) };
    if (wish.down === this.#state.down && wish.right === this.#state.right) return this.announce(`${MOST} pixels are the longest shift.`, 100);
    this.#trouble("");
    this.#set(wish);
  }

  #typedShift() {
    const found = {};
    let good = true;
    for (const id of ["down", "right"]) {
      const value = this.$(`#${id}`).valueAsNumber, fits = Number.isInteger(value) && Math.abs(value) <= MOST;
      this.$(`#${id}`).toggleAttribute("aria-invalid", false);
      if (fits) found[id] = value;
      else this.$(`#${id}`).setAttribute("aria-invalid", "true");
      good &&= fits;
    }
    this.#trouble(good ? "" : TOO_FAR, 900);
    if (good) this.#set(found);
  }

  #typed(input, use) {
    const value = readNumber(input.value), good = Number.isFinite(value) && Math.abs(value) <= 9999;
    input.toggleAttribute("aria-invalid", false);
    if (!good) input.setAttribute("aria-invalid", "true");
    this.#trouble(good ? "" : Number.isFinite(value) ? "Numbers here go up to 9,999; the last good one stays in use." : `\u201c${input.value.slice(0, 30)}\u201d is not a number yet; the last good one stays in use.`, 900);
    if (good) use(value);
  }

  /** A field was left: it shows what is in use. */
  #left(input, text) {
    if (input.getAttribute("aria-invalid")) this.#trouble("");
    input.removeAttribute("aria-invalid");
    input.value = text;
  }

  #write(n, value) {
    this.#state.source = "own";
    this.#field[this.#at(n)] = value;
    this.#colours();
    this.#set({});
  }

  #pick(row, column) {
    const most = this.#side - 1;
    Object.assign(this.#state, { row: clamp(row, 0, most), column: clamp(column, 0, most) });
    this.#hover = null;
    this.#show();
    this.announce(this.$("#how").textContent);
  }

  #look(place) {
    this.#hover = place;
    this.#show();
  }

  /* -- the input -- */

  async #photograph() {
    try {
      const image = new Image();
      image.src = new URL("coffee.png", import.meta.url).href;
      await image.decode();
      const [wide, high] = [image.naturalWidth, image.naturalHeight];
      const context = make("canvas", { width: wide, height: high }).getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      const colours = context.getImageData(0, 0, wide, high).data;
      this.#grey = Float64Array.from({ length: wide * high }, (_, n) => colours[4 * n]);
      this.#size = [high, wide];
    } catch {
      for (const option of this.$("#source").options) option.disabled = Boolean(SOURCES[option.value].at);
      this.#state.source = "spot";
      this.#trouble("The book\u2019s photograph could not be loaded; the maps of plain numbers work without it.");
    }
    this.#take();
    this.#settings();
  }

  /** Where value n of the map lies in the field. */
  #at(n) {
    return (Math.floor(n / SIDE) + MOST) * FIELD + (n % SIDE) + MOST;
  }

  #fill(number) {
    for (let row = -MOST, to = 0; row < FIELD - MOST; row++) for (let column = -MOST; column < FIELD - MOST; column++, to++) this.#field[to] = number(row, column);
    this.#colours();
  }

  #colours() {
    this.#limit = magnitude(this.#field);
    for (const input of this.$("#numbers").children) {
      const value = this.#field[this.#at(input.dataset.n)];
      if (this.shadowRoot.activeElement !== input) input.value = write(value);
      Object.assign(input.style, cellStyle("signed", value, this.#limit));
    }
  }

  /** Take the map that is chosen. */
  #take() {
    const { at, number } = SOURCES[this.#state.source];
    if (!at) return this.#fill(number);
    const { filter } = this.#state, [rows, columns] = this.#size;
    const map = (this.#maps[filter] ??= filterMap(this.#grey, rows, columns, FILTERS[filter]));
    this.#fill((row, column) => map[(at[0] + row) * (columns - 2) + at[1] + column]);
  }

  /* -- numbers -- */

  get #side() {
    const { size, stride } = this.#state;
    return size ? Math.floor((SIDE - size) / stride) + 1 : 1;
  }

  /** The three stages of what a shift shows; of the 8x8 values, or of the large crop. */
  #stages(down, right, large = false) {
    const { bias, kind, size, stride, filter } = this.#state;
    const rows = large ? LARGE.rows : SIDE, columns = large ? LARGE.columns : SIDE;
    const [from, wide] = large ? [this.#maps[filter], this.#size[1] - 2] : [this.#field, FIELD];
    const top = (large ? LARGE.top : MOST) - down, left = (large ? LARGE.left : MOST) - right;
    const z = new Float64Array(rows * columns), relu = new Float64Array(rows * columns);
    for (let i = 0, to = 0; i < rows; i++)
      for (let j = 0, n = (top + i) * wide + left; j < columns; j++, n++, to++) {
        z[to] = from[n] + bias;
        if (z[to] > 0) relu[to] = z[to];
      }
    return { z, relu, pooled: pool(relu, rows, columns, kind, size, stride) };
  }

  /** How much a shift changes each stage: {z, relu, pooled}. */
  #changes(down, right, large) {
    const key = `${down} ${right} ${large}`;
    if (!this.#known.has(`before ${large}`)) this.#known.set(`before ${large}`, this.#stages(0, 0, large));
    if (!this.#known.has(key)) {
      const before = this.#known.get(`before ${large}`), after = this.#stages(down, right, large);
      this.#known.set(key, { z: change(before.z, after.z), relu: change(before.relu, after.relu), pooled: change(before.pooled.data, after.pooled.data) });
    }
    return this.#known.get(key);
  }

  /** The smallest change that is left when the pooled map may move along by whole places.

      Moved by one place, the pooled map is that of a shift which is a stride shorter. */
  #along(down, right) {
    const { size, stride } = this.#state;
    if (!size) return NaN; // one number cannot move
    const found = leftOver(down, stride).flatMap((a) => leftOver(right, stride).map((b) => this.#changes(a, b, this.#isPhoto).pooled));
    return Math.min(...found);
  }

  #spoken() {
    const { down, right } = this.#state, { z, relu, pooled } = this.#changes(down, right, false);
    return `${shiftWords(down, right)}: the map changes by ${measured(z)}, after ReLU by ${measured(relu)}, pooled by ${measured(pooled)}.`;
  }

  /* -- what is shown -- */

  #trouble(text, pause = 0) {
    this.$("#trouble").textContent = text;
    if (text) this.announce(text, pause);
  }

  /** Settings changed: nothing that was measured holds any more. */
  #settings() {
    const { source, filter, kind, size, stride, down, right } = this.#state, most = this.#side - 1;
    const settings = [source, filter, this.#state.bias, kind, size, stride, ...(this.#isPhoto ? [] : this.#field)].join();
    if (settings !== this.#known.get("settings")) this.#known = new Map([["settings", settings]]);
    Object.assign(this.#state, { row: clamp(this.#state.row, 0, most), column: clamp(this.#state.column, 0, most) });
    this.$("#source").value = source;
    this.$("#filter").value = filter;
    this.$("#filter").closest("label").hidden = this.$("#view").hidden = !this.#isPhoto;
    this.$("#numbers").hidden = this.#isPhoto;
    this.$("#input-name").textContent = this.#isPhoto ? "Photograph: drag it" : "The map, before any shift: type into it";
    for (const [name, value] of [["kind", kind], ["size", size || "all"], ["stride", stride]]) this.$(`input[name="${name}"][value="${value}"]`).checked = true;
    this.$("input[name=stride]").closest("fieldset").hidden = !size;
    for (const [id, value] of [["down", down], ["right", right]]) {
      const input = this.$(`#${id}`);
      if (this.shadowRoot.activeElement !== input) input.value = value;
    }
    if (this.shadowRoot.activeElement !== this.$("#bias")) this.$("#bias").value = write(this.#state.bias);
    enable(this.$("#up"), down > -MOST);
    enable(this.$("#to-bottom"), down < MOST);
    enable(this.$("#left"), right > -MOST);
    enable(this.$("#to-right"), right < MOST);
    enable(this.$("#none"), Boolean(down || right));
    if (this.#isPhoto && !this.#grey) return;
    this.#picture();
    this.#table();
    this.#chart();
    this.#remark();
    this.#show();
  }

  #picture() {
    if (!this.#isPhoto) return;
    const { source, down, right } = this.#state, [top, left] = SOURCES[source].at, wide = SIDE + 2 + 2 * AROUND;
    const values = Float64Array.from({ length: wide * wide }, (_, n) => this.#grey[(top - AROUND - down + Math.floor(n / wide)) * this.#size[1] + left - AROUND - right + (n % wide)]);
    paint(this.$("#view canvas"), values, wide, wide, "image", 255);
    const share = (pixels) => `${(100 * pixels) / wide}%`;
    Object.assign(this.$("#view .frame").style, { left: share(AROUND), top: share(AROUND), width: share(SIDE + 2), height: share(SIDE + 2) });
  }

  #table() {
    const { down, right, kind, size } = this.#state, here = this.#changes(down, right, false);
    const large = this.#isPhoto ? this.#changes(down, right, true) : null, along = this.#along(down, right);
    const [before, now] = [this.#stages(0, 0), this.#stages(down, right)];
    this.$("#caption").textContent = `${shiftWords(down, right)}${down || right ? ": how much each stage changes" : ": nothing has changed yet"}`;
    for (const stage of ["z", "relu", "pooled"]) {
      const [a, b] = [before, now].map((all) => all[stage].data ?? all[stage]);
      let above = 0, same = 0;
      a.forEach((value, n) => {
        if (!(value > 0)) return;
        above++;
        if (value === b[n]) same++;
      });
      const texts = [measured(here[stage]), large ? measured(large[stage]) : "", stage === "pooled" ? measured(along) : "0.00", above ? `${same} / ${above}` : "\u2013"];
      [...this.$(`#row-${stage}`).querySelectorAll("td")].forEach((cell, n) => (cell.textContent = texts[n]));
    }
    this.$("#row-pooled th").textContent = `${kind} pooled`;
    for (const cell of this.shadowRoot.querySelectorAll("th:nth-child(3), td:nth-child(3)")) cell.hidden = !this.#isPhoto;
    const [caption, words] = [this.$("#pooled-part figcaption"), `${kind} pooling, ${size ? `${size}x${size}` : "the whole map"}`];
    caption.textContent = words;
    this.$("#z-part figcaption").textContent = this.#state.bias ? `map, with the bias ${write(this.#state.bias)}` : "map";
  }

  #chart() {
    const { down, right } = this.#state, way = down || right ? [Math.sign(down), Math.sign(right)] : [0, 1];
    const shifts = Array.from({ length: MOST + 1 }, (_, k) => k), found = shifts.map((k) => this.#changes(k * way[0], k * way[1], this.#isPhoto));
    const lines = { z: found.map((one) => one.z), relu: found.map((one) => one.relu), along: shifts.map((k) => this.#along(k * way[0], k * way[1])), pooled: found.map((one) => one.pooled) };
    const top = Math.max(1.5, ...Object.values(lines).flat().filter(Number.isFinite)) * 1.05;
    const x = (k) => 34 + k * 39, y = (value) => 146 - (value / top) * 138, chart = this.$("#chart"), parts = [];
    const now = shifts.find((k) => k * way[0] === down && k * way[1] === right);
    if (now !== undefined) parts.push(draw("path", { class: "now", d: `M${x(now)} 8V146` }));
    parts.push(draw("path", { class: "axis", d: "M34 8V146H350" }));
    for (const k of shifts) parts.push(draw("text", { class: "large", x: x(k), y: 161 }, String(k)));
    for (const value of [0, 0.5, 1, 1.5, 2].filter((one) => one < top)) parts.push(draw("path", { class: "axis", d: `M30 ${y(value)}h4` }), draw("text", { x: 6, y: y(value) + 4 }, value.toFixed(1)));
    parts.push(draw("text", { class: "large", x: 190, y: 177 }, "shift in pixels"));
    for (const [name, values] of Object.entries(lines)) {
      const points = values.map((value, k) => [x(k), y(value)]).filter(([, height]) => Number.isFinite(height));
      if (points.length) parts.push(draw("path", { class: `line ${name}`, d: `M${points.map((point) => point.map((one) => one.toFixed(1)).join(" ")).join("L")}` }));
    }
    chart.replaceChildren(...parts);
    const where = this.#isPhoto ? `on ${LARGE.rows}x${LARGE.columns} values of the photograph\u2019s map` : "on these 8x8 numbers";
    const names = { z: "map", relu: "after ReLU", pooled: "pooled", along: "pooled and moved along" };
    this.$("#chart-name").textContent = `Change by a shift ${direction(...way)}, ${where}`;
    chart.setAttribute("aria-label", `Change for shifts ${direction(...way)} by 0 to ${MOST} pixels. ${Object.entries(names).map(([name, words]) => `${words}: ${lines[name].map(measured).join(", ")}`).join(". ")}.`);
  }

  #remark() {
    const { size, stride } = this.#state, unread = size ? SIDE - ((this.#side - 1) * stride + size) : 0, found = [];
    if (!size) found.push("The whole map becomes one number, which does not say where anything was.");
    if (unread) found.push(`The last ${unread === 1 ? "row and the last column are" : `${unread} rows and columns are`} in no window: windows that do not fit completely are left out (\u201cvalid\u201d).`);
    if (size && stride > size) found.push("The stride is longer than the window, so what lies between the windows is never read.");
    found.push(this.#isPhoto ? "The frame stays where it is and the photograph moves under it, so real pixels come in at the side." : "What leaves on one side is gone; what comes in continues the stripes, or is 0.");
    if (size) found.push("\u201cMoving along\u201d: the pooled map is compared again after a move by whole places, whichever fits better. The map and the ReLU map then fit exactly.");
    this.$("#remark").textContent = found.join(" ");
  }

  /** The numbers of the stages, the window, and how its value comes about. */
  #show() {
    if (this.#isPhoto && !this.#grey) return;
    const { down, right, kind, size, stride } = this.#state, [row, column] = this.#hover ?? [this.#state.row, this.#state.column];
    const before = this.#stages(0, 0), now = this.#stages(down, right), moved = down !== 0 || right !== 0, reach = size || SIDE, step = size ? stride : 1;
    const window = ["mark", row * step, column * step, reach];
    const same = (a, b) => moved && Array.from(a, (value, n) => value > 0 && value === b[n]);
    this.#tables.z.show(now.z, "signed", this.#limit, same(before.z, now.z), [window]);
    this.#tables.relu.show(now.relu, "relu", this.#limit, same(before.relu, now.relu), [window]);
    this.#tables.pooled.show(now.pooled.data, "relu", this.#limit, same(before.pooled.data, now.pooled.data), [["mark", row, column, 1]]);
    this.#how(row, column, before, now, moved, kind, reach, step);
  }

  #how(row, column, before, now, moved, kind, reach, step) {
    const { down, right } = this.#state, n = row * this.#side + column, answer = now.pooled.data[n], was = before.pooled.data[n];
    const inside = (relu) => Array.from({ length: reach * reach }, (_, k) => relu[(row * step + Math.floor(k / reach)) * SIDE + column * step + (k % reach)]);
    const values = inside(now.relu), winner = values.indexOf(Math.max(...values)), lines = [];
    const sum = write(values.reduce((a, b) => a + b, 0));
    const text = (value, k) => (kind === "max" && k === winner && value > 0 ? make("b", {}, write(value)) : write(value));
    const listed = (sign) => values.flatMap((value, k) => (k ? [sign, text(value, k)] : [text(value, k)]));
    lines.push(make("span", { className: "name" }, this.#side > 1 ? `Pooled value in row ${row}, column ${column}` : "The one pooled value"));
    if (reach > 4) lines.push(make("span", {}, kind === "max" ? `the largest of ${values.length} values = ${write(answer)}` : `${sum} / ${values.length} = ${write(answer)}`));
    else if (kind === "max") lines.push(make("span", {}, "max(", ...listed(", "), `) = ${write(answer)}`));
    else lines.push(make("span", {}, "(", ...listed(" + "), `) / ${values.length} = ${write(answer)}`));
    if (moved) {
      const old = inside(before.relu), first = old.indexOf(Math.max(...old));
      // The winner's place in the input: the shift taken back.
      const place = (k, by) => [row * step + Math.floor(k / reach) - by[0], column * step + (k % reach) - by[1]].join();
      const stayed = place(winner, [down, right]) === place(first, [0, 0]);
      let words = `before the shift: ${write(was)}.`;
      if (kind === "max" && was > 0 && stayed) words += " The same value won; it moved within its window.";
      else if (kind === "max" && was > 0 && answer === was) words += " Another value of the same size won.";
      else if (kind === "max" && was > 0 && answer > 0) words += " Another value wins now.";
      else if (kind === "max" && was > 0) words += " Nothing above zero is left in this window.";
      lines.push(make("span", {}, words));
    }
    this.$("#how").replaceChildren(...lines.flatMap((line, k) => (k ? [" ", line] : [line])));
  }
}

define("pooling-lab", PoolingLab);
