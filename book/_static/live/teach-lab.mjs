/* <teach-lab>: teach the book's MobileNet classes of one's own, from files or the camera (chapter 6).

   The backbone is the photo lab's, loaded when the first picture needs it. It runs in a thread
   (teach-worker.mjs), which also trains the head and asks it about pictures that it was not shown
   (teach-head.mjs), as the chapter does. Pictures and frames never leave the page. */

import { LiveFigure, bracketed, cellStyle, choice, define, enable, field, lessMotion, magnitude, make } from "./figure.mjs";
import { takeFiles } from "./incoming.mjs";
import { PictureError, readPicture } from "./own-picture.mjs";
import { lookInto } from "./picture-file.mjs";
import { LONGEST_NAME, LessonError, MOST_CLASSES, MOST_PICTURES, exported, exposure, readLesson, writeLesson } from "./teach-file.mjs";
import { Thread, ThreadError } from "./thread.mjs";

const SIDE = 80, SQUARE = 224, SHORTEST = 16, FEW = 10; // pixels of the network's pictures; of a file's shorter side; pictures of a class
const DARKEST = 0.25; // of its brightness a picture keeps where nothing speaks for the class
const FRAME = 66, CALM = 1000, BURST = 300; // milliseconds between live answers; with reduced motion; between pictures of a burst
const SPEAK = 4000; // milliseconds between two spoken live answers
const BYTES = 1692606; // of the photo lab's network
const SETS = /^(train|training|val|valid|validation|test|testing)$/i;
const SECURE = "A page gets a camera only over https or on the reader\u2019s own machine, and only from a browser that hands one out";

/** A share as a percentage; only all is 100 %, and only none is 0 %. */
export function percent(share, digits = 0) {
  const text = (100 * share).toFixed(digits), step = 10 ** -digits;
  if (share < 1 && Number(text) >= 100) return `> ${(100 - step).toFixed(digits)} %`;
  return share > 0 && Number(text) <= 0 ? `< ${step.toFixed(digits)} %` : `${text} %`;
}
/** A probability, which is never quite 0 or 1, and the end of an interval, which may be. */
const chance = (p, digits) => percent(Math.min(1 - 1e-12, Math.max(1e-12, p)), digits);
const end = (share) => percent(share > 1 - 1e-9 ? 1 : share < 1e-9 ? 0 : share);
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const range = (count) => [...Array(count).keys()];
const best = (list) => list.reduce((most, value, k) => (value > list[most] ? k : most), 0);
/** A name that is written from right to left leaves the words around it in their order. */
const apart = (name) => (/[\u0590-\u08ff\u200e\u200f\u202a-\u202e\ufb1d-\ufdff\ufe70-\ufefc]/.test(name) ? `\u2068${name}\u2069` : name);
const quoted = (name) => `\u201c${apart(name)}\u201d`;
/** The first letters of a name, and no half of one. */
const cut = (name, most) => name.slice(0, most).replace(/[\ud800-\udbff]$/, "").trim();

/** A drawing of a kind: each another, always the same for the same number. */
function drawing(kind, number) {
  let state = 7919 * (number + 1) + 104729 * (kind + 1);
  const draw = (low, high) => low + ((high - low) * ((state = (state * 48271) % 2147483647) / 2147483647));
  for (let n = 0; n < 5; n++) draw(0, 1);
  const canvas = make("canvas", { width: 224, height: 224 }), context = canvas.getContext("2d"), hue = draw(0, 360), size = draw(34, 85), x = draw(90, 134), y = draw(90, 134);
  context.fillStyle = `hsl(${draw(0, 360)} 35% ${draw(80, 92)}%)`;
  context.fillRect(0, 0, 224, 224);
  Object.assign(context, { strokeStyle: `hsl(${hue} 60% 38%)`, lineWidth: draw(6, 24), lineCap: "round" });
  context.translate(x, y);
  context.rotate(draw(-0.6, 0.6));
  context.beginPath();
  if (kind === 0) context.arc(0, 0, size, 0, 2 * Math.PI);
  else if (kind === 1) for (const [a, b] of [[-1, 0], [0, -1]]) context.moveTo(a * size, b * size), context.lineTo(-a * size, -b * size);
  else for (const at of [-1, -0.33, 0.33, 1]) context.moveTo(at * size, -size), context.lineTo(at * size, size);
  context.stroke();
  Object.assign(context, { lineWidth: 5, strokeStyle: `hsl(${draw(0, 360)} 45% 45%)` });
  for (let n = 0; n < 3; n++) {
    context.beginPath();
    context.moveTo(draw(-110, 110), draw(-110, 110));
    context.quadraticCurveTo(draw(-110, 110), draw(-110, 110), draw(-110, 110), draw(-110, 110));
    context.stroke();
  }
  return canvas;
}
const DRAWN = ["ring", "cross", "stripes"], DRAWINGS = 12;

/** Which share of its brightness each pixel keeps, by what rows x columns places add. Place i looks at pixel 32 i + 31, since
    padding moves it down and to the right; across, the mirror image turned back moves it to the left as far. */
export function light(places, [rows, columns]) {
  const heat = places.map((value) => Math.max(value, 0)), most = Math.max(...heat) + 1e-9, step = 32;
  const at = (n, first, count) => Math.min(count - 1, Math.max(0, (n - first) / step));
  return Float32Array.from({ length: SIDE * SIDE }, (_, n) => {
    const y = at(Math.floor(n / SIDE), 31, rows), x = at(n % SIDE, 23.5, columns), i = Math.min(rows - 2, Math.floor(y)), j = Math.min(columns - 2, Math.floor(x));
    const value = (a, b) => heat[a * columns + b] / most;
    const above = value(i, j) + (value(i, j + 1) - value(i, j)) * (x - j), below = value(i + 1, j) + (value(i + 1, j + 1) - value(i + 1, j)) * (x - j);
    return DARKEST + (1 - DARKEST) * (above + (below - above) * (y - i));
  });
}

