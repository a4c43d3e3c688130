/* The search: a window over any page, and the page search.html. On every page stands
   only this file; what finds sections (up to 9 kB a chapter, compressed) comes when the search opens.
   Scripts, not modules: a book that is read from files searches as well. */
(() => {
  "use strict";
  const html = document.documentElement;
  const root = html.dataset.content_root || "./";
  const PARTS = ["vendor/minisearch/minisearch.js", "vendor/stemmer/stemmer.js", "search-ranking.js", "search-index.js"];

  const load = (name) =>
    new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = `${root}_static/${name}`;
      script.onload = done;
      script.onerror = () => {
        script.remove();
        fail(new Error(name));
      };
      document.head.append(script);
    });
  let coming;
  const ready = () => {
    coming ??= Promise.all(PARTS.map(load)).then(() => window.bookRanking.make(window.bookIndex));
    coming.catch(() => (coming = undefined)); // the next word tries again
    return coming;
  };

  const element = (tag, name, ...content) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...content);
    return made;
  };
  const pieces = (text, words) =>
    window.bookRanking.excerpt(text, words).map(([piece, asked]) => (asked ? element("mark", "", piece) : piece));

  /* A glossary entry shows its definition whole, a section the place where the words stand. */
  const hit = (entry, words) => {
    const [page, title, label] = window.bookIndex.pages[entry.page];
    const link = element("a", "hit-title", entry.anchor ? entry.title : title);
    link.href = `${root}${page}${entry.anchor ? `#${entry.anchor}` : ""}`;
    const place = entry.term || !entry.anchor ? label || (entry.term ? title : "") : [label, title].filter(Boolean).join(": ");
    const item = element("li", entry.term ? "hit hit-term" : "hit", link);
    if (place) item.append(element("p", "hit-place", place));
    if (entry.term) item.append(element("p", "hit-text", entry.text));
    else if (entry.text) item.append(element("p", "hit-text", ...pieces(entry.text, words)));
    return item;
  };

  const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;
  const summary = ({ words, terms, sections }) => {
    if (!words.length) return "";
    if (!terms.length && !sections.length) return "Nothing was found. Try another word, or one word less.";
    const found = sections.length ? count(sections.length, "place", "places") : "";
    return `${[terms.length ? "A definition" : "", found].filter(Boolean).join(" and ")} found.`;
  };

  /* Answer what stands in a field: hits into a list, their number into a line that is spoken. */
  const answer = (field, list, status, most, more) => {
    let latest = 0;
    let speaking;
    const say = (text, wait) => {
      clearTimeout(speaking);
      speaking = setTimeout(() => (status.textContent = text), wait);
    };
    const update = () => {
      const query = field.value.trim();
      const mine = ++latest;
      if (!query) {
        list.replaceChildren();
        if (more) more.hidden = true;
        return say("", 0);
      }
      if (!window.bookRanking) say("The search is being loaded.", 300);
      return ready().then(
        (find) => {
          if (mine !== latest) return;
          const found = find(query);
          const hits = [...found.terms, ...found.sections];
          list.replaceChildren(...hits.slice(0, most).map((entry) => hit(entry, found.words)));
          if (more) {
            more.hidden = hits.length <= most;
            more.firstChild.href = `${root}search.html?q=${encodeURIComponent(query)}`;
            more.firstChild.textContent = `All ${hits.length} results`;
          }
          say(summary(found), 400);
        },
        () => say("The search could not be loaded. Is the network there?", 0)
      );
    };
    field.addEventListener("input", update);
    return update;
  };

  /* ---- The window -------------------------------------------------------------- */
  let box, field;
  const build = () => {
    box = element("dialog", "search-window");
    box.setAttribute("aria-label", "Search the book");
    const form = element("form", "search-line");
    form.action = `${root}search.html`;
    form.setAttribute("role", "search");
    field = element("input");
    Object.assign(field, { type: "search", name: "q", placeholder: "Search the book", autocomplete: "off", spellcheck: false, enterKeyHint: "search" });
    field.setAttribute("aria-label", "Search the book");
    const icon = element("i", "fa-solid fa-magnifying-glass");
    icon.setAttribute("aria-hidden", "true");
    const close = element("button", "search-close", "Close");
    close.type = "button";
    close.addEventListener("click", () => box.close());
    form.append(icon, field, close);
    const status = element("p", "search-status");
    status.setAttribute("role", "status");
    const list = element("ol", "search-hits");
    const more = element("p", "search-more", element("a"));
    more.hidden = true;
    box.append(form, status, list, more);
    document.body.append(box);
    answer(field, list, status, 8, more);

    form.addEventListener("submit", (event) => {
      if (!field.value.trim()) event.preventDefault();
    });
    /* A click beside the window closes it, and so does a link within the same page. */
    box.addEventListener("click", (event) => {
      if (event.target === box || event.target.closest("a")) box.close();
    });
    /* The arrows walk from the field through the hits and back. */
    box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const stops = [field, ...box.querySelectorAll("a[href]")].filter((one) => one.offsetParent);
      const next = stops.indexOf(document.activeElement) + step;
      if (next < 0 || next >= stops.length) return;
      event.preventDefault();
      stops[next].focus();
    });
  };
  const open = () => {
    if (!box) build();
    if (!box.open) box.showModal();
    field.focus();
    field.select();
    ready().catch(() => {}); // what is typed meanwhile says so
  };

  /* In place of the theme's own search field. */
  const isButton = (event) => event.target.closest?.(".search-button__button");
  const isKey = (event) => (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && /^k$/i.test(event.key);
  const instead = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const page = document.getElementById("search-page-input");
    if (page) page.focus();
    else open();
  };
  window.addEventListener("click", (event) => isButton(event) && instead(event), true);
  window.addEventListener("keydown", (event) => isKey(event) && instead(event), true);

  /* ---- The page ---------------------------------------------------------------- */
  document.addEventListener("DOMContentLoaded", () => {
    const input = document.getElementById("search-page-input");
    if (!input) return;
    const update = answer(input, document.getElementById("search-hits"), document.getElementById("search-status"), 60);
    input.value = new URLSearchParams(location.search).get("q") || "";
    input.form.addEventListener("submit", (event) => {
      event.preventDefault();
      history.replaceState(null, "", `?q=${encodeURIComponent(input.value.trim())}`);
      update();
    });
    input.focus();
    update();
  });
})();
