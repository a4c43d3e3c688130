/* <kernel-lab>: one filter on one photograph, live (chapter 1).

   Type into the weights and the whole picture is filtered again; point at a pixel
   and its patch, the nine products and the sum are written out. With the attribute "small"
   it shows the filter, the pictures and the sum alone. It opens with the
   chapter's pencil example: Sobel x at row 61, column 86, bias -100, answer 281. */

import {
  LiveFigure, arrow, bracketed, cellStyle, choice, clamp, define, enable, field, magnitude, make, paint, readNumber, shade, write,
} from "./figure.mjs";
import { takeFiles } from "./incoming.mjs";
import { PictureError, openPicture } from "./own-picture.mjs";

const SIZES = [3, 5, 7];
const START = { size: 3, texts: "-1 0 1 -2 0 2 -1 0 1".split(" "), bias: "-100" };
const RIM = [61, 86]; // the chapter's place, on the rim of the cup
const LONGEST = 300; // pixels on the longer side of a reader's photograph
const SHORTEST = 16;
const FULL = 500; // the chapter's full colour for signed answers

/** Answers of a 3x3, 5x5 or 7x7 filter wherever it fits: (rows - size + 1) x (columns - size + 1).

    z[i, j] = bias + the sum over u, v of w[u, v] * x[i + u, j + v]

    One row of weights goes over the whole picture before the next. Each row is written
    out, weight by weight, and the pixels under it move along from name to name, so that
    each is fetched once: that is many times as fast as a loop over v. */
export function correlate(x, rows, columns, w, size, bias = 0, z = null) {
  const high = rows - size + 1, wide = columns - size + 1;
  const out = z?.length === high * wide ? z : new Float64Array(high * wide);
  out.fill(bias);
  for (let u = 0; u < size; u++) {
    const [a, b, c, d, e, f, g] = w.slice(u * size, (u + 1) * size);
    for (let i = 0, to = 0; i < high; i++) {
      const end = (i + u + 1) * columns;
      let n = end - columns, p = x[n++], q = x[n++];
      if (size === 3)
        for (let y; n < end; n++, to++, p = q, q = y) out[to] += a * p + b * q + c * (y = x[n]);
      else {
        let r = x[n++], s = x[n++];
        if (size === 5)
          for (let y; n < end; n++, to++, p = q, q = r, r = s, s = y) out[to] += a * p + b * q + c * r + d * s + e * (y = x[n]);
        else {
          let t = x[n++], v = x[n++];
          for (let y; n < end; n++, to++, p = q, q = r, r = s, s = t, t = v, v = y)
            out[to] += a * p + b * q + c * r + d * s + e * t + f * v + g * (y = x[n]);
        }
      }
    }
  }
  return out;
}

/* ---- Filters to begin with ------------------------------------------------------------ */

/** Texts of a kernel in a frame of zeros, or cut to its middle. */
function resize(texts, from, to) {
  const shift = (to - from) / 2;
  return Array.from({ length: to * to }, (_, n) => {
    const row = Math.floor(n / to) - shift, column = (n % to) - shift;
    return row >= 0 && row < from && column >= 0 && column < from ? texts[row * from + column] : "0";
  });
}

const fraction = (a, b) => {
  let [x, y] = [a, b];
  while (y) [x, y] = [y, x % y];
  return `${a / x}/${b / x}`;
};

const three = (text) => (size) => resize(text.split(" "), 3, size);

/** Weights as Keras draws them for a new layer (Glorot, uniform), to two digits. */
function random(size, balanced) {
  const most = Math.sqrt(6 / (2 * size * size));
  const cents = Array.from({ length: size * size }, () => Math.round(100 * most * (2 * Math.random() - 1)));
  if (balanced) {
    const sum = cents.reduce((a, b) => a + b, 0);
    // Take the mean from each; what rounding leaves over goes to the first ones.
    cents.forEach((cent, n) => (cents[n] = cent - Math.floor((sum + n) / cents.length)));
  }
  return cents.map((cent) => String(cent / 100));
}

