"""Rebuild data/datasets/print.npz: lines of print in 31 typefaces, from Debian's fonts.

    python -m tools.data.build_print FOLDER [FOLDER ...]

FOLDER is where the packages of FACES are unpacked (`dpkg-deb -x`), or / where they are installed.
The words are those of this book, as tools/data/print/words.txt keeps them. `typefaces` and `line`
below also serve tools/data/train_print.py, which draws fresh lines at every step; the file holds
only the lines by which the trained reader is judged.

A typeface goes to one part as a whole, together with all that descend from the same design
(LINEAGE). Words are shared out, too: no word of a test line was ever drawn in training.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tools.data.whole import DATASETS, BadInput, save_arrays, told

TARGET = DATASETS / "print.npz"
ALPHABET = " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;-'\"()!?"
HEIGHT = 24  # pixels of a line
LINES = {"train": 3, "validation": 20, "test": 20}  # for each typeface
LETTERS = 38  # of a line in the file, at least
WORDS = Path(__file__).parent / "print" / "words.txt"

# Typeface -> (part, lineage, package, file)
TRUE, OPEN = "usr/share/fonts/truetype/", "usr/share/fonts/opentype/"
FACES = {
    "Andika": ("train", "Andika", "fonts-sil-andika", TRUE + "andika/Andika-Regular.ttf"),
    "Averia Serif": (
        "train",
        "Averia",
        "fonts-averia-serif-gwf",
        TRUE + "averia-gwf/AveriaSerifGWF-Regular.ttf",
    ),
    "Baskervald": ("train", "Baskerville", "fonts-adf-baskervald", TRUE + "adf/BaskervaldADFStd.otf"),
    "Biolinum": ("train", "Libertine", "fonts-linuxlibertine", OPEN + "linux-libertine/LinBiolinum_R.otf"),
    "Cabin": ("train", "Cabin", "fonts-cabin", OPEN + "cabin/Cabin-Regular.otf"),
    "Caladea": ("train", "Cambo", "fonts-crosextra-caladea", TRUE + "crosextra/Caladea-Regular.ttf"),
    "Cantarell": ("train", "Cantarell", "fonts-cantarell", OPEN + "cantarell/Cantarell-Regular.otf"),
    "Charis": ("train", "Charter", "fonts-sil-charis", TRUE + "charis/CharisSIL-Regular.ttf"),
    "Computer Modern": (
        "train",
        "Computer Modern",
        "fonts-lmodern",
        "usr/share/texmf/fonts/opentype/public/lm/lmroman10-regular.otf",
    ),
    "Gentium": ("train", "Gentium", "fonts-sil-gentium-basic", TRUE + "gentium-basic/GenBasR.ttf"),
    "Goudy Bookletter": (
        "train",
        "Goudy",
        "fonts-goudybookletter",
        OPEN + "sortsmill/GoudyBookletter1911.otf",
    ),
    "Junction": ("train", "Junction", "fonts-junction", OPEN + "junction/Junction.otf"),
    "League Mono": ("train", "League Mono", "fonts-league-mono", OPEN + "league-mono/LeagueMono-Regular.otf"),
    "Libertine": ("train", "Libertine", "fonts-linuxlibertine", OPEN + "linux-libertine/LinLibertine_R.otf"),
    "mononoki": ("train", "mononoki", "fonts-mononoki", TRUE + "mononoki/mononoki-Regular.ttf"),
    "Open Sans": ("train", "Open Sans", "fonts-open-sans", TRUE + "open-sans/OpenSans-Regular.ttf"),
    "Prociono": ("train", "Prociono", "fonts-prociono", OPEN + "fonts-prociono/Prociono.otf"),
    "Roboto": (
        "train",
        "Roboto",
        "fonts-roboto-unhinted",
        TRUE + "roboto/unhinted/RobotoTTF/Roboto-Regular.ttf",
    ),
    "Tuffy": ("train", "Tuffy", "fonts-tuffy", TRUE + "tuffy/tuffy_regular.ttf"),
    "Universalis": (
        "train",
        "Universalis",
        "fonts-adf-universalis",
        TRUE + "adf/UniversalisADFStd-Regular.otf",
    ),
    "Vollkorn": ("train", "Vollkorn", "fonts-vollkorn", TRUE + "vollkorn/Vollkorn-Regular.ttf"),
    "Courier Prime": (
        "validation",
        "Courier",
        "fonts-courier-prime",
        OPEN + "courier-prime/Courier Prime.otf",
    ),
    "FreeSans": ("validation", "Helvetica", "fonts-freefont-ttf", TRUE + "freefont/FreeSans.ttf"),
    "Liberation Sans": (
        "validation",
        "Helvetica",
        "fonts-liberation",
        TRUE + "liberation/LiberationSans-Regular.ttf",
    ),
    "Carlito": ("test", "Lato", "fonts-crosextra-carlito", TRUE + "crosextra/Carlito-Regular.ttf"),
    "DejaVu Sans": ("test", "Vera", "fonts-dejavu-core", TRUE + "dejavu/DejaVuSans.ttf"),
    "DejaVu Serif": ("test", "Vera", "fonts-dejavu-core", TRUE + "dejavu/DejaVuSerif.ttf"),
    "EB Garamond": ("test", "Garamond", "fonts-ebgaramond", OPEN + "ebgaramond/EBGaramond12-Regular.otf"),
    "FreeSerif": ("test", "Times", "fonts-freefont-ttf", TRUE + "freefont/FreeSerif.ttf"),
    "Lato": ("test", "Lato", "fonts-lato", TRUE + "lato/Lato-Regular.ttf"),
    "Liberation Serif": (
        "test",
        "Times",
        "fonts-liberation",
        TRUE + "liberation/LiberationSerif-Regular.ttf",
    ),
}
UNSEEN = ("Добрый вечер, сосед", "Καλημέρα, γείτονα", "Zürich, naïve façade")  # in DejaVu Sans


def found(folders, name):
    """Path of a package's file under one of the folders."""
    for folder in folders:
        if (path := Path(folder, name)).exists():
            return path
    raise BadInput(f"{name} is in none of the folders: unpack the packages of FACES there.")


