/* Keeps the pages that a reader visits, for reading without a network. tools/pages/publish.py
   writes the version, which is a digest of the whole site, and puts this file at its root. */
"use strict";
const VERSION = "@VERSION@";
const NAME = `book ${self.registration.scope}`; // other sites of the same host have caches, too
const NOW = `${NAME} ${VERSION}`;
const EARLIER = `${NAME} earlier`; // what earlier versions kept; it answers only without a network
const MOST = 600; // files of earlier versions
const FRESH = { cache: "no-cache" }; // asks the server whether what the browser holds is still the same
const PATIENCE = 4000; // milliseconds; then a kept page goes before a slow one

/* A page is kept under its address without a query; a folder is its index.html. */
const plain = (address) => {
  const url = new URL(address);
  url.search = url.hash = "";
  if (url.pathname.endsWith("/")) url.pathname += "index.html";
  return url.href;
};
let off = false; // the reader has switched it off, and what is still on its way is not kept
const isOurs = (address) => address.startsWith(self.registration.scope);
const keep = async (key, response) => {
  if (!off && response.ok && response.type === "basic") await (await caches.open(NOW)).put(key, response.clone());
  return response;
};
const kept = (key, name) => caches.match(key, { cacheName: name }); // makes no cache where there is none

const nothingKept = async () => {
  const found = new Map();
  for (const name of [NOW, EARLIER]) {
    const cache = await caches.open(name);
    for (const { url } of await cache.keys())
      if (url.endsWith(".html") && !found.has(url)) {
        const title = /<title>([^<]*)<\/title>/.exec(await (await cache.match(url)).text());
        found.set(url, title ? title[1].trim() : url);
      }
  }
  const items = [...found].map(([url, title]) => `<li><a href="${url}">${title}</a></li>`).join("");
  const words = `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>No network</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>body { max-width: 40rem; margin: 2rem auto;
padding: 0 1rem; font: 1.1rem/1.6 system-ui, sans-serif; color-scheme: light dark } a { display: inline-block; padding: 0.5rem 0 }</style>
<h1>There is no network</h1><p>This page was not visited before, so it is not kept in this browser.
${items ? `These are:</p><ul>${items}</ul>` : "</p>"}`;
  return new Response(words, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
};

/* Pages: the network first, what is kept if it fails or dawdles. */
const page = async (request) => {
  const key = plain(request.url);
  const coming = fetch(request, FRESH).then((response) => keep(key, response));
  const stored = (await kept(key, NOW)) || (await kept(key, EARLIER));
  if (!stored) return coming.catch(nothingKept);
  const waited = new Promise((done) => setTimeout(() => done(stored), PATIENCE));
  return Promise.race([coming.catch(() => stored), waited]);
};

/* Styles, scripts, fonts, pictures: what this version has kept first. */
const file = async (request) =>
  (await kept(request.url, NOW)) ||
  fetch(request, FRESH)
    .then((response) => keep(request.url, response))
    .catch(async () => (await kept(request.url, EARLIER)) || Response.error());

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) =>
  event.waitUntil(
    (async () => {
      const earlier = await caches.open(EARLIER);
      for (const name of await caches.keys()) {
        if (!name.startsWith(`${NAME} `) || name === NOW || name === EARLIER) continue;
        const old = await caches.open(name);
        for (const request of await old.keys()) await earlier.put(request, await old.match(request));
        await caches.delete(name);
      }
      const files = await earlier.keys();
      for (const request of files.slice(0, Math.max(0, files.length - MOST))) await earlier.delete(request);
      await self.clients.claim();
    })()
  )
);
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !isOurs(request.url) || request.headers.has("range")) return;
  event.respondWith(request.mode === "navigate" ? page(request) : file(request));
});
/* A page names all that it consists of, also what came before this worker was there. */
self.addEventListener("message", (event) => {
  off = Boolean(event.data.off);
  if (off) return event.ports[0].postMessage("off");
  event.waitUntil(
    Promise.all(
      (event.data.keep || []).filter(isOurs).map(async (address) => {
        const key = event.data.page === address ? plain(address) : address;
        if (!(await kept(key, NOW))) await fetch(address, FRESH).then((response) => keep(key, response), () => {});
      })
    )
  );
});
