"""Draw the pictures that belong to the live figures.

    python -m tools.pages.draw_live TASK ...

    photograph     book/_static/live/coffee.png, from the book's photographs
    network        fashion.p2p and fashion-mirrored.p2p beside it: chapter 5's and 7's, trained
    garments       garments.png beside it: test pictures for them, some of which they get wrong
    pictures       train-lab/garments.bin beside it: what the Train lab learns from
    photo-network  the network and the examples of the photo lab
    sounds         sound-lab: chapter 12's network, six hits of its other studio, what goes with them
    answers        what it says of the examples, into its lab.json; from the built site
    stills         book/_static/live/stills/*.webp, from the built site

A still is what a page shows without JavaScript: the figure as it begins, in light
colours. Stills need `make book` and Chromium or Chrome; build the site again afterwards.

The networks are trained by the chapters' own cells, read out of the notebooks; that
takes a few minutes. Another processor adds in another order and ends with other last
digits, so put the new digests into data/README.md.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import sys
import wave
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from tools.book import exporter, read_notebook, sha256

ROOT = Path(__file__).resolve().parents[2]
LIVE = ROOT / "book" / "_static" / "live"
PHOTOGRAPHS = ROOT / "data" / "datasets" / "photographs.npz"
CHAPTER = ROOT / "notebooks" / "05_dense_classifier.ipynb"
TRUST = ROOT / "notebooks" / "07_trust.ipynb"
SOUND = ROOT / "notebooks" / "12_sound.ipynb"

# File -> the chapter, its cell that trains the network, and the network's name there.
NETWORKS = {"fashion": (CHAPTER, "7f9239ac", "model"), "fashion-mirrored": (TRUST, "4dea4280", "copy")}
TALLEST = 1800  # pixels of a still; the network explorer goes on for longer
LEARNED, OTHERS = 4000, 1000  # pictures of the Train lab
LISTENS = "studio-12-other"  # chapter 12's cell that trains the network
RIGHT, WRONG = 3, 1  # pictures of each class in garments.png, a row for each


def grey_coffee() -> np.ndarray:
    """The thread photograph in grey, as every chapter makes it: uint8 (200, 300)."""
    with np.load(PHOTOGRAPHS) as photos:
        return np.rint(photos["coffee"] @ [299, 587, 114] / 1000).astype(np.uint8)


def photograph() -> None:
    """Store the photograph; PNG keeps every number."""
    Image.fromarray(grey_coffee()).save(LIVE / "coffee.png", optimize=True)


def settle(figure) -> None:
    """Wait until a figure has stayed in its place for a second: fonts and sidebars move things."""
    places = []
    while len(places) < 10 or any(place != places[-1] for place in places[-10:]):
        figure.page.wait_for_timeout(100)
        places.append(figure.bounding_box())


def run_chapter(path: Path, ident: str) -> dict:
    """Run a chapter from its first cell to the one with this id: every name at its end."""
    os.environ.setdefault("MPLBACKEND", "Agg")  # its figures are drawn for nobody
    code = [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]
    last = [cell.id for cell in code].index(ident)
    space = {"__name__": "chapter"}
    with within(path.parent):
        for cell in code[: last + 1]:
            exec(compile(cell.source, path.name, "exec", dont_inherit=True), space)
    return space


@contextlib.contextmanager
def within(folder: Path):
    """Work in a folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def network() -> None:
    """Train the networks with the chapters' own cells, and write them as their readers would."""
    for file, (chapter, ident, name) in NETWORKS.items():
        space = run_chapter(chapter, ident)
        path = LIVE / f"{file}.p2p"
        exporter()(space[name], path, space["names"])
        print(f"{path.name}: {path.stat().st_size:,} bytes, SHA-256 {sha256(path)}")


def read_file(path: Path) -> tuple[dict, np.ndarray]:
    """A network's file: its description, and all weights in one row."""
    data = path.read_bytes()
    length = int.from_bytes(data[8:12], "little")
    return json.loads(data[12 : 12 + length]), np.frombuffer(data, "<f4", offset=12 + length)


