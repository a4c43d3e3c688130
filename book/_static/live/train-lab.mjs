/* <train-lab>: a small network learns Fashion-MNIST while the reader watches (chapter 5).

   The arithmetic is in train-net.mjs and runs in a thread (train-worker.mjs), on pictures
   that are loaded when the reader first lets it train. Here is what is seen of it: the
   filters, the curves, the maps of one picture, the worst mistakes. Nothing leaves the page. */

import { LiveFigure, define, draw, enable, field, lessMotion, magnitude, make, paint, readNumber, write } from "./figure.mjs";
import { geometry, paintMaps } from "./layer-maps.mjs";
import { Thread, ThreadError } from "./thread.mjs";

const CLASSES = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];
const SIDE = 28, AREA = SIDE * SIDE, MOST_PICTURES = 4000, MEGABYTES = "2.2 MB";
const PACE = 120, CALM = 1000; // milliseconds between two drawings; the second with reduced motion
const SPEAK = 8000; // milliseconds between two announcements
const MOST_POINTS = 300; // of a curve
const COUNTS = [2, 4, 8, 12, 16, 24, 32];

const HEALTHY = { stages: 2, filters: [8, 16, 16], side: 5, batch: 32, rate: 0.005, optimizer: "adam", seed: 1, pictures: MOST_PICTURES, order: "shuffled", labels: "true", start: "random", reluLogits: false };

// What each preset changes, and what to look for.
export const PRESETS = {
  healthy: { words: "a healthy training", changes: {}, look: "The loss falls, both accuracies rise together, and speckles become filters with a light and a dark side: edges. One accuracy is on pictures that it learns from, the other on pictures that it never learns from." },
  rate: { words: "broken: the rate is too high", changes: { rate: 1 }, look: "The rate is 1, which is 200 times too much. The first steps throw the weights so far that the ReLUs cut everything off. The loss leaps, then stays near 2.3, and the accuracy near 10 %: that is guessing. No later step brings it back." },
  equal: { words: "broken: all weights are equal", changes: { start: "equal", rate: 0.002 }, look: "Every filter begins with the same weights, so each gets the same gradient and all stay the same filter. It learns, but what one filter can say, and its accuracy stays behind. Chance at the start is what lets filters become different." },
  relu: { words: "broken: a ReLU on the logits", changes: { reluLogits: true }, look: "A logit below zero becomes 0, and its gradient too. A class whose logits are negative for all pictures is never answered again: look for classes marked \u201cnever\u201d, and a loss that stops early." },
  sorted: { words: "broken: no shuffling", changes: { order: "sorted" }, look: "The pictures come class after class: all T-shirts, then all trousers. Each batch teaches that only one class exists. Training looks perfect for a while; the other pictures stay near 10 %, and the bars of the classes jump from one to the next." },
  labels: { words: "broken: the labels are shuffled", changes: { labels: "shuffled", pictures: 200 }, look: "200 pictures, each with the label of another. There is nothing to understand, so it learns them by heart: the accuracy in training goes to 100 %, on the other pictures it stays near 10 %, and there the loss climbs. This is what memorising looks like." },
};
const KEPT = ["batch", "rate", "optimizer"]; // may change while it learns

const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const range = (count) => [...Array(count).keys()];
const OPTIMIZERS = { sgd: "SGD", momentum: "SGD with momentum", adam: "Adam" };

/** Half of the points go when there are too many; the first and the last stay. */
const thinned = (points) => (points.length > MOST_POINTS ? points.filter((_, n) => n % 2 === 0 || n === points.length - 1) : points);

