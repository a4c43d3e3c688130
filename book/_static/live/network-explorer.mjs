/* <network-explorer>: draw a garment and look into a network (chapter 5).

   Every layer's maps follow the picture; any value explains itself, with what it read,
   its weights and the sum (why.mjs). A network of the reader's own comes in a file that
   the notebook cell save_network writes (network-file.mjs). Nothing leaves the page. */

import { LiveFigure, arrow, breathe, choice, clamp, colour, define, draw, enable, field, ink, lessMotion, make, paint, write } from "./figure.mjs";
import { answerOf } from "./network-answer.mjs";
import { cornerOf, frame, frames, geometry, mapOf, paintMaps, valueOf } from "./layer-maps.mjs";
import { takeFiles } from "./incoming.mjs";
import { NetworkError, loadNetwork, readNetworkFile } from "./network-file.mjs";
import { PictureError, fitted, garment, greyOf, openPicture, photograph } from "./own-picture.mjs";
import { lookInto } from "./picture-file.mjs";
import { Runner, overflowing, surveyed } from "./running.mjs";
import { ThreadError } from "./thread.mjs";
import { STYLE as WHY_STYLE, showWhy } from "./why-shown.mjs";
import { PASSING, explain, kindsOf, placeOf, short, view } from "./why.mjs";

const BOOKS = {
  fashion: { file: "fashion.p2p", words: "chapter 5\u2019s network" },
  mirrored: { file: "fashion-mirrored.p2p", words: "the same, after mirrored copies" },
};
const SIDE = 28; // of a garment in garments.png
const FIRST = 9; // the first garment of column 9: an ankle boot
const LARGEST_SIDE = 512; // of a picture that one draws by hand
const PAINT_ALL = 2 ** 18; // values: in larger networks only what is in sight is painted
const SLICE = 10; // milliseconds of painting after which the page may do other things
const SLOW = 60; // milliseconds: slower networks wait until the reader pauses
const PATIENCE = 200; // milliseconds: what takes longer shows how far it is
const LONG = 1e9; // nanoseconds by the count: what takes longer is given up for a newer picture
const RANGES = { 255: [1, 0, "0 to 255"], 1: [1 / 255, 0, "0 to 1"], "-1": [2 / 255, -1, "\u22121 to 1"] };

const percent = (share) => `${share > 0 && share < 0.0005 ? "< 0.1" : write(100 * share, 1)} %`;
const range = (count) => [...Array(count).keys()];
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

/** Pixels from 0 to 255 as a network expects them. */
function inRange(pixels, range) {
  const [scale, offset] = RANGES[range];
  return scale === 1 ? pixels : pixels.map((value) => value * scale + offset);
}

/** The numbers of the ten largest of many, the largest first. */
function largestTen(data) {
  const best = [];
  for (let n = 0; n < data.length; n++) {
    if (best.length === 10 && !(data[n] > data[best[9]])) continue;
    let at = best.length;
    while (at > 0 && data[n] > data[best[at - 1]]) at--;
    best.splice(at, 0, n);
    best.length = Math.min(best.length, 10);
  }
  return best;
}

