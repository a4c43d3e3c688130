"""Bring the drawings of figures (SVG) into the form in which they are committed.

matplotlib writes for every program that ever read an SVG. What browsers need is a third
of that: no comments, no ids that nobody asks for, two digits after the point. The
pictures inside are packed again: without loss where 256 colours say all.
"""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
from PIL import Image

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
HREF = f"{{{XLINK}}}href"
DATA = re.compile(r"data:image/png;base64,(.*)", re.DOTALL)
TAG = re.compile(r"<[^>\']*>")
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
POINTED = re.compile(r"url\(#([^)]*)\)")
POINT = 4 / 3  # pixels of the screen
ENLARGED = 2  # from here on, pixels of the screen for a pixel of a picture, its corners are shown

# What holds for every part that says nothing else.
USUAL = {
    "font-family": "sans-serif",
    "font-size": "10",
    "stroke-linejoin": "round",
    "text-anchor": "middle",
}

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def exact(drawn) -> bytes | None:
    """A picture of at most 256 colours as the smallest PNG that shows the same; None for others."""
    if drawn.getcolors(256) is None:
        return None
    pixels = np.asarray(drawn)
    colours, places = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    few = Image.fromarray(places.reshape(pixels.shape[:2]).astype(np.uint8), "P")
    few.putpalette(colours.ravel().tolist())
    grey = np.all(colours == colours[:, :1])
    tries = [few, drawn.convert("L")] if grey else [few]
    return min((stored(each, "PNG", optimize=True) for each in tries), key=len)


def stored(drawn, kind: str, **settings) -> bytes:
    """A picture as the bytes of a file."""
    file = io.BytesIO()
    drawn.save(file, kind, **settings)
    return file.getvalue()


def picture(data: bytes, enlarged: bool) -> tuple[str, bytes]:
    """A PNG as a smaller file: its kind and its bytes.

    Where pixels are shown enlarged, 256 colours at most lose nothing and more become the
    256 that fit best. Elsewhere a photograph is stored as one.
    """
    drawn = Image.open(io.BytesIO(data))
    if drawn.mode != "RGBA" or drawn.getextrema()[3][0] < 255:
        return "png", data
    drawn = drawn.convert("RGB")
    small = exact(drawn)
    if enlarged:
        return "png", small or stored(drawn.quantize(256, kmeans=2), "PNG", optimize=True)
    photograph = stored(drawn, "JPEG", quality=80, subsampling=0)
    return ("jpeg", photograph) if small is None or len(photograph) < len(small) else ("png", small)


def shorter(number) -> str:
    """A number with two digits after the point."""
    text = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def stretch(element) -> float:
    """How many pixels of the screen a pixel of a picture is wide."""
    matrix = re.match(r"matrix\((\S+)", element.get("transform", ""))
    scale = re.search(r"scale\((\S+?)[ )]", element.get("transform", ""))
    return POINT * abs(float((matrix or scale or [0, 1])[1]))


def pack(element) -> None:
    """Store a picture of the drawing small, and say how it is enlarged."""
    found, enlarged = DATA.match(element.get(HREF, "")), stretch(element) >= ENLARGED
    if found:
        kind, data = picture(base64.b64decode(found[1]), enlarged)
        element.set(HREF, f"data:image/{kind};base64,{base64.b64encode(data).decode()}")
    element.attrib.pop("style", None)
    if enlarged:
        element.set("style", "image-rendering:pixelated")


def tidy_style(element) -> None:
    """A style in its shortest form; the font is that of the page, or one of even width."""
    parts = {}
    for part in element.get("style", "").split(";"):
        key, _, value = part.partition(":")
        if value and key.strip() != "stroke-miterlimit":
            parts[key.strip()] = value.strip()
    if element.tag == f"{{{SVG}}}use":  # its lines are those of the mark that it repeats
        parts = {key: value for key, value in parts.items() if not key.startswith("stroke")}
    font = parts.pop("font", "")
    if font:
        parts["font-size"] = re.search(r"[\d.]+px", font)[0]
        if re.search("bold|700", font):
            parts["font-weight"] = "bold"
    if parts.pop("font-family", font).startswith(("monospace", "'DejaVu Sans Mono")):
        parts["font-family"] = "monospace"
    if re.search(r"^\s|\s\s", element.text or "") and element.tag == f"{{{SVG}}}text":
        parts["white-space"] = "pre"  # lines of sums stand under one another
    if element.tag == f"{{{SVG}}}text":
        anchor = parts.pop("text-anchor", "start")
        parts = {key: value for key, value in parts.items() if (key, value) != ("font-size", "10px")}
        if anchor != "middle":
            parts["text-anchor"] = anchor
    element.attrib.pop("style", None)
    if parts:
        element.set("style", ";".join(f"{key}:{value}" for key, value in parts.items()))


def hoist(element) -> None:
    """What all parts of a group say, the group says."""
    for key in ("style", "clip-path"):
        said = {child.get(key) for child in element}
        if element.tag == f"{{{SVG}}}g" and len(element) > 1 and len(said) == 1 and not element.get(key):
            value = said.pop()
            if value and "opacity" not in value:
                element.set(key, value)
                for child in element:
                    del child.attrib[key]


def unwrap(element) -> None:
    """Take away groups that say nothing of their parts, and what is empty."""
    for child in list(element):
        unwrap(child)
        hoist(child)
        group = child.tag in (f"{{{SVG}}}g", f"{{{SVG}}}defs")
        if group and not len(child):
            element.remove(child)
        elif child.tag == f"{{{SVG}}}g" and not child.attrib:
            place = list(element).index(child)
            element[place : place + 1] = list(child)


def smaller(text: str) -> str:
    """A drawing in its committed form; one that has it already stays as it is."""
    root = ElementTree.fromstring(text.encode())
    if root.get("class") == "figure":
        return text
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith("}metadata") or child.tag == f"{{{SVG}}}style":
                parent.remove(child)
    asked = {element.get(HREF, "")[1:] for element in root.iter() if element.get(HREF, "").startswith("#")}
    for element in root.iter():
        asked.update(POINTED.findall(" ".join(element.attrib.values())))
    names: dict[str, str] = {}
    for element in root.iter():
        ident = element.attrib.pop("id", None)
        if re.fullmatch(r"axes_\d+", ident or ""):
            element.set("class", "panel")  # so that panels can be counted
        if ident in asked:
            element.set("id", names.setdefault(ident, f"p{len(names)}"))
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == HREF and value.startswith("#"):
                element.set(key, "#" + names[value[1:]])
            elif key != HREF:
                value = POINTED.sub(lambda found: f"url(#{names[found[1]]})", value)
                element.set(key, NUMBER.sub(shorter, " ".join(value.split())))
        if element.tag == f"{{{SVG}}}image":
            pack(element)
        else:
            tidy_style(element)
        if element.tag not in (f"{{{SVG}}}text", f"{{{SVG}}}tspan"):
            element.text = None
        elif element.get("transform", "").startswith("rotate(-0 "):
            del element.attrib["transform"]
        element.tail = None
    unwrap(root)
    root.attrib.pop("version", None)
    root.set("class", "figure")
    for key, value in USUAL.items():
        root.set(key, value)
    for child in root:
        child.tail = "\n"
    text = ElementTree.tostring(root, "unicode") + "\n"
    return TAG.sub(lambda tag: tag[0].replace('"', "'"), text)  # in a notebook, " costs two bytes
