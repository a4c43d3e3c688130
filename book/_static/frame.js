/* The frame of a page: light and dark, menus, contents, where the reader is, copying, wrapped
   and hidden code. Without it every page can be read, and its buttons are not there. */
(() => {
  "use strict";
  const page = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const keep = (name, value) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      /* A browser that keeps nothing. */
    }
  };

  /* Light, dark, or as the reader's system says; each press of the button goes one on.
     The page's head has set all this already, unless a server forbids scripts in pages. */
  const chooseTheme = () => {
    page.classList.add("js");
    page.dataset.mode ||= "auto";
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const show = () => {
      const { mode } = page.dataset;
      page.dataset.theme = mode === "auto" ? (system.matches ? "dark" : "light") : mode;
    };
    system.addEventListener("change", show);
    all(".theme-switch-button").forEach((button) =>
      button.addEventListener("click", () => {
        const order = system.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
        page.dataset.mode = order[(order.indexOf(page.dataset.mode) + 1) % 3];
        keep("mode", page.dataset.mode);
        show();
      })
    );
  };

  /* The contents of the book and of the page: beside the text, or over it where there is no room. */
  const openContents = () =>
    ["primary", "secondary"].forEach((name) => {
      const box = one(`#pst-${name}-sidebar-checkbox`), bar = one(`.bd-sidebar-${name}`), button = one(`.${name}-toggle`);
      if (!bar || !button) return;
      const show = (open) => {
        box.checked = open;
        button.setAttribute("aria-expanded", String(open));
        if (open) setTimeout(() => bar.querySelector("a, button").focus(), 100);
        else button.focus();
      };
      button.addEventListener("click", () => show(!box.checked));
      box.addEventListener("change", () => show(box.checked)); /* a press beside it */
      bar.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && box.checked) show(false);
      });
      bar.addEventListener("click", (event) => {
        if (box.checked && event.target.closest('a[href^="#"]')) show(false);
      });
    });

  /* A menu closes with Escape, with a press beside it, and when another opens. */
  const closeMenus = () => {
    const menus = all("details.menu");
    const others = (kept) => menus.forEach((menu) => menu !== kept && (menu.open = false));
    document.addEventListener("click", ({ target }) => others(target.closest("details.menu")));
    document.addEventListener("focusin", ({ target }) => others(target.closest("details.menu")));
    menus.forEach((menu) =>
      menu.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !menu.open) return;
        menu.open = false;
        menu.querySelector("summary").focus();
      })
    );
  };

  /* In the contents of the page, the section that is read; the way back to the top, once it is long. */
  const followReading = () => {
    const links = new Map(all('.bd-toc-nav a[href^="#"]').map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
    const seen = new Set();
    const watch = new IntersectionObserver((changes) => {
      changes.forEach(({ target, isIntersecting }) => (isIntersecting ? seen.add(target) : seen.delete(target)));
      const here = [...links.keys()].findLast((id) => [...seen].some((section) => section.id === id));
      links.forEach((link, id) => {
        link.classList.toggle("active", id === here);
        link.parentElement.classList.toggle("active", id === here);
        if (id === here) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
      links.get(here)?.closest("ul").closest("li")?.classList.add("active");
    }, { rootMargin: "0px 0px -60%" });
    all("article section[id]").filter(({ id }) => links.has(id)).forEach((section) => watch.observe(section));

    const up = one("#back-to-top"), head = one("article h1");
    if (!head) return;
    new IntersectionObserver(([{ isIntersecting }]) => {
      up.hidden = isIntersecting;
      page.classList.toggle("scrolled", !isIntersecting); /* then the line above the text says where it stands */
    }).observe(head);
    up.addEventListener("click", () => {
      window.scrollTo({ top: 0 });
      one("#pst-skip-link a").focus({ preventScroll: true });
    });
  };

  /* A button for each piece of code, made when it comes near. */
  const offerCopies = () => {
    const watch = new IntersectionObserver((changes) => {
      changes.filter((one) => one.isIntersecting).forEach(({ target }) => {
        watch.unobserve(target);
        const button = document.createElement("button");
        button.type = "button";
        button.className = "copybtn";
        button.textContent = "Copy";
        button.setAttribute("aria-label", "Copy the code");
        button.addEventListener("click", async () => {
          const text = target.querySelector("pre").textContent.replace(/\n$/, "");
          button.textContent = await write(text).then(() => "Copied", () => "Not copied");
          button.setAttribute("aria-label", button.textContent);
          setTimeout(() => {
            button.textContent = "Copy";
            button.setAttribute("aria-label", "Copy the code");
          }, 2000);
        });
        target.prepend(button);
      });
    }, { rootMargin: "400px" });
    all("article :is(.cell_input, [class*=highlight-]:not(.output)) > .highlight, article .cell_input .highlight")
      .filter((box) => !box.closest(".cell_output"))
      .forEach((box) => watch.observe(box));
  };
  /* Where a page has no secure address, the old way. */
  const write = (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("copy"));
  };

  /* Wrapping is remembered in this browser. Hidden code is not: who comes from the search
     to a place in the code would not find it. */
  const switchCode = () => {
    const wrap = one(".wrap-switch input"), button = one(".code-switch");
    if (!wrap) return;
    wrap.checked = page.dataset.wrap !== "off";
    wrap.addEventListener("change", () => {
      page.dataset.wrap = wrap.checked ? "on" : "off";
      keep("wrap", page.dataset.wrap);
    });
    button.addEventListener("click", () => {
      const hide = page.dataset.code !== "hidden";
      page.dataset.code = hide ? "hidden" : "shown";
      button.textContent = hide ? button.dataset.show : button.dataset.hide;
      /* To show all code opens what is folded, too; solutions stay for the reader to open. */
      if (!hide) all(".cell:not([class*=tag_solution]) > details.hide").forEach((fold) => (fold.open = true));
    });
    /* A link that leads to hidden code shows it. */
    window.addEventListener("hashchange", () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (target?.closest(".cell_input") && page.dataset.code === "hidden") button.click();
    });
  };

  const start = () => {
    chooseTheme();
    openContents();
    closeMenus();
    switchCode();
    followReading();
    offerCopies();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
