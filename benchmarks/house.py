"""How long the book takes on this machine, and what its pages weigh.

    python benchmarks/house.py [--runs 3]
    python benchmarks/house.py --quick       the first notebook, once, and one build

Each notebook runs in a new kernel, import of Keras included, and the site is
built from nothing; medians of several runs. A page's weight is what a browser
fetches for it on a first visit to its end, text gzipped as a server would send
it; that part needs `make book` and Chromium or Chrome, and is left out without
them. Nothing in the book is changed. The results go to
benchmarks/results/house.json; those of a quick try are printed and not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from nbclient import NotebookClient  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

import site_checks  # noqa: E402  (the path must be set first)
from tools.book import Book, read_notebook  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "house.json"


def machine() -> dict:
    """What a reader needs to know to compare: processor, cores, system, versions."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
        model = found[1] if found else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def seconds_of(action) -> float:
    """Wall seconds of one call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def run_notebook(path: Path) -> None:
    """Run a notebook in a new kernel and throw the result away."""
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(read_notebook(path), timeout=900, kernel_name="python3", resources=resources).execute()


def build(target: Path) -> None:
    """Build the whole site from nothing."""
    command = ["jupyter-book", "build", str(ROOT), "-W", "-n", "--keep-going", "--path-output", str(target)]
    command[0] = str(Path(sys.executable).parent / command[0])
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def page_weights() -> dict[str, tuple[int, int]]:
    """Page -> (bytes gzipped, requests) of a first visit in a browser, read to the page's end."""
    path = site_checks.find_browser()
    if path is None or not (site_checks.HTML / "index.html").exists():
        return {}
    found = {}
    with sync_playwright() as playwright, site_checks.Server(site_checks.HTML) as server:
        browser = playwright.chromium.launch(executable_path=path, args=site_checks.FLAGS)
        for page in Book().pages:
            window = browser.new_context(viewport={"width": 1280, "height": 900})
            with site_checks.Visit(window, server.address, f"{page}.html") as visit:
                found[page] = site_checks.weigh(visit)
            window.close()
        browser.close()
    return found


def keep(result: dict, path: Path) -> None:
    """Write what was measured beside the other results, and say where."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(f"kept in {path.relative_to(ROOT)}")


def main() -> None:
    """Measure, print a table, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="try everything once, keep nothing")
    options = parser.parse_args()
    runs = 1 if options.quick else options.runs
    result = {"machine": machine(), "runs": runs, "seconds": {}, "pages": {}}
    for path in Book().chapters[: 1 if options.quick else None]:
        times = [seconds_of(lambda path=path: run_notebook(path)) for _ in range(runs)]
        result["seconds"][path.stem] = round(statistics.median(times), 1)
        print(f"{path.stem:24} {statistics.median(times):6.1f} s  ({min(times):.1f} to {max(times):.1f})")
    with tempfile.TemporaryDirectory() as folder:
        times = [seconds_of(lambda n=n: build(Path(folder) / str(n))) for n in range(runs)]
        result["seconds"]["build"] = round(statistics.median(times), 1)
        print(f"{'site, from nothing':24} {statistics.median(times):6.1f} s")
    for page, (weight, requests) in page_weights().items():
        result["pages"][page] = {"gzipped": weight, "requests": requests}
        print(f"{page:32} {weight / 1000:6.0f} kB gzipped, {requests} requests")
    if options.quick:
        return
    keep(result, RESULT)


if __name__ == "__main__":
    main()
