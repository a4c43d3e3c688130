/* Brings a live figure to life: when its button is pressed or, on the figure's own
   page, when it comes near the window. Until then nothing but this file is loaded.
   book/_ext/live_figures.py writes the boxes that this looks for. */

async function start(box, asked) {
  if (box.dataset.state) return;
  box.dataset.state = "loading";
  const card = box.querySelector(".live-card"), trouble = box.querySelector(".live-trouble");
  trouble.textContent = asked ? "Loading \u2026" : "";
  try {
    const name = box.dataset.live;
    // Some browsers remember that a module could not be had; another address asks again.
    const again = box.dataset.tries ? `?try=${box.dataset.tries}` : "";
    await import(new URL(`${name}.mjs${again}`, import.meta.url).href);
    const figure = document.createElement(name);
    figure.hidden = true;
    figure.toggleAttribute("small", "small" in box.dataset);
    box.append(figure);
    await figure.ready; // its photograph, where it has one
    await new Promise((done) => setTimeout(done)); // the browser may be asked for something else
    figure.hidden = false;
    card.hidden = true;
    box.dataset.state = "running";
    if (asked) {
      box.tabIndex = -1; // the button is gone; reading goes on at the figure
      box.focus({ preventScroll: true });
    }
  } catch (error) {
    delete box.dataset.state;
    box.querySelector(box.dataset.live)?.remove();
    box.dataset.tries = 1 + Number(box.dataset.tries ?? 0);
    trouble.textContent = "The figure could not be started. Is the network there? Then press the button again.";
    console.warn(error);
  }
}

for (const box of document.querySelectorAll("[data-live]")) {
  const line = box.querySelector(".live-start");
  line.hidden = false;
  line.querySelector("button").addEventListener("click", () => start(box, true));
  if (box.dataset.when !== "near") continue;
  const watch = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    watch.disconnect();
    start(box, false);
  }, { rootMargin: "600px" });
  watch.observe(box);
}
