/* Starts the worker that keeps visited pages (sw.js), and puts a switch into the footer.
   Only the published site has it: tools/pages/publish.py names it in every page. */
(() => {
  "use strict";
  if (!("serviceWorker" in navigator)) return;
  const root = new URL(".", document.currentScript.src);
  const KEY = "patch-to-prediction-offline";
  const wanted = () => {
    try {
      return localStorage.getItem(KEY) !== "off";
    } catch {
      return false; // a browser that keeps nothing
    }
  };

  const tell = (worker) => {
    const page = location.href.split("#")[0];
    const parts = [...document.querySelectorAll("img[src], script[src], link[rel=stylesheet], link[rel=icon]")].map((one) => one.src || one.href);
    const loaded = performance.getEntriesByType("resource").map((one) => one.name);
    /* Whoever saves data gets what was loaded anyway, and no picture further down. */
    const all = navigator.connection?.saveData ? loaded : [...parts, ...loaded];
    worker.postMessage({ page, keep: [...new Set([page, ...all])].filter((one) => !one.endsWith("/sw.js")) });
  };
  const start = async () => {
    /* A worker of a newer version takes over in the middle of a visit: it must hear of the page, too. */
    if (navigator.serviceWorker.controller) navigator.serviceWorker.oncontrollerchange = () => wanted() && tell(navigator.serviceWorker.controller);
    await navigator.serviceWorker.register(new URL("sw.js", root));
    tell((await navigator.serviceWorker.ready).active);
  };
  /* It goes on until the page is left; what it fetches from now on must not be kept. */
  const tellOff = (worker) =>
    new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = done;
      setTimeout(done, 2000); // a worker that does not answer
      worker.postMessage({ off: true }, [port2]);
    });
  const stop = async () => {
    const registration = await navigator.serviceWorker.getRegistration(root);
    if (registration?.active) await tellOff(registration.active);
    if (registration) await registration.unregister();
    const names = (await caches.keys()).filter((name) => name.startsWith(`book ${root.href} `));
    await Promise.all(names.map((name) => caches.delete(name)));
  };

  const addSwitch = () => {
    const footer = document.querySelector("footer.bd-footer-content .bd-footer-content__inner");
    if (!footer) return;
    const line = document.createElement("p");
    line.className = "offline-switch";
    line.innerHTML = '<label><input type="checkbox" role="switch"> Keep the pages that I visit, for reading without a network</label> <span role="status"></span>';
    const box = line.querySelector("input");
    const said = line.querySelector("span");
    box.checked = wanted();
    box.addEventListener("change", async () => {
      try {
        localStorage.setItem(KEY, box.checked ? "on" : "off");
        await (box.checked ? start() : stop());
        said.textContent = box.checked ? "Visited pages are kept in this browser." : "Nothing is kept any more.";
      } catch {
        box.checked = false;
        said.textContent = "This browser keeps nothing.";
      }
    });
    footer.append(line);
  };

  window.addEventListener("load", () => {
    addSwitch();
    if (wanted()) start().catch(() => {});
  });
})();
