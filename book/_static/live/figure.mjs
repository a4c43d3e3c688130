/* What the live figures share: the book's colours for numbers, how numbers are
   written, the look of controls, and a base class with a polite voice.

   A figure is a custom element with a shadow root. Its colours come from the custom
   properties of palette.css, which pass into a shadow root, so that light and dark
   follow the page. No figure asks another server for anything. */

/* ---- Colours: one meaning each, as in the chapters ------------------------------- */

// The corner points of matplotlib's maps (ColorBrewer), from the lowest value to the highest.
const CORNERS = {
  image: "000000 ffffff",
  weights: "2d004b 542788 8073ac b2abd2 d8daeb f7f7f7 fee0b6 fdb863 e08214 b35806 7f3b08", // PuOr_r
  signed: "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f", // RdBu_r
  relu: "fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d", // Reds
};

const parts = (hex) => [0, 2, 4].map((place) => parseInt(hex.slice(place, place + 2), 16));

/** 256 colours between the corners, each [red, green, blue]. */
function table(corners) {
  const points = corners.split(" ").map(parts);
  return Array.from({ length: 256 }, (_, n) => {
    const place = (n / 255) * (points.length - 1), below = Math.min(Math.floor(place), points.length - 2);
    const share = place - below;
    return points[below].map((low, part) => Math.floor(low + (points[below + 1][part] - low) * share + 1e-6));
  });
}

const TABLES = Object.fromEntries(Object.entries(CORNERS).map(([kind, corners]) => [kind, table(corners)]));
// The same as whole pixels of a canvas: alpha, blue, green, red.
const PIXELS = Object.fromEntries(
  Object.entries(TABLES).map(([kind, colours]) => [
    kind,
    Uint32Array.from(colours, ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0),
  ])
);

/** The number of a value's colour, 0 to 255; -1 is the white of what ReLU cut off. */
function place(kind, value, limit) {
  if (kind === "relu" && !(value > 1e-9)) return -1;
  const share = kind === "image" || kind === "relu" ? value / limit : (value + limit) / (2 * limit);
  return Math.max(0, Math.min(255, Math.floor(share * 256))) || 0;
}

/** The colour of a value, [red, green, blue]. `limit` gets the strongest colour. */
export function colour(kind, value, limit) {
  const number = place(kind, value, limit);
  return number < 0 ? [255, 255, 255] : TABLES[kind][number];
}

/** Black or white, whichever is read better on a colour (4.5 to 1 or more). */
export function ink(rgb) {
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}

const STYLES = {}; // those that were needed so far

/** Ground and ink of a cell, as a style. */
export function cellStyle(kind, value, limit) {
  const number = place(kind, value, limit), known = (STYLES[kind] ??= {});
  if (known[number]) return known[number];
  const rgb = colour(kind, value, limit);
  return (known[number] = { backgroundColor: `rgb(${rgb})`, color: ink(rgb) });
}

/** Give a cell that is there already its ground and ink, and a text if there is one.

    Only what differs is set: a browser lays a cell out again even for an equal text. */
export function shade(cell, style, text = null) {
  if (text !== null && cell.textContent !== text) cell.textContent = text;
  const { backgroundColor, color } = style, before = shades.get(cell);
  if (before === style) return;
  shades.set(cell, style);
  cell.style.backgroundColor = backgroundColor;
  if (before?.color !== color) cell.style.color = color;
}
const shades = new WeakMap();

/** Paint values (rows x columns) on a canvas, a pixel each; a margin stays empty. */
export function paint(canvas, values, rows, columns, kind, limit, margin = 0) {
  const context = canvas.getContext("2d"), before = images.get(canvas);
  const size = { width: columns + 2 * margin, height: rows + 2 * margin };
  const same = before?.margin === margin && before.image.width === columns && before.image.height === rows && canvas.width === size.width && canvas.height === size.height;
  const image = same ? before.image : context.createImageData(columns, rows);
  if (!same) {
    // Setting a size clears a canvas, the margin of an earlier picture with it.
    Object.assign(canvas, size);
    images.set(canvas, { image, margin });
  }
  const pixels = new Uint32Array(image.data.buffer), known = PIXELS[kind];
  const scale = kind === "image" || kind === "relu" ? 256 / limit : 128 / limit;
  const shift = kind === "image" || kind === "relu" ? 0 : 128;
  for (let i = 0; i < pixels.length; i++) {
    const value = values[i];
    if (kind === "relu" && !(value > 1e-9)) pixels[i] = 0xffffffff;
    else {
      const number = value * scale + shift;
      pixels[i] = known[number >= 255 ? 255 : number > 0 ? number | 0 : 0];
    }
  }
  context.putImageData(image, margin, margin);
}
const images = new WeakMap(); // what a canvas shows: memory that the next picture takes over