export class TeachLab extends LiveFigure {
  static style = `
    .bar + .bar, .bar + .note { margin-top: 0.6rem; }
    .file { position: relative; display: inline-flex; align-items: center; cursor: pointer; font-weight: 600; }
    .file:focus-within { outline: 3px solid var(--orange, #9c4a05); outline-offset: 2px; }
    .head { font-weight: 700; margin: 1.2rem 0 0.4rem; font-size: 1.02rem; }
    .warning { margin-block: 0.7rem; }
    progress { width: 100%; max-width: 24rem; height: 0.8rem; accent-color: var(--violet, #593796); }
    #busy { display: flex; flex-wrap: wrap; gap: 0.5rem 0.9rem; align-items: center; margin-top: 0.7rem; }
    #busy progress { flex: 1 1 9rem; }
    .classes { display: grid; gap: 0.7rem; grid-template-columns: minmax(0, 1fr); }
    @container (min-width: 34rem) { .classes { grid-template-columns: 1fr 1fr; } }
    .class { min-width: 0; padding: 0.7rem; border: 1px solid var(--rule-strong, #8a829c); border-radius: 10px; }
    .class.current { border: 2px solid var(--violet, #593796); padding: calc(0.7rem - 1px); }
    .class.over, #ask-room.over { outline: 3px dashed var(--violet, #593796); outline-offset: 2px; }
    .class .bar { flex-wrap: nowrap; gap: 0.5rem; } .class .field { flex: 1 1 auto; min-width: 0; } .class .field input { width: 100%; }
    .class .count { margin: 0.4rem 0; font-size: 0.88rem; }
    .class button.remove { flex: none; padding: 0.2rem 0.6rem; font-weight: 400; }
    .thumbs { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(2.75rem, 1fr)); gap: 4px; max-height: 12.5rem; overflow-y: auto; }
    .thumbs button { display: block; width: 100%; min-height: 0 !important; padding: 0; border-radius: 5px; overflow: hidden; aspect-ratio: 1; }
    .thumbs img, .wrong img { display: block; width: 100%; height: 100%; object-fit: cover; }
    .thumbs button[aria-pressed="true"] { outline: 3px solid #ff9d2e; outline-offset: -3px; }
    #camera-room { margin-top: 0.9rem; padding: 0.8rem; border-radius: 10px; background: var(--wash, #f6f4fa); display: grid; gap: 0.7rem 1.2rem; }
    @container (min-width: 34rem) { #camera-room { grid-template-columns: minmax(10rem, 16rem) 1fr; } }
    video { display: block; width: 100%; max-width: 16rem; aspect-ratio: 1; object-fit: cover; border-radius: 8px; background: #000; }
    #shoot { touch-action: manipulation; user-select: none; -webkit-user-select: none; }
    .two { display: grid; gap: 0.9rem 1.6rem; margin-top: 0.2rem; border-radius: 10px; } .two > * { min-width: 0; }
    @container (min-width: 34rem) { .two { grid-template-columns: minmax(11rem, 17rem) 1fr; } }
    #view { display: block; width: 100%; max-width: 17rem; aspect-ratio: 1; border-radius: 6px; background: var(--wash, #f6f4fa); margin-bottom: 0.5rem; }
    .said { font-size: 1.3rem; font-weight: 700; line-height: 1.25; overflow-wrap: anywhere; }
    .bars { display: grid; gap: 0.1rem; margin: 0.4rem 0; }
    .bars label { position: relative; display: grid; grid-template-columns: minmax(0, 6.5rem) 1fr 4.1rem; gap: 0.6rem; align-items: center; padding: 0.15rem 0.5rem; min-height: 2rem; border: 1px solid transparent; border-radius: 8px; }
    .bars input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
    .bars label:hover { background: var(--violet-wash, #f0ebf9); }
    .bars label:has(:checked) { border-color: var(--violet, #593796); background: var(--violet-wash, #f0ebf9); font-weight: 600; }
    .bars label:has(:focus-visible) { outline: 3px solid var(--orange, #9c4a05); outline-offset: 1px; }
    .bars .word { overflow-wrap: anywhere; line-height: 1.2; }
    .gauge { height: 0.8rem; border-radius: 4px; background: var(--rule, #ddd8e6); overflow: hidden; } .gauge i { display: block; height: 100%; background: var(--violet, #593796); }
    .share { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .legend { min-height: 2.8em; }
    .limit { margin-top: 0.6rem; } .limit input { width: 100%; max-width: 22rem; }
    .grid { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 4rem)); gap: 1px; padding: 1px; width: fit-content; max-width: 100%; background: var(--rule-strong, #8a829c); margin: 0.3rem 0; }
    .grid > * { display: grid; place-items: center; min-width: 0; aspect-ratio: 1.5; font-size: 0.84rem; font-variant-numeric: tabular-nums; }
    .sumline { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
    #estimate { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.4rem; overflow-wrap: anywhere; } #estimate .said { font-size: 1.1rem; }
    .per { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; font-variant-numeric: tabular-nums; } .per li { min-width: 0; max-width: 100%; }
    .note, .warning, #legend, #source { overflow-wrap: anywhere; }
    .wrong { list-style: none; margin: 0.4rem 0 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(8.6rem, 1fr)); gap: 0.5rem; }
    .wrong button { display: grid; grid-template-columns: 3.2rem minmax(0, 1fr); gap: 0.6rem; align-items: center; width: 100%; height: 100%; padding: 0.4rem; font-weight: 400; font-size: 0.82rem; line-height: 1.3; text-align: left; overflow-wrap: anywhere; }
    .wrong img { aspect-ratio: 1; height: auto; border-radius: 4px; }
    [aria-invalid="true"] { border-color: var(--orange, #9c4a05) !important; border-width: 2px !important; }
    .field, select { min-width: 0; max-width: 100%; }
    @media (pointer: coarse) { .bars label { min-height: 44px; } .thumbs { grid-template-columns: repeat(auto-fill, minmax(3.2rem, 1fr)); } }
  `;

  #thread = new Thread("teach-worker.mjs");
  #network = "asleep"; // asleep, loading, ready
  #loading = null;
  #classes = []; // {key, name, room}
  #pictures = []; // {id, key, name, thing, time, url, small, item}
  #current = 0; // key of the class that pictures go into
  #keys = 0;
  #ids = 0;
  #turn = 0; // of readings: what comes of one that was stopped is dropped
  #queue = Promise.resolve();
  #waiting = 0; // pictures that are on their way
  #known = null; // what was learned last: {keys, ids, head, milliseconds, ...judged}
  #learning = Promise.resolve();
  #lessons = 0;
  #strength = 1;
  #threshold = null; // the reader's own; null takes the suggested one
  #asked = null; // what the stage shows: {small, places, shape, probabilities, bias, logits, words, id}
  #asking = 0;
  #class = 0; // whose map is shown
  #looks = "photograph";
  #stream = null;
  #thing = 1;
  #burst = 0;
  #rate = 0;
  #held = false; // whether the stage keeps what the reader chose, while the camera answers
  #spoken = { word: "", at: 0 };
  #sure = null; // what has to be pressed twice
  #before = null; // the lesson, as a file, whose place an opened one has taken

  get value() {
    const known = this.#known;
    return {
      network: this.#network, strength: this.#strength, camera: Boolean(this.#stream), waiting: this.#waiting, rate: this.#rate, current: this.#nameOf(this.#current), looks: this.#looks,
      classes: this.#classes.map(({ key, name }) => ({ name, pictures: this.#of(key).length })),
      learned: known?.head ? { names: known.names, milliseconds: known.milliseconds, pictures: known.ids.length } : null,
      judged: known?.judged ?? null, things: known?.things ?? null, threshold: this.#limit, suggested: known?.threshold ?? null,
      said: this.#asked?.probabilities ? this.$("#said").textContent : null, asked: this.#asked?.words ?? null,
    };
  }

  /** For tests, and whoever wants to know more: the head, the answer, and what the folds said. */
  get lesson() {
    return this.#known;
  }

  get answer() {
    return this.#asked;
  }

  /** Kept when every picture is read and the folds are done. */
  async rest() {
    for (let before = -1; before !== this.#lessons; ) {
      before = this.#lessons;
      await this.#queue;
      await this.#learning;
    }
  }

