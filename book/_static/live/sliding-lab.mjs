/* <sliding-lab>: a filter walks over a small picture and fills a map (chapter 2).

   Every setting may be typed, also one that makes no sense: then the figure says why
   nothing can be computed, and what would help. The formula for the size of the map
   stands with its numbers put in. It opens with the chapter's picture and filter. */

import { LiveFigure, arrow, bracketed, choice, clamp, colour, define, draw, enable, field, ink, magnitude, make, write } from "./figure.mjs";
import { walk } from "./runtime.mjs";

// The chapter's picture; its first sum is 6 and its second 26.
const CHAPTER = [
  [1, 2, 1, 7, 8, 8], [0, 2, 2, 9, 8, 7], [1, 1, 3, 8, 9, 8],
  [2, 0, 2, 9, 7, 8], [1, 2, 1, 8, 9, 9], [0, 1, 2, 7, 8, 8],
];
const START = { n: 6, k: 3, s: 1, d: 1, mode: "valid", p: 0, c: 1, f: 1 };

/** What can be set. `most` is what the figure can draw; the formula goes further. */
const SETTINGS = {
  n: { words: "picture n", name: "The picture", least: 1, most: 10 },
  k: { words: "filter k", name: "The filter", least: 1, most: 5 },
  s: { words: "stride s", name: "The stride", least: 1, most: 5 },
  d: { words: "dilation d", name: "The dilation", least: 1, most: 4 },
  p: { words: "padding p", name: "The padding", least: 0, most: 3 },
  c: { words: "channels c", name: "The number of channels", least: 1, most: 4 },
  f: { words: "filters f", name: "The number of filters", least: 1, most: 4 },
};

const EXAMPLES = {
  "the chapter's picture": {},
  "padding 1: as large as the picture": { mode: "own", p: 1 },
  "stride 2: every second place": { s: 2 },
  "dilation 2: a wider window": { d: 2 },
  "a row that is never read": { n: 10, s: 2 },
  "\u201csame\u201d with stride 2: one odd pixel": { mode: "same", s: 2 },
  "full: every pixel equally often": { mode: "own", p: 2 },
  "three channels, one filter": { c: 3 },
  "three channels, four filters": { c: 3, f: 4 },
  "a filter that does not fit": { n: 5, d: 3 },
};

/* ---- Numbers to work on ------------------------------------------------------------- */

/** A picture (c, n, n): the chapter's, or one like it, dark on one side and bright on the other. */
export function picture(n, c) {
  return Array.from({ length: c }, (_, channel) =>
    Array.from({ length: n }, (_, row) =>
      Array.from({ length: n }, (_, column) => {
        if (n === 6 && channel === 0) return CHAPTER[row][column];
        const along = channel % 2 ? row : column, chance = (row * 7 + column * 5 + row * column * 3 + channel * 2) % 3;
        return (2 * along < n) === (channel < 2) ? chance : 7 + chance;
      })
    )
  );
}

/** Weights (f, c, k, k): Sobel's and others like them; every channel has a slice of its own. */
export function filters(k, c, f) {
  const half = (k - 1) / 2;
  const slope = (at) => (k === 1 ? 1 : k % 2 ? at - half : at < half ? -1 : 1);
  const weight = (at) => Math.floor(half - Math.abs(at - half)) + 1;
  const kinds = [
    (u, v) => slope(v) * weight(u), // x
    (u, v) => slope(u) * weight(v), // y
    (u, v) => (u === Math.floor(half) && v === Math.floor(half) ? k * k - 1 || 1 : -1), // detail
    () => 1, // sum
  ];
  const share = [1, -1, 2, -2];
  return Array.from({ length: f }, (_, filter) =>
    Array.from({ length: c }, (_, channel) =>
      Array.from({ length: k }, (_, u) => Array.from({ length: k }, (_, v) => kinds[filter](u, v) * share[channel]))
    )
  );
}