const PRESETS = {
  identity: three("0 0 0 0 1 0 0 0 0"),
  mean: (size) => Array(size * size).fill(`1/${size * size}`),
  blur(size) {
    const row = { 3: [1, 2, 1], 5: [1, 4, 6, 4, 1], 7: [1, 6, 15, 20, 15, 6, 1] }[size];
    const all = 4 ** (size - 1);
    return row.flatMap((a) => row.map((b) => (size === 3 ? `${a * b}/16` : fraction(a * b, all))));
  },
  sharpen: three("0 -1 0 -1 5 -1 0 -1 0"),
  emboss: three("-2 -1 0 -1 1 1 0 1 2"),
  "Sobel x": three("-1 0 1 -2 0 2 -1 0 1"),
  "Sobel y": three("-1 -2 -1 0 0 0 1 2 1"),
  Laplacian: three("0 1 0 1 -4 1 0 1 0"),
  "random, as Keras begins": (size) => random(size, false),
  "random, with the sum 0": (size) => random(size, true),
};
const GROWS = ["mean", "blur"]; // these have a form of their own in each size

/** A weight's text, short enough for its cell. */
function short(text, size) {
  const proper = text.trim().replace("-", "\u2212");
  if (proper.length <= (size === 7 ? 4 : 5)) return proper;
  const value = readNumber(text);
  return write(value, Math.abs(value) < 0.01 ? 3 : 2).replace(/^(\u2212?)0\./, "$1.");
}

/** A product's text, at most five signs or so. */
const brief = (value) => write(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);

/* ---- The figure ---------------------------------------------------------------------------- */