  build(root) {
    root.append(this.#beginRoom(), this.#addRoom(), this.#askRoom(), this.#judgeRoom(), this.#keepRoom());
    for (const name of ["class A", "class B"]) this.#newClass(name);
    takeFiles(this, (files, event) => this.#come(files, event), { all: true });
    this.addEventListener("dragover", (event) => this.#hover(event));
    for (const kind of ["dragleave", "drop"]) this.addEventListener(kind, () => this.#hover(null));
    this.onHide = () => this.#visible();
    document.addEventListener("visibilitychange", this.onHide);
    this.$("#back").hidden = true;
    this.#drawAll();
    this.#tell();
    this.#judge();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.onHide);
    this.cameraOff();
    this.#turn++;
    this.#thread.stop();
    for (const { url } of this.#pictures) URL.revokeObjectURL(url);
  }

  /* -- parts -- */

  #button(id, words, onclick, className = "") {
    return make("button", { type: "button", id, className, onclick }, words);
  }

  #chooser(id, words, take, wishes = {}) {
    const input = make("input", { id, type: "file", className: "unseen", ...wishes, onchange: () => {
      const files = [...input.files];
      input.value = "";
      if (files.length) take(files);
    } });
    return make("label", { className: "file" }, words, input);
  }

  #beginRoom() {
    return make("div", {},
      make("p", { id: "begin" }, "Give each class a name and some pictures, from files or the camera. Or see first how it goes:"),
      make("div", { className: "bar", style: { marginTop: "0.5rem" } },
        this.#button("example", "Try it with drawn pictures", () => (this.#pictures.length ? this.#twice(this.$("#example"), "Sure? Yours will be gone", () => this.example()) : this.example())), this.#chooser("open", "Open a saved lesson", ([file]) => this.open(file)), this.#button("back", "Bring back what was here", () => (this.open(this.#before), this.$("#example").focus({ preventScroll: true })))),
      make("p", { className: "note" }, "Each of these replaces what is here."),
      make("p", { className: "head" }, "Your classes"),
      make("div", { className: "classes", id: "classes" }),
      make("div", { className: "bar", style: { marginTop: "0.6rem" } }, this.#button("more", "Add a class", () => this.addClass())));
  }

  #addRoom() {
    const into = make("select", { id: "into", onchange: () => this.#choose(Number(into.value)) });
    const folder = this.#chooser("folder", "Choose a folder", (files) => this.add(files.map((file) => ({ file, path: file.webkitRelativePath || file.name })), { folder: true }), { multiple: true, webkitdirectory: true });
    folder.hidden = !("webkitdirectory" in HTMLInputElement.prototype);
    return make("div", {},
      make("p", { className: "head" }, "Add pictures"),
      make("div", { className: "bar" }, field("They go into", into),
        this.#chooser("files", "Choose pictures", (files) => this.add(files.map((file) => ({ file, path: file.name }))), { multiple: true, accept: "image/*" }), folder,
        this.#button("camera", "Use the camera", () => (this.#stream ? this.cameraOff(true) : this.cameraOn()))),
      make("p", { className: "note" }, `You may also paste pictures, or drop them on a class; a folder whose folders are named after classes fills them all. Nothing leaves this page. The first picture loads the network: ${(BYTES / 1e6).toFixed(1)} MB, once.`),
      make("div", { id: "busy", hidden: true }, make("span", { id: "busy-words" }), make("progress", { id: "progress", max: 1, value: 0, "aria-labelledby": "busy-words" }), this.#button("stop", "Stop", () => this.stop())),
      make("p", { className: "warning", id: "trouble" }),
      this.#cameraRoom());
  }

  #cameraRoom() {
    const shoot = this.#button("shoot", "Take a picture", (event) => event.detail === 0 && this.shoot(), "main");
    const begin = (event) => {
      if (event.button) return;
      this.#release();
      try {
        shoot.setPointerCapture(event.pointerId); // a finger may slip a little
      } catch {
        // a pointer that has gone already
      }
      this.shoot();
      this.#burst = setInterval(() => this.shoot(), BURST);
    };
    shoot.addEventListener("pointerdown", begin);
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) shoot.addEventListener(kind, () => this.#release());
    shoot.addEventListener("contextmenu", (event) => event.preventDefault());
    const device = make("select", { id: "device", onchange: () => this.cameraOn(device.value) });
    return make("div", { id: "camera-room", hidden: true },
      make("video", { id: "video", muted: true, playsInline: true, autoplay: true, "aria-label": "What the camera sees" }),
      make("div", {},
        make("div", { className: "bar" }, shoot, this.#button("thing", "Another thing", () => this.another())),
        make("p", { className: "said", id: "live", "aria-hidden": "true", style: { marginTop: "0.6rem" } }),
        make("p", { className: "note numbers", id: "rate" }),
        make("p", { className: "note", id: "thing-words", style: { marginTop: "0.5rem" } }),
        make("div", { className: "bar", id: "devices", hidden: true, style: { marginTop: "0.6rem" } }, field("Camera", device))));
  }

  #askRoom() {
    const limit = make("input", { id: "limit", type: "range", min: 0, max: 1, step: 0.001, value: 0, oninput: () => this.#setLimit(limit.valueAsNumber) });
    return make("div", {},
      make("p", { className: "head" }, "Ask it"),
      make("div", { className: "two", id: "ask-room" },
        make("div", {},
          make("canvas", { id: "view", width: SIDE, height: SIDE, role: "img", "aria-label": "No picture is shown yet." }),
          choice("Show", "looks", { photograph: "picture", heat: "where it looked" }, "photograph", (looks) => this.#look(looks)),
          make("p", { className: "note legend", id: "legend", style: { marginTop: "0.4rem" } })),
        make("div", {},
          make("p", { className: "said", id: "said", tabIndex: -1 }, "Nothing is learned yet."),
          make("p", { className: "note", id: "source" }, "It needs pictures of two classes."),
          make("fieldset", { id: "bars-room", hidden: true }, make("legend", {}, "Its probabilities. Choose a class to see its map"), make("div", { className: "bars", id: "bars" })),
          make("div", { className: "bar" }, this.#chooser("ask", "Ask about a picture", ([file]) => this.ask(file), { accept: "image/*" }), this.#button("remove", "Remove this picture", () => this.#removeAsked())),
          make("label", { className: "field limit" }, make("span", { id: "limit-words" }, "\u201cNone of these\u201d below a probability of 0 %"), limit),
          make("p", { className: "note", id: "limit-note" }),
          make("div", { className: "bar", style: { marginTop: "0.5rem" } }, this.#button("suggest", "Take the suggested threshold", () => this.#setLimit(null))),
          make("details", { id: "map", hidden: true, ontoggle: () => this.#numbers() }, make("summary", {}, "The map in numbers"), make("div", { id: "numbers" })))));
  }

  #judgeRoom() {
    return make("div", {}, make("p", { className: "head" }, "How good is it?"), make("div", { id: "estimate" }), make("p", { className: "name", id: "wrong-name", style: { marginTop: "0.7rem" } }), make("ul", { className: "wrong", id: "wrong", "aria-labelledby": "wrong-name" }));
  }

  #keepRoom() {
    const strength = make("select", { id: "strength", onchange: () => this.setStrength(Number(strength.value)) });
    strength.append(...[["0.01", "0.01, loose"], ["0.1", "0.1"], ["1", "1, tight"]].map(([value, textContent]) => make("option", { value, textContent })));
    strength.value = "1";
    return make("div", {},
      make("p", { className: "head" }, "Keep it"),
      make("div", { className: "bar" },
        this.#button("save", "Save the lesson", () => this.save()), this.#button("export", "Export the head for chapter 6", () => this.exportHead()),
        field("Pull towards zero (L2)", strength), this.#button("over", "Start over", () => this.#startOver())),
      make("p", { className: "note", style: { marginTop: "0.5rem" } }, "A lesson holds names, features, small pictures, head and threshold, and is opened here again; what is not saved is lost when you leave the page. The exported head becomes a Keras model in a cell of chapter 6."));
  }

  /* -- classes -- */

  #of(key) {
    return this.#pictures.filter((one) => one.key === key);
  }

  #nameOf(key) {
    return this.#classes.find((one) => one.key === key)?.name ?? "";
  }

  #newClass(name) {
    const key = ++this.#keys;
    const input = make("input", { type: "text", value: name, maxLength: 200, autocomplete: "off", id: `name-${key}`, onchange: () => this.rename(key, input.value), onfocus: () => this.#choose(key) });
    const remove = this.#button(`remove-${key}`, "Remove", () => this.#removeClass(key), "remove");
    const room = make("div", { className: "class", role: "group", dataset: { key }, onpointerdown: () => this.#choose(key) },
      make("div", { className: "bar", style: { alignItems: "end" } }, field("Name", input), remove), make("p", { className: "note count" }), make("ul", { className: "thumbs" }));
    const one = { key, name, room, input, remove };
    this.#classes.push(one);
    this.$("#classes").append(room);
    this.#current ||= key;
    return one;
  }

  addClass(name = null) {
    if (this.#classes.length >= MOST_CLASSES) return void this.#trouble(`${MOST_CLASSES} classes are the most.`);
    const free = range(26).map((n) => `class ${String.fromCharCode(65 + n)}`).find((word) => !this.#classes.some((one) => one.name === word));
    const made = this.#newClass(name ?? free);
    this.#choose(made.key);
    this.#drawAll();
    if (name === null) {
      made.input.focus();
      made.input.select();
    }
    return made;
  }

  /** Another name: one sentence where it will not do, and the old one stays in force. */
  rename(key, text) {
    const one = this.#classes.find((each) => each.key === key), name = text.trim().replace(/\s+/g, " ");
    const twin = this.#classes.some((each) => each !== one && each.name.toLowerCase() === name.toLowerCase());
    const wrong = !name ? "A class needs a name; type one." : twin ? `Two classes cannot both be called ${quoted(name)}; give this one another name.` : name.length > LONGEST_NAME ? `A name has at most ${LONGEST_NAME} letters; shorten it.` : "";
    if (wrong) one.input.setAttribute("aria-invalid", "true");
    else one.input.removeAttribute("aria-invalid");
    this.#trouble(wrong && `${wrong} Until then it is ${quoted(one.name)}.`);
    if (wrong) return;
    one.name = one.input.value = name;
    if (this.#known) this.#known.names = this.#known.keys.map((each) => this.#nameOf(each));
    const shown = this.#pictures.find(({ id }) => id === this.#asked?.id);
    if (shown) this.#asked.words = this.#origin(shown);
    this.#drawAll();
    this.#tell();
    this.#judge();
  }

  #choose(key) {
    if (this.#current === key) return;
    this.#current = key;
    this.$("#into").value = key;
    for (const one of this.#classes) one.room.classList.toggle("current", one.key === key);
    this.#thingWords();
  }

  /** Some things have to be pressed twice: what is lost is said in between. */
  #twice(button, words, work) {
    if (this.#sure?.button === button) {
      this.#calm();
      return work();
    }
    this.#calm();
    this.#sure = { button, before: button.textContent, label: button.getAttribute("aria-label") };
    button.textContent = words;
    if (this.#sure.label) button.setAttribute("aria-label", `${words}: ${this.#sure.label}`);
    this.announce(`${words}.`, 0);
    button.addEventListener("blur", () => this.#calm(), { once: true });
  }

  #calm() {
    if (this.#sure) this.#sure.button.textContent = this.#sure.before;
    if (this.#sure?.label) this.#sure.button.setAttribute("aria-label", this.#sure.label);
    this.#sure = null;
  }

  #removeClass(key) {
    const one = this.#classes.find((each) => each.key === key), many = this.#of(key).length;
    if (this.#classes.length <= 2) return void this.#trouble("Two classes are the least; give this one another name instead.");
    const work = () => {
      this.#forget(this.#of(key));
      one.room.remove();
      this.#classes = this.#classes.filter((each) => each !== one);
      if (this.#current === key) this.#current = this.#classes[0].key;
      this.#drawAll();
      this.learn();
      this.$("#more").focus({ preventScroll: true });
      this.announce(`${one.name} is removed.`, 0);
    };
    if (many) this.#twice(one.remove, `Sure? ${plural(many, "picture")}`, work);
    else work();
  }

  #startOver() {
    const work = () => {
      this.stop();
      this.#clear(["class A", "class B"]);
      this.announce("All is empty again.", 0);
    };
    if (this.#pictures.length) this.#twice(this.$("#over"), "Sure? Press again", work);
    else work();
  }

  /** No picture, no head, other classes. */
  #clear(names) {
    this.#before = null;
    this.$("#back").hidden = true;
    this.#turn++;
    this.#waiting = 0;
    this.#forget(this.#pictures);
    for (const { room } of this.#classes) room.remove();
    [this.#classes, this.#current, this.#known, this.#asked, this.#threshold] = [[], 0, null, null, null];
    for (const name of names) this.#newClass(name);
    this.#thread.awake && this.#thread.ask({ job: "forget", all: true }).catch(() => {});
    this.#lessons++;
    this.#trouble("");
    this.#drawAll();
    this.#busy();
    this.#tell();
    this.#judge();
  }

  #forget(list) {
    if (!list.length) return;
    const gone = new Set(list);
    for (const { url } of list) URL.revokeObjectURL(url);
    this.#pictures = this.#pictures.filter((one) => !gone.has(one));
    if (this.#asked && list.some(({ id }) => id === this.#asked.id)) this.#asked = null;
    this.#thread.ask({ job: "drop", ids: list.map(({ id }) => id) }).catch(() => {});
  }

  /* -- pictures that come in -- */

  /** The backbone, once; kept when it is there. */
  load() {
    if (this.#network === "ready") return Promise.resolve();
    return (this.#loading ??= (async () => {
      this.#network = "loading";
      this.#busy("Loading the network", 0);
      this.announce("Loading the network.", 0);
      try {
        await this.#thread.ask({ job: "load", address: new URL("photo-lab/network.bin", import.meta.url).href }, { tell: ({ share }) => this.#busy("Loading the network", share) });
        this.#network = "ready";
      } catch (error) {
        this.#network = "asleep";
        throw error;
      } finally {
        this.#loading = null;
      }
    })());
  }

  /** Stop what is being read or loaded; what was read stays. */
  stop() {
    const was = this.#waiting || this.#network === "loading";
    this.#turn++;
    this.#waiting = 0;
    if (this.#network === "loading") this.#thread.ask({ job: "halt" }).catch(() => {});
    this.#busy();
    if (was) {
      this.announce("Stopped.", 0);
      this.learn();
    }
  }

  /** A file, a canvas or a square of pixels for the thread: [message, transfer]. */
  async #pixels(source) {
    if (source instanceof Uint8ClampedArray) return [{ square: source }, [source.buffer]];
    const bitmap = source instanceof Blob ? (await readPicture(source, SHORTEST)).picture : await createImageBitmap(source);
    if (typeof OffscreenCanvas !== "undefined") return [{ bitmap }, [bitmap]];
    const { squareOf } = await import("./teach-worker.mjs"), square = squareOf(bitmap); // a browser that cannot paint in a thread
    bitmap.close();
    return [{ square }, [square.buffer]];
  }

  /** The same as a file, where a thread cannot paint. */
  async #small(pixels) {
    const { painted, QUALITY } = await import("./teach-worker.mjs"), canvas = painted(make("canvas", { width: SIDE, height: SIDE }), pixels);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  }

  /** Read pictures, one after the other. list: [{file | source, path, key, thing, time}]. */
  add(list, { folder = false } = {}) {
    const key = this.#current, turn = this.#turn;
    let places = list.map((one) => ({ key, thing: "", ...one }));
    if (folder) places = this.#sorted(places);
    places = places.filter(({ path }) => !/(^|\/)(\.|__MACOSX|Thumbs\.db|desktop\.ini)/.test(path));
    if (!places.length) return void this.#trouble("There is no picture in this folder.");
    this.#trouble("");
    this.#waiting += places.length;
    return (this.#queue = this.#queue.then(() => this.#read(places, turn)));
  }

  /** A folder of folders: those become classes, and a folder below stands for one thing. */
  #sorted(list) {
    const split = list.map((one) => one.path.split("/")), folders = (depth) => new Set(split.filter((parts) => parts.length > depth + 1).map((parts) => parts[depth]));
    let depth = 0;
    while (folders(depth).size === 1 && folders(depth + 1).size) depth++;
    if (folders(depth).size > 1 && [...folders(depth)].every((name) => SETS.test(name))) depth++; // train and test are no classes
    const names = [...folders(depth)];
    if (names.length < 2 && depth + 1 >= Math.max(...split.map((parts) => parts.length - 1)))
      return list.map((one, n) => ({ ...one, thing: split[n].length > 2 ? `folder ${split[n].slice(0, -1).join("/")}` : "" })); // one folder of pictures
    const free = this.#classes.filter(({ key, name }) => !this.#of(key).length && /^class [A-Z]$/.test(name)), keys = new Map(), cuts = new Set();
    for (const raw of names) {
      const whole = raw.trim().replace(/\s+/g, " "), long = whole.length > LONGEST_NAME;
      let name = cut(whole, LONGEST_NAME) || "folder";
      for (let n = 2; long && cuts.has(name.toLowerCase()); n++) name = `${cut(whole, LONGEST_NAME - 3)} ${n}`;
      if (long) cuts.add(name.toLowerCase()); // two long names may begin alike
      const there = this.#classes.find((one) => one.name.toLowerCase() === name.toLowerCase());
      if (there) keys.set(raw, there.key);
      else if (free.length) {
        const one = free.shift();
        one.name = one.input.value = name;
        keys.set(raw, one.key);
      } else if (this.#classes.length < MOST_CLASSES) keys.set(raw, this.#newClass(name).key);
    }
    this.#drawAll();
    return list.map((one, n) => {
      const parts = split[n], inside = parts.slice(depth + 1, -1);
      return { ...one, key: keys.get(parts[depth]) ?? (parts.length > depth + 1 ? -1 : -2), thing: inside[0] ? `folder ${parts[depth]}/${inside[0]}` : "" };
    });
  }

  async #read(places, turn) {
    const wrong = [];
    const elsewhere = new Map(); // classes that have a picture already
    let twins = 0, last = performance.now(), came = 0;
    try {
      if (turn === this.#turn) await this.load();
      for (const [n, place] of places.entries()) {
        if (turn !== this.#turn) return;
        if (places.length > 1) this.#busy(`Reading picture ${n + 1} of ${places.length}`, n / places.length);
        if (n === 0 && places.length > 3) this.announce(`Reading ${places.length} pictures.`, 0);
        try {
          if (this.#pictures.length >= MOST_PICTURES) throw new PictureError(`${MOST_PICTURES} pictures are the most; the others are left out.`);
          if (place.key < 0) throw new PictureError(place.key === -1 ? `${MOST_CLASSES} classes are the most; some folders are left out.` : `${quoted(place.path)} lies in no folder of a class.`);
          const twin = place.key > 0 && !this.#classes.some(({ key }) => key === place.key) ? null : await this.#one(place, turn);
          if (twin === undefined) came++;
          else if (twin && turn === this.#turn) {
            if (twin.key === place.key) twins++;
            else elsewhere.set(twin.key, (elsewhere.get(twin.key) ?? 0) + 1);
          }
        } catch (error) {
          if (!(error instanceof PictureError || error instanceof ThreadError)) throw error;
          if (error.stopped) return;
          if (!wrong.includes(error.message)) wrong.push(error.message);
        }
        if (turn !== this.#turn) return;
        this.#waiting--;
        if (performance.now() - last > 1500) {
          last = performance.now();
          this.learn();
        }
      }
      if (twins && !places[0].quiet) wrong.push(twins === 1 ? "One picture was there already; a second copy is left out." : `${twins} pictures were there already; second copies are left out.`);
      for (const [other, many] of elsewhere) if (this.#nameOf(other)) wrong.push(`${many === 1 ? "One picture is" : `${many} pictures are`} there already, in ${quoted(this.#nameOf(other))}; to move a picture, remove it there first.`);
      this.#trouble(wrong.slice(0, 3).join(" ") + (wrong.length > 3 ? ` And ${wrong.length - 3} more were left out.` : ""));
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#turn++;
      this.#waiting = 0;
      this.#failed(error);
    } finally {
      this.#busy();
      const learned = came ? this.learn() : null;
      if (came > 3 && !places[0].quiet) learned.then(() => turn === this.#turn && this.announce(`${this.$("#trouble").textContent} ${plural(came, "picture")} read. ${this.$("#estimate p").textContent}`.trim(), 0));
    }
  }

  /** One picture; what is told is the one that was there already, if there is one. */
  async #one({ file, source, path, key, thing, time = NaN }, turn) {
    const id = ++this.#ids;
    if (file) time = await exposure(file);
    const [message, transfer] = await this.#pixels(file ?? source);
    const { small, file: made, twin } = await this.#thread.ask({ job: "add", id, ...message }, { transfer });
    if (twin !== undefined) return this.#pictures.find((one) => one.id === twin) ?? null;
    const blob = made ?? (await this.#small(small));
    if (turn !== this.#turn || !this.#classes.some((one) => one.key === key)) {
      this.#thread.ask({ job: "drop", ids: [id] }).catch(() => {});
      return null;
    }
    this.#keepPicture({ id, key, name: path.split("/").at(-1).slice(0, 300), thing: thing.slice(0, 300), time, small: blob });
  }

  #keepPicture(one) {
    one.url = URL.createObjectURL(one.small);
    const button = make("button", { type: "button", onclick: () => this.look(one.id) }, make("img", { src: one.url, alt: "", width: 44, height: 44, draggable: false }));
    button.setAttribute("aria-pressed", "false");
    one.item = make("li", {}, button);
    this.#pictures.push(one);
    this.#drawClass(this.#classes.find(({ key }) => key === one.key));
  }

  /** Dropped or pasted. */
  async #come(files, event) {
    const place = event.type === "drop" ? this.#placeOf(event) : null;
    if (place === "ask") return void this.ask(files[0]);
    if (place) this.#choose(place);
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.some((one) => one.isDirectory)) {
      const lesson = files.find(({ name }) => /\.p2t$/i.test(name));
      return void (lesson ? this.open(lesson) : this.add(files.map((file) => ({ file, path: file.name }))));
    }
    const found = [];
    for (const entry of entries) await walk(entry, found);
    this.add(found, { folder: true });
  }

  #placeOf(event) {
    for (const part of event.composedPath()) {
      if (part.id === "ask-room") return "ask";
      if (part.dataset?.key) return Number(part.dataset.key);
    }
    return null;
  }

  #hover(event) {
    const place = event && this.#placeOf(event);
    this.$("#ask-room").classList.toggle("over", place === "ask");
    for (const { key, room } of this.#classes) room.classList.toggle("over", key === place);
  }

  /** Three classes that the page draws itself. */
  async example(count = DRAWINGS) {
    this.stop();
    this.#clear(DRAWN);
    for (const [kind, { key }] of this.#classes.entries()) this.add(range(count).map((n) => ({ source: drawing(kind, n), path: `${DRAWN[kind]} ${n + 1}`, key, quiet: true })));
    await this.#queue;
    if (this.#known?.head) await this.look(this.#pictures[0]?.id);
    return this.rest();
  }

  /* -- the camera -- */

  /** Asks for the camera; only a press of the button comes here. */
  async cameraOn(device = "") {
    this.#trouble("");
    if (!navigator.mediaDevices?.getUserMedia) return this.#trouble(`${SECURE}; choose files instead.`);
    const turn = (this.cameraTurn = (this.cameraTurn ?? 0) + 1), button = this.$("#camera");
    this.announce("Asking for the camera.", 0);
    let stream = null;
    try {
      const size = { width: { ideal: 640 }, height: { ideal: 480 } };
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: device ? { ...size, deviceId: { exact: device } } : { ...size, facingMode: "environment" } });
    } catch (error) {
      const words = { NotAllowedError: "The camera was refused; allow it for this page in the browser\u2019s settings, or choose files.", NotFoundError: "No camera was found; plug one in, or choose files.", NotReadableError: "The camera does not answer, perhaps since another program uses it; close that one, or choose files." };
      return this.#trouble(words[error.name] ?? "The camera could not be started; choose files instead.");
    }
    if (turn !== this.cameraTurn || !this.isConnected) return stream.getTracks().forEach((track) => track.stop());
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = stream;
    this.#held = false;
    const video = this.$("#video"), [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => this.#stream === stream && (this.cameraOff(), this.#trouble("The camera has gone; press the button to ask for it again.")));
    video.srcObject = stream;
    button.textContent = "Stop the camera";
    this.$("#camera-room").hidden = false;
    this.#thingWords();
    const list = (await navigator.mediaDevices.enumerateDevices().catch(() => [])).filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
    if (this.#stream !== stream) return;
    this.$("#devices").hidden = list.length < 2;
    this.$("#device").replaceChildren(...list.map(({ deviceId, label }, n) => make("option", { value: deviceId, textContent: label || `camera ${n + 1}` })));
    this.$("#device").value = track.getSettings().deviceId ?? "";
    await video.play().catch(() => {});
    this.#spoken = { word: "", at: performance.now() };
    this.announce("The camera is on.", 0);
    this.#tried(() => this.load()).then(() => {
      this.#busy();
      this.#watch(stream);
    });
  }

  /** Off: its tracks end, its light goes out. */
  cameraOff(told = false) {
    this.cameraTurn = (this.cameraTurn ?? 0) + 1;
    this.#release();
    const was = this.#stream;
    was?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#rate = 0;
    if (was && !this.#held) this.#asked = null; // the last frame is nobody's picture
    this.$("#video").srcObject = null;
    this.$("#live").textContent = this.$("#rate").textContent = "";
    this.$("#camera").textContent = "Use the camera";
    this.$("#camera-room").hidden = true;
    if (was && this.isConnected) this.#tell();
    if (told) this.announce("The camera is off.", 0);
  }

  #release() {
    clearInterval(this.#burst);
    this.#burst = 0;
  }

  /** The middle square of a frame in the size that the network's thread takes; the browser shrinks it, which is quick. */
  #frame() {
    const video = this.$("#video"), { videoWidth: width, videoHeight: height } = video, side = Math.min(width, height);
    if (!this.#stream || !side) return null;
    const context = (this.frames ??= make("canvas", { width: SQUARE, height: SQUARE }).getContext("2d", { willReadFrequently: true }));
    context.imageSmoothingQuality = "high";
    context.drawImage(video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SQUARE, SQUARE);
    const { data } = context.getImageData(0, 0, SQUARE, SQUARE), square = new Uint8ClampedArray(3 * SQUARE * SQUARE);
    for (let n = 0, to = 0; to < square.length; n += 4) for (let c = 0; c < 3; c++) square[to++] = data[n + c];
    return square;
  }

  /** A picture for the current class. */
  shoot() {
    const square = document.hidden || this.#waiting > 8 ? null : this.#frame();
    if (!square) return;
    this.#held = false;
    const many = this.#of(this.#current).length + 1;
    return this.add([{ source: square, path: `camera ${many}`, thing: `camera thing ${this.#thing}`, time: Date.now() / 1000, quiet: true }]);
  }

  another() {
    this.#thing++;
    this.#thingWords();
    this.announce(`Thing ${this.#thing}.`, 0);
  }

  #thingWords() {
    this.$("#thing-words").textContent = `Pictures go into ${quoted(this.#nameOf(this.#current))}, as thing ${this.#thing}. Hold the button for a burst. Pictures of one thing stay together in the estimate, so press \u201cAnother thing\u201d before you show the next.`;
  }

  #visible() {
    for (const track of this.#stream?.getTracks() ?? []) track.enabled = !document.hidden;
    if (document.hidden) this.#release();
  }

  /** A live answer, again and again, as long as this camera is on. */
  async #watch(stream) {
    const times = [];
    while (this.#stream === stream) {
      const begin = performance.now();
      const square = document.hidden || this.#network !== "ready" || !this.#known?.head ? null : this.#frame();
      if (square) {
        const answer = await this.#answerFor(square).catch(() => null);
        if (this.#stream !== stream) return;
        if (answer?.probabilities) {
          if (!this.#held) this.#show({ ...answer, words: "The camera, live." }, true);
          this.$("#live").textContent = this.#words(answer.probabilities);
          this.#speak(answer.probabilities);
        }
        times.push(performance.now());
        while (times[0] < performance.now() - 2000) times.shift();
        this.#rate = times.length > 2 ? (1000 * (times.length - 1)) / (times.at(-1) - times[0]) : 0;
        this.$("#rate").textContent = this.#rate ? `${this.#rate.toFixed(this.#rate < 10 ? 1 : 0)} answers a second` : "";
      } else if (!this.#known?.head) this.$("#rate").textContent = "It answers live as soon as two classes have pictures.";
      await new Promise((go) => setTimeout(go, Math.max(square ? 1 : 200, (lessMotion() ? CALM : FRAME) - (performance.now() - begin))));
    }
  }

  async #answerFor(source, wish = {}) {
    const [message, transfer] = await this.#pixels(source);
    return this.#thread.ask({ job: "ask", ...message, ...wish }, { transfer });
  }

  /* -- learning -- */

  setStrength(strength) {
    this.#strength = strength;
    this.$("#strength").value = strength;
    return this.learn();
  }

  /** Train the head, then ask it about what it was not shown. A newer call takes over. */
  learn() {
    const lesson = ++this.#lessons, keys = this.#classes.map(({ key }) => key).filter((key) => this.#of(key).length);
    const mine = this.#pictures.filter(({ key }) => keys.includes(key));
    if (keys.length < 2) {
      this.#known = null;
      if (this.#thread.awake) this.#thread.ask({ job: "forget" }).catch(() => {});
      this.#tell();
      this.#judge();
      return Promise.resolve();
    }
    const pictures = mine.map(({ id, key, thing, time }) => ({ id, label: keys.indexOf(key), thing, time }));
    const known = { keys, names: keys.map((key) => this.#nameOf(key)), ids: pictures.map(({ id }) => id), labels: pictures.map(({ label }) => label) };
    const tell = ({ head, milliseconds }) => {
      if (lesson !== this.#lessons) return;
      this.#known = { ...known, head, milliseconds };
      this.#judge(true);
      if (this.#asked?.id !== undefined) this.look(this.#asked.id, true);
      else if (this.#asked?.again) this.#again();
      else this.#tell();
    };
    return (this.#learning = this.#tried(async () => {
      const answer = await this.#thread.ask({ job: "learn", pictures, strength: this.#strength, classes: keys.length }, { tell });
      if (answer.late || lesson !== this.#lessons) return;
      Object.assign(this.#known, answer, { milliseconds: this.#known.milliseconds });
      this.#judge();
      this.#tell();
    }));
  }

  /* -- asking -- */

  /** Ask about a file that is in no class. */
  ask(file) {
    const mine = ++this.#asking, held = this.#held;
    if (!file) return;
    this.#held = true;
    this.#trouble("");
    return this.#tried(async () => {
      const answer = await this.load().finally(() => this.#busy()).then(() => this.#answerFor(file, { keep: true })).catch((error) => {
        if (mine === this.#asking) this.#held = held; // the camera goes on
        throw error;
      });
      if (mine === this.#asking) this.#show({ ...answer, again: true, words: `Your picture ${quoted(file.name.slice(0, 60))}, which is in no class.` });
    });
  }

  /** The same question to a new head. */
  #again() {
    const mine = ++this.#asking, before = this.#asked;
    return this.#tried(async () => {
      const answer = await this.#thread.ask({ job: "ask", again: true });
      if (mine === this.#asking && this.#asked === before) this.#show({ ...before, ...answer }, true);
    });
  }

  /** Show one of the pictures that it learns from. */
  look(id, quiet = false) {
    const mine = ++this.#asking, one = this.#pictures.find((each) => each.id === id);
    if (!one) return;
    if (!quiet && this.#stream && this.#held && this.#asked?.id === id) return void (this.#held = false);
    this.#held = true;
    return this.#tried(async () => {
      const answer = await this.#thread.ask({ job: "ask", id });
      if (mine !== this.#asking || !this.#pictures.includes(one)) return;
      const small = answer.small ?? (await this.#unpacked(one.small));
      this.#show({ ...answer, small, id, words: this.#origin(one) }, quiet);
    });
  }

  #origin({ name, key }) {
    return `${quoted(name)}, of ${quoted(this.#nameOf(key))}: it has learned from this picture.`;
  }

  /** A stored small picture as pixels. */
  async #unpacked(blob) {
    const bitmap = await createImageBitmap(blob), context = make("canvas", { width: SIDE, height: SIDE }).getContext("2d");
    context.drawImage(bitmap, 0, 0, SIDE, SIDE);
    bitmap.close();
    return context.getImageData(0, 0, SIDE, SIDE).data.filter((_, n) => n % 4 < 3);
  }

  #removeAsked() {
    const one = this.#pictures.find(({ id }) => id === this.#asked?.id);
    if (!one) return;
    this.#held = false;
    this.#forget([one]);
    this.#drawClass(this.#classes.find(({ key }) => key === one.key));
    this.announce(`${one.name} is removed.`, 0);
    this.#tell();
    this.$("#said").focus({ preventScroll: true });
    this.learn();
  }

  get #limit() {
    const wish = this.#threshold ?? this.#known?.threshold ?? 0;
    return wish > 1 ? 0 : wish;
  }

  #setLimit(value) {
    this.#threshold = value;
    this.#tell();
    this.announce(this.$("#limit-words").textContent);
  }

  /** An answer for the stage. */
  #show(asked, quiet = false) {
    this.#asked = asked;
    if (asked.probabilities && !quiet) this.#class = best(asked.probabilities);
    if (quiet && asked.probabilities && this.#looks === "photograph") this.#class = best(asked.probabilities);
    this.#tell(quiet);
    if (!quiet) this.announce(`${this.$("#said").textContent}. ${asked.words}`);
  }

  /** An answer in words, or that it is none of these. */
  #words(p) {
    const { names } = this.#known ?? {}, top = best(p);
    if (names?.length !== p.length) return "";
    return p[top] < this.#limit ? `none of these (${apart(names[top])}, ${chance(p[top])})` : `${apart(names[top])}, ${chance(p[top])}`;
  }

  /** The live answer is told when it has become another, and not too often. */
  #speak(p) {
    const top = best(p), word = p[top] < this.#limit ? "none of these" : apart(this.#known?.names[top] ?? ""), now = performance.now();
    if (word === this.#spoken.word || now - this.#spoken.at < SPEAK) return;
    this.#spoken = { word, at: now };
    this.announce(word, 0);
  }

  /* -- what is shown -- */

  #trouble(text) {
    this.$("#trouble").textContent = text;
    if (text) this.announce(text, 0);
  }

  #failed(error) {
    if (error.stopped) return;
    const spoken = error instanceof ThreadError || error instanceof PictureError || error instanceof LessonError;
    if (!spoken) console.warn(error);
    this.#trouble(spoken ? error.message : "This did not work. Load the page again and try it once more.");
  }

  /** Do something; what goes wrong is told in one sentence. */
  async #tried(work) {
    try {
      return await work();
    } catch (error) {
      this.#failed(error);
    }
  }

  #busy(words = "", share = 0) {
    const on = Boolean(words) && (this.#waiting > 0 || this.#network === "loading");
    this.$("#busy").hidden = !on;
    if (!on) return;
    this.$("#busy-words").textContent = words;
    this.$("#progress").value = share;
  }

  #drawAll() {
    this.$("#into").replaceChildren(...this.#classes.map(({ key, name }) => make("option", { value: key, textContent: name })));
    this.$("#into").value = this.#current;
    for (const one of this.#classes) this.#drawClass(one);
    enable(this.$("#more"), this.#classes.length < MOST_CLASSES);
    this.#thingWords();
  }

  #drawClass(one) {
    if (!one) return;
    const mine = this.#of(one.key), list = one.room.querySelector(".thumbs");
    one.room.setAttribute("aria-label", `Class ${one.name}`);
    one.room.classList.toggle("current", one.key === this.#current);
    one.remove.setAttribute("aria-label", `Remove class ${one.name}`);
    one.room.querySelector(".count").textContent = mine.length ? plural(mine.length, "picture") : "No pictures yet; a class without any is left out.";
    list.hidden = !mine.length;
    const there = list.children.length, goesOn = there <= mine.length && (!there || list.lastChild === mine[there - 1].item);
    if (!goesOn) list.replaceChildren(...mine.map(({ item }) => item));
    else if (there < mine.length) list.append(...mine.slice(there).map(({ item }) => item)); // what is there stays: a new picture costs the same after hundreds
    mine.forEach(({ item, name }, n) => {
      const words = `${one.name}, picture ${n + 1}: ${name}`;
      if (item.firstChild.getAttribute("aria-label") !== words) item.firstChild.setAttribute("aria-label", words);
    });
  }

  /** The stage: answer, bars, picture. */
  #tell(live = false) {
    const known = this.#known, asked = this.#asked, head = known?.head, p = head && asked?.probabilities?.length === known.names.length ? asked.probabilities : null;
    const limit = this.#limit;
    if (!(this.#class < (known?.names.length ?? 0))) this.#class = 0;
    this.$("#said").textContent = p ? this.#words(p) : head ? "Ask it about a picture." : "Nothing is learned yet.";
    this.$("#source").textContent = p ? `${asked.words}${this.#stream && this.#held ? " Press a picture again, or take one, and the camera is back." : ""}` : head ? "Choose one, press one above, or use the camera." : "It needs pictures of two classes.";
    this.$("#bars-room").hidden = !p;
    if (p) this.#bars(known.names, p);
    this.$("#remove").hidden = asked?.id === undefined;
    for (const { id, item } of live ? [] : this.#pictures) {
      const pressed = String(id === asked?.id);
      if (item.firstChild.getAttribute("aria-pressed") !== pressed) item.firstChild.setAttribute("aria-pressed", pressed);
    }
    const words = `\u201cNone of these\u201d below a probability of ${percent(limit, 1)}`, slider = this.$("#limit");
    this.$("#limit-words").textContent = words;
    slider.value = limit;
    slider.setAttribute("aria-valuetext", percent(limit, 1));
    this.$("#limit-note").textContent = this.#limitNote(limit);
    enable(this.$("#suggest"), this.#threshold !== null);
    this.$("#map").hidden = !(p && asked.places);
    this.#paint();
    this.#numbers();
  }

  #limitNote(limit) {
    const known = this.#known;
    if (!known?.judged) return "A threshold is suggested when the estimate below is there. Show it things that it never saw before you trust one.";
    const most = known.probabilities.map((p) => Math.max(...p)), named = most.map((one) => one >= limit), right = known.judged.said.filter((k, n) => named[n] && k === known.labels[n]).length, count = named.filter(Boolean).length;
    const none = known.threshold > 1 ? " At no threshold are 95 % of the answers right, so none is suggested." : this.#threshold === null ? " Suggested: the lowest at which 95 % of the answers to left-out pictures are right." : "";
    return `Of ${known.labels.length} left-out pictures it names ${count}, and ${right} of these rightly.${none}`;
  }

  #bars(names, p) {
    const room = this.$("#bars");
    while (room.children.length > names.length) room.lastChild.remove();
    names.forEach((name, k) => {
      if (!room.children[k]) room.append(make("label", {}, make("input", { type: "radio", name: "class", onclick: () => this.#chooseMap(k) }), make("span", { className: "word" }), make("span", { className: "gauge" }, make("i")), make("span", { className: "share" })));
      const [input, word, gauge, share] = room.children[k].children;
      input.checked = k === this.#class;
      if (word.textContent !== name) word.textContent = name;
      gauge.firstChild.style.width = `${100 * p[k]}%`;
      share.textContent = chance(p[k], 1);
    });
  }

  #chooseMap(k) {
    this.#class = k;
    this.#looks = "heat";
    this.shadowRoot.querySelector("input[name=looks][value=heat]").checked = true;
    this.#paint();
    this.#numbers();
    this.announce(this.$("#legend").textContent);
  }

  #look(looks) {
    this.#looks = looks;
    this.#paint();
    this.announce(this.$("#legend").textContent);
  }

  #places() {
    const { places, shape: [rows, columns] } = this.#asked, count = rows * columns;
    return [...places.slice(this.#class * count, (this.#class + 1) * count)];
  }

  #paint() {
    const view = this.$("#view"), context = view.getContext("2d"), asked = this.#asked, heat = this.#looks === "heat";
    if (!asked?.small) {
      context.clearRect(0, 0, SIDE, SIDE);
      this.$("#legend").textContent = "What the network gets comes here: the middle of a picture, in 80 x 80 pixels.";
      return view.setAttribute("aria-label", "No picture is shown yet.");
    }
    const there = asked.places && this.#known?.head && asked.places.length % this.#known.names.length === 0, lit = heat && there ? light(this.#places(), asked.shape) : null, name = this.#known?.names[this.#class];
    const image = context.createImageData(SIDE, SIDE);
    for (let n = 0; n < SIDE * SIDE; n++) {
      for (let c = 0; c < 3; c++) image.data[4 * n + c] = asked.small[3 * n + c] * (lit ? lit[n] : 1);
      image.data[4 * n + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    const words = !heat ? "The picture as the network gets it, 80 x 80 pixels." : !there ? (this.#known?.head ? "Of a picture from a saved lesson only the features are kept; ask about its file to see where it looked." : "Where it looked can be shown when it has learned.") : this.#places().some((value) => value > 0) ? `The brighter, the more a place speaks for ${quoted(name)}. Places that speak against it stay dark.` : `No place speaks for ${quoted(name)}, so all of it is dark.`;
    if (this.$("#legend").textContent !== words) this.$("#legend").textContent = words;
    view.setAttribute("aria-label", `${asked.words} ${words}`);
  }

  #numbers() {
    if (!this.$("#map").open || this.$("#map").hidden || !this.#known?.head) return;
    const digits = (value) => value.toFixed(3).replace("-", "\u2212"), { shape: [rows, columns], bias, logits } = this.#asked, places = this.#places(), limit = magnitude(places), total = places.reduce((a, b) => a + b, 0);
    const grid = make("div", { className: "grid", role: "img" }, ...places.map((value) => make("span", { style: cellStyle("signed", value, limit) }, digits(value))));
    grid.style.setProperty("--columns", columns);
    grid.setAttribute("aria-label", `What each place adds, row by row: ${range(rows).map((r) => places.slice(r * columns, (r + 1) * columns).map(digits).join(", ")).join("; ")}.`);
    this.$("#numbers").replaceChildren(
      make("p", { className: "note" }, `What each of the ${rows}\u00b7${columns} places adds to the logit of ${quoted(this.#known.names[this.#class])}. Red speaks for it, blue against.`), grid,
      make("p", { className: "sumline" }, `sum over places ${digits(total)} + bias ${bracketed(digits(bias[this.#class]))} = logit ${digits(logits[this.#class])}`),
      make("p", { className: "note" }, "Features are means over these places, the head is one dense layer, and the answer is the mean over picture and mirror image, whose map is turned back. So nothing is left over: this map is exact."));
  }

  /** The estimate, or why there is none. */
  #judge(waiting = false) {
    const known = this.#known, room = this.$("#estimate"), line = (words, className = "") => make("p", { className }, words), list = this.$("#wrong");
    this.$("#wrong-name").textContent = "";
    list.replaceChildren();
    if (!known?.head) return room.replaceChildren(line("When two classes have pictures it learns after each new one, and when each class has three different things it is asked about things that it was not shown.", "note"));
    const took = `Its head was trained on ${plural(known.ids.length, "picture")} in ${Math.max(1, Math.round(known.milliseconds))} ms.`, parts = [];
    if (waiting) return room.replaceChildren(line(`${took} Now it is asked about pictures that it was not shown \u2026`, "note"));
    const few = known.keys.map((key, k) => ({ name: known.names[k], many: this.#of(key).length, things: known.things[k] })), { judged } = known;
    const short = few.filter(({ things }) => things < 3);
    if (judged) {
      const rounds = new Set(known.fold).size, loose = this.#pictures.some(({ thing, time }) => !thing && !Number.isFinite(time));
      parts.push(line(`${judged.right} of ${judged.there} left-out pictures right: ${percent(judged.right / judged.there)}, and in truth probably between ${end(judged.low)} and ${end(judged.high)}`, "said"));
      parts.push(line(`${rounds === 4 ? "Four times a head learns from about three quarters" : "Three times a head learns from about two thirds"} of the things and is asked about the others; pictures of one thing stay together. The interval is Wilson\u2019s, for ${judged.things.toFixed(judged.things % 1 > 0.05 ? 1 : 0)} different things${judged.things < known.things.reduce((a, b) => a + b) - 0.05 ? ", since those with many pictures count less" : ""}. Mean over classes: ${percent(judged.mean)}. Always saying the largest class: ${percent(judged.baseline)}.`, "note"));
      parts.push(make("ul", { className: "per" }, ...few.map(({ name, things }, k) => make("li", {}, `${apart(name)}: ${judged.perClass[k].right} of ${judged.perClass[k].there} right (${plural(things, "thing")})`))));
      if (loose) parts.push(line("Files that have neither a folder below the class\u2019s nor a time count as different things unless they look nearly alike. If some show the same thing, give each thing a folder of its own; otherwise this estimate is too good.", "note"));
      if (judged.low <= judged.baseline) parts.push(line("The interval still reaches down to what always saying the largest class would give: it may know nothing. Add pictures of other things.", "warning"));
    } else parts.push(line(`No honest estimate yet: ${short.map(({ name, things }) => `${quoted(name)} counts as ${plural(things, "different thing")}`).join(", ")}, and it takes three. Pictures that look nearly alike, lie in one folder, or were taken within a minute count as one thing.`, "warning"));
    const scarce = few.filter(({ many }) => many < FEW);
    if (scarce.length) parts.push(line(`Fewer than ten pictures: ${scarce.map(({ name, many }) => `${quoted(name)} has ${many}`).join(", ")}. So ${judged ? "take the estimate lightly" : "do not trust it yet"}, and add more, of other things, in other places and light.`, "warning"));
    parts.push(line(took, "note numbers"));
    room.replaceChildren(...parts);
    if (judged) this.#mistakes(known);
  }

  #mistakes({ ids, labels, names, probabilities, judged: { said } }) {
    const wrong = ids.map((id, n) => n).filter((n) => said[n] !== labels[n]).sort((a, b) => probabilities[b][said[b]] - probabilities[a][said[a]]);
    this.$("#wrong-name").textContent = !wrong.length ? "No mistake among the left-out pictures." : `Its mistakes on left-out pictures, the surest first${wrong.length > 12 ? ` (12 of ${wrong.length})` : ""}. Is a label wrong? Would you have known?`;
    this.$("#wrong").replaceChildren(...wrong.slice(0, 12).map((n) => {
      const one = this.#pictures.find(({ id }) => id === ids[n]);
      return make("li", {}, make("button", { type: "button", onclick: () => (this.look(ids[n]), this.$("#ask-room").scrollIntoView({ block: "nearest" })) }, make("img", { src: one?.url ?? "", alt: "", width: 52, height: 52 }), make("span", {}, `${quoted(names[said[n]])}, ${chance(probabilities[n][said[n]]).replaceAll(" ", "\u00a0")}; it is ${quoted(names[labels[n]])}`)));
    }));
  }

  /* -- files -- */

  #download(blob, name) {
    const address = URL.createObjectURL(blob);
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    this.announce(`Saved as ${name}.`, 0);
  }

  /** The whole lesson as a Blob. */
  async file() {
    await this.rest();
    const { rows } = this.#pictures.length ? await this.#thread.ask({ job: "rows", ids: this.#pictures.map(({ id }) => id) }) : { rows: [] }, index = (key) => this.#classes.findIndex((one) => one.key === key);
    const pictures = await Promise.all(this.#pictures.map(async ({ key, name, thing, time, small }, n) => ({ label: index(key), name, thing, time: Number.isFinite(time) ? time : null, row: rows[n], small: new Uint8Array(await small.arrayBuffer()) })));
    return writeLesson({ names: this.#classes.map(({ name }) => name), strength: this.#strength, threshold: this.#threshold, taught: this.#known?.keys.map(index), head: this.#known?.head, pictures });
  }

  save() {
    return this.#tried(async () => this.#download(await this.file(), "teach_lab.p2t"));
  }

  /** The head as chapter 6 reads it, as text. */
  async exportedHead() {
    await this.rest();
    const known = this.#known;
    if (!known?.head) throw new LessonError("There is nothing to export yet; give two classes pictures first.");
    return exported({ ...known, strength: this.#strength, threshold: this.#limit, counts: known.keys.map((key) => this.#of(key).length) });
  }

  exportHead() {
    return this.#tried(async () => this.#download(new Blob([await this.exportedHead()], { type: "application/json" }), "teach_lab.json"));
  }

  /** Come back to a saved lesson; a file that is none changes nothing. */
  open(file) {
    return this.#tried(async () => {
      if (file.size > 64 * 2 ** 20) throw new LessonError("This file is larger than any that the Teach lab saves.");
      const lesson = readLesson(await file.arrayBuffer());
      const blobs = lesson.pictures.map(({ small }) => new Blob([small], { type: "image/jpeg" }));
      const broken = () => { throw new LessonError("This file is damaged: a small picture in it cannot be read. Open another copy of it."); };
      for (const blob of blobs) {
        const { kind, size } = await lookInto(blob);
        if (!["jpeg", "png"].includes(kind) || !size?.every((side) => side === SIDE)) broken(); // a few bytes may unpack to a large picture
        (await createImageBitmap(blob).catch(broken)).close();
      }
      this.stop();
      const before = this.#pictures.length ? await this.file() : null;
      this.#clear(lesson.names);
      this.#strength = lesson.strength;
      this.$("#strength").value = lesson.strength;
      this.#threshold = lesson.threshold;
      this.#thing = 1 + Math.max(0, ...lesson.pictures.map(({ thing }) => Number(thing.match(/^camera thing (\d{1,6})$/)?.[1] ?? 0)));
      this.#thingWords();
      this.#before = before;
      this.$("#back").hidden = !before;
      await Promise.all(lesson.pictures.map(({ label, name, thing, time, row }, n) => {
        const id = ++this.#ids;
        this.#keepPicture({ id, key: this.#classes[label].key, name, thing, time, small: blobs[n] });
        return this.#thread.ask({ job: "keep", id, row });
      }));
      this.announce(`Opened: ${plural(lesson.names.length, "class").replace("classs", "classes")}, ${plural(lesson.pictures.length, "picture")}.`, 0);
      return this.learn();
    });
  }
}

/** All files below a dropped folder, with their paths. */
async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((good, bad) => entry.file(good, bad)).catch(() => null);
    if (file) found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  for (const reader = entry.createReader(); ; ) {
    const some = await new Promise((good, bad) => reader.readEntries(good, bad)).catch(() => []);
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

define("teach-lab", TeachLab);