/** How the filter walks with these settings: {size, before, after, reach, left over, quotient}. */
export function plan({ n, k, s, d, mode, p }) {
  const reach = d * (k - 1) + 1, zeros = mode === "own" ? p : 0; // a padding that was typed stays for later
  const { size, before, after } = mode === "same" ? walk(n, k, s, d, "same") : { ...walk(n + 2 * zeros, k, s, d), before: zeros, after: zeros };
  const wide = n + before + after, quotient = (wide - reach) / s;
  return { size, before, after, reach, wide, quotient, unread: size > 0 ? wide - ((size - 1) * s + reach) : wide };
}

/** How many windows read each of n pixels in one direction. */
export function uses({ n, k, s, d }, { size, before }) {
  const count = Array(n).fill(0);
  for (let place = 0; place < size; place++)
    for (let u = 0; u < k; u++) {
      const pixel = place * s + u * d - before;
      if (pixel >= 0 && pixel < n) count[pixel]++;
    }
  return count;
}

/** What is wrong with the settings, in words that help; "" if nothing is. */
export function problem(state) {
  for (const [key, { name }] of Object.entries(SETTINGS)) {
    const value = state[key];
    if (key === "p" && state.mode !== "own") continue;
    if (!Number.isFinite(value)) return `${name} needs a number.`;
    if (!Number.isInteger(value)) return `${name} cannot be ${write(value)}: pixels, weights and steps are counted, so a whole number is needed.`;
    if (Math.abs(value) > 9999) return `${name} is too large to reckon with here; 9,999 is the most.`;
  }
  const { n, k, s, d, c, f, mode } = state;
  if (n < 1) return `A picture ${write(n)} pixels wide has no pixel to read. The smallest is 1.`;
  if (k < 1) return `A filter ${write(k)} wide has no weights, so there is nothing to multiply. The smallest is 1x1.`;
  if (s < 1) return s === 0 ? "With stride 0 the filter would never leave its first place. The smallest stride is 1." : `Stride ${write(s)} would walk backwards, out of the picture. The smallest stride is 1.`;
  if (d < 1) return d === 0 ? "Dilation 0 would read the same pixel again and again, and Keras refuses it. Ordinary filters have dilation 1." : `Dilation ${write(d)} makes no sense: it is the distance between the pixels that are read. Ordinary filters have dilation 1.`;
  if (state.p < 0 && mode === "own") return `Padding ${write(state.p)} would cut pixels off instead of adding zeros. No padding is 0.`;
  if (c < 1) return "Without a channel there are no numbers. A grey picture has 1 channel, a colour picture 3.";
  if (f < 1) return "Without a filter there is no map. One filter gives one map.";
  const { size, reach, wide } = plan(state);
  if (size < 1) {
    const more = Math.ceil((reach - n) / 2);
    return `The filter covers ${d > 1 ? `${d}\u00b7(${k} \u2212 1) + 1 = ${reach}` : reach} pixels and the ${wide > n ? "padded " : ""}picture has ${wide}: it fits nowhere, and Keras refuses. A picture ${reach} wide would do, or padding ${more}${d > 1 ? ", or a smaller dilation" : ", or a smaller filter"}.`;
  }
  return "";
}

/** What is true and may surprise, a sentence each. */
export function remarks(state) {
  const { s, d, mode } = state, { before, after, unread, quotient } = plan(state), found = [];
  if (s > 1 && d > 1) found.push("Keras\u2019s Conv2D takes no stride above 1 together with a dilation above 1. The sums go on all the same.");
  if (mode === "same" && before !== after) found.push(`The ${before + after === 1 ? "one row and column of zeros" : `${before + after} rows and columns of zeros`} cannot be shared fairly: TensorFlow puts ${before} above and to the left, ${after} below and to the right.`);
  const last = unread === 1 ? "row and the last column are" : `${unread} rows and columns are`;
  if (unread > 0 && mode === "same") found.push(`The last ${last} never read: the next step would leave the picture.`);
  else if (unread > 0)
    found.push(`The division gives ${write(quotient)}, and the floor drops the fraction: the last ${last} never read${before + after ? " (zeros count as well)" : ""}.`);
  return found;
}

/* ---- The figure --------------------------------------------------------------------------- */

