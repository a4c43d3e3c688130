/* Which sections answer a query, and in which order. Loaded when the search opens, with the
   index that the site was built with (section_search.py).
   A section counts by BM25 over its fields together (BM25F, Robertson and Zaragoza 2009): a word
   counts by how rare it is, in whichever of its forms, and by the fields that it stands in. */
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
  const EVERYDAY_COUNTS = 0.5;
  /* Words that a learner may use for one another; a section's own are in book/search_words.yml. */
  const SAME = [
    "accept match", "advantage strength benefit pro", "artefact artifact", "audio sound", "average mean", "backprop backpropagation",
    "batchnorm normalisation norm", "big bigger large huge", "border edge boundary", "calculate compute", "camera webcam", "category class",
    "cnn convnet network", "color colour", "computer machine", "conv convolution convolve", "cover hide occlude occlusion mask", "dead die dying",
    "decrease reduce lower", "deploy serve", "detect recognise", "dimension shape size", "disadvantage drawback weakness limitation limit con bad",
    "downsample shrink", "error mistake", "explain explanation interpret", "fast quick speed speedup", "few fewer", "freeze frozen",
    "gpu accelerator", "grayscale greyscale gray grey", "height size", "image picture photo photograph", "imbalance unbalanced",
    "initialisation initialise init", "label tag", "load open", "location position place", "matrix matrices", "microphone recording",
    "mobile phone smartphone", "model network net", "movie video", "multiple several many", "neuron unit", "normal usual",
    "abnormal unusual anomaly strange", "percentage probability percent", "people person user", "private privacy upload", "save store",
    "split divide", "stuck frozen", "student learner", "teacher teach", "tiny small little", "trustworthy trust reliable", "visualise plot",
    "voice speech", "width size",
  ].map(list);
  const SAME_COUNTS = 0.5;
  const BEGUN_COUNTS = 0.3; // a longer word that begins with what is asked
  const NUMBERED_COUNTS = 0.6; // "resnet50" is a "resnet"
  const APART_COUNTS = 0.7; // two words that are asked for as one
  const SLIP_COUNTS = 0.7; // what is nowhere may be a slip of the keys
  const POWER = 0.8; // how much it costs to lack some of a query's words
  const K = 1.5;
  /* What a word counts in each field, and how much the field's length tells. */
  const FIELDS = { title: [3, 0.3], also: [4, 0.1], page: [0.4, 0], text: [0.8, 0.7], rest: [0.4, 0.5] };
  const PHRASE = 2; // what it adds when a section is said to answer these very words
  const SHARP = 3;
  const RELIEF = 0.5; // how much of its page's weight it is spared then
  const LOOKED_AT = 60; // so many of the best are looked at more closely
  const PAIRS = 0.5; // what it adds when words follow one another as in the query

  /* A function that works out each answer once. */
  const once = (work) => {
    const done = new Map();
    return (word) => done.get(word) ?? (done.set(word, work(word)), done.get(word));
  };
  const bare = once((word) => word.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/\u00d7/g, "x").replace(/iz(e|ed|es|er|ing|ation|ations)$/, "is$1"));
  const words = (text) => text.replace(/['’](s|t|re|ve|ll|d|m)\b/g, "").split(/[^\p{L}\p{N}]+/u).map(bare).filter(Boolean);
  const single = (word) =>
    word.length > 3 ? word.replace(/ies$/, "y").replace(/(x|ch|sh|ss)es$/, "$1").replace(/(ia|[isu])s$/, "$1\u017f").replace(/s$/, "").replace("\u017f", "s") : word;
  /* One form for all forms of a word: "share", "shares", "shared" and "sharing" are "shar".
     After M. F. Porter (1980), shorter: each line takes one ending off. */
  const ENDINGS = [
    [/^(.{3,}(?:if))(?:ication|ier|y|ied)$/, "$1"],
    [/^(.*[aeiouy].*)(?<!e)(?:ing|ed)$/, (whole, rest) => {
      if (rest.length > 3) return rest.replace(/([^aeioulsz])\1$/, "$1").replace(/at$/, "ate");
      return /^[^aeiou][aeiou][^aeiouwxy]$/.test(rest) ? `${rest}e` : /^[^aeiou][aeiou][wxy]$/.test(rest) ? rest : whole;
    }],
    [/^(.{5,})al$/, "$1"],
    [/^(.{4,})(?:ation|ator|ative|ate|able|ible|acy)$/, "$1"],
    [/^(.{4,})(?:ion|ance|ence|ant|ent|ity|ness|ment|est|er|or|ly|y)$/, "$1"],
    [/^(.{5,})ll$/, "$1l"],
    [/^(.{3,})e$/, "$1"],
  ];
  const stems = new Map();
  const stem = (word) => {
    if (!stems.has(word)) {
      const one = single(word);
      const short = one.length < 5 || /\d/.test(one) ? one : ENDINGS.reduce((left, [ending, by]) => left.replace(ending, by), one);
      stems.set(word, short);
    }
    return stems.get(word);
  };
  const group = (one) => one.map((word) => stem(bare(word)));
  const SAME_STEMS = SAME.map(group);
  const EVERYDAY_STEMS = new Set(group(EVERYDAY));
  const asked = (query) => {
    const all = words(query.replace(/(\d+) ?(?:by|[x×*]) ?(?=\d)/gi, "$1x")); // 3 by 3, 3 x 3
    const full = all.filter((word) => !EMPTY.has(word));
    return full.length ? full : all;
  };
  /* The words of a text as they are kept; a word with a hyphen, or of several words as names in code are, also whole or apart. */
  const kept = (text) => {
    const parts = text.match(/\p{Lu}\p{Ll}+(?=\p{Lu})|(?<=\p{Ll})\p{Lu}\p{Ll}+/gu) || [];
    const joined = (text.match(/[\p{L}\p{N}]+(?:[-‑][\p{L}\p{N}]+)+/gu) || []).map((word) => word.replace(/[^\p{L}\p{N}]/gu, ""));
    return [...words(text), ...words(joined.join(" ")), ...words(parts.join(" "))].map(stem);
  };

  /* Whether two words are a slip or two apart: letters left out, put in, changed or in the wrong order. */
  const near = (one, other, most) => {
    if (Math.abs(one.length - other.length) > most) return false;
    let before = [], last = Array.from({ length: other.length + 1 }, (_, place) => place);
    for (let row = 1; row <= one.length; row++) {
      const line = [row];
      for (let place = 1; place <= other.length; place++) {
        const same = one[row - 1] === other[place - 1];
        line[place] = Math.min(last[place] + 1, line[place - 1] + 1, last[place - 1] + (same ? 0 : 1));
        if (row > 1 && place > 1 && one[row - 1] === other[place - 2] && one[row - 2] === other[place - 1]) line[place] = Math.min(line[place], before[place - 2] + 1);
      }
      if (Math.min(...line) > most) return false;
      [before, last] = [last, line];
    }
    return last[other.length] <= most;
  };

  /* The index says 1 for an anchor that is made from the title (section_search.py, usual_anchor). */
  const usualAnchor = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

  const make = async (index) => {
    const heads = new Map(index.sections.filter(([, anchor]) => anchor === "").map(([page, , title, , , , also]) => [page, kept(`${title} ${index.pages[page][2]} ${also}`)]));
    const entries = index.sections.map(([page, anchor, title, text, rest, weight, also]) => ({
      page, anchor: anchor === 1 ? usualAnchor(title) : anchor, title, also, text, rest, weight, term: false,
    }));
    index.terms.forEach(([page, anchor, names, text]) =>
      entries.push({ page, anchor, title: names.join(", "), names, text, also: "", rest: "", weight: index.term_weight, term: true })
    );

    /* Word -> entry -> how often, by field; a few entries at a time, so that a slow phone goes on drawing what is typed. */
    const postings = new Map();
    const phrases = [];
    const texts = [];
    const lengths = entries.map(() => ({}));
    const total = {};
    const filled = Object.keys(FIELDS);
    for (const [id, entry] of entries.entries()) {
      if (id % 20 === 19) await new Promise((done) => setTimeout(done));
      const label = entry.anchor || entry.term ? "" : index.pages[entry.page][2]; // "Chapter 7"
      filled.forEach((field) => {
        const found = field === "page" ? (!entry.term && heads.get(entry.page)) || [] : kept(field === "title" ? `${label} ${entry.title}` : entry[field]);
        lengths[id][field] = found.length;
        total[field] = (total[field] || 0) + found.length;
        found.forEach((word) => {
          if (!postings.has(word)) postings.set(word, new Map());
          const at = postings.get(word);
          if (!at.has(id)) at.set(id, {});
          at.get(id)[field] = (at.get(id)[field] || 0) + 1;
        });
      });
      texts.push(words([entry.title, entry.also, entry.text].join(" ; ")).filter((word) => !EMPTY.has(word)).map(stem));
      phrases.push([entry.title, label, ...entry.also.split(","), ...(entry.also.match(/[^,]*[-‑][^,]*/g) || []).map((phrase) => phrase.replace(/[-‑]/g, ""))]
        .map((phrase) => [...new Set(asked(phrase).map(stem))])
        .filter((phrase, place) => phrase.length > (place ? 0 : 1))); // a title of one word is no phrase
    }
    const usual = Object.fromEntries(filled.map((field) => [field, total[field] / entries.length]));
    /* Word -> entry -> how much of the word the entry has: its fields together, a long one less. */
    const amount = (id, at) =>
      Object.keys(at).reduce((sum, field) => {
        const [counts, tells] = FIELDS[field];
        return sum + (counts * at[field]) / (1 - tells + (tells * lengths[id][field]) / usual[field]);
      }, 0);
    postings.forEach((found) => found.forEach((at, id) => found.set(id, amount(id, at))));
    const rare = (count) => Math.log(1 + (entries.length - count + 0.5) / (count + 0.5));
    const vocabulary = [...stems].filter(([, one]) => postings.has(one));

    /* Where a word that is rare here may be two: "maxpool" is also "max" and "pool". */
    const apart = (word) => {
      if (word.length < 7 || (postings.get(stem(word))?.size || 0) > 8) return [];
      const cuts = [...Array(word.length - 6).keys()].map((at) => [word.slice(0, at + 3), word.slice(at + 3)].map(stem));
      return cuts.find((pair) => pair.every((one) => postings.has(one))) || [];
    };

    /* The words of the index that a word may stand for, each with what it counts. */
    const forms = (word, neighbours, last) => {
      const own = stem(word);
      const found = new Map();
      const add = (one, counts) => postings.has(one) && (found.get(one) || 0) < counts && found.set(one, counts);
      add(own, 1);
      neighbours.forEach((pair) => add(stem(pair), 1));
      add(stem(word.replace(/(?<=\p{L}{3})\d+d?$/u, "")), NUMBERED_COUNTS);
      SAME_STEMS.filter((group) => group.includes(own)).forEach((group) => group.forEach((one) => add(one, SAME_COUNTS)));
      const begun = single(word);
      if (word.length > (last ? 2 : 3)) vocabulary.forEach(([whole, one]) => whole.startsWith(begun) && add(one, BEGUN_COUNTS));
      for (let most = 1; !found.size && most <= (word.length > 7 ? 2 : 1) && word.length > 4 && !apart(word).length; most++)
        vocabulary.forEach(([whole, one]) => near(word, whole, most) && add(one, SLIP_COUNTS));
      return found;
    };

    /* Each word of a query: its forms, how rare it is, and how much of it each entry has. */
    const look = (list) =>
      list.map((word, place) => {
        const neighbours = [list[place - 1] && list[place - 1] + word, list[place + 1] && word + list[place + 1]].filter(Boolean);
        const found = forms(word, neighbours, place === list.length - 1);
        const has = new Map();
        found.forEach((counts, one) => postings.get(one).forEach((much, id) => has.set(id, (has.get(id) || 0) + counts * much)));
        const [first, second] = apart(word).map((one) => postings.get(one));
        first?.forEach((much, id) => second.has(id) && has.set(id, Math.max(has.get(id) || 0, APART_COUNTS * Math.min(much, second.get(id)))));
        const most = Math.max(first ? has.size : 0, ...[...found].map(([one, counts]) => counts * postings.get(one).size));
        const slip = found.size && Math.max(...found.values()) === SLIP_COUNTS;
        return { found, has, counts: rare(most) * (slip ? SLIP_COUNTS : 1) * (EVERYDAY_STEMS.has(stem(word)) ? EVERYDAY_COUNTS : 1) };
      }).filter(({ has }) => has.size);

    const known = new Map();
    const value = (word) => {
      if (!known.has(word)) known.set(word, rare(postings.get(word)?.size || 0) * (EVERYDAY_STEMS.has(word) ? EVERYDAY_COUNTS : 1));
      return known.get(word);
    };
    /* How nearly a query is one of the phrases that an entry is said to answer: from 0 to 1. */
    const alike = (id, each, all) =>
      Math.max(0, ...phrases[id].map((phrase) => {
        let both = 0, mine = 0;
        phrase.forEach((word) => {
          mine += value(word);
          both += value(word) * Math.max(0, ...each.map(({ found }) => found.get(word) || 0));
        });
        return (2 * both) / (mine + all || 1);
      }));

    /* How many of the pairs of words that follow one another in a query do so in an entry: from 0 to 1. */
    const close = (id, each) => {
      const pairs = each.slice(1).map(({ found, counts }, place) => [each[place].found, found, Math.min(each[place].counts, counts)]);
      const total = pairs.reduce((sum, [, , counts]) => sum + counts, 0);
      const text = texts[id];
      const had = pairs.filter(([first, second]) => text.some((word, at) => first.has(word) && (second.has(text[at + 1]) || second.has(text[at + 2]))));
      return total && had.reduce((sum, [, , counts]) => sum + counts, 0) / total;
    };

    /* The words of a query together: what lacks some of them keeps less than its share. */
    const together = (list, whole) => {
      const each = look(list);
      const all = each.reduce((sum, { counts }) => sum + counts, 0);
      const sums = new Map();
      each.forEach(({ has, counts }) => has.forEach((much, id) => {
        const [sum, had, number] = sums.get(id) || [0, 0, 0];
        sums.set(id, [sum + (counts * much) / (K + much), had + counts * Math.min(1, much), number + 1]);
      }));
      const first = [...sums].filter(([, [, , number]]) => !whole || number === each.length)
        .map(([id, [sum, had]]) => [id, sum * (had / all) ** POWER])
        .sort((one, other) => other[1] - one[1]);
      /* How the words stand together is looked at where they are; what is said to answer them counts whatever its page. */
      return new Map(first.map(([id, score], place) => {
        const { weight, also, anchor, page } = entries[id];
        const like = place < LOOKED_AT ? Math.min(1, alike(id, each, all)) : 0;
        const answers = place < LOOKED_AT ? (1 + PHRASE * like ** SHARP) * (1 + PAIRS * close(id, each)) : 1;
        return [id, score * answers * weight ** (also && (anchor || !index.pages[page][2]) ? 1 - RELIEF * like : 1)];
      }));
    };

    /* A glossary entry whose name is asked for, or is being typed. */
    const full = (text) => asked(text).map(single).join(" ");
    const named = (query) => {
      const exact = entries.filter((entry) => entry.term && entry.names.some((name) => full(name) === query));
      if (exact.length || query.length < 3) return { exact, terms: exact };
      const typed = entries.filter((entry) => entry.term && entry.names.some((name) => full(name).startsWith(query)));
      return { exact, terms: typed.slice(0, 1) };
    };

    /* { words, terms: glossary entries by name, sections: all other hits, the best first }.
       Whoever asks for a glossary entry by one of its names asks for the others as well. */
    return (query) => {
      const list = asked(query);
      if (!list.length) return { words: [], terms: [], sections: [] };
      const { exact, terms } = named(full(query));
      const best = together(list, false);
      exact.flatMap((entry) => entry.names).forEach((name) =>
        together(asked(name), true).forEach((score, id) => best.set(id, Math.max(score, best.get(id) || 0)))
      );
      const least = Math.max(...best.values()) / 25;
      const ranked = [...best].sort((one, other) => other[1] - one[1]);
      const hits = ranked.filter(([, score]) => score > least).map(([id]) => entries[id]);
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