def keras_network(file: str):
    """A committed network as a Keras model: built by chapter 5's own functions, with the file's weights."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    space = {"keras": keras}
    builds = next(
        cell.source for cell in read_notebook(CHAPTER).cells if cell.source.startswith("def stage(")
    )
    exec(compile(builds, CHAPTER.name, "exec", dont_inherit=True), space)
    model = space["network"]([16, 48, 64], (2, 3), head="flatten", dropout=0.3)
    _, numbers = read_file(LIVE / f"{file}.p2p")
    weights = model.get_weights()
    ends = np.cumsum([weight.size for weight in weights])
    model.set_weights(
        [part.reshape(w.shape) for part, w in zip(np.split(numbers, ends[:-1]), weights, strict=True)]
    )
    return model


def test_pictures() -> tuple[np.ndarray, np.ndarray]:
    """The 10,000 test pictures of Fashion-MNIST, (28, 28) uint8, and their classes."""
    folder = ROOT / "data" / "datasets" / "fashion-mnist"
    pictures, labels = (
        np.frombuffer(gzip.decompress((folder / f"t10k-{name}-ubyte.gz").read_bytes()), np.uint8, offset=head)
        for name, head in (("images-idx3", 16), ("labels-idx1", 8))
    )
    return pictures.reshape(-1, 28, 28), labels


def garments() -> None:
    """Choose garments by a rule: of each class the first that chapter 5's network gets right and wrong."""
    pictures, labels = test_pictures()
    right = keras_network("fashion").predict(pictures[..., None], 1000, verbose=0).argmax(1) == labels
    chosen = [
        [np.flatnonzero((labels == kind) & good)[n] for kind in range(10)]
        for good, count in ((right, RIGHT), (~right, WRONG))
        for n in range(count)
    ]
    wall = np.block([[pictures[n] for n in row] for row in chosen])
    Image.fromarray(wall).save(LIVE / "garments.png", optimize=True)
    print(f"garments.png: {(LIVE / 'garments.png').stat().st_size:,} bytes")


def pictures() -> None:
    """Pack what the Train lab learns from: the first training pictures, and then the first test pictures.

    The file is one zlib stream: all labels, a byte each, then all pictures, 784 bytes each.
    """
    folder = ROOT / "data" / "datasets" / "fashion-mnist"
    parts = {}
    for part, count in (("train", LEARNED), ("t10k", OTHERS)):
        for name, head, size in (("labels-idx1", 8, 1), ("images-idx3", 16, 784)):
            data = gzip.decompress((folder / f"{part}-{name}-ubyte.gz").read_bytes())
            parts[part, name] = data[head : head + count * size]
    row = [parts[part, name] for name in ("labels-idx1", "images-idx3") for part in ("train", "t10k")]
    path = LIVE / "train-lab" / "garments.bin"
    path.write_bytes(zlib.compress(b"".join(row), 9))
    print(f"{path.name}: {path.stat().st_size:,} bytes, SHA-256 {sha256(path)}")


