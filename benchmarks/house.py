"""How long the book takes on this machine, and what its pages weigh.

    python benchmarks/house.py [--runs 3]

Each notebook runs in a new kernel, import of Keras included, and the site is
built from nothing; medians of several runs. A page's weight is what a browser
fetches for it the first time, gzipped as a server would send it: the page, and
every style, script, font and picture that it names. Nothing in the book is
changed. The results go to benchmarks/results/house.json.
"""

from __future__ import annotations

import argparse
import gzip
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
sys.path.insert(0, str(ROOT / "tools"))

from nbclient import NotebookClient  # noqa: E402  (the path must be set first)

from book import Book, read_notebook  # noqa: E402

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


def page_weight(page: Path) -> tuple[int, int]:
    """(bytes gzipped, requests) of a built page with all that it names on this site."""
    wanted, seen = [page.resolve()], set()
    total = 0
    while wanted:
        path = wanted.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        data = path.read_bytes()
        packed = path.suffix in {".woff2", ".png", ".jpg", ".gif"}
        total += len(data) if packed else len(gzip.compress(data, 6))
        if path.suffix == ".html" and path == page.resolve():
            names = re.findall(r'<(?:link[^>]+href|script[^>]+src|img[^>]+src)="([^"#?]+)', data.decode())
        elif path.suffix == ".css":
            names = re.findall(r"url\([\"']?([^\"')#?]+)", data.decode())
        else:
            names = []
        for name in names:
            if not re.match(r"[a-z]+:", name) and not name.endswith((".html", ".ttf", ".woff")):
                wanted.append((path.parent / name).resolve())
    return total, len(seen)


def main() -> None:
    """Measure, print a table, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    result = {"machine": machine(), "runs": runs, "seconds": {}, "pages": {}}
    for path in Book().chapters:
        times = [seconds_of(lambda path=path: run_notebook(path)) for _ in range(runs)]
        result["seconds"][path.stem] = round(statistics.median(times), 1)
        print(f"{path.stem:24} {statistics.median(times):6.1f} s  ({min(times):.1f} to {max(times):.1f})")
    with tempfile.TemporaryDirectory() as folder:
        times = [seconds_of(lambda n=n: build(Path(folder) / str(n))) for n in range(runs)]
        result["seconds"]["build"] = round(statistics.median(times), 1)
        print(f"{'site, from nothing':24} {statistics.median(times):6.1f} s")
        site = Path(folder) / "0" / "_build" / "html"
        for page in Book().pages:
            weight, requests = page_weight(site / f"{page}.html")
            result["pages"][page] = {"gzipped": weight, "named_files": requests}
            print(f"{page:32} {weight / 1000:6.0f} kB gzipped, {requests} files at most")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(f"kept in {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