/** Shares of one whole, or each for itself, out of a network's last numbers. */
function sharesOf(data, kind) {
  if (kind === "sigmoid") return Float32Array.from(data, (z) => 1 / (1 + Math.exp(-z)));
  const largest = data.reduce((a, b) => Math.max(a, b)), powers = Float64Array.from(data, (z) => Math.exp(z - largest)), sum = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

const overflow = ({ name, type }) => `The numbers of layer \u201c${name.slice(0, 60)}\u201d (${type}) grow beyond what can be computed with`;

/* ---- The figure --------------------------------------------------------------------------------- */

export class NetworkExplorer extends LiveFigure {
  static style = WHY_STYLE + `
    .bar { margin-bottom: 0.8rem; }
    .file { position: relative; display: inline-flex; align-items: center; cursor: pointer; font-weight: 600; }
    .file:focus-within { outline: 3px solid var(--orange, #9c4a05); outline-offset: 2px; }
    :host(.over) .stage { outline: 3px dashed var(--violet, #593796); }
    .warning { margin-bottom: 0.8rem; }
    .running { display: grid; grid-template-columns: 1fr auto; gap: 0.3rem 0.8rem; align-items: center; margin-bottom: 0.8rem; padding: 0.6rem 0.9rem; border-radius: 8px; background: var(--wash, #f6f4fa); overflow-wrap: anywhere; }
    .running > * { min-width: 0; } .running progress { grid-column: 1; width: 100%; height: 0.8rem; accent-color: var(--violet, #593796); }
    .running button { grid-column: 2; grid-row: 1 / span 2; }
    .stage { display: grid; gap: 1rem 1.6rem; padding: 1rem; margin: 0.8rem 0; border-radius: 10px; background: var(--wash, #f6f4fa); }
    .stage > * { min-width: 0; }
    @container (min-width: 36rem) { .stage { grid-template-columns: 17.5rem 1fr; } }
    #picture { position: relative; width: 100%; max-width: 17.5rem; touch-action: none; cursor: crosshair; background: #000; border-radius: 3px; margin-inline: auto; }
    #picture canvas { display: block; width: 100%; image-rendering: pixelated; border-radius: 3px; }
    #picture svg, .maps svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; overflow: visible; }
    .rim { fill: none; stroke: #000; stroke-width: 4; vector-effect: non-scaling-stroke; }
    .mark { fill: none; stroke: #ff9d2e; stroke-width: 2; vector-effect: non-scaling-stroke; }
    .cell-rim { fill: none; stroke: #000; stroke-width: 3; vector-effect: non-scaling-stroke; }
    .cell { fill: none; stroke: #fff; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
    .where { text-align: center; min-height: 1.4em; margin-top: 0.3rem; }
    .bars { list-style: none; margin: 0.3rem 0 0.6rem; padding: 0; display: grid; gap: 0.2rem; }
    .bars li { display: grid; grid-template-columns: minmax(4rem, 7rem) 1fr 5.4rem; gap: 0.5rem; align-items: center; min-height: 1.45rem; }
    .bars .class { overflow-wrap: anywhere; line-height: 1.15; }
    .bars .rail { height: 0.8rem; border-radius: 3px; background: var(--rule, #ddd8e6); overflow: hidden; }
    .bars .rail i { display: block; height: 100%; background: var(--ink-soft, #585266); }
    .bars .number { text-align: right; font-variant-numeric: tabular-nums; }
    .bars .best { font-weight: 700; } .bars .best .rail i { background: var(--violet, #593796); }
    .garments { display: grid; grid-template-columns: repeat(10, minmax(0, 2.6rem)); gap: 2px; }
    .garments label { position: relative; display: block; min-height: 24px; cursor: pointer; }
    .garments input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
    .garments canvas { display: block; width: 100%; height: auto; border-radius: 3px; }
    .garments input:checked + canvas { outline: 3px solid #ff9d2e; outline-offset: -3px; }
    .garments input:focus-visible + canvas { outline: 3px solid var(--orange, #9c4a05); outline-offset: 1px; }
    .garments input:hover:not(:checked) + canvas { outline: 2px solid var(--violet, #593796); }
    .note:empty { display: none; }
    .pictures { display: grid; gap: 0.8rem; margin-bottom: 1rem; }
    #ink { width: 5rem; min-height: 2.25rem; } #colour { width: 4rem; padding: 0.15rem; }
    .layer { padding: 0.55rem 0 0.65rem; border-top: 1px solid var(--rule, #ddd8e6); }
    .head { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; justify-content: space-between; align-items: baseline; margin-bottom: 0.3rem; }
    .head b { font-weight: 700; } .head .note { overflow-wrap: anywhere; }
    .scale { display: flex; gap: 0.4rem; align-items: center; font-size: 0.82rem; color: var(--ink-soft, #585266); font-variant-numeric: tabular-nums; }
    .scale canvas { width: 5rem; height: 0.6rem; border-radius: 3px; border: 1px solid var(--rule-strong, #8a829c); }
    .maps { position: relative; cursor: pointer; max-width: 100%; }
    .maps canvas { display: block; width: 100%; height: 100%; image-rendering: pixelated; }
    .maps text { font-size: 5.6px; text-anchor: middle; dominant-baseline: central; font-variant-numeric: tabular-nums; }
    .why { margin: 0.3rem 0 0.9rem; padding: 0.9rem; border-radius: 10px; background: var(--wash, #f6f4fa); border-left: 4px solid #ff9d2e; display: grid; gap: 0.7rem; }
    .why > * { min-width: 0; }
    .why .bar { margin: 0; } .why .bar { gap: 0.6rem; } .why .field input { width: 3.9rem; padding-inline: 0.4rem; } .why button { padding-inline: 0.6rem; }
  `;

  #network = null;
  #which = "fashion";
  #kept = {}; // networks that were loaded, each with where it runs: fashion, mirrored, own
  #runner = null; // the one that is shown
  #opening = null; // one whose first picture is on its way
  #sending = null; // while the thread runs: kept when it has come to rest
  #again = false; // whether the picture has changed meanwhile
  #say = null; // what is to be told when the answer is there
  #overflows = null; // the first layer whose numbers overflow
  #found = new Map();
  #kinds = new Map();
  #shown = []; // layers that are drawn: {layer, section, maps, canvas, marks, geometry, seen}
  #sprite = null; // the garments: {rows, columns, data}
  #names = []; // of their classes
  #size = { rows: SIDE, columns: SIDE, channels: 1 };
  #pixels = new Float32Array(SIDE * SIDE); // the picture, 0 to 255, in Keras's order
  #source = { kind: "drawn" }; // where it comes from: drawn, garment n, own pixels
  #range = "255";
  #meaning = null; // what the outputs are, where the reader chose: softmax, sigmoid, none
  #history = [];
  #tool = "draw";
  #light = "auto";
  #scale = "layer";
  #cell = [14, 14]; // the drawing cursor
  #pen = false; // whether it stays down while it moves
  #stroke = null; // the last point of a line that is being drawn
  #look = null; // what is explained: {shown, n, part}
  #took = 0; // milliseconds of the last run
  #pause = 0;
  #painting = 0;
  #wide = 0;
  #lazy = false; // whether only what is in sight is painted

  /** What the reader has set; for tests as well. */
  get value() {
    const { layer, geometry: g } = this.#look?.shown ?? {};
    return {
      network: this.#which, source: this.#source.kind, garment: this.#source.n ?? null, cell: [...this.#cell], pen: this.#pen, tool: this.#tool, scale: this.#scale, range: this.#range,
      light: this.#light, layer: layer?.name ?? null, unit: layer ? placeOf(g, this.#look.n) : null, part: this.#look?.part ?? null, undo: this.#history.length,
    };
  }

  get network() {
    return this.#network;
  }

  /** The output of every layer: Map(name -> {shape, data}). */
  get found() {
    return this.#found;
  }

  get pixels() {
    return this.#pixels;
  }

  set pixels(values) {
    this.#keep();
    this.#pixels = Float32Array.from(values);
    this.#source = { kind: "drawn" };
    this.#answer();
  }

  build(root) {
    root.append(this.#networkBar(), make("p", { className: "warning", id: "trouble" }), this.#runningLine(), this.#stage(), this.#toolBar(), this.#pictureBar(), this.#layerBar(), make("div", { id: "layers" }), this.#panel());
    takeFiles(this, (file, note) => this.#take(file, note));
    root.addEventListener("keydown", (event) => this.#keys(event));
    this.watch = new IntersectionObserver((seen) => this.#seen(seen), { rootMargin: "200px" });
    this.measure = new ResizeObserver(() => this.#resized());
    this.measure.observe(this.$("#layers"));
    this.ready = this.#begin();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#pause);
    clearTimeout(this.#painting);
    for (const runner of [this.#opening, ...Object.values(this.#kept)]) runner?.stop();
    this.watch?.disconnect();
    this.measure?.disconnect();
  }

  /* -- parts -- */

  #networkBar() {
    const which = make("select", { id: "which", onchange: () => this.#choose(which.value) });
    which.append(...Object.entries(BOOKS).map(([value, { words }]) => make("option", { value, textContent: words })));
    const file = make("input", { id: "network-file", type: "file", className: "unseen", onchange: () => this.#chosen(file) });
    return make("div", {}, make("div", { className: "bar" }, field("Network", which), make("label", { className: "file" }, "Open a network of your own", file)), make("p", { className: "note", id: "about" }));
  }

  /** How far a larger network is, and a button that stops it or runs it again. */
  #runningLine() {
    const button = make("button", { type: "button", id: "stop", onclick: () => this.#stopOrRun() }, "Stop");
    return make("div", { className: "running", id: "running", hidden: true, role: "group", "aria-label": "The network at work" },
      make("p", { className: "numbers", id: "running-words" }), make("progress", { id: "running-share", max: 1, value: 0, "aria-label": "How far the network is" }), button);
  }

  #stage() {
    const picture = make("div", { id: "picture", tabIndex: 0, role: "application", "aria-roledescription": "drawing" }, make("canvas"), draw("svg", { "aria-hidden": "true", preserveAspectRatio: "none" }));
    const at = (event) => {
      const box = picture.getBoundingClientRect();
      return [((event.clientY - box.top) / box.height) * this.#size.rows - 0.5, ((event.clientX - box.left) / box.width) * this.#size.columns - 0.5];
    };
    picture.onpointerdown = (event) => {
      if (event.button) return;
      picture.setPointerCapture(event.pointerId);
      picture.focus({ preventScroll: true });
      event.preventDefault();
      this.#begun(at(event));
    };
    picture.onpointermove = (event) => {
      if (!this.#stroke) return this.#point(at(event));
      for (const one of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) this.#drawn(at(one));
    };
    picture.onpointerup = picture.onpointercancel = () => this.#ended();
    picture.onpointerleave = () => this.#point(null);
    picture.onkeydown = (event) => this.#pictureKeys(event);
    picture.onfocus = picture.onblur = () => this.#marks();
    return make("div", { className: "stage" },
      make("div", {}, picture, make("p", { className: "note numbers where", id: "where" })),
      make("div", {}, make("p", { className: "name", id: "bars-name" }, "What the network answers"), make("ul", { className: "bars", id: "bars", "aria-labelledby": "bars-name" }), make("p", { className: "note", id: "truth" })));
  }

  #toolBar() {
    const button = (id, words, onclick) => make("button", { type: "button", id, onclick }, words);
    const brush = make("select", { id: "brush" });
    brush.append(...[["0.5", "one pixel"], ["1", "fine"], ["1.8", "broad"], ["3", "very broad"]].map(([value, textContent]) => make("option", { value, textContent, selected: value === "1" })));
    return make("div", { className: "bar" },
      choice("Tool", "tool", { draw: "draw", erase: "erase", fill: "fill" }, "draw", (tool) => (this.#tool = tool)),
      field("Brush", brush),
      field("Grey", make("input", { id: "ink", type: "range", min: 15, max: 255, step: 10, value: 255 })),
      field("Colour", make("input", { id: "colour", type: "color", value: "#ffffff" })),
      button("undo", "Undo", () => this.#undo()), button("clear", "Clear", () => this.#clear()), button("mirror", "Mirror", () => this.#mirror()));
  }

  #pictureBar() {
    const file = make("input", { id: "picture-file", type: "file", accept: "image/*", className: "unseen", onchange: () => this.#chosen(file) });
    return make("div", { className: "pictures" },
      make("fieldset", {}, make("legend", {}, "Or choose from the test pictures; those in the last row the chapter\u2019s network gets wrong"), make("div", { className: "garments", id: "garments" })),
      make("div", { className: "bar" }, make("label", { className: "file" }, "Open a picture of your own", file),
        choice("Its light and dark", "light", { auto: "by the rim", as: "as they are", turned: "turned around" }, "auto", (light) => this.#turn(light))),
      make("p", { className: "note", id: "source" }),
      make("details", {}, make("summary", {}, "With the keyboard"), make("p", { className: "note", id: "hint" }, "The arrow keys move over the picture, Space or Enter paints, Delete erases, P keeps the pen down. In a layer the arrow keys move, Page Up and Page Down change the map, Enter explains, Escape closes. With Shift the arrow keys go ten steps.")));
  }

  #layerBar() {
    const ranges = choice("The network expects pixels from", "range", Object.fromEntries(Object.entries(RANGES).map(([key, [, , words]]) => [key, words])), "255", (key) => this.#expect(key));
    ranges.id = "ranges";
    const meanings = choice("Its outputs are", "meaning", { softmax: "one class (softmax)", sigmoid: "each a yes or no (sigmoid)", none: "numbers" }, "none", (key) => this.#mean(key));
    meanings.id = "meanings";
    return make("div", { className: "bar", id: "layer-bar" }, choice("Colours of the layers", "scale", { layer: "one scale for a layer", map: "one for each map" }, "layer", (scale) => this.#rescale(scale)), ranges, meanings);
  }

  /** Where a value is explained. There is one, and it goes below the layer that is looked at. */
  #panel() {
    const number = (id, words) => field(words, make("input", { id, type: "number", step: 1, min: 0, oninput: () => this.#typedPlace() }));
    const button = (id, words, onclick) => make("button", { type: "button", id, onclick }, words);
    return make("div", { className: "why", id: "why", hidden: true, role: "group", "aria-labelledby": "why-name" },
      make("p", { className: "name", id: "why-name" }),
      make("div", { className: "bar" }, number("at-map", "map"), number("at-row", "row"), number("at-column", "column"),
        button("back", "One layer back", () => this.#back()), button("on", "One layer on", () => this.#on()), button("close", "Close", () => this.#close())),
      make("div", { id: "why-sum", className: "stack" }));
  }

  /* -- networks -- */

  async #begin() {
    const [network, sprite] = await Promise.all([loadNetwork(new URL(BOOKS.fashion.file, import.meta.url)), readSprite()]);
    this.#sprite = sprite;
    this.#names = network.classes;
    await breathe();
    this.$("#garments").append(...range(sprite.rows * sprite.columns).map((n) => this.#garmentChoice(n)));
    this.#kept.fashion = new Runner(network);
    this.#source = { kind: "garment", n: FIRST };
    await breathe();
    await this.#open(this.#kept.fashion, "fashion", true);
    await breathe();
    const first = this.#shown.find(({ layer }) => layer.type === "Conv2D");
    this.#explain(first, this.#striking(first), { quiet: true });
  }

  /** The strongest value of a layer: something to begin with. */
  #striking({ layer }) {
    const { data } = this.#found.get(layer.name);
    let most = 0;
    for (let n = 1; n < data.length; n++) if (data[n] > data[most]) most = n;
    return most;
  }

  async #choose(which) {
    try {
      this.#kept[which] ??= new Runner(await loadNetwork(new URL(BOOKS[which].file, import.meta.url)));
      await this.#open(this.#kept[which], which);
    } catch (error) {
      this.$("#which").value = this.#which;
      this.#trouble(error instanceof NetworkError || error instanceof ThreadError ? this.#why(error) : "The network could not be loaded. Is the connection there? Then choose it again.");
    }
  }

  #chosen(input) {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    this.#take(file);
  }

  /** Show a file that another figure hands over. */
  open(file) {
    return this.#take(file);
  }

  /** A file that was chosen, dropped or pasted: a picture or a network; the old one stays if it is neither. */
  async #take(file, note = "") {
    if (!file) return;
    try {
      const { kind } = await lookInto(file);
      if (kind && kind !== "network") await this.#ownPicture(file);
      else if (kind || !file.size || /\.(p2p|keras|h5|hdf5|bin)$/i.test(file.name)) await this.#ownNetwork(file);
      else throw new NetworkError(`\u201c${file.name.slice(0, 60)}\u201d is neither a network file nor a picture that this browser can read; save_network in a notebook writes the one, and PNG and JPEG always work for the other.`);
      if (note) this.#trouble(note);
    } catch (error) {
      const known = [NetworkError, PictureError, ThreadError].some((one) => error instanceof one);
      if (!known) console.warn(error);
      this.#trouble(known ? this.#why(error) : "The file could not be read.");
    }
  }

  async #ownNetwork(file) {
    const network = await readNetworkFile(file);
    this.#fits(network);
    const runner = new Runner(network, network.file);
    await this.#open(runner, "own");
    if (this.#kept.own !== runner) this.#kept.own?.stop();
    this.#kept.own = runner;
  }

  #why(error) {
    return error.stopped ? "Stopped before the network had answered; the one that was here stays." : error.message;
  }

  /** A network whose pictures can be drawn here. */
  #fits({ input }) {
    const { rows, columns, channels } = view(input);
    if (input.length < 2 || input.length > 3) throw new NetworkError(`The network takes the shape [${input}]; this page shows networks that take pictures, with rows and columns.`);
    if (channels !== 1 && channels !== 3) throw new NetworkError(`The network takes pictures of ${channels} channels; this page has grey ones with 1 and colour ones with 3.`);
    if (Math.max(rows, columns) > LARGEST_SIDE) throw new NetworkError(`The network takes pictures of ${rows} x ${columns} pixels; at most ${LARGEST_SIDE} x ${LARGEST_SIDE} can be drawn here.`);
  }

  /** Show a network as soon as it has answered for the picture that it finds here; it runs once. */
  async #open(runner, which, first = false) {
    const { network } = runner, size = view(network.input), range = which !== "own" ? "255" : { 0: String(network.pixels?.[1] ?? 1), "-1": "-1" }[network.pixels?.[0] ?? 0];
    this.#opening?.stop();
    this.#opening = runner;
    const picture = this.#pictureFor(size), started = performance.now();
    let found = null;
    try {
      found = runner.isLight ? runner.now(inRange(picture.pixels, range)) : await this.#watched(runner, inRange(picture.pixels, range));
    } finally {
      if (this.#opening === runner) this.#opening = null;
    }
    const over = overflowing(network, found);
    if (over) throw new NetworkError(`${overflow(over)}; train the network with a lower rate, or check which pixels it expects.`);
    const changed = this.#source !== picture.was || this.#pixels !== picture.before;
    if (this.#runner !== runner) this.#runner?.stop();
    this.#runner = runner;
    this.#show(network, which, { size, range, found, first, picture: changed ? this.#pictureFor(size) : picture, took: performance.now() - started });
    if (changed) this.#answer();
  }

  /** The picture that is here, in the size of a network: {pixels, source}, and what it was made of. */
  #pictureFor({ rows, columns, channels }) {
    const was = this.#source, before = this.#pixels, same = rows === this.#size.rows && columns === this.#size.columns && channels === this.#size.channels;
    const empty = () => new Float32Array(rows * columns * channels);
    if (was.kind === "drawn") return { was, before, source: was, pixels: same && before.length === rows * columns * channels ? before : empty() };
    try {
      return { was, before, source: was, pixels: this.#madeFrom(was, { rows, columns, channels }) };
    } catch {
      return { was, before, source: { kind: "drawn" }, pixels: empty() }; // a picture that this network cannot be shown
    }
  }

  #show(network, which, { size, range, found, first, picture, took }) {
    const before = this.#size;
    this.#network = network;
    this.#which = which;
    this.#took = took;
    this.#size = size;
    this.#range = range;
    this.#meaning = null;
    const select = this.$("#which");
    if (which === "own" && !select.querySelector("[value=own]")) select.append(make("option", { value: "own" }));
    if (which === "own") select.querySelector("[value=own]").textContent = `yours: ${network.name}`;
    select.value = which;
    const { rows, columns, channels } = this.#size;
    this.$("#about").textContent = `${rows} x ${columns} pixels${channels === 3 ? " in colour" : ""}, ${plural(network.layers.length, "layer")}, ${plural(network.parameters, "parameter")}, ${plural(network.layers.filter(({ weights }) => weights.length).reduce((sum, { type, plan }) => sum + (type === "BatchNormalization" ? 0 : plan.work), 0), "multiplication")} for a picture.${which === "own" ? " It has not left this page: nothing is sent anywhere." : ""}`;
    this.$("#ranges").hidden = which !== "own";
    this.$("#ink").closest("label").hidden = channels === 3;
    this.$("#colour").closest("label").hidden = channels === 1;
    this.#cell = [rows >> 1, columns >> 1];
    this.$("#picture").setAttribute("aria-label", `The picture, ${rows} rows, ${columns} columns: the arrow keys move, Space paints`);
    this.$("#picture").setAttribute("aria-describedby", "hint");
    if (first || rows !== before.rows || columns !== before.columns || channels !== before.channels) this.#history = [];
    this.#source = picture.source;
    this.#pixels = picture.pixels;
    this.#check("range", this.#range);
    this.#found = found;
    this.#layers();
    this.#bars();
    this.#trouble("");
    this.#progress(null);
    this.#paintPicture();
    this.#say = first ? null : () => `${which === "own" ? `Your network ${network.name}` : BOOKS[which].words}: ${plural(network.layers.length, "layer")}. ${this.#spoken()}`;
    this.#finish(found);
  }

  /** What the reader says that the outputs are. */
  #mean(key) {
    this.#meaning = key;
    this.#layers();
    this.#bars();
    this.#say = () => this.#spoken();
    this.#finish(this.#found);
  }

  #layers() {
    this.#kinds = kindsOf(this.#network, this.#range === "-1" ? "signed" : "image");
    const names = new Set(this.#network.layers.map(({ name }) => name)), list = this.#network.layers.filter(({ type }) => type !== "InputLayer");
    this.ending = answerOf(this.#network, this.#meaning);
    this.$("#meanings").hidden = this.#which !== "own" || !this.ending.open;
    this.#check("meaning", this.ending.add ?? "none");
    if (this.ending.add) {
      const name = names.has(this.ending.add) ? `${this.ending.add} of the page` : this.ending.add;
      const units = this.ending.units;
      this.ending.layer = { name, type: this.ending.add === "softmax" ? "Softmax" : "Activation", activation: this.ending.add, inputs: [this.#network.output], shape: [units], weights: [], added: true };
      this.#kinds.set(name, "relu");
      list.push(this.ending.layer);
    }
    this.#close(true);
    this.$("#layer-bar").after(this.$("#why")); // out of what is thrown away
    this.watch.disconnect();
    this.#shown = list.map((layer) => this.#layer(layer));
    this.$("#layers").replaceChildren(...this.#shown.map(({ section }) => section));
    this.#lazy = list.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0) > PAINT_ALL;
    if (this.#lazy) for (const one of this.#shown) if (one.canvas) this.watch.observe(one.section);
    this.#resized(true);
  }

  #layer(layer) {
    const { name, type, shape } = layer, seen = view(shape), passing = PASSING.includes(type);
    const weights = layer.weights.reduce((sum, { data }) => sum + data.length, 0), kernel = layer.plan?.windows?.kernel;
    const size = seen.isList ? plural(seen.columns, "value") : `${plural(seen.channels, "map")} of ${seen.rows} x ${seen.columns}`;
    const facts = [layer.added ? "added by this page, since the network ends in logits" : name, kernel && `${kernel[0]}x${kernel[1]}`, size, weights && plural(weights, "parameter")].filter(Boolean);
    const words = make("p", {}, make("b", {}, type), make("span", { className: "note" }, `  ${facts.join(", ")}${passing ? ": passes values on as they are" : ""}`));
    const section = make("div", { className: "layer", role: "group", "aria-label": `Layer ${name}` }, make("div", { className: "head" }, words));
    const one = { layer, section, seen: false };
    if (passing) return one;
    one.scale = make("div", { className: "scale" }, make("span"), make("canvas", { width: 64, height: 1 }), make("span"));
    section.firstChild.append(one.scale);
    one.canvas = make("canvas");
    one.marks = draw("svg", { "aria-hidden": "true", preserveAspectRatio: "none" });
    one.maps = make("div", { className: "maps", tabIndex: 0, role: "application", "aria-roledescription": "maps", "aria-label": `${type} ${name}, ${size}: the arrow keys move, Enter explains a value` }, one.canvas, one.marks);
    one.maps.onclick = (event) => {
      const n = this.#valueAt(one, event);
      if (n !== null) this.#explain(one, n);
    };
    one.maps.onpointermove = (event) => event.pointerType === "mouse" && this.#readOut(one, this.#valueAt(one, event));
    one.maps.onpointerleave = () => this.#legend(one);
    one.maps.onkeydown = (event) => this.#layerKeys(one, event);
    section.append(one.maps);
    return one;
  }

  /* -- the picture -- */

  #garmentChoice(n) {
    const { columns, data } = this.#sprite, canvas = make("canvas");
    paint(canvas, data[n], SIDE, SIDE, "image", 255);
    const input = make("input", { type: "radio", name: "garment", value: n, onchange: () => this.#choosePicture(n) });
    input.setAttribute("aria-label", `${this.#names[n % columns]}, test picture ${1 + Math.floor(n / columns)}`);
    return make("label", { title: this.#names[n % columns] }, input, canvas);
  }

  #choosePicture(n) {
    this.#keep();
    this.#source = { kind: "garment", n };
    this.#fetchSource();
    this.#trouble("");
    this.#answer(() => `${this.#names[n % this.#sprite.columns]}, a test picture. ${this.#spoken()}`);
  }

  /** Make the picture again from what it comes from, in the size of the network. */
  #fetchSource() {
    if (this.#source.kind !== "drawn") this.#pixels = this.#madeFrom(this.#source, this.#size);
  }

  #madeFrom({ kind, n, pixels }, { rows, columns, channels }) {
    if (kind === "own") return channels === 1 ? garment(pixels, rows, columns, this.#light) : photograph(pixels, rows, columns, this.#light);
    const grey = fitted(this.#sprite.data[n], SIDE, SIDE, rows, columns);
    if (channels === 1) return grey;
    const colours = new Float32Array(3 * grey.length);
    for (let k = 0; k < grey.length; k++) colours.fill(grey[k], 3 * k, 3 * k + 3);
    return colours;
  }

  async #ownPicture(file) {
    const pixels = await openPicture(file);
    pixels.grey = greyOf(pixels); // first the one half of the work, then the other
    await new Promise((go) => setTimeout(go));
    const kept = this.#source;
    this.#keep();
    this.#source = { kind: "own", pixels };
    try {
      this.#fetchSource();
    } catch (error) {
      this.#source = kept;
      this.#history.pop();
      throw error;
    }
    this.#trouble("");
    this.#answer(() => `Your picture. ${this.#spoken()}`);
  }

  #turn(light) {
    const before = this.#light;
    this.#light = light;
    if (this.#source.kind !== "own") return;
    this.#keep();
    try {
      this.#fetchSource();
      this.#trouble("");
    } catch (error) {
      this.#light = before;
      this.#history.pop();
      this.#check("light", before);
      return this.#trouble(error.message);
    }
    this.#answer(() => this.#spoken());
  }

  #expect(key) {
    this.#range = key;
    this.#kinds = kindsOf(this.#network, key === "-1" ? "signed" : "image");
    if (this.ending.layer) this.#kinds.set(this.ending.layer.name, "relu");
    this.#answer(() => this.#spoken());
  }

  #keep() {
    this.#history.push({ pixels: this.#pixels.slice(), source: this.#source });
    if (this.#history.length > 60) this.#history.shift();
  }

  #undo() {
    const before = this.#history.pop();
    if (!before) return;
    this.#pixels = before.pixels;
    this.#source = before.source;
    this.#answer(() => `Undone. ${this.#spoken()}`);
  }

  #clear() {
    this.#keep();
    this.#pixels = new Float32Array(this.#pixels.length);
    this.#source = { kind: "drawn" };
    this.#answer(() => `The picture is empty. ${this.#spoken()}`);
  }

  #mirror() {
    const { columns, channels } = this.#size, was = this.#pixels, wide = columns * channels;
    this.#keep();
    this.#pixels = new Float32Array(was.length);
    for (let left = 0; left < was.length; left += wide)
      for (let k = 0; k < wide; k += channels) for (let c = 0; c < channels; c++) this.#pixels[left + k + c] = was[left + wide - channels - k + c];
    this.#source = { kind: "drawn", from: this.#source };
    this.#answer(() => `Mirrored. ${this.#spoken()}`);
  }

  /** The colour that the brush leaves, a number for each channel. */
  get #paint() {
    if (this.#tool === "erase") return Array(this.#size.channels).fill(0);
    if (this.#size.channels === 1) return [this.$("#ink").valueAsNumber];
    return [1, 3, 5].map((start) => parseInt(this.$("#colour").value.slice(start, start + 2), 16));
  }

  #begun(place) {
    this.#keep();
    this.#source = { kind: "drawn" };
    if (this.#tool === "fill") {
      this.#fill(...place.map(Math.round));
      this.#answer(() => this.#spoken());
      return;
    }
    this.#stroke = place;
    this.#drawn(place);
  }

  /** A line of dabs from the last point to this one. */
  #drawn(place) {
    const [row, column] = this.#stroke, steps = Math.max(1, Math.ceil(2 * Math.hypot(place[0] - row, place[1] - column)));
    for (let step = 1; step <= steps; step++) this.#dab(row + ((place[0] - row) * step) / steps, column + ((place[1] - column) * step) / steps);
    this.#stroke = place;
    this.#cell = place.map((value, axis) => clamp(Math.round(value), 0, (axis ? this.#size.columns : this.#size.rows) - 1));
    this.#answer();
  }

  #ended() {
    if (!this.#stroke) return;
    this.#stroke = null;
    this.#answer(() => this.#spoken());
  }

  /** One touch of the brush: full in the middle, softer at the rim. */
  #dab(row, column, paint = this.#paint) {
    const { rows, columns, channels } = this.#size, wish = Number(this.$("#brush").value);
    const radius = wish * Math.max(1, rows / SIDE), soft = wish > 0.5 ? 0.7 : 0.5, reach = Math.ceil(radius + soft);
    for (let i = Math.max(0, Math.round(row) - reach); i <= Math.min(rows - 1, Math.round(row) + reach); i++)
      for (let j = Math.max(0, Math.round(column) - reach); j <= Math.min(columns - 1, Math.round(column) + reach); j++) {
        const away = Math.hypot(i - row, j - column), share = wish > 0.5 ? clamp(radius + soft - away, 0, 1) : +(i === Math.round(row) && j === Math.round(column));
        if (share <= 0) continue;
        for (let c = 0; c < channels; c++) {
          const k = (i * columns + j) * channels + c, was = this.#pixels[k], mixed = Math.round(was + (paint[c] - was) * share);
          // A soft rim must not undo what the stroke before has filled.
          this.#pixels[k] = channels > 1 ? mixed : this.#tool === "erase" || paint[c] < was ? Math.min(was, mixed) : Math.max(was, mixed);
        }
      }
  }

  /** Give a patch of like pixels the colour of the brush. */
  #fill(row, column) {
    const { rows, columns, channels } = this.#size, paint = this.#paint;
    if (row < 0 || column < 0 || row >= rows || column >= columns) return;
    const at = (i, j) => (i * columns + j) * channels, start = [...this.#pixels.subarray(at(row, column), at(row, column) + channels)];
    const alike = (k) => start.every((value, c) => Math.abs(this.#pixels[k + c] - value) <= 24), seen = new Uint8Array(rows * columns), open = [[row, column]];
    while (open.length) {
      const [i, j] = open.pop();
      if (i < 0 || j < 0 || i >= rows || j >= columns || seen[i * columns + j]) continue;
      seen[i * columns + j] = 1;
      if (!alike(at(i, j))) {
        // The soft rim of a line is filled as well, or a seam would stay.
        for (let c = 0; c < channels; c++) this.#pixels[at(i, j) + c] = (start[c] < paint[c] ? Math.max : Math.min)(this.#pixels[at(i, j) + c], paint[c]);
        continue;
      }
      this.#pixels.set(paint, at(i, j));
      open.push([i - 1, j], [i + 1, j], [i, j - 1], [i, j + 1]);
    }
  }

  #pictureKeys(event) {
    const step = arrow(event), { rows, columns } = this.#size, erase = ["Delete", "Backspace"].includes(event.key);
    if (step) {
      this.#cell = [clamp(this.#cell[0] + step[0], 0, rows - 1), clamp(this.#cell[1] + step[1], 0, columns - 1)];
      if (this.#pen) this.#press();
    } else if ([" ", "Enter"].includes(event.key)) this.#press();
    else if (erase) {
      const tool = this.#tool;
      this.#tool = "erase";
      this.#press();
      this.#tool = tool;
    } else if (event.key.toLowerCase() === "p" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.#pen = !this.#pen;
      this.announce(this.#pen ? "The pen is down: moving paints." : "The pen is up.", 0);
    } else return;
    event.preventDefault();
    this.#marks();
    this.#point(this.#cell);
    if (step && !this.#pen) this.announce(this.#here(), 150);
    else if (step || erase || [" ", "Enter"].includes(event.key)) this.#say = () => `${this.#here()} ${this.#spoken()}`;
  }

  /** The pixel under the cursor, in words: where it is when they are spoken. */
  #here() {
    return `Row ${this.#cell[0]}, column ${this.#cell[1]}: ${this.#pixelWords(...this.#cell)}.`;
  }

  /** Paint at the cursor. */
  #press() {
    this.#keep();
    this.#source = { kind: "drawn" };
    if (this.#tool === "fill") this.#fill(...this.#cell);
    else this.#dab(...this.#cell);
    this.#answer();
  }

  #pixelWords(row, column) {
    const { columns, channels } = this.#size, start = (row * columns + column) * channels;
    return [...this.#pixels.subarray(start, start + channels)].map((value) => write(value, 0)).join(", ");
  }

  #point(place) {
    const [row, column] = (place ?? [-1, -1]).map(Math.round), { rows, columns } = this.#size;
    const inside = row >= 0 && column >= 0 && row < rows && column < columns;
    this.$("#where").textContent = inside ? `row ${row}, column ${column}: ${this.#pixelWords(row, column)}${this.#pen ? ", pen down" : ""}` : "";
  }

  /* -- running and painting -- */

  /** The picture changed: run the network and show everything, once for each frame; say() is told then. */
  #answer(say = null) {
    clearTimeout(this.#pause);
    this.#paintPicture();
    if (say) this.#say = say;
    const { isLight } = this.#runner;
    if (!isLight || this.#took > SLOW) this.#pause = setTimeout(() => this.#run(), 250);
    else this.later(() => this.#run());
  }

  /** Run the network: in the page what takes a moment, the rest in a thread. Kept when it is shown. */
  #run(everything = false) {
    if (!this.#runner.isLight) return this.#send(everything);
    const started = performance.now(), found = this.#runner.now(inRange(this.#pixels, this.#range));
    this.#took = performance.now() - started;
    this.#finish(found, everything);
    return Promise.resolve();
  }

  /** The outputs of all layers are there: show them. */
  #finish(found, everything = false) {
    this.#found = found;
    const { layer, add } = this.ending, over = overflowing(this.#network, found);
    if (layer) for (const [name, one] of surveyed(new Map([[layer.name, { shape: layer.shape, data: sharesOf(found.get(this.#network.output).data, add) }]]))) found.set(name, one);
    if (over) this.#trouble(`${overflow(over)}, so there is no answer for this picture; does the network expect other pixels?`);
    else if (this.#overflows) this.#trouble("");
    this.#overflows = over;
    this.#draw(everything);
    if (this.#say) this.announce(this.#say());
    this.#say = null;
  }

  /** Run in the thread. One picture at a time; of those that come meanwhile only the last is run. */
  #send(everything = false) {
    if (this.#sending?.runner === this.#runner) {
      this.#again = true;
      if (this.#network.cost > LONG) this.#runner.stop();
      return this.#sending.rest;
    }
    const runner = this.#runner, sending = (this.#sending = { runner });
    return (sending.rest = this.#inThread(runner, everything).finally(() => {
      if (this.#sending === sending) this.#sending = null;
    }));
  }

  async #inThread(runner, everything) {
    do {
      this.#again = false;
      try {
        const started = performance.now(), found = await this.#watched(runner, inRange(this.#pixels, this.#range));
        if (runner !== this.#runner) return;
        this.#took = performance.now() - started;
        if (!this.#again) this.#finish(found, everything);
      } catch (error) {
        if (runner !== this.#runner) return;
        if (this.#again) continue;
        if (!error.stopped) return this.#trouble(error.message);
        return this.#progress("Stopped. What is shown belongs to the picture before.", null);
      }
    } while (this.#again);
  }

  /** Run in the thread, and show how far it is if that takes a while. */
  async #watched(runner, pixels) {
    const all = runner.network.layers, order = new Map(all.map(({ name }, n) => [name, n]));
    let news = { layer: all[0].name, share: 0 }, shown = false;
    const show = () => {
      if (!shown) this.announce("The network is at work; it can be stopped.", 0);
      shown = true;
      this.#progress(`At work: layer ${1 + order.get(news.layer)} of ${all.length}, ${news.layer.slice(0, 60)}`, news.share);
    };
    const wait = setTimeout(show, PATIENCE);
    try {
      return await runner.later(pixels, (heard) => {
        news = heard;
        if (shown) show();
      });
    } finally {
      clearTimeout(wait);
      if (shown) this.#progress(null);
    }
  }

  /** The line of a network at work: a share of it, or null and a button that runs it again; no words hide it. */
  #progress(words, share = null) {
    const line = this.$("#running"), focused = line.contains(this.shadowRoot.activeElement);
    line.hidden = words === null;
    if (focused && words === null) this.$("#picture").focus({ preventScroll: true }); // the button is gone
    this.$("#running-words").textContent = words ?? "";
    this.$("#running-share").hidden = share === null;
    this.$("#running-share").value = share ?? 0;
    const button = this.$("#stop"), text = share === null ? "Run" : "Stop";
    if (button.textContent !== text) button.textContent = text;
    if (words?.startsWith("Stopped")) this.announce(words, 0);
  }

  #stopOrRun() {
    if (this.#opening || this.#sending) {
      this.#again = false;
      (this.#opening ?? this.#sending.runner).stop();
    } else this.#send();
  }

  #draw(everything = false) {
    this.#showAnswer();
    for (const one of this.#shown) one.stale = true;
    this.#paintStale(everything);
    if (this.#look) this.#showWhy(false);
  }

  /** Run the network and paint every layer, in sight or not: for the benchmark. Kept when it is done. */
  runAll() {
    clearTimeout(this.#pause);
    this.#paintPicture();
    return this.#run(true);
  }

  #paintPicture() {
    const { rows, columns, channels } = this.#size, canvas = this.$("#picture canvas");
    if (channels === 1) paint(canvas, this.#pixels, rows, columns, "image", 255);
    else {
      Object.assign(canvas, { width: columns, height: rows });
      const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
      for (let k = 0, from = 0, to = 0; k < rows * columns; k++) {
        for (let c = 0; c < 3; c++) image.data[to++] = this.#pixels[from++];
        image.data[to++] = 255;
      }
      context.putImageData(image, 0, 0);
    }
    this.$("#picture svg").setAttribute("viewBox", `0 0 ${columns} ${rows}`);
    enable(this.$("#undo"), this.#history.length > 0);
    const { kind, n } = this.#source;
    const checked = this.$("[name=garment]:checked"), wanted = kind === "garment" ? this.$(`[name=garment][value="${n}"]`) : null;
    if (checked && checked !== wanted) checked.checked = false;
    if (wanted) wanted.checked = true;
    this.$('input[name="light"]').closest("fieldset").hidden = kind !== "own";
    const grey = channels === 1;
    this.$("#source").textContent = kind !== "own" ? "" : grey
      ? `Your picture, by the rule of the chapter: made grey, ${{ auto: "the ground, which is what the rim mostly shows, made 0", as: "light and dark as they are", turned: "light and dark turned around" }[this.#light]}, the brightest made 255; then cut out, shrunk by averaging to ${rows} x ${columns} and centred. It has not left this page.`
      : `The middle of your picture, shrunk by averaging to ${rows} x ${columns}${this.#light === "turned" ? ", light and dark turned around" : ""}. It has not left this page.`;
  }

  /* -- the answer -- */

  #bars() {
    const { units, two } = this.ending, row = () => make("li", {}, make("span", { className: "class" }), make("span", { className: "rail" }, make("i")), make("span", { className: "number" }));
    this.$("#bars").replaceChildren(...range(two ? 2 : Math.min(units, 10)).map(row));
  }

  #className(n) {
    return this.#network.classes?.[n] || `output ${n}`;
  }

  /** [{n, share}] of the outputs that are shown: all in their order, or the ten largest. */
  #answers() {
    const { units, two, layer } = this.ending, { data } = this.#found.get(layer?.name ?? this.#network.output);
    // One output for two classes is the share of the second, as Keras numbers them.
    if (two) return [{ n: 0, share: 1 - data[0] }, { n: 1, share: data[0] }];
    return (units <= 10 ? range(units) : largestTen(data)).map((n) => ({ n, share: data[n] }));
  }

  #showAnswer() {
    const { units, shares, add } = this.ending, answers = this.#answers(), best = answers.reduce((a, b) => (b.share > a.share ? b : a), { share: -Infinity });
    [...this.$("#bars").children].forEach((row, k) => {
      const { n, share } = answers[k], [name, rail, number] = row.children;
      row.classList.toggle("best", n === best.n && answers.length > 1);
      name.textContent = this.#className(n);
      rail.firstChild.style.width = `${100 * clamp(share || 0, 0, 1)}%`;
      rail.hidden = !shares && !add;
      number.textContent = this.#overflows || !Number.isFinite(share) ? "\u2013" : shares || add ? percent(share) : short(share);
    });
    const { n, from } = this.#source, garment = n ?? from?.n, told = garment === undefined ? "" : this.#names[garment % this.#sprite.columns];
    const right = told && units > 1 && !this.#overflows && this.#network.classes?.includes(told) ? (this.#className(best.n) === told ? " The network is right." : " The network is wrong.") : "";
    this.$("#truth").textContent = !units ? "The network ends in maps, so there are no classes to choose from; look at its last layer." : told ? `The label of this test picture${from ? ", mirrored" : ""}: ${told}.${right}` : "";
  }

  #spoken() {
    const { units, shares, add } = this.ending;
    if (this.#overflows) return `${overflow(this.#overflows)}.`;
    if (!units) return "The network answers with maps.";
    return `${this.#answers().sort((a, b) => b.share - a.share).slice(0, 3).map(({ n, share }) => `${this.#className(n)} ${shares || add ? percent(share) : short(share)}`).join(", ")}.`;
  }

  /* -- the layers -- */

  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      const one = this.#shown.find(({ section }) => section === target);
      if (!one) continue;
      one.seen = isIntersecting;
    }
    this.#paintStale();
  }

  #resized(always = false) {
    // While the figure is still hidden it has no width; then any will do.
    const width = Math.floor(this.$("#layers").clientWidth) || (always ? this.#wide || 640 : 0);
    if (!width || (!always && width === this.#wide)) return;
    this.#wide = width;
    for (const one of this.#shown) {
      if (!one.canvas) continue;
      const g = (one.geometry = geometry(one.layer.shape, width));
      Object.assign(one.maps.style, { width: `${g.size[0] * g.scale}px`, height: `${g.size[1] * g.scale}px` });
      one.marks.setAttribute("viewBox", `0 0 ${g.size[0]} ${g.size[1]}`);
      one.stale = true;
    }
    if (always) return; // nothing to show yet
    this.#paintStale();
    this.#marks();
  }

  /** Paint the layers that are in sight, or all of a small network, a slice of time after the other. */
  #paintStale(everything = false) {
    const end = performance.now() + SLICE;
    clearTimeout(this.#painting);
    for (const one of this.#shown) {
      if (!one.stale || !one.canvas || !(everything || one.seen || !this.#lazy)) continue;
      if (!everything && performance.now() > end) return void (this.#painting = setTimeout(() => this.#paintStale()));
      this.#paintLayer(one);
    }
  }

  #paintLayer(one) {
    const { layer, geometry: g } = one;
    const { data, most, limits } = this.#found.get(layer.name), kind = this.#kinds.get(layer.name);
    one.stale = false;
    one.limit = kind === "relu" && layer.added ? 1 : most || 1;
    one.limits = this.#scale === "map" && !g.isList ? Array.from(limits.subarray(0, g.shown), (each) => each || 1) : null;
    paintMaps(one.canvas, data, g, kind, one.limits ?? one.limit);
    this.#legend(one);
    if (g.few) this.#numbers(one, data, kind);
  }

  /** Numbers on the values of a short row. */
  #numbers(one, data, kind) {
    const { geometry: g, marks } = one, old = marks.querySelector(".numbers-drawn");
    const texts = range(g.shown).map((n) => {
      const [left, top] = cornerOf(g, n);
      return draw("text", { x: left + g.one[0] / 2, y: top + g.one[1] / 2, fill: ink(colour(kind, data[n], one.limit)) }, short(data[n]));
    });
    const group = draw("g", { class: "numbers-drawn" }, ...texts);
    if (old) old.replaceWith(group);
    else marks.prepend(group);
  }

  #legend(one) {
    const kind = this.#kinds.get(one.layer.name), [low, bar, high] = one.scale.children, { limit, limits } = one;
    if (limit === undefined || (one.told === `${kind} ${limit} ${Boolean(limits)}` && !one.pointed)) return;
    one.pointed = false;
    one.told = `${kind} ${limit} ${Boolean(limits)}`;
    bar.hidden = false;
    low.textContent = kind === "signed" ? (limits ? "\u2212" : `\u2212${short(limit)}`) : "0";
    high.textContent = limits ? (kind === "signed" ? "+ each map\u2019s largest" : "each map\u2019s largest") : short(limit);
    if (one.painted === kind) return;
    one.painted = kind;
    paint(bar, range(64).map((n) => (kind === "signed" ? n / 31.5 - 1 : n / 63)), 1, 64, kind, 1);
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", kind === "image" ? "Black is zero." : kind === "relu" ? "White is zero, dark red is the largest." : "Blue is negative, white is zero, red is positive.");
  }

  #words({ layer, geometry: g }, n) {
    const [map, row, column] = mapOf(g, n);
    return g.isList ? `${layer.added || layer.shape[0] === this.ending.units ? `${this.#className(n)}` : `value ${n}`}` : `map ${map}, row ${row}, column ${column}`;
  }

  #readOut(one, n) {
    if (n === null) return this.#legend(one);
    const [low, bar, high] = one.scale.children;
    one.pointed = bar.hidden = true;
    low.textContent = `${this.#words(one, n)}:`;
    high.textContent = short(this.#found.get(one.layer.name).data[n]);
  }

  #valueAt({ geometry: g, maps }, event) {
    const box = maps.getBoundingClientRect(), x = ((event.clientX - box.left) / box.width) * g.size[0], y = ((event.clientY - box.top) / box.height) * g.size[1];
    const column = Math.floor(x / (g.one[0] + g.gap)), map = Math.floor(y / (g.one[1] + g.gap)) * g.perRow + column, [left, top] = cornerOf(g, map);
    if (x < 0 || y < 0 || column >= g.perRow || map >= g.shown) return null;
    const place = (at, block, most, whole) => clamp(clamp(Math.floor(at / block), 0, most - 1) * g.step, 0, whole - 1);
    return g.isList ? map : valueOf(g, map, place(y - top, g.block[1], g.high, g.rows), place(x - left, g.block[0], g.wide, g.columns));
  }

  #layerKeys(one, event) {
    const g = one.geometry, step = arrow(event), page = { PageUp: -1, PageDown: 1 }[event.key], here = this.#look?.shown === one ? this.#look.n : null;
    if (event.key === "Escape" && this.#look) return event.preventDefault(), this.#close();
    if (!step && !page && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (here === null || (!step && !page)) return this.#explain(one, here ?? this.#striking(one));
    let [map, row, column] = mapOf(g, here);
    if (page) map = clamp(map + page, 0, g.maps - 1);
    else if (g.isList) map = clamp(map + step[1] + step[0] * g.perRow, 0, g.maps - 1);
    else [row, column] = [clamp(row + step[0], 0, g.rows - 1), clamp(column + step[1], 0, g.columns - 1)];
    this.#explain(one, valueOf(g, map, row, column));
  }

  #rescale(scale) {
    this.#scale = scale;
    this.#draw();
    this.announce(scale === "map" ? "Each map has its own scale." : "All maps of a layer have one scale.");
  }

  /* -- the explanation -- */

  /** Look at value n of a layer, and put the explanation below it. */
  #explain(one, n, { quiet = false, part = null } = {}) {
    const same = this.#look?.shown === one, panel = this.$("#why");
    const said = explain(this.#network, this.#found, one.layer, n);
    if (part === null && said.kind === "sum") part = same && said.parts[this.#look.part] ? this.#look.part : said.parts.reduce((most, each, k) => (Math.abs(each.product) > Math.abs(said.parts[most].product) ? k : most), 0);
    this.#look = { shown: one, n, part };
    if (!same || panel.hidden) {
      const before = one.section.getBoundingClientRect().top, focused = this.shadowRoot.activeElement;
      one.section.append(panel);
      panel.hidden = false;
      if (!quiet) window.scrollBy(0, one.section.getBoundingClientRect().top - before);
      if (focused && focused !== this.shadowRoot.activeElement) focused.focus({ preventScroll: true });
    }
    this.#showWhy();
    if (!quiet) this.announce(`${this.#words(one, n)}: ${short(said.value)}.${same ? "" : " Explained below the layer."}`, 250);
  }

  #close(quiet = false) {
    const { shown } = this.#look ?? {};
    this.#look = null;
    this.$("#why").hidden = true;
    this.#marks();
    if (!quiet) shown?.maps.focus({ preventScroll: true });
  }

  #typedPlace() {
    const { shown } = this.#look, g = shown.geometry, [map, row, column] = ["#at-map", "#at-row", "#at-column"].map((id) => this.$(id).valueAsNumber);
    const good = [[map, g.maps], [row, g.isList ? 1 : g.rows], [column, g.isList ? 1 : g.columns]].map(([value, most]) => Number.isInteger(value) && value >= 0 && value < most);
    ["#at-map", "#at-row", "#at-column"].forEach((id, k) => (good[k] || (g.isList && k) ? this.$(id).removeAttribute("aria-invalid") : this.$(id).setAttribute("aria-invalid", "true")));
    if (good[0] && (g.isList || (good[1] && good[2]))) this.#explain(shown, valueOf(g, map, row, column));
  }

  /** The layer that is drawn under a name: what only passes values on gives way to its input. */
  #drawnAs(name) {
    for (let layer = this.#network.layers.find((one) => one.name === name); layer; layer = this.#network.layers.find((one) => one.name === layer.inputs[0])) {
      if (layer.type === "InputLayer") return null;
      const found = this.#shown.find((one) => one.layer === layer && one.canvas);
      if (found) return found;
    }
    return null; // the picture itself
  }

  #back() {
    const { back } = explain(this.#network, this.#found, this.#look.shown.layer, this.#look.n);
    if (!back) return this.announce("It comes from the rim of zeros; there is nothing before it.", 0);
    const before = this.#drawnAs(back.name);
    if (before) {
      this.#explain(before, back.n);
      return before.section.scrollIntoView({ block: "nearest", behavior: lessMotion() ? "auto" : "smooth" });
    }
    const [row, column] = placeOf(this.#size, back.n);
    this.#cell = [row, column];
    this.$("#picture").focus();
    this.#point(this.#cell);
    this.#marks();
    this.announce(`This is the picture: row ${row}, column ${column}, ${this.#pixelWords(row, column)}.`, 0);
  }

  /** A value of the next layer that reads this one. */
  #on() {
    const { shown, n } = this.#look, next = this.#shown.find((one) => one.canvas && one.layer.inputs.some((name) => this.#drawnAs(name) === shown));
    if (!next) return this.announce("This is the last layer.", 0);
    const from = shown.geometry, to = next.geometry, [map, row, column] = mapOf(from, n), move = (at, was, now) => clamp(Math.floor(((at + 0.5) * now) / was), 0, now - 1);
    const count = this.#found.get(next.layer.name).data.length, same = count === this.#found.get(shown.layer.name).data.length;
    const there = to.isList ? clamp(same ? n : to.maps === from.maps ? map : 0, 0, to.maps - 1) : valueOf(to, clamp(map, 0, to.maps - 1), from.isList ? 0 : move(row, from.rows, to.rows), from.isList ? 0 : move(column, from.columns, to.columns));
    this.#explain(next, there);
    next.section.scrollIntoView({ block: "nearest", behavior: lessMotion() ? "auto" : "smooth" });
  }

  /** Frames around the value that is looked at, what it read, and the drawing cursor. */
  #marks(said = null) {
    for (const one of this.#shown) for (const old of one.marks?.querySelectorAll(".frame") ?? []) old.remove();
    const svg = this.$("#picture svg"), parts = [], { rows, columns } = this.#size;
    if (this.#look && this.#found.size) {
      const { shown, n } = this.#look, g = shown.geometry, [map, row, column] = mapOf(g, n);
      if (map < g.shown) shown.marks.append(frame(g, map, row, column, row, column));
      const { reads } = said ?? explain(this.#network, this.#found, shown.layer, n), before = this.#drawnAs(reads.name);
      if (before && before !== shown) before.marks.append(...frames(before.geometry, reads.from));
      else if (!before && reads.from.length) {
        const places = reads.from.map((k) => placeOf(this.#size, k)), side = (axis, pick) => places.reduce((a, place) => pick(a, place[axis]), places[0][axis]);
        const [top, left] = [side(0, Math.min), side(1, Math.min)], box = { x: left, y: top, width: side(1, Math.max) - left + 1, height: side(0, Math.max) - top + 1 };
        parts.push(draw("rect", { class: "rim", ...box }), draw("rect", { class: "mark", ...box }));
      }
    }
    if (this.shadowRoot.activeElement === this.$("#picture")) {
      const box = { x: this.#cell[1], y: this.#cell[0], width: 1, height: 1 };
      parts.push(draw("rect", { class: "cell-rim", ...box }), draw("rect", { class: "cell", ...box }));
    }
    svg.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
    svg.replaceChildren(...parts);
  }

  #showWhy(moved = true) {
    const { shown, n } = this.#look, { layer, geometry: g } = shown, said = explain(this.#network, this.#found, layer, n), [map, row, column] = mapOf(g, n);
    const input = this.shadowRoot.activeElement;
    const set = (id, value, most, used) => {
      const box = this.$(id);
      box.closest("label").hidden = !used;
      box.max = most - 1;
      if (box !== input) Object.assign(box, { value }).removeAttribute("aria-invalid");
    };
    set("#at-map", map, g.maps, true);
    this.$("#at-map").previousElementSibling.textContent = g.isList ? "value" : "map";
    set("#at-row", row, g.rows, !g.isList);
    set("#at-column", column, g.columns, !g.isList);
    this.$("#why-name").replaceChildren(`${layer.type}${layer.added ? "" : ` ${layer.name}`}, ${this.#words(shown, n)}: `, make("b", { className: "numbers", id: "why-value" }, short(said.value)));
    this.$("#why-sum").replaceChildren(...showWhy(said, {
      layer, n, part: this.#look.part,
      className: (unit) => this.#className(unit),
      read: (name) => [this.#kinds.get(name), this.#found.get(name).most || 1],
      drawnAs: (name) => this.#drawnAs(name)?.layer.name ?? "the picture",
      shapeOf: (name) => this.#found.get(name).shape,
      opened: (part) => (this.#look.part = part),
    }));
    if (moved) this.#marks(said);
  }

  /* -- the rest -- */

  #keys(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || ["number", "text"].includes(event.target.type)) return;
    event.preventDefault();
    this.#undo();
  }

  #trouble(text) {
    this.$("#trouble").textContent = text;
    if (text) this.announce(text, 0);
  }

  #check(name, value) {
    for (const input of this.shadowRoot.querySelectorAll(`input[name="${name}"]`)) input.checked = input.value === value;
  }
}

/** The garments of garments.png, 28 x 28 each: {rows, columns, data: [values]}. */
async function readSprite() {
  const image = new Image();
  image.src = new URL("garments.png", import.meta.url).href;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image, context = make("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height), rows = height / SIDE, columns = width / SIDE;
  const one = (n) => Float32Array.from({ length: SIDE * SIDE }, (_, k) => data[4 * ((Math.floor(n / columns) * SIDE + Math.floor(k / SIDE)) * width + (n % columns) * SIDE + (k % SIDE))]);
  return { rows, columns, data: range(rows * columns).map(one) };
}

define("network-explorer", NetworkExplorer);