export class TrainLab extends LiveFigure {
  static style = `
    /* Once it has trained, Pause stays in sight below the page's bar, which is 3 rem high, down to the end of the figure. */
    .head-room { display: contents; }
    #controls { padding-block: 0.75rem 0.5rem; margin-block: -0.75rem -0.5rem; }
    #controls.held { position: sticky; top: 3rem; z-index: 3; background: var(--paper, #fff); box-shadow: 0 1px 0 var(--rule, #ddd8e6); }
    button, input, select, summary, .scroll { scroll-margin-block: 7.5rem 1rem; }
    .warning { margin-block: 0.8rem; }
    #look-for { margin: 0.6rem 0 0.9rem; padding: 0.6rem 0.9rem; border-radius: 8px; background: var(--wash, #f6f4fa); }
    #where { margin-top: 0.7rem; font-weight: 600; min-height: 1.45em; }
    progress { width: 100%; max-width: 24rem; height: 0.8rem; accent-color: var(--violet, #593796); margin-top: 0.6rem; }
    details { margin-top: 0.7rem; } details .bar { margin-top: 0.6rem; } details .note { margin-top: 0.6rem; }
    #rate, #seed, #pictures { width: 6rem; }
    [aria-invalid="true"] { border-color: var(--orange, #9c4a05) !important; border-width: 2px !important; }
    .two { display: grid; gap: 1.2rem 1.8rem; margin-top: 1.1rem; }
    .two > * { min-width: 0; }
    @container (min-width: 34rem) { .two { grid-template-columns: 1fr 1fr; } }
    .head { font-weight: 700; margin-bottom: 0.3rem; }
    .chart { display: block; width: 100%; height: auto; overflow: visible; }
    .chart text { font-size: 12.5px; fill: var(--ink-soft, #585266); font-variant-numeric: tabular-nums; }
    .chart .grid { stroke: var(--rule, #ddd8e6); } .chart .chance { stroke: var(--ink-soft, #585266); stroke-dasharray: 2 4; }
    .chart path { fill: none; stroke-linejoin: round; }
    .chart .train { stroke: var(--violet, #593796); stroke-width: 2; } .chart .other { stroke: var(--orange, #9c4a05); stroke-width: 2.5; stroke-dasharray: 7 4; }
    .chart .one { stroke: var(--violet, #593796); stroke-width: 1; opacity: 0.28; } .chart .past { stroke: var(--ink-soft, #585266); stroke-width: 1.5; stroke-dasharray: 1.5 4; stroke-linecap: round; }
    .chart circle { fill: var(--orange, #9c4a05); } .chart .now { stroke: var(--ink, #23202c); }
    .key { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; font-size: 0.86rem; margin-top: 0.2rem; }
    .key span { display: inline-flex; align-items: center; gap: 0.4rem; } .key svg { width: 2.2rem; height: 0.8rem; flex: none; }
    .memory { margin-top: 0.9rem; } .memory input { width: 100%; }
    .rows { display: grid; gap: 0.45rem; } .rows > * { min-width: 0; } .rows p { font-size: 0.86rem; }
    .tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 5rem)); gap: 6px; max-width: 40rem; } .tiles.many { grid-template-columns: repeat(auto-fill, minmax(2.6rem, 1fr)); }
    .tiles canvas { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; border: 1px solid var(--rule-strong, #8a829c); border-radius: 3px; }
    .tiles.small { grid-template-columns: repeat(auto-fill, minmax(1.9rem, 1fr)); gap: 4px; max-width: 20rem; }
    .plate { display: block; image-rendering: pixelated; max-width: 100%; border-radius: 3px; }
    .garments { display: grid; grid-template-columns: repeat(10, minmax(0, 2.6rem)); gap: 2px; margin-bottom: 0.7rem; }
    .garments label { position: relative; display: block; min-height: 24px; cursor: pointer; }
    .garments input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
    .garments canvas, .wrong canvas { display: block; width: 100%; height: auto; border-radius: 3px; image-rendering: pixelated; }
    .garments input:checked + canvas { outline: 3px solid #ff9d2e; outline-offset: -3px; }
    .garments input:focus-visible + canvas { outline: 3px solid var(--orange, #9c4a05); outline-offset: 1px; }
    .bars { list-style: none; margin: 0.3rem 0 0; padding: 0; display: grid; gap: 0.15rem; }
    .bars li { display: grid; grid-template-columns: 6.2rem 1fr 4rem; gap: 0.5rem; align-items: center; min-height: 1.45rem; }
    .bars .rail { height: 0.8rem; border-radius: 3px; background: var(--rule, #ddd8e6); overflow: hidden; }
    .bars .rail i { display: block; height: 100%; background: var(--ink-soft, #585266); }
    .bars .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .bars .best { font-weight: 700; } .bars .best .rail i { background: var(--violet, #593796); }
    .bars .never .number { font-weight: 700; }
    .wrong { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 0.5rem; }
    @container (min-width: 34rem) { .wrong { grid-template-columns: repeat(5, minmax(0, 1fr)); } }
    .wrong button { display: grid; grid-template-columns: 3.5rem 1fr; gap: 0.6rem; align-items: center; width: 100%; height: 100%; padding: 0.4rem; font-weight: 400; font-size: 0.82rem; line-height: 1.3; text-align: left; }
    @container (min-width: 34rem) and (max-width: 47.99rem) { .wrong button { grid-template-columns: 1fr; justify-items: center; align-content: start; text-align: center; } .wrong canvas { max-width: 4rem; } }
    .ends { display: flex; flex-wrap: wrap; gap: 0.7rem 0.9rem; margin-top: 1.2rem; }
    #explorer-room { margin-top: 1.2rem; } #explorer-room:empty { display: none; }
    table { border-collapse: collapse; table-layout: fixed; width: 100%; max-width: 32rem; font-size: 0.86rem; font-variant-numeric: tabular-nums; margin-top: 0.5rem; } th, td { text-align: right; padding: 0.15rem 0.5rem 0.15rem 0; font-weight: 400; vertical-align: bottom; } th { font-weight: 600; }
    .scroll { max-height: 16rem; overflow: auto; }
  `;

  #thread = new Thread("train-worker.mjs");
  #settings = { ...HEALTHY, filters: [...HEALTHY.filters] };
  #preset = "healthy";
  #state = "idle"; // idle, loading, training
  #loaded = false;
  #running = Promise.resolve(); // the thread's `go`, or whatever was asked of it last
  #asked = ""; // why it pauses: by the reader, the tab that is hidden
  #hidden = false;
  #news = null;
  #begin = null; // the first filters of this network
  #curves = { points: [], tests: [], losses: [] };
  #past = null; // the other pictures of the training before: [[seen, loss, share]]
  #sprite = null;
  #chosen = { n: 9, truth: 9 };
  #mistakes = []; // those that are drawn
  #told = 0; // when progress was announced last
  #toldEpoch = 0;
  #shownEvents = 0;
  #width = 0;
  #turn = 0;
  #limit = false; // whether it has paused by itself

