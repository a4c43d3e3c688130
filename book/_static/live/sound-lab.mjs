/* <sound-lab>: a recording, its spectrogram, one filter of it, and what chapter 12's network hears.

   The arithmetic is in sound-math.mjs and runs in a thread (sound-worker.mjs). Nothing is loaded, recorded or
   played before the reader asks for it, and a recording never leaves the page. */

import { LiveFigure, cellStyle, choice, clamp, define, draw, enable, field, lessMotion, make, paint, write } from "./figure.mjs";
import { takeFiles } from "./incoming.mjs";
import { Microphone, MicrophoneError } from "./microphone.mjs";
import { Player, tone } from "./player.mjs";
import { LONGEST } from "./sound-file.mjs";
import { BANDS, BLOCK, COLUMNS, FLOOR, HALF, HOP, LINES, RATE, SIZE, SPAN, STEP, SoundError, hann, mel } from "./sound-math.mjs";
import { Thread, ThreadError } from "./thread.mjs";

const FOLDER = new URL("sound-lab/", import.meta.url);
const MEGABYTE = 1e6, MOST_PACKED = 4; // megabytes of a file that the browser unpacks
const PIECE = 64_000; // bytes of such a file that are unpacked at first
const DECODED = 48000; // samples a second that the browser gives
const KILOBYTES = 100; // of the network and what goes with it
const ROWS = BANDS / BLOCK, PLACES = COLUMNS / SPAN;
const NEAR = 14; // pixels from the line at which it is taken
const PATIENCE = 3000; // milliseconds until a microphone that gives nothing is let go
const CALM = 500; // milliseconds between two places of the play head, with reduced motion
const TINT = [138, 99, 210]; // of the strips: seen on white and on black

const ABOUT = "This is occlusion, as in chapter 12: a block is five bands high and ten columns long, and with a minus the class gains. The average is that of the training pictures; another cover gives another map.";

const range = (count) => [...Array(count).keys()];
const percent = (share) => (share > 0.9995 ? "> 99.9 %" : share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);
const seconds = (samples) => (samples / RATE).toFixed(2);
const hertzOf = (line) => (line * RATE) / SIZE;
const written = (hertz) => hertz.toLocaleString("en", { maximumFractionDigits: 2 });
const best = (shares) => shares.indexOf(Math.max(...shares));

/** How high a line stands, from 0 at the foot to 1: among the lines, or among the mel bands. */
export function heightOf(line, view) {
  if (view === "lines") return (line + 0.5) / LINES;
  return clamp(((mel(hertzOf(line)) / mel(RATE / 2)) * (BANDS + 1) - 0.5) / BANDS, 0, 1);
}

/** The line at a height. */
export function lineAt(height, view) {
  const distance = (line) => Math.abs(heightOf(line, view) - height);
  return range(LINES - 2).map((n) => n + 1).reduce((found, line) => (distance(line) < distance(found) ? line : found), 1);
}

