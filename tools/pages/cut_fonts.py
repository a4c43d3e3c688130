"""Cut the fonts of the site to the letters that the book uses: book/_static/fonts and book/_static/katex/fonts.

    python -m tools.pages.cut_fonts

It reads the built site (`make book`), with its scripts, and the whole fonts in tools/pages/fonts. Basic Latin
stays in each font of the text, so that a new sentence rarely needs a new cut; where one does, a
test says so. Compressed with the Node of .venv: no other package is needed.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import types
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "book" / "_ext")]

from book_site import find_node  # noqa: E402  (the path must be set first)

SOURCES = ROOT / "tools" / "pages" / "fonts"
STATIC = ROOT / "book" / "_static"
# Whole font -> cut font.
FONTS = {
    **{path: STATIC / "fonts" / path.name for path in sorted((SOURCES / "text").glob("*.woff2"))},
    **{path: STATIC / "katex" / "fonts" / path.name for path in sorted((SOURCES / "katex").glob("*.woff2"))},
}
LATIN = {chr(code) for code in range(0x20, 0x7F)}
FEATURES = ["kern", "liga", "tnum", "ccmp", "locl", "mark"]
# "Source" is a reserved name: who changes a font must give it another one.
NAMES = {"source-sans-3": "Book Sans", "source-serif-4": "Book Serif", "source-code-pro": "Book Code"}
WEIGHTS = (400, 700)  # what the styles ask of a font with all weights


def node(call: str, data: bytes) -> bytes:
    """What a function of Node's zlib makes of some bytes."""
    script = f"const z = require('zlib'); process.stdout.write({call})"
    return subprocess.run([find_node(), "-e", script], input=data, capture_output=True, check=True).stdout


def lend_brotli() -> None:
    """Give fontTools the compression of WOFF2, as Node has it."""
    read = "require('fs').readFileSync(0)"
    best = "{params: {[z.constants.BROTLI_PARAM_MODE]: 2, [z.constants.BROTLI_PARAM_QUALITY]: 11}}"
    module = types.ModuleType("brotli")
    module.MODE_FONT = 2
    module.compress = lambda data, mode=2, **_: node(f"z.brotliCompressSync({read}, {best})", data)
    module.decompress = lambda data: node(f"z.brotliDecompressSync({read})", data)
    sys.modules.setdefault("brotli", module)


def opened(path: Path):
    """A font, ready to be asked."""
    lend_brotli()
    from fontTools.ttLib import TTFont

    return TTFont(path)


def letters(path: Path) -> set[str]:
    """The characters that a font has."""
    return {chr(code) for code in opened(path).getBestCmap()}


class Signs(HTMLParser):
    """The characters of a page, read in one go: a tree of all its elements takes six times as long."""

    SPOKEN = ("aria-label", "title", "placeholder", "alt")
    WITHOUT_END = set("area base br col embed hr img input link meta source track wbr".split())

    def __init__(self):
        super().__init__()
        self.plain, self.formulas = set(), set()
        self.open: list[
            tuple[str, str]
        ] = []  # the elements around what is read: name, where its words belong

    def handle_starttag(self, name, attributes):
        given, where = dict(attributes), self.open[-1][1] if self.open else "plain"
        kinds = (given.get("class") or "").split()
        if where == "plain" and "katex" in kinds:
            where = "formula"  # its MathML and its TeX, which are not drawn
        elif where == "formula" and "katex-html" in kinds:
            where = "drawn"
        elif name in ("script", "style", "template"):
            where = "nowhere"
        if where == "plain":
            self.plain.update(*(given.get(key) or "" for key in self.SPOKEN))
        if name not in self.WITHOUT_END:
            self.open.append((name, where))

    def handle_startendtag(self, name, attributes):
        depth = len(self.open)
        self.handle_starttag(name, attributes)
        del self.open[depth:]

    def handle_endtag(self, name):
        depth = next((n for n, (other, _) in enumerate(reversed(self.open), 1) if other == name), 0)
        del self.open[len(self.open) - depth :]

    def handle_data(self, words):
        where = self.open[-1][1] if self.open else "plain"
        if where in ("plain", "drawn"):
            (self.plain if where == "plain" else self.formulas).update(words)


def texts(site: Path) -> tuple[set[str], set[str]]:
    """(characters of the text, characters of the formulas) of a built site, its scripts included."""
    plain, formulas = set(), set()
    for page in sorted(site.rglob("*.html")):
        if page.relative_to(site).parts[0].startswith("_"):
            continue
        signs = Signs()
        signs.feed(page.read_text("utf-8"))
        signs.close()
        plain |= signs.plain
        formulas |= signs.formulas
    for script in [*site.glob("_static/*.js"), *site.glob("_static/live/*.mjs")]:
        text = script.read_text("utf-8")
        plain |= set(text) | {chr(int(code, 16)) for code in re.findall(r"\\u([0-9a-fA-F]{4})", text)}
    return {s for s in plain if s.isprintable()}, {s for s in formulas if s.isprintable()}


def wanted(path: Path, plain: set[str], formulas: set[str]) -> set[str]:
    """The characters that a font should keep."""
    return formulas if path.parent.name == "katex" else plain | LATIN


def cut(source: Path, target: Path, keep: set[str]) -> int:
    """Write a font with some characters only; its size."""
    font = opened(source)
    from fontTools import subset
    from fontTools.varLib import instancer

    options = subset.Options(layout_features=FEATURES, flavor="woff2", hinting=False, notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(sign) for sign in keep])
    cutter.subset(font)
    if "fvar" in font:
        font = instancer.instantiateVariableFont(font, {"wght": WEIGHTS})
    for prefix, name in NAMES.items():
        if source.name.startswith(prefix):
            for record in font["name"].names:
                if record.nameID in (1, 3, 4, 6, 16, 25):
                    record.string = name.replace(" ", "") if record.nameID in (3, 6, 25) else name
    font.flavor = "woff2"
    made = io.BytesIO()
    font["head"].modified = font["head"].created  # the same on every day
    font.recalcTimestamp = False
    font.save(made)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(made.getvalue())
    return target.stat().st_size


def main() -> None:
    """Cut them all."""
    site = ROOT / "_build" / "html"
    if not (site / "index.html").exists():
        raise SystemExit("There is no site yet; run `make book` first.")
    plain, formulas = texts(site)
    for source, target in FONTS.items():
        size = cut(source, target, wanted(source, plain, formulas))
        print(f"{target.name:44} {source.stat().st_size:6} -> {size:6} bytes")


if __name__ == "__main__":
    main()