  /** What the reader has set and where the training stands; for tests as well. */
  get value() {
    const { epoch = 0, seen = 0, judged = null, memories = [], loss = null, parameters } = this.#news ?? {};
    return { ...this.#settings, filters: this.#filters, preset: this.#preset, state: this.#state, loaded: this.#loaded, epoch, seen, loss, parameters, share: judged?.share ?? null, judged: judged?.seen ?? null, memories: memories.length, drawn: this.#shownEvents, chosen: this.#chosen.truth };
  }

  get news() {
    return this.#news;
  }

  /** Kept when so many pictures were seen, or when it has paused by itself. */
  async seen(count) {
    while (this.value.seen < count && this.#state !== "idle") await new Promise((go) => setTimeout(go, 20));
  }

  get curves() {
    return this.#curves;
  }

  get #filters() {
    return this.#settings.filters.slice(0, this.#settings.stages);
  }

  build(root) {
    root.append(make("div", {}, this.#head(), this.#charts(), this.#pictures(), this.#mistakesRoom(), this.#ends()), make("div", { id: "explorer-room" }));
    this.measure = new ResizeObserver(() => this.#resized());
    this.measure.observe(this.$("#filters"));
    this.onHide = () => this.#visible();
    document.addEventListener("visibilitychange", this.onHide);
    this.ready = this.#first();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.onHide);
    this.measure?.disconnect();
    this.#thread.stop();
  }

  /* -- parts -- */

  #head() {
    const button = (id, words, onclick, className = "") => make("button", { type: "button", id, className, onclick }, words);
    const preset = make("select", { id: "preset", onchange: () => this.choose(preset.value) });
    preset.append(...Object.entries(PRESETS).map(([value, { words }]) => make("option", { value, textContent: words })));
    return make("div", { className: "head-room" },
      make("div", { className: "bar" }, field("Watch", preset)),
      make("p", { id: "look-for" }),
      make("div", { className: "bar", id: "controls" },
        button("train", "", () => this.#trainOrPause(), "main"), button("step", "One batch", () => this.step()), button("over", "Start over", () => this.startOver())),
      make("p", { id: "where", className: "numbers" }),
      make("progress", { id: "progress", max: 1, value: 0, hidden: true, "aria-label": "Loading the pictures" }),
      make("p", { className: "warning", id: "trouble" }),
      make("details", { id: "settings" }, make("summary", { id: "settings-words" }, "Settings"), this.#settingsRoom()));
  }

  #settingsRoom() {
    const pick = (id, words, values, onchange) => {
      const select = make("select", { id, onchange: () => onchange(select.value) });
      select.append(...values.map(([value, textContent]) => make("option", { value, textContent })));
      return field(words, select);
    };
    const typed = (id, words, label) => field(label, make("input", { id, type: "text", inputMode: "decimal", autocomplete: "off", onchange: () => this.#typed(id), oninput: () => this.#typed(id, false) }));
    const numbers = (list) => list.map((n) => [String(n), String(n)]);
    const change = (key, read = Number) => (value) => this.change({ [key]: read(value) });
    return make("div", {},
      make("div", { className: "bar" },
        pick("stages", "Stages", [["1", "one"], ["2", "two"], ["3", "three"]], change("stages")),
        ...range(3).map((n) => pick(`filters-${n}`, `Filters, stage ${n + 1}`, numbers(COUNTS), (value) => this.change({ filters: this.#settings.filters.map((one, k) => (k === n ? Number(value) : one)) }))),
        pick("side", "First filters", [["3", "3x3"], ["5", "5x5"], ["7", "7x7"]], change("side")),
        pick("start", "Weights at the start", [["random", "random"], ["equal", "all equal"]], change("start", String)),
        pick("logits", "Logits", [["false", "as they are"], ["true", "through a ReLU"]], (value) => this.change({ reluLogits: value === "true" }))),
      make("div", { className: "bar" },
        typed("pictures", "", "Training pictures"),
        pick("order", "Order", [["shuffled", "shuffled"], ["sorted", "class by class"]], change("order", String)),
        pick("labels", "Labels", [["true", "true"], ["shuffled", "shuffled"]], change("labels", String)),
        typed("seed", "", "Seed")),
      make("div", { className: "bar" },
        pick("optimizer", "Optimizer", Object.entries(OPTIMIZERS), change("optimizer", String)),
        typed("rate", "", "Rate"),
        pick("batch", "Batch", numbers([1, 4, 16, 32, 64, 128, 256]), change("batch"))),
      make("p", { className: "note" }, "Optimizer, rate and batch change from the next batch on. Any other change starts over, with new weights; the curve of the training before stays as a dotted line."));
  }

  #charts() {
    const stroke = (kind) => draw("svg", { viewBox: "0 0 36 12", class: "chart", "aria-hidden": "true" }, draw("path", { class: kind, d: "M1 6H35" }), ...(kind === "other" ? [draw("circle", { cx: 18, cy: 6, r: 3 })] : []));
    return make("div", {},
      make("div", { className: "two" },
        make("div", {}, make("p", { className: "head" }, "Share of right answers"), draw("svg", { class: "chart", id: "accuracy", role: "img" })),
        make("div", {}, make("p", { className: "head" }, "Loss"), draw("svg", { class: "chart", id: "loss", role: "img" }))),
      make("div", { className: "key" }, make("span", {}, stroke("train"), "pictures it learns from"), make("span", {}, stroke("other"), "1,000 other pictures"), make("span", { id: "past-key", hidden: true }, stroke("past"), "others, the training before")),
      make("label", { className: "field memory", id: "memory", hidden: true }, make("span", { id: "memory-words" }, "Go back to a remembered epoch"),
        make("input", { id: "epochs", type: "range", min: 0, max: 0, step: 1, value: 0, oninput: () => this.rewind(this.$("#epochs").valueAsNumber) })),
      make("details", { id: "table", ontoggle: () => this.#table() }, make("summary", {}, "The curves in numbers"), make("div", { className: "scroll", id: "numbers", tabIndex: 0, role: "group", "aria-label": "The curves in numbers" })));
  }

  #pictures() {
    return make("div", {},
      make("div", { className: "two" },
        make("div", {}, make("p", { className: "head" }, "Filters of the first stage"), make("div", { className: "rows", id: "filters" }, make("p", {}, "at the start"), make("div", { className: "tiles small", id: "first", role: "img" }), make("p", {}, "now"), make("div", { className: "tiles", id: "now", role: "img" })), make("p", { className: "note", id: "filters-note" })),
        make("div", {}, make("p", { className: "head", id: "class-name" }, "Right answers, class by class"), make("ul", { className: "bars", id: "classes", "aria-labelledby": "class-name" }), make("p", { className: "note", id: "never" }))),
      make("div", { className: "two" },
        make("div", {}, make("p", { className: "head" }, "What one picture becomes"),
          make("fieldset", {}, make("legend", {}, "Choose a picture that it never learns from"), make("div", { className: "garments", id: "garments" })),
          make("div", { className: "rows", id: "maps" })),
        make("div", {}, make("p", { className: "head", id: "bars-name" }, "What it answers"), make("ul", { className: "bars", id: "bars", "aria-labelledby": "bars-name" }), make("p", { className: "note", id: "truth" }))));
  }

  #mistakesRoom() {
    return make("div", {}, make("p", { className: "head", style: { marginTop: "1.2rem" }, id: "wrong-name" }, "Its ten worst mistakes on the other pictures"), make("ul", { className: "wrong", id: "wrong", "aria-labelledby": "wrong-name" }), make("p", { className: "note", id: "wrong-note" }, "They come when it has learned for a moment."));
  }

  #ends() {
    return make("div", {},
      make("div", { className: "ends" },
        make("button", { type: "button", id: "explore", onclick: () => this.explore() }, "Look into it in the network explorer"),
        make("button", { type: "button", id: "save", onclick: () => this.save() }, "Save what it learned")),
      make("p", { className: "note", id: "save-note" }, "The file opens in the network explorer, and a cell of chapter 5 makes a Keras model of it."));
  }

  /* -- what the reader does -- */

  async #first() {
    this.#sprite = await readGarments();
    this.$("#garments").append(...this.#sprite.map((pixels, n) => {
      const canvas = make("canvas"), input = make("input", { type: "radio", name: "garment", value: n, checked: n === this.#chosen.n, onchange: () => this.look(pixels, n, n) });
      input.setAttribute("aria-label", CLASSES[n]);
      paint(canvas, pixels, SIDE, SIDE, "image", 255);
      return make("label", { title: CLASSES[n] }, input, canvas);
    }));
    this.$("#classes").append(...CLASSES.map((name) => bar(name)));
    this.$("#bars").append(...CLASSES.map((name) => bar(name)));
    this.#write();
    await this.#anew();
  }

  /** Begin with what a preset sets; the seed stays. */
  choose(preset) {
    this.#preset = preset;
    this.#settings = { ...HEALTHY, filters: [...HEALTHY.filters], seed: this.#settings.seed, ...PRESETS[preset].changes };
    this.#trouble("");
    this.#write();
    this.announce(PRESETS[preset].look);
    return this.#anew();
  }

  /** Change settings; most of them start over. */
  change(settings) {
    Object.assign(this.#settings, settings);
    this.#write();
    if (Object.keys(settings).every((key) => KEPT.includes(key))) return this.#tried(() => this.#thread.ask({ job: "set", settings: this.#kept() }));
    return this.#anew();
  }

  #kept() {
    return Object.fromEntries(KEPT.map((key) => [key, this.#settings[key]]));
  }

  /** Numbers that are typed: one sentence where they make no sense, and the old one stays. */
  #typed(id, done = true) {
    const input = this.$(`#${id}`), number = readNumber(input.value.replaceAll(/(?<=\d),(?=\d{3}\b)/g, "")), whole = Number.isInteger(number);
    const [good, words] = {
      rate: [number > 0 && number <= 10, "The rate is a number above 0 and at most 10; 0.005 is a good one to begin with."],
      seed: [whole && number >= 0 && number < 1e6, "The seed is a whole number from 0 to 999,999."],
      pictures: [whole && number >= 10 && number <= MOST_PICTURES, `It can learn from 10 to ${MOST_PICTURES.toLocaleString("en")} pictures; give a whole number.`],
    }[id];
    if (good) input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
    if (!done) return;
    this.#trouble(good ? "" : words);
    if (good && number !== this.#settings[id]) this.change({ [id]: number });
  }

  startOver() {
    return this.#anew();
  }

  /** A network with fresh weights. */
  async #anew() {
    const turn = ++this.#turn;
    if (this.#curves.tests.length > 1) this.#past = this.#curves.tests;
    await this.pause();
    if (turn !== this.#turn) return;
    await this.#tried(async () => {
      const settings = { ...this.#settings, filters: this.#filters };
      const { shown } = await this.#thread.ask({ job: "build", settings, pixels: Uint8Array.from(this.#chosenPixels) });
      if (turn !== this.#turn) return;
      this.#limit = false;
      this.#curves = { points: [], tests: [], losses: [] };
      this.#begin = shown.filters;
      this.#toldEpoch = 0;
      this.#show(shown);
    });
  }

  get #chosenPixels() {
    return this.#chosen.pixels ?? this.#sprite[this.#chosen.n];
  }

  #trainOrPause() {
    if (this.#state === "idle") return this.train();
    if (this.#state === "training") return this.pause("reader");
  }

  /** Load the pictures, once. */
  async #load() {
    if (this.#loaded) return true;
    this.#turnTo("loading");
    const progress = this.$("#progress");
    Object.assign(progress, { hidden: false, value: 0 });
    this.announce("Loading the pictures.", 0);
    try {
      await this.#thread.ask({ job: "load", address: new URL("train-lab/garments.bin", import.meta.url).href }, { tell: ({ share }) => (progress.value = share) });
      this.#loaded = true;
    } finally {
      progress.hidden = true;
      this.#turnTo("idle");
    }
    return true;
  }

  /** Learn until it is paused. */
  async train() {
    await this.#running;
    if (this.#state !== "idle") return;
    return this.#tried(async () => {
      await this.#load();
      if (document.hidden) return void (this.#hidden = true); // it begins when somebody looks
      this.#asked = "";
      this.#limit = false;
      this.#turnTo("training");
      this.#trim();
      this.announce("Training.", 0);
      const going = this.#thread.ask({ job: "go", pace: lessMotion() ? CALM : PACE }, { tell: ({ shown }) => this.#show(shown) });
      this.#running = going.catch(() => {});
      try {
        const { why, shown } = await going;
        this.#turnTo("idle");
        this.#news = shown;
        this.#ended(why);
        this.#show(shown);
      } catch (error) {
        this.#turnTo("idle");
        throw error;
      }
    });
  }

  #ended(why) {
    if (why === "broken") return this.#trouble("The loss is no number any more: the weights have grown until they overflowed. Go back to a remembered epoch and take a lower rate, or start over.");
    const { judged, seen } = this.#news;
    const words = judged ? ` ${percent(judged.share)} of the other pictures were right when it was asked last.` : "";
    this.#limit = why === "limit";
    if (this.#limit) this.announce(`Paused by itself after ${plural(seen, "picture")}.${words} Press Train to go on.`, 0);
    else if (this.#asked) this.announce(`Paused.${words}`, 0);
  }

  /** Pause; kept when the thread has come to rest. */
  async pause(who = "") {
    this.#asked = who;
    if (this.#state !== "training") return;
    this.#thread.ask({ job: "pause" }).catch(() => {});
    await this.#running;
  }

  /** One batch, and no more. */
  async step() {
    if (this.#state === "loading") return;
    this.#limit = false;
    await this.pause();
    return (this.#running = this.#tried(async () => {
      await this.#load();
      this.#trim();
      const { shown } = await this.#thread.ask({ job: "step" });
      this.#show(shown);
      this.announce(`One batch: its loss was ${write(shown.loss, 3)}.`);
    }));
  }

  /** Back to a remembered epoch: it stays there until it is trained again. */
  async rewind(place) {
    const turn = ++this.#turn;
    await this.pause();
    if (turn !== this.#turn) return;
    return (this.#running = this.#tried(async () => {
      const { shown } = await this.#thread.ask({ job: "rewind", place });
      if (turn !== this.#turn) return;
      this.#show(shown);
      this.announce(`Epoch ${shown.epoch}, ${shown.judged ? percent(shown.judged.share) : "no share"} of the other pictures right.`);
    }));
  }

  /** What comes after now belongs to another future. */
  #trim() {
    const { seen } = this.#news;
    for (const key of Object.keys(this.#curves)) this.#curves[key] = this.#curves[key].filter(([at]) => at <= seen);
  }

  /** Show the maps of another picture. */
  look(pixels, truth, n = null) {
    this.#chosen = { n, truth, pixels };
    for (const input of this.shadowRoot.querySelectorAll("[name=garment]")) input.checked = Number(input.value) === n;
    return this.#tried(async () => {
      const { shown } = await this.#thread.ask({ job: "look", pixels: Uint8Array.from(pixels) });
      this.#show(shown);
      const top = shown.probabilities.indexOf(Math.max(...shown.probabilities));
      if (this.#state !== "training") this.announce(`${CLASSES[truth]}: it answers ${CLASSES[top]}, ${percent(shown.probabilities[top])}.`);
    });
  }

  /** A tab that nobody sees does not compute. */
  #visible() {
    if (document.hidden && this.#state === "training") {
      this.#hidden = true;
      this.pause();
    } else if (!document.hidden && this.#hidden) {
      this.#hidden = false;
      this.train();
    }
  }

  /** The network as a file of the explorer. */
  async file() {
    const { buffer } = await this.#thread.ask({ job: "file", classes: CLASSES });
    return new File([buffer], "train_lab.p2p", { type: "application/octet-stream" });
  }

  save() {
    return this.#tried(async () => {
      const address = URL.createObjectURL(await this.file()), link = make("a", { href: address, download: "train_lab.p2p" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      this.announce("Saved as train_lab.p2p.", 0);
    });
  }

  explore() {
    return this.#tried(async () => {
      await this.pause();
      const file = await this.file(), room = this.$("#explorer-room");
      await import(new URL("network-explorer.mjs", import.meta.url).href);
      let explorer = room.firstElementChild;
      if (!explorer) {
        explorer = document.createElement("network-explorer");
        room.append(explorer);
        await explorer.ready;
      }
      await explorer.open(file);
      Object.assign(room, { tabIndex: -1 }).setAttribute("aria-label", "The network explorer, with this network");
      room.setAttribute("role", "group");
      room.focus({ preventScroll: true });
      room.scrollIntoView({ block: "start", behavior: lessMotion() ? "auto" : "smooth" });
      this.announce("The network explorer stands below, with this network in it.", 0);
    });
  }

  /** Do something; what goes wrong is told in one sentence. */
  async #tried(work) {
    try {
      return await work();
    } catch (error) {
      if (error.stopped) return;
      if (!(error instanceof ThreadError)) console.warn(error);
      this.#trouble(error instanceof ThreadError ? error.message : "This did not work. Is the connection there? Then try it again.");
    }
  }

  /* -- what is shown -- */

  #trouble(text) {
    this.$("#trouble").textContent = text;
    if (text) this.announce(text, 0);
  }

  #turnTo(state) {
    this.#state = state;
    const train = this.$("#train");
    train.textContent = state === "training" ? "Pause" : state === "loading" ? "Loading \u2026" : this.#loaded ? "Train" : `Load ${(MOST_PICTURES + 1000).toLocaleString("en")} pictures and train (${MEGABYTES})`;
    enable(train, state !== "loading");
    enable(this.$("#step"), state !== "loading");
    if (state === "training") this.$("#controls").classList.add("held");
  }

  /** All settings onto their controls. */
  #write() {
    const s = this.#settings;
    this.$("#preset").value = this.#preset;
    this.$("#look-for").textContent = `What to look for: ${PRESETS[this.#preset].look}`;
    this.$("#stages").value = s.stages;
    range(3).forEach((n) => {
      this.$(`#filters-${n}`).value = s.filters[n];
      this.$(`#filters-${n}`).closest("label").hidden = n >= s.stages;
    });
    for (const key of ["side", "start", "order", "labels", "optimizer", "batch"]) this.$(`#${key}`).value = s[key];
    this.$("#logits").value = s.reluLogits;
    for (const key of ["rate", "seed", "pictures"]) if (this.shadowRoot.activeElement !== this.$(`#${key}`)) Object.assign(this.$(`#${key}`), { value: s[key] }).removeAttribute("aria-invalid");
    this.$("#settings-words").textContent = `Settings: ${this.#filters.join(" and ")} filters, batches of ${s.batch}, ${OPTIMIZERS[s.optimizer]} at ${s.rate}, ${s.pictures.toLocaleString("en")} pictures, seed ${s.seed}`;
    this.#turnTo(this.#state);
  }

  /** Take over news of the thread, and draw before the next frame. */
  #show(news) {
    this.#news = news;
    const { points, tests, losses } = this.#curves;
    points.push(...news.points);
    tests.push(...news.tests);
    losses.push(...news.losses);
    for (const key of Object.keys(this.#curves)) this.#curves[key] = thinned(this.#curves[key]);
    this.#progress();
    this.later(() => this.#draw());
  }

  /** Tell an epoch's end, but not each. */
  #progress() {
    const { epoch, judged } = this.#news, now = performance.now();
    if (this.#state !== "training" || epoch <= this.#toldEpoch || now - this.#told < SPEAK || !judged) return;
    this.#told = now;
    this.#toldEpoch = epoch;
    this.announce(`Epoch ${epoch}: ${percent(judged.share)} of the other pictures are right.`, 0);
  }

  #draw() {
    if (!this.#news || !this.isConnected) return;
    const { epoch, seen, place, used, speed, loss, memories, parameters } = this.#news, { batch } = this.#settings;
    this.#shownEvents++;
    this.$("#where").textContent = !seen ? `${parameters.toLocaleString("en")} weights, all ${this.#settings.start === "equal" ? "equal in their layer" : "random"}; nothing learned yet.`
      : `Epoch ${epoch + 1}, batch ${Math.ceil(place / batch)} of ${Math.ceil(used / batch)}: ${seen.toLocaleString("en")} pictures seen${speed ? `, ${(10 * Math.round(speed / 10)).toLocaleString("en")} a second` : ""}; last batch\u2019s loss ${write(loss, 2)}.${this.#limit ? " It has paused by itself; Train goes on." : ""}`;
    this.#drawCurves();
    this.#drawFilters();
    this.#drawAnswer();
    this.#drawOthers();
    const slider = this.$("#epochs"), at = memories.findLastIndex((one) => one.seen <= seen);
    this.$("#memory").hidden = memories.length < 2;
    Object.assign(slider, { max: Math.max(0, memories.length - 1) });
    slider.value = at;
    const words = at < 0 ? "" : `epoch ${memories[at].epoch}`;
    slider.setAttribute("aria-valuetext", words);
    this.$("#memory-words").textContent = `Go back to a remembered epoch: ${words}`;
  }

  #resized() {
    const width = Math.floor(this.$("#filters").clientWidth);
    if (!width || width === this.#width) return;
    this.#width = width;
    this.later(() => this.#draw());
  }

  /* The two charts: pictures seen to the right. */
  #drawCurves() {
    const { points, tests, losses } = this.#curves, { seen } = this.#news;
    const own = Math.max(1000, seen, ...[points, tests, losses].map((list) => list.at(-1)?.[0] ?? 0)), room = Math.max(4000, 2 * own);
    const past = (this.#past ?? []).filter(([at]) => at <= room); // the training before may have been long
    const most = 1.02 * Math.max(own, past.at(-1)?.[0] ?? 0);
    const top = Math.min(6, Math.max(2.5, ...points.map(([, value]) => value), ...tests.map(([, value]) => value)));
    const width = this.#width || 400;
    chart(this.$("#accuracy"), { width, most, top: 1, ticks: [0, 0.25, 0.5, 0.75, 1].map((y) => [y, percent(y, 0)]), seen, chance: 0.1, lines: [["past", past, 2], ["train", points, 2], ["other", tests, 2]] });
    chart(this.$("#loss"), { width, most, top, ticks: range(Math.floor(top) + 1).map((y) => [y, String(y)]), seen, lines: [["one", losses, 1], ["past", past, 1], ["train", points, 1], ["other", tests, 1]] });
    const [train, other] = [points, tests].map((list) => list.findLast(([at]) => at <= seen));
    const words = (k, write) => (other ? `After ${plural(seen, "picture")}: ${train ? `${write(train[k])} on pictures it learns from, ` : ""}${write(other[k])} on other pictures.` : "Nothing learned yet.");
    this.$("#accuracy").setAttribute("aria-label", `Share of right answers. ${words(2, percent)}`);
    this.$("#loss").setAttribute("aria-label", `Loss. ${words(1, (value) => write(value, 2))}`);
    this.$("#past-key").hidden = !past.length;
    if (this.$("#table").open) this.#table();
  }

  #table() {
    const { points, tests } = this.#curves;
    const row = (cells, tag = "td") => make("tr", {}, ...cells.map((text) => make(tag, {}, text)));
    const near = (at) => points.findLast(([seen]) => seen <= at);
    this.$("#numbers").replaceChildren(make("table", {}, row(["pictures seen", "loss, learned", "right, learned", "loss, others", "right, others"], "th"),
      ...tests.slice(-40).map(([seen, loss, share]) => {
        const train = near(seen);
        return row([seen.toLocaleString("en"), train ? train[1].toFixed(2) : "\u2013", train ? percent(train[2]) : "\u2013", loss.toFixed(2), percent(share)]);
      })));
  }

  #plate(canvas, data, shape, kind, limit) {
    const g = (canvas.g = canvas.key === `${shape} ${this.#width}` ? canvas.g : geometry(shape, this.#width || 300));
    canvas.key = `${shape} ${this.#width}`;
    Object.assign(canvas.style, { width: `${g.size[0] * g.scale}px`, height: `${g.size[1] * g.scale}px` });
    paintMaps(canvas, data, g, kind, limit);
  }

  #drawFilters() {
    const { filters, seen } = this.#news, [count] = this.#filters, side = this.#settings.side, first = this.#begin;
    if (filters.length !== side * side * count || first?.length !== filters.length) return; // of the network before
    const limit = magnitude(filters);
    if (!Number.isFinite(limit)) return;
    tiles(this.$("#first"), first, side, count);
    tiles(this.$("#now"), filters, side, count);
    const moved = range(filters.length).reduce((sum, n) => sum + Math.abs(filters[n] - first[n]), 0) / filters.length;
    const equal = count > 1 && filters.every((value, n) => Math.abs(value - filters[n - (n % count)]) < 1e-6 * limit + 1e-9);
    this.$("#first").setAttribute("aria-label", `${count} filters of ${side}x${side} weights as they were at the start.`);
    this.$("#now").setAttribute("aria-label", `The same filters now; a weight has moved by ${write(moved, 3)} on average.`);
    this.$("#filters-note").textContent = `Orange is positive, violet negative, white zero; each filter has its own scale. ${equal ? `All ${count} filters are one and the same.` : seen ? `A weight has moved by ${write(moved, 3)} on average.` : ""}`;
  }

  #drawAnswer() {
    const { maps, probabilities } = this.#news, room = this.$("#maps"), { truth } = this.#chosen;
    while (room.children.length > maps.length) room.lastChild.remove();
    maps.forEach(({ shape, data }, n) => {
      if (!room.children[n]) room.append(make("div", {}, make("p"), make("canvas", { className: "plate", role: "img" })));
      const [words, canvas] = room.children[n].children, dead = range(shape[2]).filter((f) => range(shape[0] * shape[1]).every((k) => !(data[k * shape[2] + f] > 0))).length, most = magnitude(data);
      words.textContent = `after stage ${n + 1}: ${shape[2]} maps of ${shape[0]}x${shape[1]}${dead ? `, ${dead === shape[2] ? "all" : dead} of them empty` : ""}`;
      canvas.setAttribute("aria-label", words.textContent);
      this.#plate(canvas, data, shape, "relu", Number.isFinite(most) ? most : 1);
    });
    const top = probabilities.indexOf(Math.max(...probabilities));
    [...this.$("#bars").children].forEach((row, k) => fill(row, probabilities[k], percent(probabilities[k]), k === top ? "best" : ""));
    this.$("#truth").textContent = Number.isNaN(probabilities[0]) ? "These are no numbers any more." : `The picture shows: ${CLASSES[truth]}. ${top === truth ? "It is right." : "It is wrong."}`;
  }

  #drawOthers() {
    const { judged } = this.#news;
    [...this.$("#classes").children].forEach((row, k) => {
      const share = judged ? judged.right[k] / judged.there[k] : 0, never = judged && !judged.answered[k];
      fill(row, share, !judged ? "" : never ? "never" : percent(share, 0), never ? "never" : "");
    });
    const never = judged ? CLASSES.filter((_, k) => !judged.answered[k]) : [];
    this.$("#never").textContent = !judged ? "Of 1,000 pictures that it never learns from. They come when it has learned for a moment." : `Of the 1,000 other pictures ${percent(judged.share)} were right, after ${plural(judged.seen, "picture")} seen.${never.length ? ` Never answered: ${never.join(", ")}.` : ""}`;
    const worst = judged?.worst ?? [];
    if (this.#mistakes === worst) return;
    if (worst.length && this.#mistakes.seen === judged.seen && this.#mistakes.length === worst.length) return;
    this.#mistakes = Object.assign([...worst], { seen: judged?.seen });
    const list = this.$("#wrong"), focused = [...list.querySelectorAll("button")].indexOf(this.shadowRoot.activeElement);
    while (list.children.length > worst.length) list.lastChild.remove();
    worst.forEach(({ pixels, truth, said, sure }, n) => {
      if (!list.children[n]) list.append(make("li", {}, make("button", { type: "button" }, make("canvas"), make("span"))));
      const button = list.children[n].firstChild;
      button.onclick = () => {
        this.look(pixels, truth);
        this.$("#garments").closest("fieldset").scrollIntoView({ block: "nearest" });
      };
      paint(button.firstChild, pixels, SIDE, SIDE, "image", 255);
      button.lastChild.textContent = `\u201c${CLASSES[said]}\u201d, ${percent(sure, 0).replace(" ", "\u00a0")}; it is ${an(CLASSES[truth])}`;
    });
    if (focused >= 0 && focused < list.children.length) list.children[focused].firstChild.focus({ preventScroll: true });
    this.$("#wrong-note").textContent = worst.length ? "Those with the largest loss. Press one to see its maps. Would you have known?" : "They come when it has learned for a moment.";
  }
}

const an = (name) => `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;

/** Filters beside one another, each in its own scale. */
function tiles(room, weights, side, count) {
  room.classList.toggle("many", count > 8);
  while (room.children.length > count) room.lastChild.remove();
  while (room.children.length < count) room.append(make("canvas"));
  for (let f = 0; f < count; f++) {
    const one = Float32Array.from({ length: side * side }, (_, k) => weights[k * count + f]);
    paint(room.children[f], one, side, side, "weights", magnitude(one));
  }
}

/** A row of bars. */
const bar = (name) => make("li", {}, make("span", {}, name), make("span", { className: "rail" }, make("i")), make("span", { className: "number" }));

function fill(row, share, words, kind) {
  row.className = kind;
  row.querySelector("i").style.width = `${100 * share || 0}%`;
  if (row.lastChild.textContent !== words) row.lastChild.textContent = words;
}

/** A chart of lines [kind, points, which number], as wide as its place, so that its words are as large as others. */
function chart(svg, { width, most, top, ticks, seen, chance = null, lines }) {
  const height = Math.min(Math.max(0.56 * width, 180), 260), [left, right, low, high] = [46, width - 22, height - 38, 8], x = (at) => left + ((right - left) * at) / most, y = (value) => low - ((low - high) * Math.min(Math.max(value, 0), top)) / top;
  const step = [500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000].find((one) => most / one <= (width - 68) / 62) ?? 1e6, parts = [];
  for (const [value, words] of ticks) parts.push(draw("path", { class: "grid", d: `M${left} ${y(value)}H${right}` }), text(left - 7, y(value) + 4, words, "end"));
  for (let at = 0; at <= most; at += step) parts.push(text(x(at), low + 18, at.toLocaleString("en"), "middle"));
  parts.push(text(right, low + 35, "pictures seen", "end"));
  if (chance !== null) parts.push(draw("path", { class: "chance", d: `M${left} ${y(chance)}H${right}` }), text(right, y(chance) - 5, "guessing", "end"));
  for (const [kind, points, which] of lines) {
    const good = points.filter((point) => Number.isFinite(point[which]));
    if (good.length > 1) parts.push(draw("path", { class: kind, d: `M${good.map((point) => `${x(point[0]).toFixed(1)} ${y(point[which]).toFixed(1)}`).join("L")}` }));
    if (kind === "other") parts.push(...good.map((point) => draw("circle", { cx: x(point[0]), cy: y(point[which]), r: 3 })));
  }
  if (seen) parts.push(draw("path", { class: "now", d: `M${x(seen)} ${low}v6` }));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(...parts);
}

function text(x, y, words, anchor) {
  const element = draw("text", { x, y, "text-anchor": anchor });
  element.textContent = words;
  return element;
}

/** The first row of garments.png: a test picture of each class, as bytes. */
async function readGarments() {
  const image = new Image();
  image.src = new URL("garments.png", import.meta.url).href;
  await image.decode();
  const { naturalWidth: width } = image, context = make("canvas", { width, height: SIDE }).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, SIDE);
  return range(10).map((n) => Uint8Array.from({ length: AREA }, (_, k) => data[4 * (Math.floor(k / SIDE) * width + n * SIDE + (k % SIDE))]));
}

define("train-lab", TrainLab);