export class SoundLab extends LiveFigure {
  static style = `
    .file { position: relative; display: inline-flex; align-items: center; cursor: pointer; font-weight: 600; }
    .file:focus-within { outline: 3px solid var(--orange, #9c4a05); outline-offset: 2px; }
    select { min-width: 0; max-width: 100%; }
    .under { margin-top: 0.5rem; } .warning { margin-block: 0.8rem; }
    #recording { margin-top: 0.7rem; max-width: 24rem; }
    .level { height: 0.8rem; border-radius: 4px; background: var(--rule, #ddd8e6); overflow: hidden; margin-top: 0.3rem; }
    .level i { display: block; height: 100%; background: var(--violet, #593796); }
    #where { margin-block: 0.9rem 0.5rem; font-weight: 600; overflow-wrap: anywhere; }
    .stage { display: grid; grid-template-columns: 3.6rem minmax(0, 1fr); gap: 0.25rem 0.5rem; margin-top: 0.8rem; }
    .side { position: relative; font-size: 0.82rem; color: var(--ink-soft, #585266); text-align: right; font-variant-numeric: tabular-nums; }
    .side span { position: absolute; right: 0; transform: translateY(50%); line-height: 1; white-space: nowrap; }
    .side i { position: absolute; left: 0; top: 0; font-style: normal; }
    .plot { position: relative; min-width: 0; }
    #spectrum { height: 13rem; background: #000; border-radius: 4px; overflow: hidden; touch-action: pan-y; cursor: crosshair; }
    #spectrum canvas, .strips canvas { position: absolute; inset: 0; width: 100%; height: 100%; image-rendering: pixelated; }
    #rule { position: absolute; left: 0; right: 0; height: 0; border-top: 2px solid #ff9d2e; box-shadow: 0 0 0 1px #000; }
    #grip { position: absolute; right: 0; width: 44px; height: 44px; margin-top: -22px; touch-action: none; cursor: ns-resize; }
    #grip::after { content: ""; position: absolute; right: 6px; top: 13px; width: 18px; height: 18px; border-radius: 50%; background: #ff9d2e; border: 2px solid #000; }
    .frame { position: absolute; top: 0; bottom: 0; border: 2px solid #ff9d2e; border-radius: 3px; pointer-events: none; }
    .strips .frame { border-color: var(--orange, #9c4a05); }
    #head { position: absolute; top: 0; bottom: 0; width: 2px; background: #fff; box-shadow: 0 0 0 1px #000; pointer-events: none; }
    #answer { display: block; width: 100%; height: 3.6rem; border-bottom: 1px solid var(--rule-strong, #8a829c); overflow: visible; }
    #answer path { fill: none; stroke: var(--ink, #23202c); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
    .strips { height: 6.5rem; border: 1px solid var(--rule-strong, #8a829c); border-radius: 3px; }
    .kinds { display: grid; grid-template-rows: repeat(5, 1fr); height: 6.5rem; align-items: center; }
    .times { position: relative; height: 1.2rem; font-size: 0.82rem; color: var(--ink-soft, #585266); font-variant-numeric: tabular-nums; }
    .times span { position: absolute; transform: translateX(-50%); white-space: nowrap; } .times span:first-child { transform: none; } .times span:last-child { transform: translateX(-100%); }
    .wide { width: 100%; } .wide input { width: 100%; }
    .two { display: grid; gap: 1.3rem 1.8rem; margin-top: 1.2rem; } .two > * { min-width: 0; }
    @container (min-width: 36rem) { .two { grid-template-columns: 1fr 1fr; } }
    .title { font-weight: 700; margin-bottom: 0.4rem; }
    #wave { display: block; width: 100%; height: 6rem; overflow: visible; margin-top: 0.6rem; }
    #wave path { fill: none; vector-effect: non-scaling-stroke; stroke-width: 1.5; } #wave .cosine { stroke: var(--violet, #593796); } #wave .sine { stroke: var(--orange, #9c4a05); stroke-dasharray: 5 3; } #wave .zero { stroke: var(--rule-strong, #8a829c); stroke-width: 1; }
    .key { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; font-size: 0.86rem; margin-block: 0.2rem 0.6rem; } .key span { display: inline-flex; align-items: center; gap: 0.4rem; } .key svg { width: 2.2rem; height: 0.6rem; }
    .key path { stroke-width: 2; } .key .cosine { stroke: var(--violet, #593796); } .key .sine { stroke: var(--orange, #9c4a05); stroke-dasharray: 5 3; }
    .asks { display: grid; gap: 0.7rem; padding: 1rem; border-radius: 10px; background: var(--wash, #f6f4fa); justify-items: start; }
    .said { font-size: 1.25rem; font-weight: 700; line-height: 1.25; margin-bottom: 0.4rem; }
    .classes { display: grid; gap: 0.15rem; }
    .classes label { position: relative; display: grid; grid-template-columns: 4.2rem 1fr 4.2rem; gap: 0.6rem; align-items: center; padding: 0.2rem 0.5rem; min-height: 2rem; border: 1px solid transparent; border-radius: 8px; }
    .classes input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
    .classes label:hover { background: var(--violet-wash, #f0ebf9); } .classes label:has(:checked) { border-color: var(--violet, #593796); background: var(--violet-wash, #f0ebf9); font-weight: 600; }
    .classes label:has(:focus-visible) { outline: 3px solid var(--orange, #9c4a05); outline-offset: 1px; }
    .gauge { height: 0.8rem; border-radius: 4px; background: var(--rule, #ddd8e6); overflow: hidden; } .gauge i { display: block; height: 100%; background: var(--violet, #593796); }
    .share { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .pair { display: grid; grid-template-columns: 1fr; gap: 0.9rem; } .pair > div { max-width: 21rem; }
    @container (min-width: 36rem) { .pair { grid-template-columns: 1fr 1fr; gap: 1.8rem; } }
    .box { position: relative; width: 100%; aspect-ratio: 6 / 5; background: #000; border-radius: 3px; overflow: hidden; } .box canvas { width: 100%; height: 100%; image-rendering: pixelated; display: block; }
    .blocks { display: grid; grid-template-columns: repeat(3, 1fr); grid-template-rows: repeat(8, 1fr); gap: 1px; width: 100%; aspect-ratio: 6 / 5; background: var(--rule-strong, #8a829c); border: 1px solid var(--rule-strong, #8a829c); border-radius: 3px; overflow: hidden; }
    .blocks > * { display: grid; place-items: center; min-width: 0; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
    .ends { display: flex; justify-content: space-between; font-size: 0.82rem; color: var(--ink-soft, #585266); }
    table { border-collapse: collapse; font-size: 0.86rem; font-variant-numeric: tabular-nums; margin-top: 0.5rem; } th, td { text-align: left; padding: 0.15rem 1rem 0.15rem 0; font-weight: 400; } th { font-weight: 600; }
    .scroll { max-height: 14rem; overflow: auto; } details { margin-top: 0.5rem; } .progress { display: flex; flex-wrap: wrap; gap: 0.7rem; align-items: center; margin-top: 0.5rem; }
    progress { width: 12rem; height: 0.8rem; accent-color: var(--violet, #593796); }
    :host(.over) #spectrum { outline: 3px dashed var(--violet, #593796); outline-offset: 2px; }
    .room { margin-top: 1.3rem; }
  `;

  #thread = new Thread("sound-worker.mjs");
  #microphone = new Microphone();
  #player = new Player();
  #turn = 0; // of recordings: what comes of an earlier one is dropped
  #sound = null; // {length, seconds, hit, columns, lines, bands, samples, name}
  #line = 32;
  #start = 0; // of the half second that the network hears
  #view = "lines";
  #loading = null;
  #lab = null; // the network's classes, the book's hits
  #hits = null; // their samples
  #shares = null; // the answers along the recording, class by class
  #next = null; // where the answers were stopped
  #running = false; // whether they are under way
  #hidden = false;
  #heard = null; // {picture, shares, start}
  #class = null; // whose map is shown; null is that of the answer
  #cover = "silence";
  #lost = null;
  #drag = ""; // what the pointer moves: "line" or "start"
  #playing = ""; // which button plays
  #mode = "idle"; // idle, asking, recording
  #recorded = 0; // seconds
  #waiting = 0; // for the first sound
  #goes = 0; // wishes to go on along the recording
  #slid = Promise.resolve();
  #looked = 0; // wishes to hear a half second: of those that come while one is heard, the last counts
  #looking = Promise.resolve();
  #settling = 0;
  #work = Promise.resolve();