/** The same for a picture made of many maps: a function from a value to a whole pixel of a canvas. */
export function painter(kind, limit) {
  const known = PIXELS[kind], upward = kind === "image" || kind === "relu";
  const scale = (upward ? 256 : 128) / limit, shift = upward ? 0 : 128;
  return (value) => {
    if (kind === "relu" && !(value > 1e-9)) return 0xffffffff;
    const number = value * scale + shift;
    return known[number >= 255 ? 255 : number > 0 ? number | 0 : 0];
  };
}

/** The largest magnitude in a list, never zero. */
export function magnitude(values) {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most || 1;
}

/* ---- Numbers as the book writes them ------------------------------------------------ */

/** A number with a real minus sign and at most `digits` digits after the point. */
export function write(value, digits = 2) {
  const rounded = Number(value.toFixed(digits));
  const text = Number.isInteger(rounded) && Math.abs(rounded) < 1e7 ? String(rounded) : String(Number(rounded.toPrecision(7)));
  return (Object.is(rounded, -0) ? "0" : text).replace("-", "\u2212");
}

/** In a product: a negative number stands in brackets. */
export const bracketed = (text) => (text.startsWith("\u2212") ? `(${text})` : text);

/** What a reader typed: -1, −1, 0.5, .5, 1/16. Not a number: NaN. */
export function readNumber(text) {
  const found = text.trim().replace(/\u2212/g, "-").replace(",", ".")
    .match(/^([+-]?(?:\d+\.?\d*|\.\d+))(?:\s*\/\s*(\d+\.?\d*|\.\d+))?$/);
  const value = found ? Number(found[1]) / (found[2] === undefined ? 1 : Number(found[2])) : NaN;
  return Number.isFinite(value) && Math.abs(value) <= 1e6 ? value : NaN;
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/* ---- Elements -------------------------------------------------------------------------- */

/** make("button", {type: "button", onclick}, "text", child): an element with its properties. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else if (name === "style") Object.assign(element.style, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element[name] = value;
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for a drawing. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Let the browser answer the reader before the next piece of a longer work. */
export const breathe = () => new Promise((done) => setTimeout(done));

export const lessMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Controls, captions and notes look alike in every figure. */
export const STYLE = `
  :host { display: block; container-type: inline-size; color: var(--ink, #23202c); font-size: 0.95rem; line-height: 1.45; }
  :host([hidden]), [hidden] { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  :focus-visible { outline: 3px solid var(--orange, #9c4a05); outline-offset: 2px; border-radius: 3px; }
  p { margin: 0; }
  button, input, select { font: inherit; color: inherit; }
  button, select, .field input, .file {
    min-height: 2.25rem; padding: 0.2rem 0.75rem; border: 1px solid var(--rule-strong, #8a829c); border-radius: 8px;
    background: var(--paper, #fff); color: var(--ink, #23202c);
  }
  select { padding-right: 0.4rem; }
  button { cursor: pointer; font-weight: 600; }
  button:hover:not([aria-disabled="true"]), .file:hover { background: var(--violet-wash, #f0ebf9); border-color: var(--violet, #593796); color: var(--violet-deep, #3c2270); }
  button[aria-disabled="true"] { color: var(--ink-soft, #585266); border-style: dashed; font-weight: 400; cursor: default; }
  button.main { background: var(--violet, #593796); border-color: var(--violet, #593796); color: var(--paper, #fff); }
  button.main:hover { background: var(--violet-deep, #3c2270) !important; color: var(--paper, #fff) !important; }
  .bar { display: flex; flex-wrap: wrap; align-items: end; gap: 0.7rem 0.9rem; }
  .field { display: flex; flex-direction: column; gap: 0.2rem; min-width: 0; max-width: 100%; }
  select { min-width: 0; max-width: 100%; } /* browsers make it as wide as its longest words */
  .field > span, legend, .name { font-weight: 600; font-size: 0.86rem; color: var(--ink-soft, #585266); }
  .field input { width: 5.2rem; }
  fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
  legend { padding: 0; margin-bottom: 0.2rem; }
  .choice { display: inline-flex; flex-wrap: wrap; }
  .choice label { position: relative; display: inline-flex; }
  .choice input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
  .choice span {
    display: inline-flex; align-items: center; min-height: 2.25rem; padding: 0.2rem 0.75rem; margin-left: -1px;
    border: 1px solid var(--rule-strong, #8a829c); background: var(--paper, #fff);
  }
  .choice label:first-child span { border-radius: 8px 0 0 8px; margin-left: 0; }
  .choice label:last-child span { border-radius: 0 8px 8px 0; }
  .choice input:checked + span { background: var(--violet, #593796); border-color: var(--violet, #593796); color: var(--paper, #fff); font-weight: 600; }
  .choice input:focus-visible + span { outline: 3px solid var(--orange, #9c4a05); outline-offset: 2px; z-index: 1; }
  .choice input:hover:not(:checked) + span { background: var(--violet-wash, #f0ebf9); color: var(--violet-deep, #3c2270); }
  input[type="range"] { accent-color: var(--violet, #593796); min-height: 1.6rem; padding: 0; margin: 0; }
  .note { color: var(--ink-soft, #585266); font-size: 0.9rem; }
  .warning { padding: 0.6rem 0.9rem; border-left: 4px solid var(--orange, #9c4a05); border-radius: 0 8px 8px 0; background: var(--orange-wash, #fdf4e8); overflow-wrap: anywhere; }
  .warning:empty { display: none; }
  .numbers { font-variant-numeric: tabular-nums; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  summary { cursor: pointer; font-weight: 600; color: var(--violet, #593796); padding: 0.3rem 0; }
  @media (pointer: coarse) { button, select, .field input, .file, .choice span, summary, input[type="range"], input[type="number"], #bias { min-height: 44px !important; } button, .choice span { min-width: 44px !important; } summary { padding-block: 0.65rem; } }
  @media (prefers-reduced-motion: reduce) { *, *::before, *::after { transition: none !important; animation: none !important; } }
`;

/** The base of the figures: a shadow root with the shared style, and a polite voice. */
export class LiveFigure extends HTMLElement {
  #voice = make("p", { className: "unseen", role: "status" });
  #waiting = 0;
  #frame = 0;

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    root.append(make("style", { textContent: STYLE + (this.constructor.style ?? "") }));
    this.build(root);
    root.append(this.#voice);
    // The page has shortcuts of one key, such as / for its search, and cannot see that
    // a reader is typing within a shadow root. So plain keys end here.
    this.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#waiting);
  }

  $(selector) {
    return this.shadowRoot.querySelector(selector);
  }

  /** Tell a screen reader, once the reader has paused: who types is not talked over. */
  announce(text, pause = 500) {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => (this.#voice.textContent = text), pause);
  }

  /** Draw once before the next frame, however often it is asked for. */
  later(work) {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(work);
  }
}

/** A labelled control: make a <label> whose words stand above its control. */
export const field = (words, control) => make("label", { className: "field" }, make("span", {}, words), control);

/** One of a few: radio buttons that look like one switch. options: {value: words}. */
export function choice(words, name, options, chosen, onchange) {
  const labels = Object.entries(options).map(([value, text]) =>
    make("label", {}, make("input", { type: "radio", name, value, checked: value === String(chosen), onchange: () => onchange(value) }), make("span", {}, text))
  );
  return make("fieldset", {}, make("legend", {}, words), make("div", { className: "choice" }, ...labels));
}

/** A button stays where the keyboard left it: it is marked as disabled, not taken away. */
export function enable(button, enabled) {
  button.setAttribute("aria-disabled", String(!enabled));
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** The step (rows, columns) that a key asks for, or null. Shift makes it ten. */
export function arrow(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !ARROWS[event.key]) return null;
  return ARROWS[event.key].map((step) => step * (event.shiftKey ? 10 : 1));
}

/** Make a figure known to the page, once. */
export function define(name, figure) {
  if (!customElements.get(name)) customElements.define(name, figure);
}
