"""How fast the pages are on a phone, and what they weigh.

    python benchmarks/lighthouse.py [--runs 5] [--seconds S] [PAGE ...]
    python benchmarks/lighthouse.py --quick       two pages, once, nothing kept

Every page of the built site is served on this machine as a web server would, compressed
with gzip, and judged by Lighthouse as a simulated phone; each figure is the median of
several runs. Beside it stands what a first visit costs that is read to the page's end:
bytes as they are sent, requests, elements, and how far the page jumps while it loads and
is scrolled. Needs `make book`, Chromium or Chrome, and Node with Lighthouse (`npx` fetches it);
without one of them it says so and does nothing else. A quiet machine is asked for: the
times of a busy one say little. The results go to benchmarks/results/pages.json, page by
page; a second start goes on where the first was ended, as long as the site is the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from house import machine  # noqa: E402  (the path must be set first)
from playwright.sync_api import sync_playwright  # noqa: E402

import site_checks as site  # noqa: E402
from tools.book import Book  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "pages.json"
LIGHTHOUSE = "lighthouse@12"
# What is kept of a report: our name -> Lighthouse's, and the digits that mean something.
FIGURES = {
    "lcp_ms": ("largest-contentful-paint", 0),
    "fcp_ms": ("first-contentful-paint", 0),
    "blocking_ms": ("total-blocking-time", 0),
    "shift": ("cumulative-layout-shift", 3),
}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def lighthouse() -> list[str] | None:
    """The command that runs Lighthouse: the one on the path, else the one that npx has or fetches."""
    if shutil.which("lighthouse"):
        return ["lighthouse"]
    npx = shutil.which("npx")
    command = [npx, "--yes", LIGHTHOUSE] if npx else None
    tried = command and subprocess.run([*command, "--version"], capture_output=True, text=True)
    return command if tried and tried.returncode == 0 else None


def judged(command: list[str], address: str, browser: str) -> dict:
    """One run of Lighthouse as a phone: its scores (0 to 100) and times."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        flags = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
        subprocess.run(
            [
                *command,
                address,
                "--quiet",
                "--output=json",
                f"--output-path={target}",
                f"--chrome-flags={flags}",
                f"--only-categories={','.join(CATEGORIES)}",
            ],
            env={**os.environ, "CHROME_PATH": browser},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=300,
        )
        report = json.loads(target.read_text("utf-8"))
    scores = {name: round(100 * report["categories"][name]["score"]) for name in CATEGORIES}
    times = {
        name: round(report["audits"][audit]["numericValue"], digits)
        for name, (audit, digits) in FIGURES.items()
    }
    return scores | times


def median(runs: list[dict]) -> dict:
    """Figure -> its median over the runs."""
    return {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}


def read_to_the_end(browser, address: str, page: str) -> dict:
    """Bytes, requests, elements and shift of a first visit on a phone that is scrolled to the end."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.add_init_script(site.WATCH_SHIFTS)
    with site.Visit(context, address, f"{page}.html") as visit:
        first, asked = site.weigh(visit, scrolled=False)
        shift = site.shift_while_scrolled(visit)
        weight, requests = site.weigh(visit)
        elements = visit.page.evaluate("document.querySelectorAll('*').length")
    context.close()
    return {
        "first_bytes": first,
        "first_requests": asked,
        "bytes": weight,
        "requests": requests,
        "elements": elements,
        "shift_scrolled": round(shift, 3),
    }


def digest() -> str:
    """Of the built site's pages, styles and scripts."""
    found = hashlib.sha256()
    for path in sorted(
        path for kind in ("html", "css", "js", "mjs") for path in site.HTML.rglob(f"*.{kind}")
    ):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def begun(runs: int) -> dict:
    """What an earlier start measured on this site with as many runs; else an empty report."""
    fresh = {"machine": machine(), "site": digest(), "runs": runs, "pages": {}}
    if not RESULT.exists():
        return fresh
    before = json.loads(RESULT.read_text("utf-8"))
    same = all(before.get(name) == fresh[name] for name in ("machine", "site", "runs"))
    return before if same else fresh


def main() -> None:
    """Measure, print a table, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="some pages, as notebooks/01_filters; else all")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no page after them")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="two pages, once, nothing kept")
    options = parser.parse_args()
    every = Book().pages
    pages = options.pages or (["book/intro", "notebooks/05_dense_classifier"] if options.quick else every)
    runs = 1 if options.quick else options.runs
    path, command = site.find_browser(whole=True), lighthouse()
    if path is None or not (site.HTML / "index.html").exists():
        print("Pages are measured in a browser on the built site (make book): " + site.HOW_TO_INSTALL)
        return
    if command is None:
        print(
            "Node with Lighthouse is missing, so pages are weighed and not judged: install Node from nodejs.org."
        )
    result, started = begun(runs if command else 0), time.monotonic()
    kept = not options.quick
    with sync_playwright() as playwright, site.Server(site.HTML, compressed=True) as server:
        browser = playwright.chromium.launch(executable_path=path, args=site.FLAGS)
        for page in pages:
            if kept and page in result["pages"]:
                continue
            if time.monotonic() - started > options.seconds:
                break
            found = read_to_the_end(browser, server.address, page)
            if command:
                found |= median([judged(command, f"{server.address}{page}.html", path) for _ in range(runs)])
            result["pages"][page] = found
            told = f"{found['performance']:3} of 100, LCP {found['lcp_ms'] / 1000:.1f} s, " if command else ""
            print(
                f"{page:32} {told}{found['bytes'] / 1000:4.0f} kB, {found['requests']} requests, "
                f"{found['elements']} elements, shift {found['shift_scrolled']:.3f}",
                flush=True,
            )
            if kept:
                RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        browser.close()
    left = [page for page in every if page not in result["pages"]]
    if kept and left:
        print(f"{len(left)} pages are left; the next start goes on with {left[0]}.")


if __name__ == "__main__":
    main()
