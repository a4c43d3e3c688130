/* Which sections answer a query, and in which order. Loaded when the search opens; it needs MiniSearch
   and a stemmer (vendor/) and the index that the site was built with (section_search.py). */
(() => {
  "use strict";
  const list = (text) => text.split(" ");
  /* Words that say nothing about what is looked for. */
  const EMPTY = new Set(list(
    "a about am an and any are as at be been being but by can cannot could did didn do does doesn doing don for from get gets had has have he her his how i if im in into is isn " +
      "it its itself just let ll may me might my need no nor not of on onto or our s shall she should so some such t than that the their them then there these they this " +
      "those through to too upon us use used using ve versus very via vs was wasn we were what when where whether which while who whom whose why will with won would you your"
  ));
  /* Words of every day: rare in this book or not, they say little about what is looked for. */
  const EVERYDAY = list(
    "actually after again all almost already also always another anymore anything around away back bad become before begin best better big both bring call case certain code come correct difference different " +
      "down each easy else end enough even ever every everything example exist explain few find first full general give go good great happen hard help here high idea implement implementation instead keep kept kind know large last least less like " +
      "little long look lot low lower main make many matter mean meaning more most much must never new next nothing now number often old once one only other out over own part place point possible problem put question " +
      "quite rather real really reason right same say see seem set several show simple since small something sometimes summary overview start still stop stay sure take tell thing think tip together total try turn tutorial two " +
      "type understand up usual want way well whole without work world wrong yet"
  );
  /* Words that a learner may use for one another; a section's own are in book/search_words.yml. */
  const SAME = [
    "accept match", "advantage strength benefit pro", "artefact artifact", "audio sound", "average mean", "backprop backpropagation",
    "batchnorm normalisation norm", "big bigger large huge", "border edge boundary", "calculate compute", "camera webcam", "category class",
    "cnn convnet network", "color colour", "computer machine", "conv convolution convolve", "cover hide occlude occlusion mask", "dead die dying",
    "decrease reduce lower", "deploy serve", "detect recognise", "dimension shape size", "disadvantage drawback weakness limitation limit con bad",
    "downsample shrink", "error mistake", "explain explanation interpret", "fast quick speed speedup", "few fewer", "freeze frozen",
    "gpu accelerator", "grayscale greyscale gray grey", "height size", "image picture photo photograph", "imbalance unbalanced",
    "initialisation initialise init", "label tag", "load open", "location position place", "matrix matrices", "microphone recording",
    "mobile phone smartphone", "model network net", "movie video", "multiple several many", "neuron unit", "normal usual", "one single",
    "abnormal unusual anomaly strange", "percentage probability percent", "people person user", "private privacy upload", "save store",
    "split divide", "stuck frozen", "student learner", "teacher teach", "tiny small little", "trustworthy trust reliable", "visualise plot",
    "voice speech", "width size",
  ].map(list);
  const HALF = 0.5; // words of every day count half, and so do others that a word may stand for, or that begin with it
  const RARITY = 0.7; // MiniSearch knows how rare a word is in each field; this adds how rare it is in the book
  const POWER = 2; // how much it costs to lack some of a query's words
  const FIELDS = { title: 4, also: 3, page: 0.5, text: 1, rest: 0.2 };
  const ANSWERS = 4; // what it counts to be said to answer a phrase
  const EXACT = 2; // and to answer these very words
  const SHORT = { k: 2, b: 1, d: 0 }; // of phrases, those that a query fills

  const bare = (word) => word.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/\u00d7/g, "x").replace(/iz(e|ed|es|er|ing|ation|ations)$/, "is$1");
  const words = (text) => text.replace(/['’](s|t|re|ve|ll|d|m)\b/g, "").split(/[^\p{L}\p{N}]+/u).map(bare).filter(Boolean);
  const single = (word) => (word.length > 3 ? word.replace(/ies$/, "y").replace(/(x|ch|sh|ss)es$/, "$1").replace(/([^su])s$/, "$1") : word);
  /* One form for all forms of a word; each is worked out once. */
  const stems = new Map();
  const stem = (word) => {
    if (!stems.has(word)) stems.set(word, stemmer(word).replace(/(?<=...)i$/, ""));
    return stems.get(word);
  };
  const asked = (query) => {
    const all = words(query.replace(/(\d+) ?(?:by|[x×*]) ?(?=\d)/gi, "$1x")); // 3 by 3, 3 x 3
    const full = all.filter((word) => !EMPTY.has(word));
    return full.length ? full : all;
  };
  /* The words of a text; one with a hyphen, or of several words as names in code are, also whole or apart. */
  const tokenize = (text) => {
    const parts = text.match(/\p{Lu}\p{Ll}+(?=\p{Lu})|(?<=\p{Ll})\p{Lu}\p{Ll}+/gu) || [];
    const joined = (text.match(/[\p{L}\p{N}]+(?:[-‑][\p{L}\p{N}]+)+/gu) || []).map((word) => word.replace(/[-‑]/g, ""));
    return words([text, ...joined, ...parts].join(" "));
  };

  /* The index says 1 for an anchor that is made from the title (section_search.py, usual_anchor). */
  const usualAnchor = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

  const make = async (index) => {
    const entries = index.sections.map(([page, anchor, title, text, rest, weight, also]) => ({
      page, anchor: anchor === 1 ? usualAnchor(title) : anchor, title, also, text, rest, weight, term: false,
    }));
    index.terms.forEach(([page, anchor, names, text]) =>
      entries.push({ page, anchor, title: names.join(", "), names, text, also: "", rest: "", weight: index.term_weight, term: true })
    );
    const opening = new Map(entries.filter(({ anchor }) => anchor === "").map(({ page, title, also }) => [page, `${title} ${index.pages[page][2]} ${also}`]));
    const extractField = (entry, field) => (field !== "page" ? entry[field] : opening.get(entry.page) ?? "");
    /* A part at a time, so that a slow phone goes on drawing what is typed. */
    const filled = async (documents, options) => {
      const search = new MiniSearch({ tokenize, processTerm: stem, ...options });
      await search.addAllAsync(documents.map((one, id) => ({ ...one, id })), { chunkSize: Math.ceil(documents.length / 30) });
      return search;
    };
    const same = SAME.map((group) => group.map(bare).map(stem));
    const common = new Set(EVERYDAY.map(bare).map(stem));
    const everyday = (word) => (common.has(stem(word)) ? HALF : 1);
    stems.clear(); // from here on it has the book's words
    const sections = await filled(entries, { fields: Object.keys(FIELDS), extractField });
    /* What each section is said to answer, one by one; a title of one word is no phrase. */
    const phrases = entries.flatMap(({ title, also, page, anchor }, of) =>
      [title, anchor ? "" : index.pages[page][2], ...also.split(",")]
        .map((phrase) => ({ of, phrase: asked(phrase).join(" "), form: asked(phrase).map(stem).join(" ") }))
        .filter(({ form }, place) => form && (place || form.includes(" "))));
    const answers = await filled(phrases, { fields: ["phrase"] });
    const known = new Set(stems.values());
    const asItIs = { tokenize: (text) => [text], processTerm: (term) => term };
    /* The book's words themselves: what is nowhere may be a slip of the keys, or a word that is being typed. */
    const spelling = await filled([...stems.keys()].map((word) => ({ word })), { fields: ["word"], storeFields: ["word"], ...asItIs });

    /* What a word may stand for, each with what it counts. */
    const forms = (word, neighbours) => {
      const [own, found] = [stem(word), new Map()];
      const add = (one, counts) => known.has(one) && found.set(one, counts);
      same.filter((group) => group.includes(own)).flat().forEach((one) => add(one, HALF));
      add(stem(word.replace(/(?<=\p{L}{3})\d+d?$/u, "")), HALF); // "resnet50" is a "resnet"
      neighbours.forEach((pair) => add(stem(pair), 1));
      return found.set(own, 1);
    };
    /* Where a word may be two: "maxpool" is also "max" and "pool". */
    const apart = (word) =>
      [...word.slice(5)].map((_, at) => [word.slice(0, at + 3), word.slice(at + 3)].map(stem)).find((pair) => pair.every((one) => known.has(one)));

    /* Score of each document for a word, in whichever form, or for a longer one that begins with it. */
    const look = (search, word, neighbours, options) => {
      const found = forms(word, neighbours);
      const ask = (...queries) =>
        search.search({ combineWith: "OR", queries }, {
          ...asItIs, ...options, prefix: (term) => term.length > 2 && found.get(term) === 1, weights: { prefix: HALF },
          boostTerm: (term) => everyday(word) * (found.get(term) ?? HALF),
        });
      let hits = ask(...found.keys());
      const pair = hits.length < 9 && apart(word);
      if (pair) hits = ask(...found.keys(), { combineWith: "AND", queries: pair });
      if (!hits.length && word.length > 2) {
        const [near] = spelling.search(word, { prefix: true, fuzzy: word.length > 4 && (word.length > 6 ? 2 : 1) });
        if (near) hits = ask(stem(near.word));
      }
      return new Map(hits.map(({ id, score, queryTerms }) => [id, score / queryTerms.length]));
    };

    /* The words of a query together: what lacks some of them keeps less than its share. */
    const together = (search, list, whole, options) => {
      const each = list.map((word, place) => {
        const neighbours = [list[place - 1] && list[place - 1] + word, list[place + 1] && word + list[place + 1]].filter(Boolean);
        const hits = look(search, word, neighbours, options);
        const rare = Math.log(1 + entries.length / (hits.size || 1)) ** RARITY;
        return { hits, rare, counts: rare * everyday(word) };
      }).filter(({ hits }) => hits.size);
      const all = each.reduce((sum, { counts }) => sum + counts, 0);
      const sums = new Map();
      each.forEach(({ hits, rare, counts }) => hits.forEach((score, id) => {
        const [sum, had] = sums.get(id) || [0, 0];
        sums.set(id, [sum + rare * score, had + counts]);
      }));
      return new Map([...sums].filter(([, [, had]]) => !whole || had > 0.999 * all)
        .map(([id, [sum, had]]) => [id, sum * (had / all) ** POWER]));
    };
    /* Score of each entry for a query: for what stands there, and for the phrase that answers it best. */
    const rank = (list, whole) => {
      const wanted = list.map(stem).join(" ");
      const said = new Map();
      together(answers, list, whole, { bm25: SHORT }).forEach((score, id) => {
        const { of, form } = phrases[id];
        said.set(of, Math.max(said.get(of) || 0, score * (form === wanted ? EXACT : 1)));
      });
      return new Map([...together(sections, list, whole, { boost: FIELDS })]
        .map(([id, score]) => [id, (score + ANSWERS * (said.get(id) || 0)) * entries[id].weight]));
    };

    /* A glossary entry whose name is asked for, or is being typed. */
    const full = (text) => asked(text).map(single).join(" ");
    const named = (query) => {
      const fitting = (fits) => entries.filter(({ names }) => names?.some((name) => fits(full(name))));
      const exact = fitting((name) => name === query);
      return { exact, terms: exact.length || query.length < 3 ? exact : fitting((name) => name.startsWith(query)).slice(0, 1) };
    };

    /* { words, terms: glossary entries by name, sections: all other hits, the best first }.
       Whoever asks for a glossary entry by one of its names asks for the others as well. */
    return (query) => {
      const list = asked(query);
      if (!list.length) return { words: [], terms: [], sections: [] };
      const { exact, terms } = named(full(query));
      const best = rank(list, false);
      exact.flatMap((entry) => entry.names).forEach((name) =>
        rank(asked(name), true).forEach((score, id) => best.set(id, Math.max(score, best.get(id) || 0)))
      );
      const least = Math.max(...best.values()) / 25;
      const hits = [...best].filter(([, score]) => score > least).sort((one, other) => other[1] - one[1]).map(([id]) => entries[id]);
      return { words: list.map(begins), terms, sections: hits.filter((entry) => !terms.includes(entry)) };
    };
  };

  /* What the forms of a word begin with, to be marked in a text. */
  const begins = (word) => {
    const short = stem(word);
    let same = 0;
    while (same < short.length && short[same] === word[same]) same++;
    return same >= 4 ? word.slice(0, same) : single(word);
  };

  /* The piece of a text around the first of the words: pairs of [text, whether it was asked for]. */
  const excerpt = (text, list, length = 170) => {
    const fits = new RegExp(`(?<![\\p{L}\\p{N}])(?:${list.map((word) => word.replace(/[^\p{L}\p{N}]/gu, "")).filter(Boolean).join("|") || "(?!)"})[\\p{L}\\p{N}]*`, "giu");
    const first = fits.exec(text);
    let start = first ? Math.max(0, first.index - 60) : 0;
    if (start > 0) start = text.indexOf(" ", start) + 1;
    let end = Math.min(text.length, start + length);
    if (end < text.length) end = Math.max(text.lastIndexOf(" ", end), start + 1);
    const shown = text.slice(start, end);
    const pieces = [[start > 0 ? "… " : "", false]];
    let done = 0;
    fits.lastIndex = 0;
    for (const found of shown.matchAll(fits)) {
      pieces.push([shown.slice(done, found.index), false], [found[0], true]);
      done = found.index + found[0].length;
    }
    pieces.push([shown.slice(done) + (end < text.length ? " …" : ""), false]);
    return pieces.filter(([piece]) => piece);
  };

  globalThis.bookRanking = { make, excerpt };
})();