def part_of(word):
    """The part whose lines may hold a word; it has nothing to do with what the word is."""
    rest = hashlib.sha256(word.encode()).digest()[0] % 10
    return {0: "validation", 1: "test"}.get(rest, "train")


def words():
    """Part -> its words, in small letters, 2 to 11 letters long."""
    listed = WORDS.read_text("utf-8").split()
    return {part: [word for word in listed if part_of(word) == part] for part in LINES}


def text(rng, vocabulary, letters):
    """A line of words at random, with capitals, numbers and signs as print has them."""
    made = ""
    while len(made) < letters:
        word, chance = vocabulary[rng.integers(len(vocabulary))], rng.random(3)
        if chance[0] < 0.2:
            word = word.capitalize()
        elif chance[0] < 0.27:
            word = word.upper()
        elif chance[0] < 0.37:
            word = str(rng.integers(10 ** int(rng.integers(1, 5))))
        elif chance[0] < 0.41:
            word += "-" + vocabulary[rng.integers(len(vocabulary))]
        if chance[1] < 0.08:
            word = ("({})", '"{}"', "'{}'")[rng.integers(3)].format(word)
        if chance[2] < 0.2:
            word += ".,,.:;!?"[rng.integers(8)]
        made += word + " "
    return made.strip()


class Typeface:
    """A font at any height of its letters, from the top of d to the foot of p."""

    def __init__(self, path):
        self.path, self.sizes = str(path), {}
        _, top, _, bottom = ImageFont.truetype(self.path, 200).getbbox("dp", anchor="ls")
        self.per_pixel, self.top = 200 / (bottom - top), -top / (bottom - top)

    def at(self, tall):
        """The font whose letters are `tall` pixels from top to foot, in steps of a quarter."""
        tall = round(4 * tall) / 4
        if tall not in self.sizes:
            self.sizes[tall] = ImageFont.truetype(
                self.path, self.per_pixel * tall, layout_engine=ImageFont.Layout.BASIC
            )
        return self.sizes[tall]


def typefaces(folders, *parts):
    """Name -> Typeface, for each typeface of the parts."""
    return {name: Typeface(found(folders, each[3])) for name, each in FACES.items() if each[0] in parts}


def line(face, words_of_line, tall=19.0, drop=0.0, wide=1.0, shear=0.0, slope=0.0, blur=0.0, margin=4):
    """A line of print as ink: (HEIGHT, width), 0 for paper and 255 for ink.

    `tall` is the height of its letters, `drop` moves it down, `wide` stretches its spaces, `shear`
    slants its letters, `slope` lets it rise (pixels for each pixel to the right), `blur` is in pixels.
    """
    font, at, spots = face.at(tall), float(margin), []
    for word in words_of_line.split(" "):
        spots.append((at, word))
        at += font.getlength(word) + wide * font.getlength(" ")
    width = int(np.ceil(at - wide * font.getlength(" "))) + margin
    picture = Image.new("L", (width, HEIGHT))
    draw = ImageDraw.Draw(picture)
    foot = (HEIGHT - tall) / 2 + face.top * tall + drop
    for at, word in spots:
        draw.text((at, foot), word, 255, font, anchor="ls")
    if shear or slope:
        middle = width / 2
        picture = picture.transform(
            picture.size,
            Image.Transform.AFFINE,
            (1, shear, -shear * HEIGHT / 2, slope, 1, -slope * middle),
            Image.Resampling.BICUBIC,
        )
    if blur:
        picture = picture.filter(ImageFilter.GaussianBlur(blur))
    return np.asarray(picture)


def arrays(folders):
    """What the file holds: all lines side by side, their widths, texts and typefaces."""
    rng, vocabulary, faces = np.random.default_rng(11), words(), typefaces(folders, *LINES)
    drawn, texts, names = [], [], []
    for name, (part, *_) in FACES.items():
        for _ in range(LINES[part]):
            texts.append(text(rng, vocabulary[part], LETTERS))
            drawn.append(
                line(faces[name], texts[-1], rng.uniform(17, 20), rng.uniform(-1, 1), rng.uniform(1, 1.6))
            )
            names.append(name)
    for each in UNSEEN:
        texts.append(each)
        drawn.append(line(faces["DejaVu Sans"], each))
        names.append("unseen")
    parts = [FACES[name][0] if name in FACES else "unseen" for name in names]
    greys = np.concatenate(drawn, axis=1)
    return {
        "ink": ((greys.astype(int) + 8) // 17).astype("uint8"),  # 16 greys are enough, and a smaller file
        "widths": np.array([each.shape[1] for each in drawn]),
        "texts": np.array(texts),
        "faces": np.array(names),
        "parts": np.array(parts),
    }


def build(folders, target):
    """Write the file, whole or not at all."""
    save_arrays(target, arrays(folders))


def main(arguments=None):
    """Read the command line, build, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", help="where the packages are unpacked")
    parser.add_argument("--target", type=Path, default=TARGET, help="the file to write")
    given = parser.parse_args(arguments)
    told("build_print.py", build, given.folders, target=given.target)


if __name__ == "__main__":
    main()