export class KernelLab extends LiveFigure {
  static style = `
    .bar { margin-bottom: 1rem; gap: 0.6rem 0.55rem; }
    .bar button { padding: 0.2rem 0.55rem; } .bar select { width: 9rem; }
    .pictures { display: grid; gap: 1rem; }
    .pictures figure { margin: 0; min-width: 0; }
    figcaption { display: grid; margin-bottom: 0.35rem; }
    .view { position: relative; cursor: crosshair; touch-action: pan-y pinch-zoom; border-radius: 4px; overflow: hidden; background: var(--wash, #f6f4fa); outline-offset: 3px; }
    .view canvas { display: block; width: 100%; height: auto; }
    .mark { position: absolute; transform: translate(-50%, -50%); border: 3px solid #ff9d2e; outline: 1.5px solid #000; box-shadow: inset 0 0 0 1.5px #000; pointer-events: none; min-width: 18px; min-height: 18px; }
    .hair { position: absolute; pointer-events: none; background: #ff9d2e; opacity: 0.75; }
    .hair.down { width: 1px; top: 0; bottom: 0; } .hair.across { height: 1px; left: 0; right: 0; }
    .scale { display: grid; grid-template-columns: auto 1fr auto; gap: 0.5rem; align-items: center; margin-top: 0.4rem; font-size: 0.86rem; color: var(--ink-soft, #585266); }
    .scale canvas { width: 100%; height: 0.7rem; border-radius: 3px; border: 1px solid var(--rule-strong, #8a829c); }
    .where { display: flex; flex-wrap: wrap; gap: 0.4rem 0.7rem; align-items: center; margin-top: 0.4rem; }
    .where label { display: inline-flex; align-items: center; gap: 0.4rem; }
    .where input { width: 4rem; min-height: 2rem; border: 1px solid var(--rule-strong, #8a829c); border-radius: 8px; padding: 0.1rem 0.5rem; background: var(--paper, #fff); color: var(--ink, #23202c); }
    .sum { display: flex; flex-wrap: wrap; align-items: center; justify-content: center; gap: 0.6rem 0.55rem; margin: 1.1rem 0 0.6rem; padding: 1rem 0.8rem; border-radius: 10px; background: var(--wash, #f6f4fa); }
    .table { display: grid; gap: 0.3rem; justify-items: center; }
    .cells { display: grid; grid-template-columns: repeat(var(--size), var(--cell)); grid-auto-rows: var(--cell); gap: 1px; padding: 1px; background: var(--rule-strong, #8a829c); font-size: var(--digits); line-height: var(--cell); text-align: center; font-variant-numeric: tabular-nums; }
    /* Sizes come from the table: with a variable in each of its 49 cells a change of colours took three times as long. */
    .cells > * { width: 100%; height: 100%; overflow: hidden; contain: strict; }
    .cells input { border: 0; padding: 0; margin: 0; text-align: center; border-radius: 0; min-height: 0; }
    .cells input:focus { outline: 3px solid var(--orange, #9c4a05); outline-offset: 0; z-index: 2; position: relative; }
    .cells input[aria-invalid="true"] { background: var(--paper, #fff) !important; color: var(--orange, #9c4a05) !important; text-decoration: underline wavy; }
    .cells .here { box-shadow: inset 0 0 0 3px #ff9d2e, inset 0 0 0 4.5px #000; }
    .op { font-size: 1.4rem; color: var(--ink-soft, #585266); padding-bottom: 1.5rem; }
    .total { display: grid; grid-template-columns: auto 5.6rem; gap: 0.45rem 0.6rem; align-items: center; padding-bottom: 1.4rem; }
    .total .name { text-align: right; }
    .total b { font-variant-numeric: tabular-nums; font-size: 1.05rem; font-weight: 600; }
    .total .answer { padding: 0.25rem 0.5rem; border-radius: 6px; border: 1px solid var(--rule-strong, #8a829c); font-size: 1.3rem; text-align: center; }
    .total input[type="text"] { width: 100%; min-height: 2rem; border: 1px solid var(--rule-strong, #8a829c); border-radius: 8px; padding: 0.1rem 0.5rem; background: var(--paper, #fff); color: var(--ink, #23202c); }
    .total input[type="range"] { grid-column: 2; width: 100%; }
    .written { font-variant-numeric: tabular-nums; padding: 0.1rem 0 0.4rem; line-height: 1.7; }
    .written div { padding-left: 2em; text-indent: -1em; }
    .written span { white-space: nowrap; } .written .here { background: var(--mark, #fbe3b8); border-radius: 3px; }
    .below { display: grid; gap: 0.5rem; margin-top: 0.6rem; }
    .file { position: relative; display: inline-flex; align-items: center; cursor: pointer; font-weight: 600; }
    .file:focus-within { outline: 3px solid var(--orange, #9c4a05); outline-offset: 2px; }
    :host(.over) .view { outline: 3px dashed var(--violet, #593796); }
    .sum { --digits: 0.82rem; }
    .sum[data-size="3"] { --size: 3; --cell: clamp(1.6rem, calc((100cqi - 4.6rem) / 9), 2.5rem); }
    .sum[data-size="5"] { --size: 5; --cell: min(2.6rem, (100cqi - 2.2rem) / 5.2); }
    .sum[data-size="7"] { --size: 7; --cell: min(2.6rem, (100cqi - 2.2rem) / 7.3); }
    @container (max-width: 33.99rem) {
      .sum:not([data-size="3"]) > .op { flex-basis: 100%; text-align: center; padding: 0; line-height: 1; }
    }
    @container (max-width: 30rem) { .sum { gap: 0.6rem 0.25rem; padding: 0.8rem 0.3rem; --digits: 0.76rem; } .op { font-size: 1rem; } .total { padding-bottom: 0; } }
    @container (min-width: 34rem) {
      .sum[data-size="5"] { --cell: min(2.6rem, (100cqi - 7.2rem) / 15); --digits: 0.76rem; }
      .sum[data-size="7"] { --cell: min(2.6rem, (100cqi - 7.2rem) / 21); --digits: 0.62rem; }
      .sum:not([data-size="3"]) > .total { flex-basis: 100%; grid-template-columns: auto auto auto 5.6rem 8rem auto auto; justify-content: center; padding: 0.3rem 0 0; }
      .sum:not([data-size="3"]) .total input[type="range"] { grid-column: auto; }
    }
    @container (min-width: 34rem) { .pictures { grid-template-columns: 1fr 1fr; } }
    /* The small one: a filter to choose, its weights to type, both pictures side by side. */
    :host([small]) :is(.bar > :not(:first-child), .where, .scale, figcaption .note, #written, .below > :not(#trouble)) { display: none; }
    :host([small]) .pictures { grid-template-columns: 1fr 1fr; gap: 0.6rem; }
    :host([small]) .bar { margin-bottom: 0.6rem; } :host([small]) .sum { margin: 0.7rem 0 0; }
    :host([small]) .op { padding-bottom: 1.5rem; }
    @container (min-width: 40rem) { .sum[data-size="5"] { --cell: min(2.5rem, (100cqi - 5.4rem) / 15); --digits: 0.74rem; } .sum[data-size="7"] { --cell: calc((100cqi - 5.6rem) / 21); --digits: 0.68rem; } }
  `;

  #rows = 0;
  #columns = 0;
  #isBook = true; // and not a photograph of the reader's
  #x = null; // grey, 0 to 255, row by row
  #z = null;
  #state = structuredClone(START);
  #w = START.texts.map(readNumber);
  #bias = readNumber(START.bias);
  #place = [...RIM];
  #hover = null;
  #history = [structuredClone(START)];
  #now = 0; // which state of the history is shown
  #editing = ""; // what is being typed into: one cell is one step of the history