export class SlidingLab extends LiveFigure {
  static style = `
    .bar { margin-bottom: 0.9rem; }
    .settings { display: flex; flex-wrap: wrap; gap: 0.7rem 0.8rem; align-items: end; margin-bottom: 0.9rem; }
    .settings .field input { width: 4.9rem; }
    .settings input[aria-invalid="true"] { border: 2px solid var(--orange, #9c4a05); background: var(--orange-wash, #fdf4e8); }
    .stage { display: flex; flex-wrap: wrap; gap: 1rem 1.4rem; align-items: start; justify-content: center; padding: 1rem 0.8rem; border-radius: 10px; background: var(--wash, #f6f4fa); }
    .part { margin: 0; min-width: 0; max-width: 100%; }
    .part > figcaption { text-align: center; margin-bottom: 0.4rem; }
    .panels { display: flex; flex-wrap: wrap; gap: 0.6rem 0.8rem; justify-content: center; }
    .panel { display: grid; gap: 0.2rem; justify-items: center; max-width: 100%; }
    .panel > span { font-size: 0.82rem; color: var(--ink-soft, #585266); }
    svg { display: block; max-width: 100%; height: auto; overflow: visible; }
    svg text { font-size: 4.6px; text-anchor: middle; dominant-baseline: central; font-variant-numeric: tabular-nums; font-family: inherit; }
    .cell { stroke: var(--rule-strong, #8a829c); stroke-width: 0.3; }
    .empty { fill: var(--paper, #fff); }
    .edge { fill: none; stroke: var(--violet, #593796); stroke-width: 0.9; }
    .read { fill: none; stroke: #ff9d2e; stroke-width: 1; } .under { fill: none; stroke: #000; stroke-width: 1.7; }
    .window { fill: none; stroke: #ff9d2e; stroke-width: 0.8; stroke-dasharray: 2 1.2; }
    .map { cursor: pointer; border-radius: 3px; }
    .walk { display: flex; flex-wrap: wrap; gap: 0.6rem 0.8rem; align-items: center; margin: 0.9rem 0; }
    .walk input[type="range"] { flex: 1 1 8rem; min-width: 6rem; }
    .walk label { display: flex; flex: 1 1 12rem; gap: 0.6rem; align-items: center; }
    .facts { display: grid; gap: 0.9rem 1.6rem; margin-top: 0.9rem; }
    @container (min-width: 34rem) { .facts { grid-template-columns: auto 1fr; } #sum-part { grid-row: 1 / span 3; max-width: 21rem; } }
    .lines { font-variant-numeric: tabular-nums; line-height: 1.7; }
    .lines div { padding-left: 1.2em; text-indent: -1.2em; }
    .lines .term { white-space: nowrap; }
    .facts > * > .name { margin-bottom: 0.1rem; }
    code { font-family: var(--pst-font-family-monospace, monospace); font-size: 0.86em; overflow-wrap: anywhere; }
    .remarks:empty { display: none; }
    .remarks p + p { margin-top: 0.3rem; }
    .remarks { padding: 0.2rem 0 0.2rem 0.9rem; border-left: 4px solid var(--violet, #593796); }
  `;

  #state = { ...START };
  #place = 0; // counted row by row
  #filter = 0;
  #looks = "values";
  #timer = 0;