  /** What is set and what was found; for tests as well. */
  get value() {
    const { length = 0, hit = 0, columns = 0, name = "" } = this.#sound ?? {};
    return { name, length, hit, columns, line: this.#line, start: this.#start, view: this.#view, mode: this.#mode, playing: this.#playing, network: this.#lab !== null, running: this.#running, next: this.#next, class: this.#class, cover: this.#cover, shares: this.#heard?.shares ?? null, lost: this.#lost !== null, open: this.#microphone.open, gain: this.#player.gain };
  }

  get sound() {
    return this.#sound;
  }

  get heard() {
    return this.#heard;
  }

  get answers() {
    return this.#shares;
  }

  get lost() {
    return this.#lost;
  }

  /** Kept when nothing is under way. */
  async rest() {
    for (let before = null; before !== this.#work; ) await (before = this.#work);
    while (this.#running || (this.#heard?.shares && !this.#lost)) await new Promise((go) => setTimeout(go, 20));
  }

  build(root) {
    root.append(this.#head(), this.#stage(), this.#rooms());
    takeFiles(this, (file, note) => this.open(file, note));
    this.onHide = () => this.#visible();
    document.addEventListener("visibilitychange", this.onHide);
    this.measure = new ResizeObserver(() => this.later(() => this.#draw()));
    this.measure.observe(this.$("#spectrum"));
    this.#write();
    this.#buttons();
    this.ready = this.#first();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.onHide);
    this.measure?.disconnect();
    clearTimeout(this.#settling);
    clearTimeout(this.#waiting);
    this.#turn++;
    this.#microphone.stop();
    this.#player.close();
    this.#thread.stop();
  }

  /* -- parts -- */

  #head() {
    const file = make("input", { id: "file", type: "file", accept: "audio/*", className: "unseen", onchange: () => this.open(file.files[0]) });
    const hits = make("select", { id: "hits", onchange: () => this.book(hits.value) }, make("option", { value: "", textContent: "none of them" }), make("option", { value: "all", textContent: "six, one after the other" }), ...range(6).map((n) => make("option", { value: n, textContent: `only hit ${n + 1}` })));
    return make("div", {},
      make("div", { className: "bar" },
        make("button", { type: "button", id: "record", className: "main", onclick: () => this.record() }, "Record with the microphone"),
        make("label", { className: "file" }, "Choose a recording", file),
        field("Or drum hits from the book", hits)),
      make("p", { className: "note under" }, `You may also drop or paste a file. Of a recording the first ${LONGEST} seconds are heard, and it never leaves this page.`),
      make("div", { id: "recording", hidden: true }, make("p", { id: "recorded", className: "numbers" }), make("div", { className: "level", "aria-hidden": "true" }, make("i", { id: "level" }))),
      make("p", { className: "warning", id: "trouble" }),
      make("p", { id: "where", className: "numbers", tabIndex: -1 }),
      make("p", { className: "note", id: "said" }),
      make("div", { className: "bar under" },
        make("button", { type: "button", id: "all", onclick: () => this.play("all") }),
        make("button", { type: "button", id: "part", onclick: () => this.play("part") }),
        field("Volume", make("input", { id: "volume", type: "range", min: 0, max: 100, step: 1, value: 50, oninput: (event) => (this.#player.loudness = event.target.valueAsNumber / 100) }))));
  }

  #stage() {
    const spectrum = make("div", { className: "plot", id: "spectrum", onpointerdown: (event) => this.#pointer(event), onpointermove: (event) => this.#pointer(event), onpointerup: (event) => this.#pointer(event), onpointercancel: () => (this.#drag = "") },
      make("canvas", { id: "picture", role: "img" }), make("div", { className: "frame" }), make("div", { id: "head", hidden: true }), make("div", { id: "rule" }), make("div", { id: "grip" }));
    return make("div", {},
      make("div", { className: "under" }, choice("Frequencies", "view", { lines: "all 257 lines", bands: "40 mel bands" }, "lines", (view) => this.show(view))),
      make("div", { className: "stage" },
        make("div", { className: "side", id: "frequencies", "aria-hidden": "true" }), spectrum,
        make("div", { className: "side", "aria-hidden": "true" }, make("i", {}, "filter")), make("div", { className: "plot" }, draw("svg", { id: "answer", viewBox: "0 0 1 1", preserveAspectRatio: "none", role: "img" })),
        make("div", { className: "side kinds", id: "kinds", "aria-hidden": "true", hidden: true }), make("div", { className: "plot strips", id: "strips", hidden: true }, make("canvas", { id: "shares", role: "img" }), make("div", { className: "frame" })),
        make("div", { className: "side", "aria-hidden": "true" }, make("i", {}, "seconds")), make("div", { className: "plot times", id: "times", "aria-hidden": "true" })),
      make("label", { className: "field wide under" }, make("span", { id: "start-words" }), make("input", { id: "start", type: "range", min: 0, step: 1, oninput: (event) => this.at(event.target.valueAsNumber), onkeydown: (event) => this.#keys(event, "#start", HOP, (place) => this.at(place)) })),
      make("div", { className: "progress", id: "progress", hidden: true }, make("progress", { id: "bar", max: 1, value: 0, "aria-label": "Listening along the recording" }), make("button", { type: "button", id: "pause", onclick: () => this.pauseOrGo() }, "Stop listening")),
      make("details", { id: "table", hidden: true, ontoggle: () => this.#table() }, make("summary", {}, "The answers in words"), make("div", { className: "scroll", id: "words", tabIndex: 0, role: "group", "aria-label": "The answers in words" })));
  }

  #rooms() {
    const stroke = (kind) => draw("svg", { viewBox: "0 0 36 8", "aria-hidden": "true" }, draw("path", { class: kind, d: "M1 4H35" }));
    return make("div", {},
      make("div", { className: "two" },
        make("div", {}, make("p", { className: "title" }, "One filter of the Fourier bank"),
          make("label", { className: "field wide" }, make("span", { id: "line-words" }), make("input", { id: "line", type: "range", min: 1, max: LINES - 2, step: 1, value: this.#line, oninput: (event) => this.filter(event.target.valueAsNumber), onkeydown: (event) => this.#keys(event, "#line", 1, (line) => this.filter(line)) })),
          draw("svg", { id: "wave", viewBox: `0 -1 ${SIZE} 2`, preserveAspectRatio: "none", role: "img" }),
          make("div", { className: "key" }, make("span", {}, stroke("cosine"), "cosine"), make("span", {}, stroke("sine"), "sine, negative")),
          make("div", { className: "bar" },
            make("button", { type: "button", id: "tone", onclick: () => this.play("tone") }), make("button", { type: "button", id: "through", onclick: () => this.play("through") })),
          make("p", { className: "note under", id: "line-note" })),
        make("div", {}, make("p", { className: "title" }, "What the network hears"),
          make("div", { className: "asks", id: "asks" }, make("p", {}, "The network of chapter 12 names drum hits. It is loaded with your first recording, or now, for the sound that is here already."),
            make("button", { type: "button", id: "load", onclick: () => this.#load() }, `Load the network (${KILOBYTES} kB)`)),
          make("div", { id: "heard", hidden: true },
            make("p", { className: "said", id: "answer-words" }),
            make("fieldset", {}, make("legend", {}, "Its five probabilities. Choose a class to see what decided"), make("div", { className: "classes", id: "classes" })),
            make("p", { className: "note under", id: "honest" })))),
      make("div", { className: "room", id: "decided", hidden: true }, make("p", { className: "title" }, "Which part decides"),
        choice("Cover each block with", "cover", { silence: "silence", average: "the average picture" }, "silence", (kind) => this.coverWith(kind)),
        make("div", { className: "pair under" },
          make("div", {}, make("p", { className: "note" }, "What it gets: 40 bands, 30 columns"), make("div", { className: "box" }, make("canvas", { id: "half", role: "img" })), make("div", { className: "ends", "aria-hidden": "true" }, make("span", {}, "0"), make("span", {}, "0.5 s"))),
          make("div", {}, make("p", { className: "note", id: "lost-words" }), make("div", { className: "blocks", id: "blocks", role: "img" }), make("div", { className: "ends", "aria-hidden": "true" }, make("span", {}, "0"), make("span", {}, "0.5 s")))),
        make("p", { className: "note under", id: "lost-note" })));
  }

  /* -- recordings -- */

  async #first() {
    this.$("#blocks").append(...range(ROWS * PLACES).map(() => make("span")));
    this.#take(await this.#thread.ask({ job: "rising" }), "A tone that rises from 100 to 7,000 Hz, and three clicks");
  }

  /** Do something with a new recording; what goes wrong is told in one sentence, and what was there stays. */
  #tried(work, name = "This recording", note = "") {
    const turn = ++this.#turn;
    this.stopAll();
    this.#trouble(note);
    return (this.#work = (async () => {
      try {
        const found = await work(turn);
        if (turn !== this.#turn || !found) return;
        this.#take(found, name);
        this.#say();
        await this.listen();
      } catch (error) {
        if (turn !== this.#turn || error.stopped) return;
        this.#which();
        this.#trouble(sentence(error, name));
      }
    })());
  }

  /** A file that the reader chose, dropped or pasted. */
  open(file, note = "") {
    this.$("#file").value = "";
    if (!file) return this.#work;
    const name = file.name ? `\u201c${file.name.slice(0, 60)}\u201d` : "This file";
    return this.#tried(async (turn) => {
      const found = await this.#thread.ask({ job: "read", file });
      return found.kind === "other" ? this.#unpacked(file, turn) : found;
    }, name, note);
  }

  /** A file that is no WAV: the browser's own decoder, at one sampling rate.

      A few bytes can be an hour. So a piece of the file is tried first, then one four times as long, until there is enough to hear. */
  async #unpacked(file, turn) {
    if (file.size > MOST_PACKED * MEGABYTE) throw new SoundError(`has ${Math.ceil(file.size / MEGABYTE)} MB; of anything but plain WAV, ${MOST_PACKED} MB is the most, so cut it, or save it as WAV.`);
    let buffer = null;
    for (let size = PIECE; (buffer?.duration ?? 0) <= LONGEST; size *= 4) {
      try {
        buffer = await unpacked(file.slice(0, size));
      } catch {
        if (size >= file.size) throw new SoundError("is no recording that this browser can read; plain WAV, with 16 bits, always works.");
      }
      if (turn !== this.#turn) return null;
      if (size >= file.size) break;
      if (buffer?.duration > LONGEST && !(await isOnlyWhatIsThere(file.slice(0, size / 2), buffer))) buffer = null;
      if (turn !== this.#turn) return null;
    }
    const channels = range(Math.min(buffer.numberOfChannels, 32)).map((c) => buffer.getChannelData(c).slice(0, LONGEST * DECODED));
    const said = [`was unpacked by the browser, at ${DECODED.toLocaleString("en")} Hz`, ...(buffer.duration > LONGEST ? [`is longer; its first ${LONGEST} seconds were taken`] : [])];
    return this.#thread.ask({ job: "take", channels, rate: DECODED, said }, { transfer: channels.map((samples) => samples.buffer) });
  }

  /** Hits of the book's: "all", or the number of one. */
  book(which) {
    if (which === "") return void this.#which();
    return this.#tried(async (turn) => {
      this.#hits ??= await fetchedHits();
      if (turn !== this.#turn) return null;
      const wish = which === "all" ? this.#hits : this.#hits.subarray(which * HALF, (Number(which) + 1) * HALF);
      // The data's coarse steps near a peak look like clipping, and are none.
      return { ...(await this.#thread.ask({ job: "take", channels: [wish.slice()], rate: RATE })), said: [], which };
    }, which === "all" ? "Six hits of the book\u2019s" : `Hit ${Number(which) + 1} of the book\u2019s`);
  }

  /** Begin or end a recording; while the browser still asks, take the wish back. */
  record() {
    if (this.#mode === "recording") return this.#recordedNow();
    if (this.#mode === "asking") return this.stopAll();
    this.#turn++; // a file that is still being read is not wanted any more
    this.stopAll();
    this.#trouble("");
    this.#become("asking");
    this.announce("The browser may ask whether this page may use the microphone.", 0);
    return (this.#work = (async () => {
      try {
        const on = await this.#microphone.start((time, level) => this.#level(time, level));
        if (!on) return;
        this.#recorded = 0;
        this.#become("recording");
        this.announce("Recording.", 0);
        this.#waiting = setTimeout(() => this.#recorded === 0 && this.#deaf(), PATIENCE);
      } catch (error) {
        if (this.#mode !== "asking") return;
        this.#become("idle");
        this.#trouble(error instanceof MicrophoneError ? error.message : "The microphone could not be started; choose a file instead.");
      }
    })());
  }

  #level(time, level) {
    if (this.#mode !== "recording") return;
    if (time >= LONGEST) return void this.#recordedNow();
    this.#recorded = time;
    this.$("#recorded").textContent = `${time.toFixed(1)} of ${LONGEST} seconds`;
    this.$("#level").style.width = `${100 * Math.min(1, level)}%`;
  }

  /** The recording is over: the microphone is let go, and then it is looked at. */
  #recordedNow() {
    const found = this.#microphone.stop();
    this.#become("idle");
    if (!found) return void this.#trouble("Nothing was recorded yet; press the button again, and stop a moment later.");
    found.channels[0] = found.channels[0].slice(0, LONGEST * found.rate);
    return this.#tried(() => this.#thread.ask({ job: "take", ...found }, { transfer: found.channels.map((one) => one.buffer) }), "Your recording");
  }

  #deaf() {
    this.stopAll();
    this.#trouble("The microphone gives no sound: see whether it is switched on, and whether this device has a loudspeaker, or choose a file instead.");
  }

  #become(mode) {
    clearTimeout(this.#waiting);
    this.#mode = mode;
    this.$("#record").textContent = { idle: "Record with the microphone", asking: "Do not record after all", recording: "Stop recording" }[mode];
    this.$("#recording").hidden = mode === "idle";
    this.$("#recorded").textContent = mode === "asking" ? "Waiting for the browser\u2019s leave \u2026" : `0.0 of ${LONGEST} seconds`;
    this.$("#level").style.width = "0";
  }

  /** Stop what plays, records and computes. */
  stopAll() {
    this.#stopPlaying();
    if (this.#mode !== "idle") this.#microphone.stop();
    this.#become("idle");
    this.pause();
  }

  #take(found, name) {
    this.#sound = { ...found, name };
    this.#thread.ask({ job: "keep", offer: found.offer }).catch(() => {});
    this.#which();
    this.#shares = this.#next = this.#heard = this.#lost = null;
    this.#start = found.hit;
    this.$("#said").textContent = found.said.map((one) => `It ${one}.`).join(" ");
    this.$("#where").textContent = `${name}: ${found.seconds.toFixed(2)} seconds, ${found.columns} columns of ${SIZE} samples each.`;
    Object.assign(this.$("#start"), { max: Math.max(0, found.length - HALF) });
    this.#write();
    this.#draw();
  }

  /** The list of hits names what is shown, so that each of the others can be chosen. */
  #which() {
    this.$("#hits").value = this.#sound?.which ?? "";
  }

  #say() {
    this.announce(`${this.$("#where").textContent} ${this.$("#said").textContent}`, 0);
  }

  #trouble(text) {
    this.$("#trouble").textContent = text;
    if (text) this.announce(text, 0);
  }

  /* -- the network -- */

  #load() {
    this.#trouble("");
    return this.ready.then(() => this.listen());
  }

  /** Load the network, once, and let it hear the recording. */
  async listen() {
    const button = this.$("#load");
    if (!this.#loading) {
      enable(button, false);
      button.textContent = "Loading \u2026";
    }
    this.#loading ??= this.#thread.ask({ job: "load", folder: FOLDER.href });
    try {
      this.#lab = await this.#loading;
    } catch (error) {
      this.#loading = null;
      this.#trouble(sentence(error, ""));
      return;
    } finally {
      enable(button, true);
      button.textContent = `Load the network (${KILOBYTES} kB)`;
    }
    if (!this.$("#classes").children.length) this.#names();
    const focused = this.shadowRoot.activeElement === button;
    for (const id of ["heard", "decided", "strips", "kinds", "table"]) this.$(`#${id}`).hidden = false;
    this.$("#asks").hidden = true;
    if (focused) this.$("#where").focus({ preventScroll: true });
    const { which } = this.#sound, truths = this.#lab.hits.map(({ kind }) => `a ${kind}`);
    if (which) this.$("#said").textContent = which === "all" ? `In truth they are, every half second: ${truths.join(", ")}.` : `In truth it is ${truths[which]}.`;
    this.at(this.#start);
    this.#next = 0;
    this.#shares = new Float32Array(this.#places * this.#lab.classes.length);
    await this.go();
  }

  get #places() {
    return Math.floor((this.#sound.length - HALF) / STEP) + 1;
  }

  #names() {
    const { classes, test, hits } = this.#lab;
    this.$("#classes").append(...classes.map((name, k) => make("label", {}, make("input", { type: "radio", name: "class", value: k, onchange: () => this.decideFor(k) }), make("span", {}, name), make("span", { className: "gauge" }, make("i")), make("span", { className: "share" }))));
    this.$("#kinds").append(...classes.map((name) => make("b", { style: { fontWeight: 400 } }, name)));
    this.$("#honest").textContent = `It always names one of these five, whatever it hears, and knows single clean hits only. Of ${test.hits} hits of a studio that it had never heard it named ${test.right} rightly.`;
    [...this.$("#hits").options].slice(2).forEach((option, n) => (option.textContent = `only hit ${n + 1}: a ${hits[n].kind}`));
  }

  /** The answers along the recording, from where they were stopped. */
  async go() {
    const turn = ++this.#goes;
    await this.#slid; // the answers along the recording before
    if (turn !== this.#goes || this.#next === null) return;
    if (document.hidden) return void (this.#hidden = true);
    return (this.#slid = this.#slide());
  }

  async #slide() {
    const sound = this.#sound;
    this.#running = true;
    this.#progress();
    try {
      const { next } = await this.#thread.ask({ job: "slide", from: this.#next }, { tell: ({ first, shares }) => {
        if (sound !== this.#sound) return;
        this.#shares.set(shares, first * this.#lab.classes.length);
        this.#next = first + shares.length / this.#lab.classes.length;
        this.later(() => this.#draw());
      } });
      if (sound === this.#sound) this.#next = next;
      if (sound === this.#sound && next === null) this.announce(this.#summary(), 0);
    } catch (error) {
      if (sound === this.#sound && !error.stopped) this.#trouble(sentence(error, ""));
    } finally {
      this.#running = false;
      this.#progress();
      this.later(() => this.#draw());
    }
  }

  pause() {
    if (this.#running) this.#thread.ask({ job: "rest" }).catch(() => {});
  }

  pauseOrGo() {
    if (this.#running) this.pause();
    else this.go();
  }

  #progress() {
    const busy = this.#running || (this.#next !== null && this.#next < this.#places);
    this.$("#progress").hidden = !busy;
    this.$("#pause").textContent = this.#running ? "Stop listening" : "Go on listening";
    if (this.#next !== null) this.$("#bar").value = this.#next / this.#places;
  }

  /** Runs of places with the same answer: [[first, last, class or -1, largest share]]. */
  #runs() {
    const K = this.#lab.classes.length, runs = [];
    for (let n = 0; n < (this.#next ?? this.#places); n++) {
      const shares = [...this.#shares.subarray(n * K, (n + 1) * K)], top = shares.some(Boolean) ? best(shares) : -1, last = runs.at(-1);
      if (last?.[2] === top) [last[1], last[3]] = [n, Math.max(last[3], shares[top] ?? 0)];
      else runs.push([n, n, top, shares[top] ?? 0]);
    }
    return runs;
  }

  #summary() {
    const runs = this.#runs().filter(([, , top]) => top >= 0), words = runs.slice(0, 6).map(([first, , top]) => `${this.#lab.classes[top]} from ${seconds(first * STEP)} s`);
    if (!runs.length) return "Along the recording: too quiet for an answer.";
    return `Along the recording: ${words.join(", ")}${runs.length > 6 ? ", and so on" : ""}.`;
  }

  #table() {
    if (!this.$("#table").open || !this.#shares) return;
    const row = (cells, tag = "td") => make("tr", {}, ...cells.map((text) => make(tag, {}, text)));
    this.$("#words").replaceChildren(make("table", {}, row(["half seconds that begin at", "answer", "at most"], "th"),
      ...this.#runs().slice(0, 100).map(([first, last, top, share]) => row([`${seconds(first * STEP)} to ${seconds(last * STEP)} s`, top < 0 ? "none, too quiet" : this.#lab.classes[top], top < 0 ? "\u2013" : percent(share)]))));
  }

  /** Let the network hear the half second from a place on. */
  at(place) {
    if (!this.#sound) return;
    this.#start = clamp(Math.round(place), 0, Math.max(0, this.#sound.length - HALF));
    this.#write();
    this.later(() => this.#draw());
    if (this.#lab) return this.#look();
  }

  async #look() {
    const turn = ++this.#looked, start = this.#start, sound = this.#sound;
    const fits = () => turn === this.#looked && sound === this.#sound;
    this.#lost = null;
    await this.#looking;
    if (!fits()) return;
    try {
      const asked = this.#thread.ask({ job: "look", start });
      this.#looking = asked.catch(() => {});
      const { picture, shares } = await asked;
      if (!fits()) return;
      this.#heard = { picture, shares, start };
      this.later(() => this.#draw());
      const words = shares ? `From ${seconds(start)} s on: ${this.#lab.classes[best(shares)]}, ${percent(Math.max(...shares))}.` : "Nothing to hear there.";
      if (!this.#running) this.announce(words);
      clearTimeout(this.#settling);
      if (shares) this.#settling = setTimeout(() => this.#decide(), 150);
    } catch (error) {
      if (fits() && !error.stopped) this.#trouble(sentence(error, ""));
    }
  }

  /** What each block is worth, once the reader has stopped moving. */
  async #decide() {
    const start = this.#heard?.start, sound = this.#sound, kind = this.#cover;
    if (!this.#heard?.shares || document.hidden) return;
    try {
      const { lost } = await this.#thread.ask({ job: "cover", start, kind });
      if (!lost || sound !== this.#sound || start !== this.#start || kind !== this.#cover) return; // or the tab was hidden
      this.#lost = lost;
      this.later(() => this.#draw());
    } catch (error) {
      if (sound === this.#sound && !error.stopped) this.#trouble(sentence(error, ""));
    }
  }

  coverWith(kind) {
    this.#cover = kind;
    this.#lost = null;
    return this.#decide();
  }

  decideFor(kind) {
    this.#class = kind;
    this.later(() => this.#draw());
    this.announce(this.$("#lost-words").textContent);
  }

  /* -- the filter, the view, the pointer -- */

  filter(line) {
    this.#line = clamp(Math.round(line), 1, LINES - 2);
    this.#write();
    this.later(() => this.#draw());
    this.announce(this.$("#line-note").textContent);
  }

  show(view) {
    this.#view = view;
    this.#draw();
  }

  /** Arrows move by a step, with Shift by ten; the browser's own steps are too fine or too coarse. */
  #keys(event, selector, step, move) {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(this.$(selector).valueAsNumber + way * step * (event.shiftKey ? 10 : 1));
  }

  /** Near the line it is the filter that is dragged, elsewhere the half second. A finger takes the line by its grip, and elsewhere may be about to scroll. */
  #pointer(event) {
    const box = this.$("#spectrum").getBoundingClientRect(), up = 1 - (event.clientY - box.top) / box.height, finger = event.pointerType === "touch";
    if (event.type === "pointerdown") {
      if (event.button || !this.#sound) return;
      const near = event.target.id === "grip" || (!finger && Math.abs(up - heightOf(this.#line, this.#view)) * box.height < NEAR);
      this.#drag = near ? "line" : "start";
      this.$("#spectrum").setPointerCapture(event.pointerId);
      if (finger && !near) return;
    }
    if (this.#drag === "line") this.filter(lineAt(clamp(up, 0, 1), this.#view));
    else if (this.#drag) this.at(((event.clientX - box.left) / box.width) * this.#sound.length - HALF / 2);
    if (event.type === "pointerup") this.#drag = "";
  }

  /* -- to be heard -- */

  /** Play one of four things, or stop it. */
  async play(what) {
    const stops = this.#playing === what;
    this.#stopPlaying();
    if (stops || !this.#sound) return;
    this.#playing = what;
    this.#buttons();
    const { samples } = this.#sound, line = this.#line, from = what === "part" ? this.#start : 0;
    try {
      let heard = { all: () => scaled(samples), part: () => scaled(samples.subarray(from, from + HALF)), tone: () => tone(hertzOf(line), RATE) }[what]?.();
      if (what === "through") heard = (await this.#thread.ask({ job: "through", line })).samples;
      if (this.#playing !== what) return;
      if (!heard) return this.#nothing(line);
      const playing = this.#player.play(heard, RATE);
      if (what !== "tone") this.#follow(from + (what === "through" ? SIZE / 2 : 0));
      if (!(await playing)) return;
    } catch {
      this.#trouble("The browser plays no sound here; is a loudspeaker connected?");
    }
    if (this.#playing === what) this.#stopPlaying();
  }

  #nothing(line) {
    this.#stopPlaying();
    this.announce(`Nothing of this recording gets through the filter for ${written(hertzOf(line))} Hz.`, 0);
  }

  #stopPlaying() {
    this.#player.stop();
    this.#playing = "";
    this.$("#head").hidden = true;
    this.#buttons();
  }

  #buttons() {
    const words = { all: "Play it", part: "Play this half second", tone: "Hear its tone", through: "Hear the recording through it" };
    for (const [id, text] of Object.entries(words)) this.$(`#${id}`).textContent = this.#playing === id ? "Stop" : text;
  }

  /** The play head. */
  #follow(from) {
    const head = this.$("#head"), what = this.#playing, sound = this.#sound;
    let last = -Infinity;
    const step = (now) => {
      if (this.#playing !== what || sound !== this.#sound) return;
      const at = this.#player.at;
      if (at !== null && now - last >= (lessMotion() ? CALM : 0)) {
        last = now;
        head.hidden = false;
        head.style.left = `${(100 * Math.min(sound.length, from + at * RATE)) / sound.length}%`;
      }
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** A tab that nobody sees neither records nor plays nor computes. */
  #visible() {
    if (document.hidden) {
      this.#stopPlaying();
      if (this.#mode === "recording") this.#recordedNow();
      else if (this.#mode === "asking") this.stopAll();
      if (this.#running) this.#hidden = true;
      this.pause();
      if (this.#heard?.shares && !this.#lost) this.#thread.ask({ job: "leave" }).catch(() => {});
    } else {
      if (this.#heard && !this.#lost) this.#decide();
      if (!this.#hidden) return;
      this.#hidden = false;
      this.go();
    }
  }

  /* -- what is shown -- */

  /** What is set onto its controls. */
  #write() {
    const f = hertzOf(this.#line), words = `${written(f)} Hz, ${this.#line === 1 ? "one turn" : `${this.#line} turns`} in ${SIZE} samples`;
    Object.assign(this.$("#line"), { value: this.#line }).setAttribute("aria-valuetext", words);
    this.$("#line-words").textContent = words;
    Object.assign(this.$("#start"), { value: this.#start }).setAttribute("aria-valuetext", `from ${seconds(this.#start)} seconds on`);
    this.$("#start-words").textContent = `The half second from ${seconds(this.#start)} s on`;
    if (!this.#sound) return;
    const row = range(this.#sound.columns).map((column) => this.#sound.lines[column * LINES + this.#line]), most = row.reduce((a, b) => Math.max(a, b), 0);
    const place = seconds(row.indexOf(most) * HOP + HOP), below = -FLOOR * (1 - most);
    this.$("#line-note").textContent = most ? `Its answer is largest at ${place} s: ${below < 0.05 ? "the largest power of the whole recording" : `${below.toFixed(1)} decibels below the largest power of the recording`}.` : "It finds nothing in this recording.";
  }

  #draw() {
    if (!this.#sound || !this.isConnected) return;
    this.#drawSpectrum();
    this.#drawFilter();
    this.#drawTimes();
    if (this.#lab) this.#drawAnswers();
    this.#progress();
  }

  #drawSpectrum() {
    const { columns, lines, bands, length } = this.#sound, rows = this.#view === "lines" ? LINES : BANDS, values = this.#view === "lines" ? lines : bands, canvas = this.$("#picture");
    if (canvas.shown !== values) {
      const upright = new Float32Array(values.length);
      for (let column = 0; column < columns; column++) for (let row = 0; row < rows; row++) upright[(rows - 1 - row) * columns + column] = values[column * rows + row];
      paint(canvas, upright, rows, columns, "image", 1);
      canvas.shown = values;
    }
    // A column stands for the 256 samples about the middle of its window.
    Object.assign(canvas.style, { left: `${(100 * HOP) / 2 / length}%`, width: `${(100 * columns * HOP) / length}%` });
    canvas.setAttribute("aria-label", `Spectrogram: ${columns} columns, ${rows} ${this.#view === "lines" ? "lines" : "mel bands"}, from 0 to 8,000 Hz. ${this.$("#where").textContent}`);
    const foot = 100 * heightOf(this.#line, this.#view);
    this.$("#rule").style.bottom = `${foot}%`;
    this.$("#grip").style.top = `${100 - foot}%`;
    for (const frame of this.shadowRoot.querySelectorAll(".frame")) Object.assign(frame.style, { left: `${(100 * this.#start) / length}%`, width: `${(100 * Math.min(HALF, length - this.#start)) / length}%` });
    const marks = this.#view === "lines" ? [0, 2000, 4000, 6000, 8000] : [0, 500, 1000, 2000, 4000, 8000];
    this.$("#frequencies").replaceChildren(make("i", {}, ""), ...marks.map((f) => make("span", { style: { bottom: `${clamp(100 * heightOf((f * SIZE) / RATE, this.#view), 2, 97)}%` } }, f === 8000 ? "8 kHz" : `${f >= 1000 ? f / 1000 : write(f / 1000, 1)}`)));
  }

  #drawFilter() {
    const { columns, lines, length } = this.#sound, line = this.#line, svg = this.$("#answer");
    const points = range(columns).map((column) => `${((column * HOP + HOP) / length).toFixed(4)} ${(1 - lines[column * LINES + line]).toFixed(4)}`);
    svg.replaceChildren(draw("path", { d: `M${points.join("L")}` }));
    svg.setAttribute("aria-label", `The answer of the filter for ${written(hertzOf(line))} Hz along the recording, in decibels. ${this.$("#line-note").textContent}`);
    const wave = (turn) => `M${Array.from(hann, (fade, n) => `${n} ${(-fade * turn((2 * Math.PI * n * line) / SIZE)).toFixed(3)}`).join("L")}`;
    this.$("#wave").replaceChildren(draw("path", { class: "zero", d: `M0 0H${SIZE}` }), draw("path", { class: "cosine", d: wave(Math.cos) }), draw("path", { class: "sine", d: wave((angle) => -Math.sin(angle)) }));
    this.$("#wave").setAttribute("aria-label", `The filter: ${this.$("#line-words").textContent}, a cosine and a sine that fade in and out, 32 milliseconds long.`);
  }

  #drawTimes() {
    const { length } = this.#sound, all = length / RATE, step = [0.1, 0.2, 0.5, 1, 2].find((one) => all / one <= 6) ?? 2;
    this.$("#times").replaceChildren(...range(Math.floor(all / step + 1e-9) + 1).map((n) => make("span", { style: { left: `${(100 * n * step) / all}%` } }, write(n * step, 1))));
    if ((Math.floor(all / step + 1e-9) * step) / all < 0.96) this.$("#times").append(make("span", { hidden: true })); // the last mark is not at the end
  }

  #drawAnswers() {
    const { classes } = this.#lab, K = classes.length, canvas = this.$("#shares");
    if (this.#shares) {
      const count = this.#places;
      Object.assign(canvas, { width: count, height: K });
      const context = canvas.getContext("2d"), image = context.createImageData(count, K);
      for (let n = 0; n < count; n++) for (let k = 0; k < K; k++) image.data.set([...TINT, 255 * this.#shares[n * K + k]], 4 * (k * count + n));
      context.putImageData(image, 0, 0);
      Object.assign(canvas.style, { width: `${(100 * count * STEP) / this.#sound.length}%` });
      if (!this.#running) canvas.setAttribute("aria-label", this.#next === null ? this.#summary() : "The answers along the recording so far.");
      this.#table();
    }
    const { shares, picture } = this.#heard ?? {};
    if (!this.#heard) return;
    const top = shares ? best(shares) : -1, shown = this.#class ?? Math.max(top, 0);
    this.$("#answer-words").textContent = shares ? `${classes[top]}, ${percent(shares[top])}` : "Too quiet for an answer";
    [...this.$("#classes").children].forEach((label, k) => {
      const [input, , gauge, share] = label.children;
      input.checked = k === shown;
      gauge.firstChild.style.width = `${100 * (shares?.[k] ?? 0)}%`;
      share.textContent = shares ? percent(shares[k]) : "\u2013";
    });
    const upright = new Float32Array(picture.length);
    for (let c = 0; c < COLUMNS; c++) for (let b = 0; b < BANDS; b++) upright[(BANDS - 1 - b) * COLUMNS + c] = picture[c * BANDS + b];
    paint(this.$("#half"), upright, BANDS, COLUMNS, "image", 1);
    this.$("#half").setAttribute("aria-label", `The half second as the network gets it: 30 columns of 40 mel bands, low ones at the foot.`);
    this.#drawLost(classes[shown], shown);
  }

  #drawLost(name, shown) {
    const lost = this.#lost?.map((one) => one[shown]) ?? null, cells = [...this.$("#blocks").children];
    cells.forEach((cell, n) => {
      const row = ROWS - 1 - Math.floor(n / PLACES), value = lost?.[row * PLACES + (n % PLACES)] ?? 0;
      Object.assign(cell.style, cellStyle("signed", value, 1));
      cell.textContent = lost ? write(100 * value, 0) : "";
    });
    const words = `Points of \u201c${name}\u201d that are lost when a block is covered`;
    this.$("#lost-words").textContent = words;
    if (!lost) {
      const why = this.#heard.shares ? "Being computed." : "Too quiet for a map.";
      this.$("#blocks").setAttribute("aria-label", `${words}. ${why}`);
      this.$("#lost-note").textContent = `${why} ${ABOUT}`;
      return;
    }
    const most = lost.indexOf(Math.max(...lost)), row = Math.floor(most / PLACES), column = most % PLACES;
    const where = `the ${["first", "second", "last"][column]} third of ${row ? `block ${row + 1} of ${ROWS} from the foot` : "the lowest block"}`;
    this.$("#lost-note").textContent = `${lost[most] > 0.005 ? `Most is lost in ${where}: ${write(100 * lost[most], 0)} of 100 points.` : "No single block matters by more than half a point."} ${ABOUT}`;
    this.$("#blocks").setAttribute("aria-label", `${words}. ${this.$("#lost-note").textContent}`);
  }
}

/** What went wrong, as one sentence about a recording. */
function sentence(error, name) {
  if (!(error instanceof ThreadError || error instanceof SoundError)) {
    console.warn(error);
    return "This did not work. Is the connection there? Then try it again.";
  }
  return /^[a-z]/.test(error.message) ? `${name} ${error.message}` : error.message;
}

/** Samples with a peak of 1. */
function scaled(samples) {
  const most = samples.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return most > 0 ? samples.map((value) => value / most) : samples.slice();
}

const unpacked = async (file) => new OfflineAudioContext(1, 1, DECODED).decodeAudioData(await file.arrayBuffer());

/** Whether half of a piece is shorter. A decoder that believes the file's head may fill with silence what is missing. */
async function isOnlyWhatIsThere(half, { duration }) {
  try {
    return (await unpacked(half)).duration < 0.9 * duration;
  } catch {
    return false;
  }
}

async function fetchedHits() {
  const answer = await fetch(new URL("hits.wav", FOLDER));
  if (!answer.ok) throw new SoundError(`The hits could not be loaded (status ${answer.status}); choose them again.`);
  // The book's own file: 16 bits, one channel, 44 bytes before the samples.
  return Float32Array.from(new Int16Array(await answer.arrayBuffer(), 44), (value) => value / 2 ** 15);
}

define("sound-lab", SoundLab);
