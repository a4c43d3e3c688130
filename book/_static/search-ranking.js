/* Which sections answer a query, and in which order. Loaded when the search opens;
   it needs MiniSearch (vendor/minisearch) and the index that the site was built with. */
(() => {
  "use strict";
  /* Words that say nothing about what is looked for. */
  const EMPTY = new Set(
    ("a about an and are as at be between by can could difference do does for from get has have how i if in into is it its " +
      "me mean means my need not of on or should so than that the then there this through to use using vs versus was we what when where " +
      "which who why will with you your").split(" ")
  );
  /* Words that a learner may use for one another. */
  const SAME = [
    ["average", "mean"],
    ["backprop", "backpropagation", "gradient"],
    ["color", "colour"],
    ["conv", "convolution"],
    ["dead", "die", "dying"],
    ["freeze", "frozen"],
    ["image", "picture"],
    ["network", "model"],
    ["photo", "photograph"],
  ];
  const POWER = 1.5;
  const NAMED = 3; // a section that is said to answer these very words counts so much more
  const BOOST = { title: 3, also: 2, page: 0.2, text: 1, rest: 0.25 };

  const bare = (word) => word.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/\u00d7/g, "x").replace(/iz(e|ed|es|er|ing|ation|ations)$/, "is$1");
  const words = (text) => text.split(/[^\p{L}\p{N}]+/u).map(bare).filter(Boolean);
  const single = (word) => (word.length > 3 ? word.replace(/ies$/, "y").replace(/(x|ch|sh|ss)es$/, "$1").replace(/([^su])s$/, "$1") : word);
  /* What the forms of a word begin with: "sharing", "shared" and "shares" with "shar". */
  const stem = (word) => {
    const short = single(word).replace(/(ing|ed|e)$/, "");
    return short.length >= 4 ? short : word;
  };
  const asked = (query) => {
    const all = words(query);
    const full = all.filter((word) => !EMPTY.has(word));
    return full.length ? full : all;
  };
  /* A query or a name as it is compared: without empty words, each word in one form. */
  const form = (text) => asked(text).map(single).join(" ");
  /* The form in which a word is kept; each is worked out once. */
  const kept = new Map();
  const keep = (word) => {
    if (!kept.has(word)) kept.set(word, single(bare(word)) || null);
    return kept.get(word);
  };

  /* The index says 1 for an anchor that is made from the title (section_search.py, usual_anchor). */
  const usualAnchor = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

  const make = (index) => {
    const entries = index.sections.map(([page, anchor, title, text, rest, weight, also]) => ({
      page, anchor: anchor === 1 ? usualAnchor(title) : anchor, title, also, text, rest, weight, term: false, answers: new Set(also.split(",").map(form)),
    }));
    index.terms.forEach(([page, anchor, names, text]) =>
      entries.push({ page, anchor, title: names.join(", "), names, text, also: "", rest: "", weight: index.term_weight, term: true })
    );
    const search = new MiniSearch({
      fields: Object.keys(BOOST),
      extractField: (entry, field) => (field === "page" && !entry.term ? index.pages[entry.page].slice(1).join(" ") : field === "page" ? "" : entry[field]),
      tokenize: (text) => text.split(/[^\p{L}\p{N}]+/u),
      processTerm: keep,
    });
    /* A few at a time, so that a slow phone goes on drawing what is typed. */
    const filled = search.addAllAsync(entries.map((entry, id) => ({ ...entry, id })), { chunkSize: 20 });

    /* Score of each entry for one word, in any of its forms, whole or as a beginning;
       a word that is nowhere may be a slip of the keys. */
    const look = (word) => {
      const forms = new Set([single(word), stem(word)]);
      SAME.filter((group) => group.includes(single(word))).forEach((group) => group.forEach((one) => forms.add(one)));
      const found = (fuzzy) =>
        search.search(
          { combineWith: "OR", queries: [...forms] },
          {
            boost: BOOST,
            prefix: (term) => term.length > 2,
            fuzzy: (term) => (fuzzy && term.length > 4 ? 0.2 : false),
            weights: { prefix: 0.8, fuzzy: 0.3 },
            boostDocument: (id) => entries[id].weight,
            processTerm: (term) => term,
          }
        );
      const hits = found(false);
      return new Map((hits.length ? hits : found(true)).map(({ id, score, terms }) => [id, score / Math.max(1, terms.length)]));
    };

    /* The words of a query together: an entry that has half of them keeps a quarter of its score. */
    const together = (list, whole) => {
      const each = list.map(look).filter((hits) => hits.size);
      const sums = new Map();
      each.forEach((hits) => hits.forEach((score, id) => {
        const [sum, had] = sums.get(id) || [0, 0];
        sums.set(id, [sum + score, had + 1]);
      }));
      sums.forEach(([sum, had], id) => sums.set(id, whole && had < each.length ? 0 : sum * (had / each.length) ** POWER));
      return sums;
    };

    /* A glossary entry whose name is asked for, or is being typed. */
    const named = (list) => {
      const query = list.map(single).join(" ");
      const full = (name) => words(name).filter((word) => !EMPTY.has(word)).map(single).join(" ");
      const exact = entries.filter((entry) => entry.term && entry.names.some((name) => full(name) === query));
      if (exact.length || query.length < 3) return { exact, terms: exact };
      const typed = entries.filter((entry) => entry.term && entry.names.some((name) => full(name).startsWith(query)));
      return { exact, terms: typed.slice(0, 1) };
    };

    /* { words, terms: glossary entries by name, sections: all other hits, the best first }.
       Whoever asks for a glossary entry by one of its names asks for the others as well. */
    const find = (query) => {
      const list = asked(query);
      if (!list.length) return { words: [], terms: [], sections: [] };
      const { exact, terms } = named(list);
      const best = together(list, false);
      exact.flatMap((entry) => entry.names).forEach((name) =>
        together(asked(name), true).forEach((score, id) => best.set(id, Math.max(score, best.get(id) || 0)))
      );
      const least = Math.max(...best.values()) / 10;
      const wanted = list.map(single).join(" ");
      best.forEach((score, id) => entries[id].answers?.has(wanted) && best.set(id, NAMED * score));
      const ranked = [...best].sort((one, other) => other[1] - one[1]);
      const hits = ranked.filter(([, score]) => score > least).map(([id]) => entries[id]);
      return { words: list.map(stem), terms, sections: hits.filter((entry) => !terms.includes(entry)) };
    };
    return filled.then(() => find);
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