  /** What the reader set: for tests, and for pages that want to begin elsewhere. */
  get value() {
    return { size: this.#state.size, weights: [...this.#w], bias: this.#bias, row: this.#place[0], column: this.#place[1] };
  }

  set value({ size = this.#state.size, weights, bias, row, column }) {
    const texts = weights?.map(String) ?? resize(this.#state.texts, this.#state.size, size);
    this.#place = [row ?? this.#place[0], column ?? this.#place[1]];
    this.#set({ size, texts, bias: bias === undefined ? this.#state.bias : String(bias) });
  }

  /** The answers as they are now: {rows, columns, data}. */
  get answers() {
    const { size } = this.#state;
    return { rows: this.#rows - size + 1, columns: this.#columns - size + 1, data: this.#z };
  }

  build(root) {
    root.append(this.#bar(), this.#pictures(), this.#sum(), this.#below());
    takeFiles(this, (file, note) => this.#own(file, note));
    root.addEventListener("keydown", (event) => this.#keys(event));
    for (const name of ["pointerover", "focusin"]) root.addEventListener(name, (event) => this.#point(event.target.dataset?.n));
    root.addEventListener("pointerleave", () => this.#point());
    this.#cells();
    this.ready = this.#book();
  }

  /* -- parts -- */

  #bar() {
    const preset = make("select", { id: "preset", onchange: () => this.#preset(preset.value) });
    preset.append(make("option", { value: "", textContent: "your own" }), ...Object.keys(PRESETS).map((name) => make("option", { value: name, textContent: name })));
    const button = (id, words, onclick) => make("button", { type: "button", id, onclick }, words);
    return make("div", { className: "bar" },
      field("Filter", preset),
      choice("Size", "size", { 3: "3x3", 5: "5x5", 7: "7x7" }, 3, (size) => this.#resize(Number(size))),
      button("undo", "Undo", () => this.#step(-1)),
      button("redo", "Redo", () => this.#step(1)),
      button("turn", "Half a turn", () => this.#set({ ...this.#state, texts: [...this.#state.texts].reverse() })),
      button("start", "Start over", () => this.#restart())
    );
  }

  #view(id, name) {
    const view = make("div", { id, className: "view", tabIndex: 0, role: "application", "aria-roledescription": "picture", "aria-label": name, "aria-describedby": "hint" },
      make("canvas"), make("div", { className: "hair down" }), make("div", { className: "hair across" }), make("div", { className: "mark" }));
    const at = (event) => {
      const box = view.getBoundingClientRect();
      return [((event.clientY - box.top) / box.height) * this.#rows, ((event.clientX - box.left) / box.width) * this.#columns].map(Math.floor);
    };
    // A mouse that passes over shows; what is pressed, dragged or tapped stays.
    view.onpointermove = (event) => {
      if (event.buttons || event.pointerType === "touch") this.#move(...at(event));
      else this.#show((this.#hover = this.#inside(...at(event))));
    };
    view.onpointerdown = (event) => {
      if (event.pointerType === "touch") return; // may be the beginning of a scroll
      view.setPointerCapture(event.pointerId);
      this.#move(...at(event));
    };
    view.onclick = (event) => this.#move(...at(event));
    view.onpointerleave = () => this.#show((this.#hover = null));
    view.onkeydown = (event) => {
      const step = arrow(event);
      if (!step) return;
      event.preventDefault();
      this.#hover = null;
      this.#move(this.#place[0] + step[0], this.#place[1] + step[1]);
    };
    return view;
  }

  #pictures() {
    const number = (id) => make("input", { id, type: "number", step: 1, onchange: () => this.#typedPlace(), oninput: () => this.#typedPlace(true) });
    const looks = make("select", { id: "looks", onchange: () => this.#change() });
    for (const [value, words] of [["auto", "colours: automatic"], ["image", "as a picture, 0 to 255"], ["signed", `signed, full at ${FULL}`], ["own", "signed, full at the largest"]])
      looks.append(make("option", { value, textContent: words }));
    looks.setAttribute("aria-label", "Colours of the answers");
    return make("div", { className: "pictures" },
      make("figure", {},
        make("figcaption", {}, make("span", { className: "name" }, "Photograph"), make("span", { className: "note", id: "shape" })),
        this.#view("photograph", "Photograph"),
        make("div", { className: "scale" }, make("span", {}, "0"), make("canvas", { id: "greys", width: 256, height: 1, role: "img", "aria-label": "Black is 0, white is 255." }), make("span", {}, "255")),
        make("div", { className: "where" }, make("span", { className: "name" }, "Centre"),
          make("label", {}, "row", number("row")), make("label", {}, "column", number("column")))),
      make("figure", {},
        make("figcaption", {}, make("span", { className: "name" }, "The filter\u2019s answers"), make("span", { className: "note numbers", id: "range" })),
        this.#view("answers", "The filter\u2019s answers"),
        make("div", { className: "scale" }, make("span", { id: "low" }), make("canvas", { id: "colours", width: 256, height: 1, role: "img" }), make("span", { id: "high" })),
        make("div", { className: "where" }, looks)),
    );
  }

  #sum() {
    const table = (id, words, role, label) => make("div", { className: "table" }, make("div", { className: "cells", id, role, "aria-label": label }), make("span", { className: "name" }, words));
    const sign = (text) => make("span", { className: "op", "aria-hidden": "true" }, text);
    const bias = make("input", { id: "bias", type: "text", inputMode: "decimal", autocomplete: "off", spellcheck: false, oninput: () => this.#typed(bias, "bias"), onblur: () => this.#left(bias, this.#state.bias.replace("-", "\u2212")) });
    bias.setAttribute("aria-label", "bias");
    const slide = make("input", { id: "slide", type: "range", min: -500, max: 500, step: 10, oninput: () => this.#slid(slide.value), onchange: () => (this.#editing = "") });
    slide.setAttribute("aria-label", "bias, from \u2212500 to 500");
    const total = make("div", { className: "total" },
      make("span", { className: "name" }, "sum"), make("b", { id: "products-sum" }),
      make("span", { className: "name" }, "bias \u03b2"), bias, slide,
      make("span", { className: "name" }, "answer z"), make("b", { id: "answer", className: "answer" }));
    return make("div", {},
      make("div", { className: "sum" },
        table("patch", "pixels x", "img", ""), sign("\u00d7"),
        table("weights", "weights w", "group", "Weights of the filter"), sign("="),
        table("products", "products w\u00b7x", "img", ""), total),
      make("details", { id: "written", open: true, ontoggle: () => this.#show() }, make("summary", {}, "The sum, written out"), make("div", { className: "written" })));
  }

  #below() {
    const file = make("input", { id: "file", type: "file", accept: "image/*", className: "unseen", onchange: () => this.#own(file.files[0]) });
    return make("div", { className: "below" },
      make("p", { className: "warning", id: "trouble" }),
      make("div", { className: "bar" }, make("label", { className: "file" }, "Choose a photograph of your own", file),
        make("p", { className: "note" }, "You may also drop or paste one."),
        make("button", { type: "button", id: "book", hidden: true, onclick: () => this.#book(true) }, "Back to the book\u2019s photograph")),
      make("p", { className: "note", id: "source" }),
      make("p", { className: "note", id: "hint" },
        "Point at a picture to look, click to stay; the arrow keys move by one pixel, with Shift by ten. Weights may be fractions such as 1/9; there the arrow keys up and down change a number by 1."));
  }

  /** Draw the cells of the three tables again for the size that is set. */
  #cells() {
    const { size, texts } = this.#state, count = size * size;
    this.$(".sum").dataset.size = size;
    const plain = () => Array.from({ length: count }, (_, n) => make("span", { dataset: { n } }));
    this.$("#patch").replaceChildren(...plain());
    this.$("#products").replaceChildren(...plain());
    this.$("#weights").replaceChildren(...texts.map((text, n) => {
      const input = make("input", { type: "text", inputMode: "decimal", autocomplete: "off", spellcheck: false, dataset: { n } });
      input.setAttribute("aria-label", `weight, row ${1 + Math.floor(n / size)}, column ${1 + (n % size)}`);
      input.oninput = () => this.#typed(input, n);
      input.onfocus = () => {
        input.value = this.#state.texts[n]; // in full, however long
        input.select();
      };
      input.onblur = () => this.#left(input, short(this.#state.texts[n], size));
      return input;
    }));
    this.$("#written").open = size === 3;
  }

  /* -- what the reader does -- */

  /** A new state, a new step of the history; `key` names what is being typed into. */
  #set(state, key = "") {
    if (key === "" || key !== this.#editing) {
      this.#history.length = this.#now + 1;
      this.#now++;
    }
    this.#history[this.#now] = structuredClone(state);
    this.#editing = key;
    this.#take(state);
  }

  #step(by) {
    if (!this.#history[this.#now + by]) return;
    this.#now += by;
    this.#editing = "";
    this.#take(structuredClone(this.#history[this.#now]));
    this.announce(`${by < 0 ? "Undone" : "Done again"}. ${this.#spoken()}`, 100);
  }

  #take(state) {
    const resized = state.size !== this.#state.size;
    this.#state = state;
    this.#w = state.texts.map(readNumber);
    this.#bias = readNumber(state.bias);
    if (!this.shadowRoot) return;
    if (resized) {
      this.#cells();
      this.#place = this.#inside(...this.#place);
      this.#hover = null;
    }
    this.#change();
    this.dispatchEvent(new CustomEvent("change", { detail: this.value, bubbles: true, composed: true }));
  }

  #preset(name) {
    if (name) this.#set({ ...this.#state, texts: PRESETS[name](this.#state.size), bias: "0" });
    this.$("#preset").value = name; // two random filters in a row differ, and are both random
  }

  #resize(size) {
    const name = this.$("#preset").value;
    this.#set({ ...this.#state, size, texts: GROWS.includes(name) ? PRESETS[name](size) : resize(this.#state.texts, this.#state.size, size) });
  }

  #restart() {
    this.#set(structuredClone(START));
    if (this.#isBook) this.#move(...RIM);
  }

  #typed(input, which) {
    const good = Number.isFinite(readNumber(input.value));
    if (good) input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
    this.#trouble(good ? "" : `\u201c${input.value}\u201d is not a number yet; the last good one stays in use.`, 1200);
    if (!good) return;
    const state = structuredClone(this.#state);
    if (which === "bias") state.bias = input.value;
    else state.texts[which] = input.value;
    this.#set(state, `${which}`);
  }

  /** A field was left: it shows the number that is in use, whatever was typed. */
  #left(input, text) {
    this.#editing = "";
    input.removeAttribute("aria-invalid");
    input.value = text;
    this.#trouble("");
  }

  #slid(text) {
    this.#set({ ...this.#state, bias: text }, "slide");
  }

  #typedPlace(quiet = false) {
    const [row, column] = ["#row", "#column"].map((id) => this.$(id).valueAsNumber);
    if (Number.isInteger(row) && Number.isInteger(column)) this.#move(row, column, quiet);
    else if (!quiet) this.#show();
  }

  #keys(event) {
    const control = event.ctrlKey || event.metaKey, key = event.key.toLowerCase();
    if (control && (key === "z" || key === "y")) {
      event.preventDefault(); // the browser's own undo knows one field, ours the whole filter
      this.#step(key === "y" || event.shiftKey ? 1 : -1);
      const focused = this.shadowRoot.activeElement;
      if (focused?.dataset.n) focused.value = this.#state.texts[focused.dataset.n];
      return;
    }
    const input = event.target;
    if (input.type !== "text" || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const value = readNumber(input.value), by = (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 0.1 : 1);
    if (!Number.isFinite(value)) return;
    event.preventDefault();
    input.value = String(Number((value + by).toFixed(6)));
    input.dispatchEvent(new Event("input"));
  }

  /** Mark the cell that is pointed at or focused in all three tables and in the sum. */
  #point(n) {
    for (const cell of this.shadowRoot.querySelectorAll("[data-n]")) cell.classList.toggle("here", n !== undefined && cell.dataset.n === n);
  }

  /** The nearest place at which the filter fits. */
  #inside(row, column) {
    const reach = this.#state.size >> 1;
    return [clamp(row, reach, Math.max(reach, this.#rows - 1 - reach)), clamp(column, reach, Math.max(reach, this.#columns - 1 - reach))];
  }

  #move(row, column, typing = false) {
    this.#place = this.#inside(row, column);
    if (!typing) this.#hover = null;
    this.#show(null, typing);
    this.announce(this.#spoken());
  }

  /* -- photographs -- */

  async #book(back = false) {
    try {
      const image = new Image();
      image.src = new URL("coffee.png", import.meta.url).href;
      await image.decode();
      this.#photograph(image, image.naturalWidth, image.naturalHeight);
      this.#isBook = true;
      if (back) this.#place = this.#inside(...RIM);
      this.$("#source").textContent = "The photograph is the book\u2019s cup of coffee in grey, 0 for black to 255 for white, with the same numbers as in the chapter.";
      this.$("#book").hidden = true;
      this.#trouble("");
      this.#change();
      if (back) this.$("#file").focus();
    } catch (error) {
      this.#trouble("The book\u2019s photograph could not be loaded; choose one of your own.");
    }
  }

  async #own(file, note = "") {
    this.$("#file").value = ""; // so that the same file can be chosen again
    if (!file) return;
    try {
      const { width, height, data, from } = await openPicture(file, { longest: LONGEST, shortest: SHORTEST });
      if (Math.min(width, height) < SHORTEST) throw new PictureError(`This picture is ${from.join(" x ")} pixels, too narrow: shrunk to ${LONGEST}, ${SHORTEST} on the shorter side must be left.`);
      this.#grey(data, width, height);
      this.#isBook = false;
      this.#place = this.#inside(height >> 1, width >> 1);
      const smaller = width < from[0] || height < from[1];
      this.$("#source").textContent = `Your photograph, in grey, ${smaller ? `made smaller from ${from.join(" x ")}` : "in its own size"}. It has not left this page: nothing is sent anywhere.`;
      this.$("#book").hidden = false;
      this.#trouble(note);
      this.#change();
      this.announce(`Your photograph, ${height} rows, ${width} columns. ${note} ${this.#spoken()}`);
    } catch (error) {
      if (!(error instanceof PictureError)) console.warn(error);
      this.#trouble(error instanceof PictureError ? error.message : "The file could not be read.");
    }
  }

  /** The book's photograph: its pixels as they are. */
  #photograph(image, wide, high) {
    const context = make("canvas", { width: wide, height: high }).getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    this.#grey(context.getImageData(0, 0, wide, high).data, wide, high);
  }

  /** Pixels of a canvas as grey, with the weights that the book uses. */
  #grey(colours, wide, high) {
    this.setPhotograph(Float32Array.from({ length: wide * high }, (_, n) => Math.round((299 * colours[4 * n] + 587 * colours[4 * n + 1] + 114 * colours[4 * n + 2]) / 1000)), high, wide);
  }

  /** Take grey values, 0 to 255, row by row. */
  setPhotograph(x, rows, columns) {
    [this.#x, this.#rows, this.#columns, this.#z] = [x, rows, columns, null];
    this.#place = this.#inside(...this.#place);
    for (const [id, size] of [["#row", rows], ["#column", columns]]) Object.assign(this.$(id), { min: 0, max: size - 1 });
    this.$("#shape").textContent = `${rows} rows, ${columns} columns`;
    paint(this.$("#photograph canvas"), x, rows, columns, "image", 255);
    paint(this.$("#greys"), Array.from({ length: 256 }, (_, n) => n), 1, 256, "image", 255);
  }

  /* -- what is shown -- */

  #trouble(text, pause = 0) {
    this.$("#trouble").textContent = text;
    if (text) this.announce(text, pause);
  }

  /** The filter changed: filter the photograph again, at once. */
  #change() {
    const { size, texts, bias } = this.#state, root = this.shadowRoot;
    const same = (name) => PRESETS[name](size).every((text, n) => readNumber(text) === this.#w[n]);
    this.$("#preset").value = Object.keys(PRESETS).find((name) => !name.startsWith("random") && same(name)) ?? "";
    root.querySelector(`input[name="size"][value="${size}"]`).checked = true;
    enable(this.$("#undo"), this.#now > 0);
    enable(this.$("#redo"), this.#now < this.#history.length - 1);
    const most = magnitude(this.#w), focused = root.activeElement;
    const inputs = [...this.$("#weights").children];
    // First all texts, then all colours: a text that is set asks for the styles set before it.
    inputs.forEach((input, n) => {
      const text = short(texts[n], size);
      if (input !== focused && input.value !== text) input.value = text;
    });
    inputs.forEach((input, n) => shade(input, cellStyle("weights", this.#w[n], most)));
    if (this.$("#bias") !== focused) this.$("#bias").value = bias.replace("-", "\u2212");
    if (this.$("#slide") !== focused) this.$("#slide").value = this.#bias;
    if (!this.#x) return;
    this.#z = correlate(this.#x, this.#rows, this.#columns, this.#w, size, this.#bias, this.#z);
    this.#paint();
    this.#show();
    if (this.#now > 0) this.announce(this.#spoken(), 900);
  }

  #paint() {
    const { rows, columns, data } = this.answers, wish = this.$("#looks").value;
    let low = Infinity, high = -Infinity, above = 0;
    for (const z of data) {
      if (z < low) low = z;
      if (z > high) high = z;
      if (z > 0) above++;
    }
    // Weights whose sum is not zero keep flat regions: their answers are a picture still.
    const sum = this.#w.reduce((a, b) => a + b, 0);
    const kind = wish === "image" || (wish === "auto" && sum > 0.5) ? "image" : "signed";
    const limit = kind === "image" ? 255 : wish === "own" ? Math.max(-low, high) || 1 : FULL;
    paint(this.$("#answers canvas"), data, rows, columns, kind, limit, this.#state.size >> 1);
    this.$("#range").textContent = `${write(low, 0)} to ${write(high, 0)}, ${write((100 * above) / data.length, 1)} % above zero`;
    this.$("#low").textContent = write(kind === "image" ? 0 : -limit, 0);
    this.$("#high").textContent = write(limit, 0);
    paint(this.$("#colours"), Array.from({ length: 256 }, (_, n) => (kind === "image" ? n : (n / 127.5 - 1) * limit)), 1, 256, kind, limit);
    this.$("#colours").setAttribute("aria-label", kind === "image" ? "Black is 0, white is 255." : `Blue is negative, white is zero, red is positive; full colour means ${write(limit, 0)}.`);
  }

  /** The sum at a place, in parts. */
  #at([row, column]) {
    const { size } = this.#state, reach = size >> 1;
    const pixels = this.#w.map((_, n) => this.#x[(row - reach + Math.floor(n / size)) * this.#columns + column - reach + (n % size)]);
    const products = pixels.map((pixel, n) => this.#w[n] * pixel);
    const sum = products.reduce((a, b) => a + b, 0);
    return { pixels, products, sum, answer: sum + this.#bias };
  }

  #spoken() {
    if (!this.#x) return "";
    const [row, column] = this.#place, { sum, answer } = this.#at(this.#place);
    return `Row ${row}, column ${column}: sum ${write(sum)}, bias ${write(this.#bias)}, answer ${write(answer)}.`;
  }

  /** Show the place that is pointed at, or else the one that was chosen. */
  #show(_, typing = false) {
    if (!this.#x) return;
    const place = this.#hover ?? this.#place, [row, column] = place, { size, texts } = this.#state;
    const { pixels, products, sum, answer } = this.#at(place);
    for (const [id, side] of [["#photograph", size], ["#answers", 1]]) {
      const top = `${(100 * (row + 0.5)) / this.#rows}%`, left = `${(100 * (column + 0.5)) / this.#columns}%`;
      Object.assign(this.$(`${id} .mark`).style, { top, left, width: `${(100 * side) / this.#columns}%`, height: `${(100 * side) / this.#rows}%` });
      this.$(`${id} .hair.down`).style.left = left;
      this.$(`${id} .hair.across`).style.top = top;
    }
    const fill = (id, values, kind, limit, text) =>
      [...this.$(id).children].forEach((cell, n) => shade(cell, cellStyle(kind, values[n], limit), text(values[n])));
    fill("#patch", pixels, "image", 255, (value) => write(value, 0));
    fill("#products", products, "signed", magnitude(products), brief);
    const rows = (values, text) => Array.from({ length: size }, (_, r) => values.slice(r * size, (r + 1) * size).map(text).join(", ")).join("; ");
    this.$("#patch").setAttribute("aria-label", `Pixels under the filter, row by row: ${rows(pixels, (value) => write(value, 0))}.`);
    this.$("#products").setAttribute("aria-label", `Products, row by row: ${rows(products, brief)}.`);
    this.$("#products-sum").textContent = write(sum);
    shade(this.$("#answer"), cellStyle("signed", answer, FULL), write(answer));
    if (!typing) {
      this.$("#row").value = row;
      this.$("#column").value = column;
    }
    if (!this.$("#written").open) return; // nobody reads it, and it is 49 terms long
    const term = (n) => make("span", { dataset: { n } }, `${bracketed(this.#short(texts[n]))}\u00b7${write(pixels[n], 0)}`);
    const lines = Array.from({ length: size }, (_, r) => {
      const line = make("div", {}, r ? "+ " : "z = ");
      for (let n = r * size; n < (r + 1) * size; n++) line.append(...(n > r * size ? [" + ", term(n)] : [term(n)]));
      return line;
    });
    const bias = `${this.#bias < 0 ? "\u2212" : "+"} ${write(Math.abs(this.#bias))}`;
    this.$(".written").replaceChildren(...lines, make("div", {}, `${bias}  (the bias)`), make("div", {}, `= ${write(sum)} ${bias} = ${write(answer)}`));
  }

  #short(text) {
    const proper = text.trim().replace("-", "\u2212");
    return proper.length <= 7 ? proper : write(readNumber(text), 4);
  }
}

define("kernel-lab", KernelLab);
