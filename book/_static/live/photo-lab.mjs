/* <photo-lab>: the book's MobileNet on a photograph, in the reader's browser (chapter 10).

   The photograph is read and shrunk as the chapter does it (resize.mjs), the network runs
   in a worker (worker.mjs), and neither leaves the page. The network's file is
   loaded when the reader asks for it; until then the book's photographs have the answers
   that lab.json holds, from this very network. What every place of the last maps adds to a class's
   logit is shown over the photograph and in numbers, and adds up to the logit. */

import { LiveFigure, bracketed, cellStyle, choice, define, enable, magnitude, make, write } from "./figure.mjs";
import { takeFiles } from "./incoming.mjs";
import { readPicture } from "./own-picture.mjs";
import { enlarged, prepared, rowReader } from "./resize.mjs";
import { Thread } from "./thread.mjs";

const FOLDER = new URL("photo-lab/", import.meta.url);
const SHORTEST = 16; // pixels on the shorter side: the chapter's bound
const DARKEST = 0.25; // of its brightness a picture keeps where nothing speaks for the class

/** A share as a percentage that never claims to be sure. */
export function percent(share) {
  if (share > 0.9995) return "> 99.9 %";
  if (share < 0.0005) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

/** Which share of its brightness each pixel of a square keeps: as the chapter lights its pictures. */
export function light(places, [rows, columns], side) {
  const heat = places.map((value) => Math.max(value, 0)), most = heat.reduce((a, b) => Math.max(a, b)) + 1e-9;
  const lit = enlarged(heat.map((value) => value / most), rows, columns, side);
  // Padding moves what a place looks at by half a place, 16 pixels, to the right and down.
  const shift = Math.round(side / rows / 2), at = (n) => Math.max(0, n - shift);
  return Float32Array.from({ length: side * side }, (_, n) => {
    const share = lit[at(Math.floor(n / side)) * side + at(n % side)];
    return DARKEST + (1 - DARKEST) * Math.min(1, Math.max(0, share));
  });
}

export class PhotoLab extends LiveFigure {
  static style = `
    .gallery { display: flex; flex-wrap: wrap; gap: 0.45rem; margin-bottom: 0.8rem; }
    .gallery label { position: relative; display: block; width: 4.2rem; }
    .gallery input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
    .gallery img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 8px; border: 1px solid var(--rule-strong, #8a829c); }
    .gallery input:checked + img { outline: 3px solid var(--violet, #593796); outline-offset: 1px; }
    .gallery input:focus-visible + img { outline: 3px solid var(--orange, #9c4a05); outline-offset: 2px; }
    .file { position: relative; display: inline-flex; align-items: center; cursor: pointer; font-weight: 600; }
    .file:focus-within { outline: 3px solid var(--orange, #9c4a05); outline-offset: 2px; }
    .open { display: flex; flex-wrap: wrap; gap: 0.4rem 0.9rem; align-items: center; margin-bottom: 0.9rem; }
    .warning { margin-bottom: 0.9rem; }
    .stage { display: grid; gap: 1rem 1.6rem; }
    .stage > * { min-width: 0; }
    .picture { margin: 0; max-width: 22rem; width: 100%; justify-self: center; }
    .picture figcaption { display: grid; margin-bottom: 0.35rem; }
    .picture canvas { display: block; width: 100%; aspect-ratio: 1; border-radius: 6px; background: var(--wash, #f6f4fa); }
    .picture fieldset { margin-top: 0.6rem; }
    .legend { margin-top: 0.4rem; min-height: 2.8em; }
    .asks { display: grid; gap: 0.7rem; padding: 1rem; border-radius: 10px; background: var(--wash, #f6f4fa); justify-items: start; }
    progress { width: 100%; height: 0.8rem; accent-color: var(--violet, #593796); }
    .said { font-size: 1.35rem; font-weight: 700; line-height: 1.25; }
    .answer { display: grid; gap: 0.6rem; align-content: start; }
    .classes { display: grid; gap: 0.15rem; }
    .classes label { position: relative; display: grid; grid-template-columns: 4.6rem 1fr 4.4rem; gap: 0.6rem; align-items: center; padding: 0.2rem 0.5rem; min-height: 2rem; border: 1px solid transparent; border-radius: 8px; }
    .classes input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
    .classes label:hover { background: var(--violet-wash, #f0ebf9); }
    .classes label:has(:checked) { border-color: var(--violet, #593796); background: var(--violet-wash, #f0ebf9); font-weight: 600; }
    .classes label:has(:focus-visible) { outline: 3px solid var(--orange, #9c4a05); outline-offset: 1px; }
    .gauge { height: 0.8rem; border-radius: 4px; background: var(--rule, #ddd8e6); overflow: hidden; }
    .gauge i { display: block; height: 100%; background: var(--violet, #593796); }
    .share { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .grid { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 3.1rem)); gap: 1px; padding: 1px; width: fit-content; max-width: 100%; background: var(--rule-strong, #8a829c); margin: 0.3rem 0; }
    .grid > * { display: grid; place-items: center; min-width: 0; width: 3.1rem; max-width: 100%; aspect-ratio: 1.25; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
    #honest { margin-top: 1rem; }
    .sumline { margin-bottom: 0.3rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
    :host(.over) .picture canvas { outline: 3px dashed var(--violet, #593796); outline-offset: 2px; }
    .asks { margin-top: 0.9rem; }
    #answer[hidden] + .asks { margin-top: 0; }
    .open { margin: 1rem 0 0; }
    /* On a phone: the photographs in one row, a smaller picture with its words beside it, and then the answer. */
    @container (max-width: 35.99rem) {
      .gallery { flex-wrap: nowrap; overflow-x: auto; padding: 4px 0; margin: 0 0 0.5rem; }
      .gallery label { flex: none; width: 3.6rem; }
      .stage { gap: 0.6rem; }
      .picture { max-width: none; display: grid; grid-template-columns: 8.5rem 1fr; grid-template-rows: auto auto 1fr; gap: 0.3rem 0.8rem; align-items: start; }
      .picture canvas { grid-row: 1 / 4; grid-column: 1; } .picture > :not(canvas) { grid-column: 2; margin: 0; }
      .picture .choice label { flex: 1 1 100%; } .picture .choice span { width: 100%; margin: 0 0 -1px; border-radius: 0 !important; }
      .picture .legend { min-height: 4.2em; line-height: 1.35; }
      .classes label { min-height: 44px; }
    }
    @container (max-width: 20rem) { .picture { grid-template-columns: 6.5rem 1fr; } }
    @container (min-width: 36rem) { .stage { grid-template-columns: minmax(14rem, 5fr) 6fr; } .picture { justify-self: start; } }
  `;

  #lab = null; // lab.json
  #thread = new Thread();
  #loading = null; // the network on its way; #ready when it is there
  #ready = false;
  #turn = 0; // of photographs: what comes of an earlier one is dropped
  #last = Promise.resolve(); // what was begun last
  #example = null; // the book's photograph that is shown
  #pixels = null;
  #shrunk = 0; // milliseconds
  #answer = null;
  #class = 0; // whose map is shown
  #looks = "photograph";

  /** What the network said: for tests, and for whoever wants to know more. */
  get answer() {
    return this.#answer && { ...this.#answer, places: [...this.#answer.places] };
  }

  /** What the network gets: side x side pixels, three numbers each. */
  get pixels() {
    return this.#pixels && [...this.#pixels];
  }

  get value() {
    return { network: this.#ready ? "ready" : this.#loading ? "loading" : "asleep", example: this.#example?.file ?? null, class: this.#lab?.classes[this.#class], looks: this.#looks };
  }

  build(root) {
    const file = make("input", { id: "file", type: "file", accept: "image/*", className: "unseen", onchange: () => this.open(file.files[0]) });
    root.append(
      make("fieldset", {}, make("legend", {}, "One of the book\u2019s photographs"), make("div", { className: "gallery", id: "gallery" })),
      make("p", { className: "warning", id: "trouble" }),
      make("div", { className: "stage" },
        make("figure", { className: "picture" },
          make("figcaption", {}, make("span", { className: "name" }, "What the network gets"), make("span", { className: "note", id: "size" })),
          make("canvas", { id: "view", width: 160, height: 160, role: "img" }),
          choice("Show", "looks", { photograph: "photograph", heat: "where it looked" }, "photograph", (looks) => this.#look(looks)),
          make("p", { className: "note legend", id: "legend" })),
        make("div", {},
          make("div", { className: "answer", id: "answer", hidden: true },
            make("p", { className: "said", id: "said", tabIndex: -1 }),
            make("p", { className: "note", id: "truth" }),
            make("fieldset", {}, make("legend", {}, "Its five probabilities. Choose a class to see its map"), make("div", { className: "classes", id: "classes" })),
            make("p", { className: "note numbers", id: "time" }),
            make("details", { id: "map", hidden: true }, make("summary", {}, "The map in numbers"), make("div", { id: "numbers" }))),
          make("div", { className: "asks", id: "asks" },
            make("p", { id: "why" }),
            make("button", { type: "button", id: "load", className: "main", onclick: () => this.load() }),
            make("progress", { id: "progress", max: 1, value: 0, hidden: true, "aria-label": "Loading the network" })))),
      make("div", { className: "open" }, make("label", { className: "file" }, "Choose a photograph of your own", file),
        make("p", { className: "note" }, "You may also drop or paste one. It never leaves this page.")),
      make("p", { className: "note", id: "honest" }));
    takeFiles(this, (file, note) => this.open(file, note));
    this.ready = this.#begin();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#thread.stop();
  }

  async #begin() {
    const answer = await fetch(new URL("lab.json", FOLDER));
    if (!answer.ok) throw new Error(`lab.json: status ${answer.status}`);
    const lab = (this.#lab = await answer.json());
    this.$("#gallery").append(...lab.examples.map((example) => {
      const input = make("input", { type: "radio", name: "example", value: example.file, onchange: () => this.#book(example) });
      input.setAttribute("aria-label", `${example.shows}, a ${example.kind}`);
      return make("label", { title: example.shows }, input, make("img", { src: new URL(example.file, FOLDER).href, alt: "", width: 67, height: 67 }));
    }));
    this.$("#size").textContent = `${lab.side} x ${lab.side} pixels, the middle square`;
    this.$("#why").textContent = `Load the network, and you see where it looked, and it answers about photographs of your own: ${(lab.parameters / 1e6).toFixed(2)} million weights, loaded once, from this site. Then it works without a connection.`;
    this.$("#load").textContent = `Load the network (${(lab.bytes / 1e6).toFixed(1)} MB)`;
    const { scenes, right, percent: mean } = lab.test;
    this.$("#honest").textContent = `It always answers with one of these five, whatever the picture shows. On the chapter\u2019s ${scenes} test scenes, cut-out things on a plain ground, it is right ${right} times, ${write(mean, 1)} % as a mean over the classes. Photographs with a ground of their own it was never taught.`;
    this.#classes();
    await this.#book(lab.examples.find(({ class: kind }) => kind === "mammal") ?? lab.examples[0], true);
  }

  /* -- photographs -- */

  #book(example, first = false) {
    this.shadowRoot.querySelector(`input[value="${example.file}"]`).checked = true;
    const read = async () => {
      const answer = await fetch(new URL(example.file, FOLDER)).catch(() => null);
      if (!answer?.ok) throw new Error("This photograph could not be loaded. Is the connection there?");
      return answer.blob();
    };
    return (this.#last = first ? this.#show(read, example) : this.#tried(() => this.#show(read, example)));
  }

  /** Show a file that the reader chose, dropped or pasted. */
  open(file, note = "") {
    this.$("#file").value = "";
    return file ? (this.#last = this.#tried(() => this.#show(async () => file, null), note)) : this.#last;
  }

  /** Do something; what goes wrong is told in one sentence. */
  async #tried(work, note = "") {
    try {
      this.#trouble("");
      await work();
      if (note) this.#trouble(note);
    } catch (error) {
      this.#trouble(error.message);
      this.#mark();
    }
  }

  /** In the gallery, mark the photograph that is shown. */
  #mark() {
    for (const input of this.shadowRoot.querySelectorAll("input[name=example]")) input.checked = input.value === this.#example?.file;
  }

  /** Read, decode and shrink a picture; if the network is there, it looks at it. */
  async #show(read, example) {
    const turn = ++this.#turn, { side } = this.#lab, { picture: bitmap, width, height } = await readPicture(await read(), SHORTEST);
    const { pixels, milliseconds } = turn === this.#turn ? await this.#shrink(bitmap, side) : {};
    if (turn !== this.#turn) return bitmap.close();
    [this.#pixels, this.#shrunk, this.#example, this.#answer] = [pixels, milliseconds, example, null];
    this.$("#size").textContent = `${side} x ${side} pixels, ${width === height ? "" : "the middle square "}of ${width} x ${height}`;
    this.#mark();
    if (this.#ready) return this.#run(turn);
    // Of its own photographs the book holds what the network said.
    this.$("#answer").hidden = !example?.answer;
    if (example?.answer) this.#class = example.answer.indexOf(Math.max(...example.answer));
    if (example?.answer) this.#tell();
    else this.#paint();
  }

  /** As the chapter does it: in the worker, or here where the browser cannot paint in a worker. */
  async #shrink(bitmap, side) {
    if (typeof OffscreenCanvas !== "undefined") return this.#thread.ask({ job: "shrink", bitmap, side }, { transfer: [bitmap] });
    const begin = performance.now(), { width, height } = bitmap;
    const pixels = prepared(width, height, rowReader(bitmap, width, height), side).data;
    return { pixels, milliseconds: performance.now() - begin };
  }

  /* -- the network -- */

  /** Load the network, once; kept when it has looked at the picture. */
  load() {
    return (this.#loading ??= this.#tried(() => this.#fetch()));
  }

  async #fetch() {
    const button = this.$("#load"), progress = this.$("#progress");
    enable(button, false);
    Object.assign(progress, { hidden: false, value: 0 });
    this.announce("Loading the network.", 0);
    try {
      await this.#thread.ask({ job: "load", address: new URL("network.bin", FOLDER).href }, { tell: ({ share }) => (progress.value = share) });
    } catch (error) {
      this.#loading = null;
      throw error;
    } finally {
      enable(button, true);
      progress.hidden = true;
    }
    this.#ready = true;
    await this.#last;
    const focused = this.shadowRoot.activeElement === button;
    if (!this.#answer) await this.#run(this.#turn);
    this.$("#asks").hidden = true;
    this.$("#answer").hidden = false;
    if (focused) this.$("#said").focus({ preventScroll: true }); // the button is gone
  }

  /** Kept when nothing is under way any more. */
  async seen() {
    await this.#last;
  }

  async #run(turn) {
    const answer = await this.#thread.ask({ job: "look", pixels: this.#pixels });
    if (turn !== this.#turn) return;
    this.#answer = answer;
    this.#class = answer.logits.reduce((best, logit, n) => (logit > answer.logits[best] ? n : best), 0);
    this.#tell();
  }

  /* -- what is shown -- */

  #trouble(text) {
    this.$("#trouble").textContent = text;
    if (text) this.announce(text, 0);
  }

  #look(looks) {
    this.#looks = looks;
    this.#paint();
    this.announce(this.$("#legend").textContent);
  }

  #choose(number) {
    this.#class = number;
    if (!this.#answer) return this.#paint(); // no map yet
    // Who asks where it looked for a class wants to see it.
    this.#looks = "heat";
    this.shadowRoot.querySelector("input[name=looks][value=heat]").checked = true;
    this.#paint();
    this.#numbers();
    this.announce(this.$("#legend").textContent);
  }

  #classes() {
    this.$("#classes").append(...this.#lab.classes.map((name, number) =>
      make("label", {}, make("input", { type: "radio", name: "class", value: name, onclick: () => this.#choose(number) }),
        make("span", {}, name), make("span", { className: "gauge" }, make("i")), make("span", { className: "share" }))));
  }

  /** The answer is there: say it, draw the bars, the map and its numbers. */
  #tell() {
    const { classes } = this.#lab, example = this.#example, answer = this.#answer, probabilities = answer?.probabilities ?? example.answer;
    const said = classes[this.#class], sure = percent(probabilities[this.#class]);
    this.$("#said").textContent = `${said}, ${sure}`;
    this.$("#truth").textContent = !example ? "Your photograph. Is it right?" :
      `It is ${example.shows}, so \u201c${example.class}\u201d would be right${example.class === said ? ": it is." : "; it is wrong."}${example.kind === "photograph" ? " This is a photograph as cameras take it; the network learned from cut-out things on plain grounds." : ""}`;
    [...this.$("#classes").children].forEach((row, number) => {
      row.querySelector("input").checked = number === this.#class;
      row.querySelector("i").style.width = `${100 * probabilities[number]}%`;
      row.querySelector(".share").textContent = percent(probabilities[number]);
    });
    this.$("#time").textContent = answer
      ? `It took ${Math.max(1, Math.round(answer.milliseconds))} ms on this device, after ${Math.max(1, Math.round(this.#shrunk))} ms to make the picture smaller.`
      : "This is what the network answered when the book was made.";
    this.$("#map").hidden = !answer;
    this.#paint();
    if (answer) this.#numbers();
    this.announce(`${said}, ${sure}. ${this.$("#truth").textContent} ${this.$("#time").textContent}`);
  }

  #places(number = this.#class) {
    const { places, shape: [rows, columns] } = this.#answer, count = rows * columns;
    return [...places.slice(number * count, (number + 1) * count)];
  }

  #paint() {
    const view = this.$("#view"), { side, classes } = this.#lab, heat = this.#looks === "heat", name = classes[this.#class];
    const lit = heat && this.#answer ? light(this.#places(), this.#answer.shape, side) : null;
    Object.assign(view, { width: side, height: side });
    const context = view.getContext("2d"), image = context.createImageData(side, side);
    for (let n = 0; n < side * side; n++) {
      for (let c = 0; c < 3; c++) image.data[4 * n + c] = Math.trunc(this.#pixels[3 * n + c] * (lit ? lit[n] : 1));
      image.data[4 * n + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    const shows = this.#example?.shows ?? "your photograph";
    let words = "The picture as the network gets it.";
    if (heat && !this.#answer) words = "Where it looked can be shown when the network is loaded.";
    else if (heat && !this.#places().some((value) => value > 0)) words = `No place speaks for \u201c${name}\u201d, so all of it is dark.`;
    else if (heat) words = `The brighter, the more a place speaks for \u201c${name}\u201d. Places that speak against it stay dark.`;
    this.$("#legend").textContent = words;
    view.setAttribute("aria-label", `${shows}. ${words}${heat && this.#answer ? ` ${this.#where()}` : ""}`);
  }

  /** The strongest place of the map, in words. */
  #where() {
    const { shape: [rows, columns] } = this.#answer, places = this.#places(), best = places.reduce((most, value, n) => (value > places[most] ? n : most), 0);
    if (!(places[best] > 0)) return "";
    return `Most comes from row ${1 + Math.floor(best / columns)} of ${rows}, column ${1 + (best % columns)} of ${columns}.`;
  }

  #numbers() {
    const digits = (value, count) => value.toFixed(count).replace("-", "\u2212").replace(/^\u2212(0\.0+)$/, "$1");
    const { shape: [rows, columns], bias, logits } = this.#answer, places = this.#places(), name = this.#lab.classes[this.#class];
    const limit = magnitude(places), sum = places.reduce((a, b) => a + b, 0), most = digits(limit, 2);
    const grid = make("div", { className: "grid", role: "img" }, ...places.map((value) => make("span", { style: cellStyle("signed", value, limit) }, digits(value, 2))));
    grid.style.setProperty("--columns", columns);
    grid.setAttribute("aria-label", `What each place adds, row by row: ${Array.from({ length: rows }, (_, r) => places.slice(r * columns, (r + 1) * columns).map((value) => digits(value, 2)).join(", ")).join("; ")}.`);
    const shift = Math.round(this.#lab.side / rows / 2);
    this.$("#numbers").replaceChildren(
      make("p", { className: "note" }, `What each of the ${rows}\u00b7${columns} places adds to the logit of \u201c${name}\u201d. Red speaks for it, blue against; full colour means ${most}.`),
      grid,
      make("p", { className: "sumline" }, `sum over places ${digits(sum, 3)} + bias ${bracketed(digits(bias[this.#class], 3))} = logit ${digits(logits[this.#class], 3)}`),
      make("p", { className: "note" }, `The features are means over these places and the head is one dense layer, so nothing is left over: this map is exact. On the picture it is moved by ${shift} pixels to the right and down, where its places look, and drawn without what is negative, as in the chapter.`));
  }
}

define("photo-lab", PhotoLab);
