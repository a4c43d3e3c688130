"""What the tests of the site share: a server, a browser, and checks that return complaints.

Every check returns a list of sentences; an empty list means that all is well.
So the same checks run on the book and on pages with planted faults.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import io
import itertools
import os
import re
import shutil
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
HTML = Path(os.environ.get("BOOK_HTML") or ROOT / "_build" / "html")
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))

# What a reader's machine has to fetch for one page.
MOST_BYTES = 300_000
MOST_REQUESTS = 30
LIVE_BYTES, LIVE_REQUESTS = 400_000, 40  # the page of a live figure: its modules, its network, its pictures
MOST_ELEMENTS = 8000
MOST_SHIFT = 0.02  # of the window that text may jump while a page loads and is read to its end
TEXT = re.compile(r"\.(html|css|js|mjs|svg|json)$")  # what servers compress

# The same browser without what a window needs: it opens a page for two thirds of the work.
WITHOUT_WINDOWS = ("chromium-headless-shell", "chrome-headless-shell")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "~/AppData/Local/Google/Chrome/Application/chrome.exe",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "/snap/bin/chromium",
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# For every window Chromium prepares two pages of its own beneath the address bar, which
# take as long as the book's page does. Of several such lists the last one counts, so
# Playwright's own stands in it, too.
FLAGS.append(
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,"
    "PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,"
    "NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch"
)
HOW_TO_INSTALL = (
    "No Chromium or Chrome was found, so the site is not tested in a browser. Install one "
    "(Debian, Ubuntu: apt-get install chromium; macOS: brew install --cask chromium; elsewhere: "
    "Chrome from google.com/chrome), or say where it is with CHROME_PATH."
)


def find_browser(whole: bool = False) -> str | None:
    """The path of a Chromium or Chrome, CHROME_PATH first; where speed is measured, a whole one as readers have."""
    if os.environ.get("CHROME_PATH"):
        return os.environ["CHROME_PATH"]
    for name in BROWSERS if whole else WITHOUT_WINDOWS + BROWSERS:
        if shutil.which(name):
            return shutil.which(name)
    return next((str(p) for p in (Path(place).expanduser() for place in PLACES) if p.exists()), None)


FIREFOXES = ("firefox-esr", "firefox")
FIREFOX_PLACES = (
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    "C:/Program Files/Mozilla Firefox/firefox.exe",
)
HOW_TO_INSTALL_FIREFOX = (
    "No Firefox was found, so the live figures are not tested in it. Install one (Debian: apt-get install "
    "firefox-esr; macOS: brew install --cask firefox; elsewhere: from firefox.com), or say where it is "
    "with FIREFOX_PATH."
)


def find_firefox() -> str | None:
    """The path of a Firefox, FIREFOX_PATH first."""
    found = os.environ.get("FIREFOX_PATH") or next(filter(None, map(shutil.which, FIREFOXES)), None)
    return found or next((place for place in FIREFOX_PLACES if Path(place).exists()), None)


def pages(html: Path = HTML) -> list[str]:
    """All pages of a built site, as paths below it."""
    return sorted(
        path.relative_to(html).as_posix()
        for path in html.rglob("*.html")
        if not path.relative_to(html).parts[0].startswith("_")
    )


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serve files without a log."""

    protocol_version = "HTTP/1.1"
    policy = ""

    def end_headers(self):
        if self.policy:
            self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, *arguments):
        """Say nothing."""


@functools.cache
def compressed(path: str, changed: float) -> bytes:
    """The bytes of a file as a server sends them, with gzip."""
    return gzip.compress(Path(path).read_bytes(), 6)


class _Compressed(_Quiet):
    """The same as web servers do it: text is compressed, and may be kept by the browser."""

    def end_headers(self):
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def send_head(self):
        path = self.translate_path(self.path)
        if not TEXT.search(path) or not os.path.isfile(path):
            return super().send_head()
        body = compressed(path, os.path.getmtime(path))
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)


