/* What a reader has finished is remembered in this browser and nowhere else:
   chapters that were marked as read, and questions answered right. Nothing is
   sent. Where a browser keeps nothing, the pages work as they do without. */
(() => {
  "use strict";
  const KEY = "patch-to-prediction";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const chapterOf = (address) => (/notebooks\/([\w-]+)\.html/.exec(address) || [])[1];
  const here = chapterOf(location.pathname);

  const load = () => {
    try {
      const kept = Object.entries(JSON.parse(localStorage.getItem(KEY)) || {});
      return Object.fromEntries(kept.filter(([, state]) => Array.isArray(state?.right)));
    } catch {
      return {};
    }
  };
  const save = (progress) => {
    try {
      localStorage.setItem(KEY, JSON.stringify(progress));
    } catch {
      /* A browser that keeps nothing. */
    }
    show();
  };
  const change = (chapter, edit) => {
    const progress = load();
    edit((progress[chapter] = progress[chapter] || { read: false, right: [], asked: 0 }));
    save(progress);
  };

  /* "read, quiz 5 of 7", or nothing where nothing was done. */
  const words = (state) => {
    if (!state) return "";
    const quiz = state.right.length ? `quiz ${state.right.length} of ${state.asked}` : "";
    return [state.read ? "read" : "", quiz].filter(Boolean).join(", ");
  };

  const show = () => {
    const progress = load();
    all("nav.bd-links a.reference.internal").forEach((link) => {
      const chapter = link.getAttribute("href") === "#" ? here : chapterOf(link.href);
      all(".chapter-mark", link).forEach((mark) => mark.remove());
      const text = chapter && words(progress[chapter]);
      if (!text) return;
      const mark = document.createElement("span");
      mark.className = "chapter-mark";
      mark.textContent = text;
      link.append(" ", mark);
    });
    all(".progress-list").forEach((list) => {
      const items = Object.keys(progress)
        .sort()
        .filter((chapter) => words(progress[chapter]))
        .map((chapter) => {
          const item = document.createElement("li");
          const link = all("nav.bd-links a").find((one) => chapterOf(one.href) === chapter);
          const parts = link ? [...link.childNodes].filter((part) => part.className !== "chapter-mark") : [];
          const title = parts.map((part) => part.textContent).join("").trim() || chapter;
          item.textContent = `${title}: ${words(progress[chapter])}`;
          return item;
        });
      list.replaceChildren(...items);
      list.previousElementSibling.hidden = items.length > 0;
    });
  };

  const button = (text, action) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "quiz-button";
    made.textContent = text;
    made.addEventListener("click", action);
    return made;
  };

  /* On the introduction: what is finished, and what to do with it. */
  const fillBox = (box) => {
    const none = document.createElement("p");
    none.textContent = "Nothing is finished yet.";
    const list = document.createElement("ul");
    list.className = "progress-list";
    const told = document.createElement("p");
    told.setAttribute("role", "status");
    const store = () => {
      const link = document.createElement("a");
      const text = JSON.stringify(load(), null, 1);
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = "my-progress.json";
      link.click();
      told.textContent = "Saved as my-progress.json.";
    };
    const forget = () => {
      save({});
      told.textContent = "Everything is forgotten.";
    };
    const row = document.createElement("p");
    row.className = "progress-buttons";
    row.append(button("Save as a file", store), button("Forget everything", forget));
    box.replaceChildren(none, list, row, told);
  };

  /* At the end of a chapter: say that it is read. */
  const addSwitch = () => {
    const article = document.querySelector("article.bd-article");
    if (!here || !article) return;
    const line = document.createElement("p");
    line.className = "chapter-done";
    line.innerHTML = '<label><input type="checkbox"> I have finished this chapter</label>';
    const box = line.querySelector("input");
    box.checked = Boolean((load()[here] || {}).read);
    box.addEventListener("change", () => change(here, (state) => (state.read = box.checked)));
    article.append(line);
  };

  const start = () => {
    all(".progress-box").forEach(fillBox);
    addSwitch();
    show();
    document.addEventListener("answered", ({ detail }) => {
      if (!here || !detail.right) return;
      change(here, (state) => {
        state.asked = detail.asked;
        if (!state.right.includes(detail.number)) state.right.push(detail.number);
      });
    });
    /* Another page of the book in another window. */
    window.addEventListener("storage", show);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
