/* What the pages cannot do with HTML and CSS alone. No page needs it to be read. */
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /* What scrolls sideways can be reached, and so scrolled, by keyboard. A box is measured
     whenever its width changes near the window; all of them are once, when the page is
     drawn and the browser has time: earlier, that would have the page laid out again. */
  const SCROLLERS = "div.math, .pst-scrollable-table-container, .cell_output > .output, div.highlight pre";
  const openScrollers = () => {
    const measure = (boxes) => {
      const scrolls = boxes.map((box) => box.scrollWidth > box.clientWidth + 1);
      boxes.forEach((box, n) => {
        if (scrolls[n]) box.tabIndex = 0;
        else box.removeAttribute("tabindex");
      });
    };
    const sizes = new ResizeObserver((changes) => measure(changes.map(({ target }) => target)));
    const near = new IntersectionObserver((changes) => {
      for (const { target, isIntersecting } of changes)
        if (isIntersecting) sizes.observe(target);
        else sizes.unobserve(target);
    }, { rootMargin: "600px" });
    const rest = all(SCROLLERS);
    rest.forEach((box) => near.observe(box));
    /* Some browsers never call themselves idle: after a second the work is done all the same. */
    const idle = (work) => window.requestIdleCallback?.(work, { timeout: 1000 }) ?? setTimeout(work, 200);
    const go = () => {
      measure(rest.splice(0, 50));
      if (rest.length) idle(go);
      else document.documentElement.dataset.measured = "";
    };
    if (document.readyState === "complete") idle(go);
    else window.addEventListener("load", () => idle(go));
    /* Whether code is wrapped decides what scrolls. */
    new MutationObserver(() => measure(all(SCROLLERS))).observe(document.documentElement, { attributeFilter: ["data-wrap", "data-code"] });
  };

  /* An animation (class "motion") can be paused; its still (class "still", the
     next one on the page) then takes its place. Where the reader's system asks
     for reduced motion, the still is what the page begins with. */
  const addPauseButtons = () => {
    const stills = all(".still");
    all("img.motion").forEach((motion) => {
      const still = stills.find(
        (image) => motion.compareDocumentPosition(image) & Node.DOCUMENT_POSITION_FOLLOWING
      );
      if (!still) return;
      const home = still.closest(".cell_output");
      const figure = document.createElement("div");
      figure.className = "pausable";
      motion.replaceWith(figure);
      const button = document.createElement("button");
      button.type = "button";
      button.className = "pause-button";
      const caption = still.querySelector("figcaption");
      figure.append(motion, still, ...(caption ? [caption] : []), button);
      if (home && !home.textContent.trim() && !home.querySelector("img, svg")) home.remove();
      const show = (moving) => {
        motion.hidden = !moving;
        still.hidden = moving;
        button.innerHTML = `<i class="fa-solid ${moving ? "fa-pause" : "fa-play"}" aria-hidden="true"></i> ${
          moving ? "Pause" : "Play"
        } the animation`;
      };
      button.addEventListener("click", () => show(motion.hidden));
      const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
      reduced.addEventListener("change", () => show(!reduced.matches));
      show(!reduced.matches);
    });
  };

  /* A question: choose, then check. The words that belong to the choice come into
     a place that a screen reader speaks; all answers can still be unfolded. */
  const askQuestions = () =>
    all("fieldset.quiz").forEach((quiz, number, quizzes) => {
      const options = all("input", quiz);
      const answers = all("details li", quiz);
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiz-button";
      button.textContent = "Check the answer";
      const words = document.createElement("div");
      words.className = "quiz-words";
      words.setAttribute("role", "status");
      quiz.querySelector("details").before(button, words);
      const check = () => {
        const chosen = options.findIndex((option) => option.checked);
        words.textContent = "";
        quiz.dataset.state = "";
        /* A moment later, so that the same words are spoken again. */
        setTimeout(() => {
          if (chosen < 0) return void (words.textContent = "Choose an answer first.");
          words.innerHTML = answers[chosen].innerHTML;
          const right = /^\s*\w\. Right\./.test(words.textContent);
          quiz.dataset.state = right ? "right" : "wrong";
          const detail = { number, asked: quizzes.length, right };
          document.dispatchEvent(new CustomEvent("answered", { detail }));
        }, 50);
      };
      button.addEventListener("click", check);
      quiz.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && event.target.type === "radio") check();
      });
    });

  /* Browsers load no module from a file, so no figure can say this itself. */
  const explainFiles = () => {
    if (location.protocol !== "file:") return;
    const words = "Browsers run the figure only from a web server: run \u201cmake serve\u201d in a clone, or \u201cpython3 -m http.server\u201d in the folder of this site, and open the address that it names.";
    all("[data-live] .live-trouble").forEach((line) => (line.textContent = words));
  };

  /* On paper nothing can be unfolded, a dark page wastes ink, and a figure taller than
     the sheet would be cut. What was changed for the printer is changed back. */
  const SHEET = 880; /* pixels that are surely on one sheet, A4 or Letter */
  const preparePaper = () => {
    let undo = [];
    window.addEventListener("beforeprint", () => {
      const root = document.documentElement, theme = root.dataset.theme;
      root.dataset.theme = "light";
      undo.push(() => (root.dataset.theme = theme));
      all(".bd-article details:not([open])").forEach((fold) => {
        fold.open = true;
        undo.push(() => (fold.open = false));
      });
      all('img[loading="lazy"]').forEach((image) => (image.loading = "eager"));
      all(".live").forEach((figure) => {
        const height = figure.getBoundingClientRect().height;
        if (height <= SHEET) return;
        figure.style.zoom = SHEET / height;
        undo.push(() => (figure.style.zoom = ""));
      });
    });
    window.addEventListener("afterprint", () => {
      undo.forEach((change) => change());
      undo = [];
    });
  };

  const start = () => {
    explainFiles();
    preparePaper();
    addPauseButtons();
    askQuestions();
    openScrollers();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