class Server:
    """Serve a folder on a free port of the loopback address, as a context manager; a policy goes with each file."""

    def __init__(self, folder: Path, compressed: bool = False, policy: str = ""):
        kind = type("Handler", (_Compressed if compressed else _Quiet,), {"policy": policy})
        handler = functools.partial(kind, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()


# ---- In the browser ----------------------------------------------------------


class Visit:
    """One page in a browser, with what it asked for and what it complained of.

    A window that an earlier visit to the context left behind, empty, is used again:
    to open one costs more than to show a page in it.
    """

    def __init__(self, context, address: str, path: str):
        self.home, self.errors, self.requests, self.responses = address, [], [], []
        self.at_its_end = False
        idle = [page for page in context.pages if page.url == "about:blank"]
        self.page = idle[0] if idle else context.new_page()
        self.page.set_default_timeout(60_000)  # busy machines exist
        self.listeners = {
            "console": self._console,
            "pageerror": lambda error: self.errors.append(f"script error: {error}"),
            "request": lambda request: self.requests.append(request.url),
            "response": lambda response: self.responses.append(response),
        }
        for event, listener in self.listeners.items():
            self.page.on(event, listener)
        self.page.goto(urljoin(address, path), wait_until="load")

    def _console(self, message):
        if message.type == "error":
            self.errors.append(f"console: {message.text}")

    def __enter__(self):
        return self

    def __exit__(self, error, *more):
        if error:  # who knows in what state it is
            self.page.close()
            return
        for event, listener in self.listeners.items():
            self.page.remove_listener(event, listener)
        self.page.mouse.move(0, 0)  # or it would hover over the next page
        self.page.goto("about:blank")


GROUND = "getComputedStyle(document.body).backgroundColor"


def in_theme(visit: Visit, theme: str) -> None:
    """Change the theme of an open page, and wait until it shows and no colour is on its way any more."""
    before = visit.page.evaluate(GROUND)
    visit.page.emulate_media(color_scheme=theme)
    visit.page.wait_for_function(f"(before) => {GROUND} !== before", arg=before)
    visit.page.wait_for_function(
        "() => !document.getAnimations().some((one) => one instanceof CSSTransition && one.playState === 'running')"
    )


def finger(page, points: list[tuple[float, float]]) -> None:
    """Put a finger down at the first point, move it along the others, and lift it."""
    if hasattr(page, "finger"):  # Firefox (tests/firefox.py)
        page.finger(points)
        return
    touch = page.context.new_cdp_session(page)
    for number, (x, y) in enumerate(points):
        kind = "touchMove" if number else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(40)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


# No fetch ended for a second; the page and its fonts are loaded. (Of lazy pictures it knows nothing.)
UNCHANGED = """() => {
    const now = performance.getEntriesByType("resource").length;
    if (now !== window.fetched) [window.fetched, window.since] = [now, performance.now()];
    return document.readyState === "complete" && document.fonts.status === "loaded" &&
        performance.now() - window.since > 1000;
}"""


def settle(page) -> None:
    """Wait until the network is idle, as Chromium tells.

    Chromium without windows at times never tells; then the page itself is asked.
    """
    from playwright.sync_api import TimeoutError as TooLong

    try:
        page.wait_for_load_state("networkidle", timeout=15_000)
    except TooLong:
        page.wait_for_function(UNCHANGED)


def least(measure, most: float, times: int = 3) -> float:
    """The smallest of a few measurements, which a busy machine can only make larger; the first below `most` ends it."""
    found = []
    for _ in range(times):
        found.append(measure())
        if found[-1] < most:
            break
    return min(found)


def wait_until(page, condition: str, argument=None, seconds: float = 30) -> None:
    """Ask the page until an async function answers with true.

    Playwright's wait_for_function takes the promise itself for a yes.
    """
    last = time.monotonic() + seconds
    while not page.evaluate(condition, argument):
        if time.monotonic() > last:
            raise AssertionError(f"Not true after {seconds:g} s: {condition}")
        page.wait_for_timeout(50)


def growth(chapter: str, figure: str) -> int:
    """Gzipped bytes that a live figure adds to a chapter's page before it is asked for."""
    page = (HTML / "notebooks" / chapter).read_text("utf-8")
    boxes = re.findall(
        rf'<div class="live" role="group" aria-label="{figure}".*?</noscript></div>\s*</div>', page, re.S
    )
    assert len(boxes) == 1, f"{chapter} has {len(boxes)} of {figure}"
    return len(gzip.compress(page.encode())) - len(gzip.compress(page.replace(boxes[0], "").encode()))


def complaints_console(visit: Visit) -> list[str]:
    """Errors in the console, scripts that broke, files that are missing."""
    missing = [f"status {r.status}: {r.url}" for r in visit.responses if r.status >= 400]
    return [*visit.errors, *missing]


def complaints_requests(visit: Visit) -> list[str]:
    """Requests that left the reader's server."""
    home = urlsplit(visit.home).netloc
    foreign = [url for url in visit.requests if urlsplit(url).scheme in ("http", "https", "ws", "wss")]
    return [f"asks another server: {url}" for url in foreign if urlsplit(url).netloc != home]


def complaints_hardly_cut(visit: Visit) -> list[str]:
    """A printed line of which a letter or so is hidden, in a box that goes on too little for its shade to show."""
    return visit.page.evaluate(
        """async () => {
            await document.fonts.ready;  // letters of another font are wider
            // Sentences are wrapped, and hide at most the blank after a line's last word.
            const boxes = [...document.querySelectorAll(".cell_output > .output:not(.prose)")];
            return boxes.filter((box) => {
                const letters = document.createRange();
                letters.selectNodeContents(box.querySelector("pre") ?? box);
                const end = box.getBoundingClientRect().right - box.scrollLeft;
                const hidden = letters.getBoundingClientRect().right - end;
                return hidden > 0.5 && box.scrollWidth < box.clientWidth + 12;
            }).map((box) => `the last letter of a printed line is hidden: ${box.innerText.slice(0, 80)}`);
        }"""
    )


def complaints_overflow(visit: Visit) -> list[str]:
    """A page that is wider than the window, with what makes it so; a formula whose beginning is out of reach."""
    return visit.page.evaluate(
        """() => {
            const cut = [...document.querySelectorAll("div.math")].filter((box) =>
                [...box.querySelectorAll(".katex-html .base")].some((part) =>
                    part.getBoundingClientRect().left + box.scrollLeft < box.getBoundingClientRect().left - 1));
            if (cut.length) return cut.map((e) => `a formula is cut off at its left: ${e.textContent.slice(0, 80)}`);
            const wide = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= wide) return [];
            const scrolls = (e) => e && e !== document.body && e !== document.documentElement &&
                (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
            const out = [...document.body.querySelectorAll("*")].filter((e) =>
                e.getBoundingClientRect().right > wide + 1 && !scrolls(e.parentElement));
            return [`the page is ${document.documentElement.scrollWidth} px wide in a window of ${wide} px: ` +
                (out.slice(0, 3).map((e) => e.outerHTML.slice(0, 100)).join(" | ") || "an unseen element")];
        }"""
    )


# Thousands of words of code share a few colours, and judging each takes axe half a
# minute. Of all words of one colour on one ground the first stays; the others lose
# their <span> and are plain text of their block. Of the drawn forms of the formulas,
# which are hidden from screen readers, the first stays as well.
SAME_AGAIN = """() => {
    const seen = new Set();
    const doomed = [...document.querySelectorAll("pre span")].filter((e) => {
        const kind = e.kind ?? "";
        return seen.has(kind) || !seen.add(kind);
    });
    doomed.reverse().forEach((e) => e.replaceWith(e.textContent));
    [...document.querySelectorAll(".katex-html")].slice(1).forEach((e) => e.replaceChildren("x"));
}"""
# Of what kind a word is, in each theme in which this was asked.
OF_A_KIND = """() => document.querySelectorAll("pre span").forEach((e) => {
    const style = getComputedStyle(e);
    const ground = e.closest(".cell_output, details, .cell_input, article");
    e.kind = [e.kind, style.color, style.backgroundColor, style.fontSize, style.fontWeight,
        style.opacity, ground && ground.className].join();
})"""


# Contrast depends on a few things, and pages repeat them thousands of times: of all elements with the
# same letters on the same ground axe judges the first. Of what has no letters of its own, nor takes any,
# it judges none; it need not be asked.
ONE_OF_A_KIND = """() => {
    const parent = (e) => e.parentElement ?? e.getRootNode().host;
    const known = new WeakMap();
    const ground = (e) => {
        if (!e) return "";
        if (known.has(e)) return known.get(e);
        const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(e);
        const layers = [opacity, /absolute|fixed|sticky/.test(position) ? position : ""];
        if (backgroundImage !== "none") layers.push(backgroundImage);
        if (!/, 0\\)|transparent/.test(backgroundColor)) layers.push(backgroundColor);
        if (!/^rgb\\(/.test(backgroundColor)) layers.push(ground(parent(e)));
        known.set(e, layers.join());
        return known.get(e);
    };
    const hasLetters = (e) => /^(input|select|textarea)$/i.test(e.localName) ||
        [...e.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim());
    for (const id of ["color-contrast", "color-contrast-enhanced"]) {
        const rule = axe._audit.rules.find((one) => one.id === id), seen = new Set();
        const matches = rule.matchesAll ??= rule.matches;
        rule.matches = (node, ...more) => {
            if (!hasLetters(node)) return false;
            const { color, fill, fontSize, fontWeight, textShadow } = getComputedStyle(node);
            const kind = [color, fill, fontSize, fontWeight, textShadow, ground(node)].join("|");
            return !seen.has(kind) && matches(node, ...more) && Boolean(seen.add(kind));
        };
    }
}"""


# Boxes that scroll are measured while the browser is idle (book.js), which says when it is done. A page may come
# without that script, so there is an end to the waiting.
MEASURED = """async () => {
    const end = performance.now() + 10_000, root = document.documentElement;
    while (!("measured" in root.dataset) && performance.now() < end) await new Promise((done) => setTimeout(done, 20));
}"""


def complaints_axe(visit: Visit, axe: str, only_colours: bool = False) -> list[str]:
    """Violations that axe finds; its best practices count too."""
    visit.page.evaluate(MEASURED)
    visit.page.evaluate(OF_A_KIND)
    visit.page.evaluate(SAME_AGAIN)
    visit.page.evaluate(axe)
    visit.page.evaluate(ONE_OF_A_KIND)
    found = visit.page.evaluate(
        """async (onlyColours) => {
            const wishes = {reporter: "no-passes", preload: false};
            // Whatever fails AA fails AAA, so of the two rules for contrast the stricter is asked, once.
            if (onlyColours) wishes.runOnly = {type: "rule", values: axe.getRules(["cat.color"])
                .map((rule) => rule.ruleId).filter((name) => name !== "color-contrast")};
            else wishes.rules = {"label-content-name-mismatch": {enabled: true}};
            const result = await axe.run(document, wishes);
            // Numbers on the colours of a live figure are as readable as AA asks; what is
            // asked of the page's own words is more. A place within a figure is a list.
            const failsAA = (n) => n.any.some(({ data }) =>
                data.contrastRatio < (parseFloat(data.expectedContrastRatio) < 7 ? 3 : 4.5));
            const judged = (v, n) => v.id !== "color-contrast-enhanced" || !Array.isArray(n.target[0]) || failsAA(n);
            return result.violations.flatMap((v) => v.nodes.filter((n) => judged(v, n)).slice(0, 3).map((n) =>
                `${v.id}: ${v.help}: ${n.html.slice(0, 160)}`));
        }""",
        only_colours,
    )
    return found


WATCH_SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((one) => {
    if (!one.hadRecentInput) window.shifts.push([one.value, one.sources.slice(0, 3).map(({ node }) =>
        node?.outerHTML?.slice(0, 120) ?? String(node?.textContent).slice(0, 60))]);
})).observe({ type: "layout-shift", buffered: true });"""


def scroll_to_the_end(visit: Visit) -> None:
    """Go down a page a window at a time, each with its pictures, until nothing more comes; once for a visit."""
    if visit.at_its_end:
        return
    visit.page.evaluate(
        """async () => {
            const frame = () => new Promise((done) => requestAnimationFrame(done));
            const inSight = (image) => {
                const { top, bottom, width } = image.getBoundingClientRect();
                return width && bottom > 0 && top < window.innerHeight;
            };
            for (let y = 0; y < document.documentElement.scrollHeight; y += 0.8 * window.innerHeight) {
                window.scrollTo(0, y);
                await frame();
                await frame(); // what is in sight has been painted
                const end = performance.now() + 1000;
                while ([...document.images].some((one) => !one.complete && inSight(one)) && performance.now() < end)
                    await frame();
            }
            window.scrollTo(0, document.documentElement.scrollHeight);
        }"""
    )
    settle(visit.page)
    visit.at_its_end = True


def shift_while_scrolled(visit: Visit) -> float:
    """How far the page jumps while it is loaded and scrolled to its end, all jumps together.

    The window must have had WATCH_SHIFTS as its script.
    """
    settle(visit.page)
    scroll_to_the_end(visit)
    visit.page.wait_for_timeout(300)
    return sum(value for value, _ in visit.page.evaluate("window.shifts"))


def weigh(visit: Visit, scrolled: bool = True) -> tuple[int, int]:
    """Bytes (text compressed with gzip) and requests of a page, read to its end or opened only.

    The page must be open in a fresh context, or its cache would hide files.
    """
    settle(visit.page)
    if scrolled:
        scroll_to_the_end(visit)
        shown = "[...document.querySelectorAll('article img')].filter((i) => i.checkVisibility())"
        # One that a busy browser passed too fast is asked for now.
        visit.page.evaluate(f"{shown}.forEach((i) => {{ i.loading = 'eager'; }})")
        visit.page.wait_for_function(f"{shown}.every((i) => i.complete)")
        settle(visit.page)
    total, counted = 0, 0
    for response in visit.responses:
        if urlsplit(response.url).scheme in ("data", "blob"):
            continue
        counted += 1
        body = response.body()
        path = urlsplit(response.url).path
        total += len(gzip.compress(body, 6)) if TEXT.search(path) or path.endswith("/") else len(body)
    return total, counted


def complaints_weight(visit: Visit) -> list[str]:
    """A page that costs a reader more than it should."""
    return complaints_bill(visit.page.url, *weigh(visit))


def complaints_bill(page: str, weight: int, requests: int) -> list[str]:
    """Bytes or requests beyond what a page may cost."""
    live = "book/live/" in page
    most, often = (LIVE_BYTES, LIVE_REQUESTS) if live else (MOST_BYTES, MOST_REQUESTS)
    found = []
    if weight > most:
        found.append(f"{weight:,} bytes compressed; {most:,} are allowed. Make its pictures smaller.")
    if requests > often:
        found.append(f"{requests} requests; {often} are allowed.")
    return found


def complaints_shift(visit: Visit) -> list[str]:
    """Text that jumps while a page loads and is scrolled; the window must have had WATCH_SHIFTS as its script."""
    total = shift_while_scrolled(visit)
    if total <= MOST_SHIFT:
        return []
    worst = sorted(visit.page.evaluate("window.shifts"), key=lambda one: -one[0])[:3]
    return [f"jumps by {total:.3f} of the window; {MOST_SHIFT} are allowed. Mostly: {worst}"]


SITE_STYLE = HTML / "_static" / "site.css"


def bill(path: Path) -> tuple[int, int]:
    """Bytes and requests of a chapter read to its end, reckoned from the built files alone.

    Of formulas those fonts count that some rule gives to an element of the page.
    """
    page, static = soup(path), SITE_STYLE.parent
    style = SITE_STYLE.read_text("utf-8")
    files = {path, SITE_STYLE, *(path.parent / urlsplit(s["src"]).path for s in page.select("script[src]"))}
    files |= {path.parent / urlsplit(link["href"]).path for link in page.select('link[rel="icon"]')}
    for image in page.find_all("img", src=True):
        if not image.find_parent("noscript"):
            files.add(path.parent / image["src"])
    files |= {font for font in (static / "fonts").glob("*.woff2")}
    for selector, name in re.findall(r"([^{}]+)\{[^{}]*font(?:-family)?:[^;{}]*?(KaTeX_\w+)", style):
        if "@font-face" not in selector and page.select_one(selector):
            kinds = static / "katex" / "fonts"
            files |= {
                kinds / f"{name}-{kind}.woff2"
                for kind in ("Regular",)
                if (kinds / f"{name}-{kind}.woff2").exists()
            }
    if page.select_one(".mathnormal"):
        files.add(static / "katex" / "fonts" / "KaTeX_Math-Italic.woff2")
    files = {file.resolve() for file in files}
    return sum(
        len(gzip.compress(file.read_bytes(), 6)) if TEXT.search(file.name) else file.stat().st_size
        for file in files
    ), len(files)


# ---- In the files --------------------------------------------------------------


@functools.cache
def soup(path: Path) -> BeautifulSoup:
    """A page, parsed."""
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def is_foreign(address: str) -> bool:
    """Whether an address leads to another server."""
    return bool(re.match(r"(?:[a-z][a-z0-9+.-]*:)?//", address.strip(), re.IGNORECASE))


LOADING_LINKS = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "modulepreload",
    "manifest",
}


def complaints_foreign(path: Path) -> list[str]:
    """Anything in a page, style or script that loads from another server."""
    text = path.read_text("utf-8")
    found = []
    if path.suffix == ".css":
        found += [a for a in re.findall(r"url\(\s*['\"]?([^'\")]+)", text) if is_foreign(a)]
        found += [a for a in re.findall(r"@import\s+['\"]([^'\"]+)", text) if is_foreign(a)]
    elif path.suffix == ".html":
        page = soup(path)
        for tag in page.find_all(
            ["script", "img", "iframe", "source", "video", "audio", "embed", "track", "input"]
        ):
            addresses = [tag.get("src", ""), *re.split(r"[\s,]+", tag.get("srcset", ""))]
            found += [a for a in addresses if is_foreign(a)]
        found += [t["data"] for t in page.find_all("object") if is_foreign(t.get("data", ""))]
        for link in page.find_all("link"):
            if LOADING_LINKS & set(link.get("rel", [])) and is_foreign(link.get("href", "")):
                found.append(link["href"])
        styles = " ".join([tag.get("style", "") for tag in page.find_all(style=True)])
        styles += " ".join(tag.get_text() for tag in page.find_all("style"))
        found += [a for a in re.findall(r"url\(\s*['\"]?([^'\")]+)", styles) if is_foreign(a)]
    return [f"loads {address}" for address in found]


def complaints_alt(path: Path) -> list[str]:
    """Images without a text that says what they show."""
    found = []
    for image in soup(path).find_all("img"):
        alt = image.get("alt")
        decoration = "logo__image" in image.get("class", [])
        named = re.search(r"_images/|[0-9a-f]{32}|\.(png|svg|jpe?g|webp)$", alt or "")
        if alt is None or named or (not alt.strip() and not decoration):
            found.append(f"image {image.get('src')} has the alt text {alt!r}; say what it shows")
    return found


def complaints_head(path: Path) -> list[str]:
    """Language, title and description of a page."""
    page, found = soup(path), []
    if not page.html or not page.html.get("lang"):
        found.append("no language on <html>")
    if not page.title or not page.title.get_text(strip=True):
        found.append("no title")
    descriptions = [tag.get("content", "").strip() for tag in page.find_all("meta", {"name": "description"})]
    if len(descriptions) != 1:
        found.append(f"{len(descriptions)} descriptions; one is needed")
    elif not 50 <= len(descriptions[0]) <= 180:
        found.append(f"a description of {len(descriptions[0])} characters; 50 to 180 are of use")
    return found


def complaints_mathematics(path: Path) -> list[str]:
    """Formulas that were not set, or not understood."""
    found = [f"KaTeX cannot read {tag.get_text()!r}" for tag in soup(path).select(".katex-error")]
    left = [tag.get_text() for tag in soup(path).select(".math") if not tag.select_one(".katex")]
    return found + [f"not set: {text!r}" for text in left]


def complaints_headings(path: Path) -> list[str]:
    """One H1 in the text, and no level left out on the way down."""
    article = soup(path).select_one("article") or soup(path).body
    levels = [int(tag.name[1]) for tag in article.find_all(re.compile(r"^h[1-6]$"))]
    found = [] if levels.count(1) == 1 else [f"{levels.count(1)} first-level headings"]
    jumps = [(a, b) for a, b in itertools.pairwise(levels) if b > a + 1]
    return found + [f"a heading of level {b} follows one of level {a}" for a, b in jumps]


def complaints_links(path: Path, html: Path) -> list[str]:
    """Links within the site that lead nowhere."""
    found = []
    page = soup(path)
    addresses = [t["href"] for t in page.find_all(["a", "link"], href=True)]
    addresses += [t["src"] for t in page.find_all(["img", "script"], src=True)]
    for address in sorted(set(addresses)):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or address.startswith("data:"):
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file():
            found.append(f"{address} leads to no file")
        elif parts.fragment and target.suffix == ".html":
            name = unquote(parts.fragment)
            if not soup(target).find(id=name) and not soup(target).find(attrs={"name": name}):
                found.append(f"{address}: no place of that name")
    return found


def complaints_icons(path: Path, fonts: str) -> list[str]:
    """Icons that the page asks for and the vendored font lacks."""
    known = set(re.findall(r"\.(fa-[a-z-]+)", fonts))
    asked = set(re.findall(r"\bfa-[a-z-]+", path.read_text("utf-8"))) - {"fa-spin"}
    return [f"icon {name} is missing in book/_static/fonts.css" for name in sorted(asked - known)]