def sounds() -> None:
    """Train chapter 12's network by its own cells; write it, and hits of the studio that it has never heard.

    The hits, by a rule: of each class the first that the network names rightly, then the first that it does not.
    """
    space = run_chapter(SOUND, LISTENS)
    folder, names = LIVE / "sound-lab", space["names"]
    folder.mkdir(exist_ok=True)
    exporter()(space["listener"], folder / "drums.p2p", names)
    wanted, given = space["other_y"], space["given"]
    chosen = [int(np.flatnonzero((wanted == kind) & (given == kind))[0]) for kind in range(len(names))]
    chosen.append(int(np.flatnonzero(wanted != given)[0]))
    hits = space["decoded"](space["drums"]["other_sounds"][chosen])
    with wave.open(str(folder / "hits.wav"), "wb") as file:
        file.setparams((1, 2, space["RATE"], 0, "NONE", ""))
        file.writeframes(np.rint(32767 * hits.ravel()).astype("<i2").tobytes())
    lab = {
        "classes": names,
        "hits": [
            {"kind": names[wanted[n]], "said": names[given[n]], "from": str(space["drums"]["other_file"][n])}
            for n in chosen
        ],
        "test": {"hits": len(wanted), "right": int(np.sum(given == wanted))},
        "average": [round(float(value), 4) for value in space["pictures"].mean(axis=0).ravel()],
    }
    (folder / "lab.json").write_text(json.dumps(lab) + "\n", "utf-8")
    for path in sorted(folder.iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes, SHA-256 {sha256(path)}")


def stills() -> None:
    """Take a picture of every figure on its own page."""
    sys.path.insert(0, str(ROOT / "tests"))
    from playwright.sync_api import sync_playwright

    import site_checks as site

    with sync_playwright() as playwright, site.Server(site.HTML) as server:
        browser = playwright.chromium.launch(executable_path=site.find_browser(), args=site.FLAGS)
        # So high that a figure fits: a window that grows for a picture would lay the page out anew.
        window = browser.new_context(viewport={"width": 1280, "height": 6000}, color_scheme="light")
        for path in sorted((ROOT / "book" / "live").glob("*.md")):
            with site.Visit(window, server.address, f"book/live/{path.stem}.html") as visit:
                box = visit.page.locator("[data-live]")
                if not box.count():
                    continue
                name = box.get_attribute("data-live")
                visit.page.wait_for_selector(f'[data-live="{name}"][data-state="running"]')
                site.settle(visit.page)
                settle(visit.page.locator(name))
                shot = visit.page.locator(name).screenshot()
            with Image.open(io.BytesIO(shot)) as picture:
                target = LIVE / "stills" / f"{name}.webp"
                target.parent.mkdir(exist_ok=True)
                top = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
                top.convert("RGB").save(target, "WEBP", quality=82, method=6)
                print(f"wrote {target.name}, {target.stat().st_size:,} bytes")
        browser.close()


def answers() -> None:
    """Write what the photo lab's network says of each example, as the figure itself computes it."""
    sys.path.insert(0, str(ROOT / "tests"))
    from playwright.sync_api import sync_playwright

    import site_checks as site

    path = LIVE / "photo-lab" / "lab.json"
    lab = json.loads(path.read_text("utf-8"))
    with sync_playwright() as playwright, site.Server(site.HTML) as server:
        browser = playwright.chromium.launch(executable_path=site.find_browser(), args=site.FLAGS)
        with site.Visit(browser.new_context(), server.address, "book/live/photo_lab.html") as visit:
            visit.page.wait_for_selector('[data-live="photo-lab"][data-state="running"]')
            figure = visit.page.locator("photo-lab")
            figure.evaluate("figure => figure.load()")
            for example in lab["examples"]:
                figure.locator(f'input[value="{example["file"]}"]').check()
                figure.evaluate("figure => figure.seen()")
                said = figure.evaluate("figure => [...figure.answer.probabilities]")
                example["answer"] = [round(share, 4) for share in said]
        browser.close()
    path.write_text(json.dumps(lab, indent=1) + "\n", "utf-8")


def photo_network() -> None:
    """Train and write what the photo lab shows; it takes a minute or two. Then come `make book` and `answers`."""
    from tools.pages import photo_network

    photo_network.build()


if __name__ == "__main__":
    tasks = {
        "photograph": photograph,
        "network": network,
        "garments": garments,
        "pictures": pictures,
        "photo-network": photo_network,
        "sounds": sounds,
        "answers": answers,
        "stills": stills,
    }
    wanted = sys.argv[1:]
    if not wanted or not set(wanted) <= set(tasks):
        sys.exit(__doc__)
    for name in wanted:
        tasks[name]()