  get value() {
    return { ...this.#state, place: this.#place };
  }

  set value(wish) {
    this.#state = { ...START, ...wish };
    this.#place = wish.place ?? 0;
    this.#filter = 0;
    if (this.shadowRoot) this.#change();
  }

  /** The maps as they would be when filled: (f, size, size). Null where nothing fits. */
  get answers() {
    if (problem(this.#state)) return null;
    const { size } = plan(this.#state), range = [...Array(size).keys()];
    return this.#weights.map((_, f) => range.map((i) => range.map((j) => this.#sums(f, i, j).reduce((a, b) => a + b, 0))));
  }

  build(root) {
    const example = make("select", { id: "example", onchange: () => example.value && this.#example(example.value) });
    example.append(make("option", { value: "", textContent: "your own settings" }), ...Object.keys(EXAMPLES).map((name) => make("option", { value: name, textContent: name })));
    const setting = (key) => {
      const { words, least } = SETTINGS[key];
      const input = make("input", { id: key, type: "number", step: 1, min: least, value: START[key], oninput: () => this.#typed(key, input) });
      input.setAttribute("aria-describedby", "problem");
      return field(words, input);
    };
    root.append(
      make("div", { className: "bar" }, field("Begin with", example), make("button", { type: "button", id: "reset", onclick: () => this.#example(Object.keys(EXAMPLES)[0]) }, "Start over")),
      make("div", { className: "settings" }, ...["n", "c", "k", "f", "s", "d"].map(setting)),
      make("div", { className: "settings" },
        choice("Padding", "mode", { valid: "valid", same: "same", own: "own p" }, "valid", (mode) => this.#set({ mode })), setting("p"),
        choice("Show in the picture", "looks", { values: "its values", uses: "how often used" }, "values", (looks) => this.#look(looks))),
      make("p", { className: "warning", id: "problem" }),
      make("div", { id: "drawing" },
        make("div", { className: "stage" },
          this.#part("picture"), this.#part("filter"), this.#part("map")),
        make("div", { className: "walk" },
          make("button", { type: "button", id: "play", className: "main", onclick: () => this.#play(!this.#timer) }, "Play"),
          make("button", { type: "button", id: "back", onclick: () => this.#go(this.#place - 1) }, "Back"),
          make("button", { type: "button", id: "next", onclick: () => this.#go(this.#place + 1) }, "Next"),
          make("label", {}, make("span", { className: "name" }, "place"), make("input", { id: "place", type: "range", min: 0, value: 0, oninput: () => this.#go(this.$("#place").valueAsNumber) })))),
      make("div", { className: "facts" },
        make("div", { id: "sum-part" }, make("p", { className: "name" }, "The sum at this place"), make("div", { className: "lines", id: "sum" })),
        make("div", { id: "size-part" }, make("p", { className: "name" }, "The size of the map"), make("div", { className: "lines", id: "size" })),
        make("div", { className: "remarks", id: "remarks" }),
        make("div", { id: "cost-part" }, make("p", { className: "name" }, "What it costs, and how Keras is told"), make("div", { className: "lines", id: "cost" })))
    );
    this.#change(true);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#play(false);
  }

  #part(id) {
    return make("figure", { className: "part", id: `${id}-part` }, make("figcaption", { className: "name" }), make("div", { className: "panels" }));
  }

  /* -- what the reader does -- */

  #example(name) {
    this.#state = { ...START, ...EXAMPLES[name] };
    this.#place = 0;
    this.#filter = 0;
    this.#change();
    this.$("#example").value = name;
  }

  #typed(key, input) {
    this.#state[key] = input.value.trim() === "" ? NaN : Number(input.value);
    if (key === "p") this.#state.mode = "own"; // who types a padding means it
    this.#place = 0;
    this.#change();
  }

  #look(looks) {
    this.#looks = looks;
    const place = this.#place;
    this.#change();
    if (this.#drawn) this.#go(place, false);
    this.announce(looks === "uses" && this.#drawn ? this.#usesSpoken() : "The picture shows its values.");
  }

  #set(change) {
    Object.assign(this.#state, change);
    this.#place = 0;
    this.#change();
  }

  #go(place, stop = true) {
    if (stop) this.#play(false);
    if (!this.#drawn) return;
    const { size } = plan(this.#state);
    this.#place = clamp(place, 0, size * size - 1);
    this.#show();
    if (stop) this.announce(this.#spoken());
  }

  #play(on) {
    clearInterval(this.#timer);
    this.#timer = 0;
    if (this.shadowRoot) this.$("#play").textContent = on ? "Pause" : "Play";
    if (!on || !this.#drawn) return;
    const last = plan(this.#state).size ** 2 - 1;
    if (this.#place >= last) this.#go(0, false);
    this.#timer = setInterval(() => {
      this.#go(this.#place + 1, false);
      if (this.#place < last) return;
      this.#play(false);
      this.announce(`The map is full. ${this.#spoken()}`, 0);
    }, 700);
  }

  /* -- numbers -- */

  /** The sum of each channel for filter f at the place (row, column). */
  #sums(f, row, column) {
    const { k, s, d, n } = this.#state, { before } = plan(this.#state);
    return this.#weights[f].map((slice, channel) => {
      let sum = 0;
      for (let u = 0; u < k; u++)
        for (let v = 0; v < k; v++) {
          const i = row * s + u * d - before, j = column * s + v * d - before;
          if (i >= 0 && j >= 0 && i < n && j < n) sum += slice[u][v] * this.#values[channel][i][j];
        }
      return sum;
    });
  }

  #spoken() {
    const { size } = plan(this.#state), row = Math.floor(this.#place / size), column = this.#place % size;
    const sums = this.#sums(this.#filter, row, column);
    return `Place ${this.#place + 1} of ${size * size}, row ${row}, column ${column} of the map: ${write(sums.reduce((a, b) => a + b, 0))}.`;
  }

  #usesSpoken() {
    const count = uses(this.#state, plan(this.#state)), n = this.#state.n, middle = count[n >> 1] ** 2;
    return `The corner pixel is used ${count[0] ** 2} times, one in the middle ${middle} times, the last corner ${count[n - 1] ** 2} times.`;
  }

  /* -- drawing -- */

  #values = [];
  #weights = [];
  #maps = [];
  #limit = 1;
  #drawn = false; // whether the settings can be drawn
  #marks = [];
  #outs = [];

  /** The settings changed: draw everything again. */
  #change(first = false) {
    const state = this.#state, wrong = problem(state);
    const large = wrong ? "" : this.#tooLarge();
    this.#play(false);
    this.#drawn = !wrong && !large;
    for (const key of Object.keys(SETTINGS)) {
      const input = this.$(`#${key}`), active = this.shadowRoot.activeElement === input;
      if (!active) input.value = Number.isFinite(state[key]) ? state[key] : "";
      const bad = wrong && (!Number.isInteger(state[key]) || state[key] < SETTINGS[key].least);
      if (bad) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    this.$(`input[name="mode"][value="${state.mode}"]`).checked = true;
    this.$("#p").closest("label").hidden = state.mode !== "own" && this.shadowRoot.activeElement !== this.$("#p");
    this.$("#example").value = Object.keys(EXAMPLES).find((name) => Object.entries({ ...START, ...EXAMPLES[name] }).every(([key, value]) => state[key] === value || (key === "p" && state.mode !== "own"))) ?? "";
    this.$("#problem").textContent = wrong || large;
    this.$("#drawing").hidden = this.$("#sum-part").hidden = !this.#drawn;
    this.$("#cost-part").hidden = Boolean(wrong);
    this.#formula(wrong);
    this.$("#remarks").replaceChildren(...(wrong ? [] : remarks(state)).map((text) => make("p", {}, text)));
    if (!wrong) this.#cost();
    if (this.#drawn) this.#draw();
    if (!first) this.announce(wrong || large || `The map is ${plan(state).size} wide. ${remarks(state).join(" ")} ${this.#spoken()}`, 900);
  }

  #tooLarge() {
    const { size } = plan(this.#state);
    const key = Object.keys(SETTINGS).find((name) => this.#state[name] > SETTINGS[name].most && !(name === "p" && this.#state.mode !== "own"));
    return key ? `${SETTINGS[key].name} goes beyond what can be drawn here (${SETTINGS[key].most} at most), but the formula knows no such limit: the map is ${size.toLocaleString("en")} wide.` : "";
  }

  #draw() {
    const { n, k, c, f } = this.#state, { size, before, after, wide } = plan(this.#state);
    this.#values = picture(n, c);
    this.#weights = filters(k, c, f);
    this.#filter = clamp(this.#filter, 0, f - 1);
    this.#maps = this.answers;
    this.#limit = magnitude(this.#maps.flat(2));
    const caption = (id, text) => (this.$(`#${id}-part figcaption`).textContent = text);
    caption("picture", `picture, ${n} x ${n}${before + after ? `, with zeros ${wide} x ${wide}` : ""}`);
    caption("map", f > 1 ? `${f} maps, ${size} x ${size}` : `map, ${size} x ${size}`);
    this.#marks = [];
    this.$("#picture-part .panels").replaceChildren(...this.#values.map((_, channel) => this.#pictureOf(channel)));
    this.#outs = [];
    this.$("#map-part .panels").replaceChildren(...this.#maps.map((_, number) => this.#mapOf(number)));
    this.#drawFilter();
    Object.assign(this.$("#place"), { max: size * size - 1 });
    this.#show();
  }

  /** A drawing of rows x columns cells of 10 units; `cell` in rem is as large as it gets. */
  #grid(rows, columns, cell, label) {
    const svg = draw("svg", { viewBox: `-1 -1 ${columns * 10 + 2} ${rows * 10 + 2}`, role: "img", "aria-label": label });
    svg.style.width = `${(columns + 0.2) * cell}rem`;
    return svg;
  }

  #cell(row, column, kind, value, limit, text) {
    const rgb = colour(kind, value, limit);
    const box = draw("rect", { class: "cell", x: column * 10, y: row * 10, width: 10, height: 10, fill: `rgb(${rgb})` });
    const words = draw("text", { x: column * 10 + 5, y: row * 10 + 5.2, fill: ink(rgb) }, text);
    return draw("g", {}, box, words);
  }

  #panel(svg, words) {
    return make("div", { className: "panel" }, ...(words ? [make("span", {}, words)] : []), svg);
  }

  #pictureOf(channel) {
    const { n, k, c } = this.#state, geometry = plan(this.#state), { before, wide } = geometry;
    const values = this.#values[channel], count = uses(this.#state, geometry), many = count.reduce((a, b) => Math.max(a, b)) ** 2 || 1;
    const counts = this.#looks === "uses";
    const label = counts ? `How often each pixel is used: ${count.map((a) => count.map((b) => a * b).join(", ")).join("; ")}.` : `Channel ${channel + 1} of the picture: ${values.map((row) => row.join(", ")).join("; ")}.`;
    const svg = this.#grid(wide, wide, Math.min(c > 1 ? 1.8 : 2.6, (c > 1 ? 17 : 21) / wide), label);
    for (let i = 0; i < wide; i++)
      for (let j = 0; j < wide; j++) {
        const row = i - before, column = j - before, inside = row >= 0 && column >= 0 && row < n && column < n;
        if (counts && inside) svg.append(this.#cell(i, j, "image", count[row] * count[column], many, String(count[row] * count[column])));
        else svg.append(this.#cell(i, j, "image", inside && !counts ? values[row][column] : 0, 9, inside ? String(values[row][column]) : counts ? "" : "0"));
      }
    if (wide > n) svg.append(draw("rect", { class: "edge", x: before * 10, y: before * 10, width: n * 10, height: n * 10 }));
    const mark = draw("g", {}), side = 10 * geometry.reach;
    if (geometry.reach > k) mark.append(draw("rect", { class: "under", x: 0, y: 0, width: side, height: side }), draw("rect", { class: "window", x: 0, y: 0, width: side, height: side }));
    for (const name of ["under", "read"])
      for (let u = 0; u < k; u++) for (let v = 0; v < k; v++) mark.append(draw("rect", { class: name, x: u * this.#state.d * 10 + 0.6, y: v * this.#state.d * 10 + 0.6, width: 8.8, height: 8.8 }));
    svg.append(mark);
    this.#marks.push(mark);
    return this.#panel(svg, c > 1 ? `channel ${channel + 1}` : "");
  }

  #drawFilter() {
    const { k, c, f } = this.#state, slices = this.#weights[this.#filter], most = magnitude(slices.flat(2));
    this.$("#filter-part figcaption").textContent = f > 1 ? `filter ${this.#filter + 1} of ${f}` : c > 1 ? `one filter, ${c} deep` : `filter, ${k} x ${k}`;
    this.$("#filter-part .panels").replaceChildren(...slices.map((slice, channel) => {
      const svg = this.#grid(k, k, c > 1 ? 1.7 : 2.1, `Weights${c > 1 ? ` for channel ${channel + 1}` : ""}: ${slice.map((row) => row.map((w) => write(w)).join(", ")).join("; ")}.`);
      slice.forEach((row, u) => row.forEach((w, v) => svg.append(this.#cell(u, v, "weights", w, most, write(w)))));
      return this.#panel(svg, c > 1 ? `for channel ${channel + 1}` : "");
    }));
  }

  #mapOf(number) {
    const { f } = this.#state, { size } = plan(this.#state);
    const svg = this.#grid(size, size, Math.min(f > 1 ? 1.8 : 2.6, (f > 1 ? 17 : 18) / size), `Map ${number + 1}`);
    const cells = this.#maps[number].flatMap((row, i) => row.map((value, j) => {
      const cell = this.#cell(i, j, "signed", value, this.#limit, write(value));
      svg.append(cell);
      return cell;
    }));
    const mark = draw("g", {}, draw("rect", { class: "under", x: 0.6, y: 0.6, width: 8.8, height: 8.8 }), draw("rect", { class: "read", x: 0.6, y: 0.6, width: 8.8, height: 8.8 }));
    svg.append(mark);
    this.#outs.push({ svg, cells, mark });
    const map = make("div", { className: "map", role: "application", tabIndex: 0, "aria-roledescription": "map", "aria-label": `Map ${number + 1}: the arrow keys move the filter` }, svg);
    const at = (event) => {
      const box = svg.getBoundingClientRect(), unit = box.width / (size * 10 + 2);
      const [row, column] = [event.clientY - box.top, event.clientX - box.left].map((pixels) => clamp(Math.floor((pixels / unit - 1) / 10), 0, size - 1));
      return row * size + column;
    };
    const choose = (place) => {
      if (this.#filter !== number) {
        this.#filter = number;
        this.#drawFilter();
      }
      this.#go(place);
    };
    map.onclick = (event) => choose(at(event));
    map.onpointermove = (event) => event.buttons && choose(at(event));
    map.onkeydown = (event) => {
      const step = arrow(event);
      if (!step) return;
      event.preventDefault();
      const row = clamp(Math.floor(this.#place / size) + step[0], 0, size - 1), column = clamp((this.#place % size) + step[1], 0, size - 1);
      choose(row * size + column);
    };
    return this.#panel(map, f > 1 ? `map ${number + 1}` : "");
  }

  /** Show the place: the window, what is filled so far, the sum. */
  #show() {
    const { s, k, d, n, c } = this.#state, { size, before } = plan(this.#state);
    const row = Math.floor(this.#place / size), column = this.#place % size;
    for (const mark of this.#marks) mark.setAttribute("transform", `translate(${column * s * 10} ${row * s * 10})`);
    this.#outs.forEach(({ svg, cells, mark }, number) => {
      cells.forEach((cell, place) => {
        const filled = place <= this.#place, [box, words] = cell.children;
        box.classList.toggle("empty", !filled);
        words.style.visibility = filled ? "" : "hidden";
      });
      mark.setAttribute("transform", `translate(${column * 10} ${row * 10})`);
      const done = this.#maps[number].flat().slice(0, this.#place + 1).map((value) => write(value)).join(", ");
      svg.setAttribute("aria-label", `Map ${number + 1}, filled so far: ${done}.`);
    });
    this.$("#place").value = this.#place;
    this.$("#place").setAttribute("aria-valuetext", `place ${this.#place + 1} of ${size * size}`);
    enable(this.$("#back"), this.#place > 0);
    enable(this.$("#next"), this.#place < size * size - 1);
    const sums = this.#sums(this.#filter, row, column), lines = [];
    this.#weights[this.#filter].forEach((slice, channel) => {
      const rows = slice.map((weights, u) => weights.map((w, v) => {
        const i = row * s + u * d - before, j = column * s + v * d - before;
        const x = i >= 0 && j >= 0 && i < n && j < n ? this.#values[channel][i][j] : 0;
        return make("span", { className: "term" }, `${bracketed(write(w))}\u00b7${x}`);
      }));
      if (c === 1)
        rows.forEach((terms, u) => lines.push(make("div", {}, u ? "+ " : "z = ", ...terms.flatMap((term, v) => (v ? [" + ", term] : [term])))));
      else if (k <= 3)
        lines.push(make("div", {}, `channel ${channel + 1}:  `, ...rows.flat().flatMap((term, v) => (v ? [" + ", term] : [term])), ` = ${write(sums[channel])}`));
      else lines.push(make("div", {}, `channel ${channel + 1}: ${k * k} products, sum ${write(sums[channel])}`));
    });
    const total = write(sums.reduce((a, b) => a + b, 0));
    lines.push(make("div", {}, c > 1 ? `z = ${sums.map((sum, number) => (number ? bracketed(write(sum)) : write(sum))).join(" + ")} = ${total}` : `= ${total}`));
    this.$("#sum").replaceChildren(...lines);
    this.$("#sum-part .name").textContent = `The sum at row ${row}, column ${column} of the map${this.#state.f > 1 ? `, filter ${this.#filter + 1}` : ""}`;
  }

  #formula(wrong) {
    const { n, k, s, d, mode, p } = this.#state, whole = [n, k, s, d, mode === "own" ? p : 0].every(Number.isFinite);
    const lines = [];
    if (mode === "same") {
      lines.push("size = \u2308n / s\u2309");
      if (whole && s > 0) {
        const { size, before, after } = plan(this.#state);
        lines.push(`= \u2308${n} / ${s}\u2309 = ${write(size)}`);
        if (!wrong) lines.push(`zeros needed: (${size} \u2212 1)\u00b7${s} + ${d}\u00b7(${k} \u2212 1) + 1 \u2212 ${n} = ${write((size - 1) * s + d * (k - 1) + 1 - n)}, so ${before + after} ${before + after === 1 ? "is" : "are"} added`);
      }
    } else {
      const zeros = mode === "own" ? p : 0;
      lines.push("size = \u230a(n + 2p \u2212 d\u00b7(k \u2212 1) \u2212 1) / s\u230b + 1");
      if (whole) {
        const above = n + 2 * zeros - d * (k - 1) - 1;
        const put = `= \u230a(${write(n)} + 2\u00b7${bracketed(write(zeros))} \u2212 ${bracketed(write(d))}\u00b7(${write(k)} \u2212 1) \u2212 1) / ${bracketed(write(s))}\u230b + 1`;
        lines.push(s === 0 ? `${put}: nothing can be divided by 0` : `${put} = \u230a${write(above)} / ${bracketed(write(s))}\u230b + 1 = ${write(Math.floor(above / s) + 1)}${s > 0 && above < 0 ? ": no place at all" : ""}`);
      }
    }
    this.$("#size").replaceChildren(...lines.map((text) => make("div", {}, text)));
  }

  #cost() {
    const { k, s, d, mode, p, c, f } = this.#state, { size } = plan(this.#state), count = (value) => value.toLocaleString("en");
    const layer = `keras.layers.Conv2D(${f}, ${k}${s > 1 ? `, strides=${s}` : ""}${mode === "same" ? ', padding="same"' : ""}${d > 1 ? `, dilation_rate=${d}` : ""})`;
    this.$("#cost").replaceChildren(
      make("div", {}, `${size}\u00b7${size} places, ${k}\u00b7${k}\u00b7${c} weights, ${f} ${f === 1 ? "filter" : "filters"}: ${count(size * size * k * k * c * f)} multiplications`),
      make("div", {}, `(${k}\u00b7${k}\u00b7${c} + 1)\u00b7${f} = ${count((k * k * c + 1) * f)} parameters, biases included`),
      make("div", {}, make("code", {}, `${mode === "own" && p ? `keras.layers.ZeroPadding2D(${p}), then ` : ""}${layer}`)));
  }
}

define("sliding-lab", SlidingLab);
