"""Rebuild data/datasets/stamps.zip from Debian's package tuxpaint-stamps-default.

    python -m tools.data.build_stamps [FOLDER]

FOLDER is the package's folder of stamps, /usr/share/tuxpaint/stamps unless you
name another. The zip holds photographs cut out of their background, as
part/class/name.webp, with README.txt and LICENSE.txt from tools/data/stamps.

Only the pictures listed in CLASSES are taken; every one was looked at. Left out
are drawings, renderings, tracings and toys, pictures that could belong to two
classes, and pictures that somebody else published under terms that the
package's list of changes does not name, or under the GNU FDL.
"""

import argparse
import hashlib
import io
from pathlib import Path

from PIL import Image

from tools.data.whole import DATASETS, BadInput, save_zip, told

TARGET = DATASETS / "stamps.zip"
NOTES = Path(__file__).parent / "stamps"
FOLDER = "/usr/share/tuxpaint/stamps"

PARTS = ("train", "validation", "test")
POOL = 20  # pictures of each class that a reader may train on, at least
LONGER_SIDE = 192  # pixels, at most; smaller pictures keep their size
QUALITY = 90  # of the colours; the alpha channel is kept without loss
FAINT = 32  # a pixel with less alpha than this does not count as part of the thing

# Class -> the package's folder, and the pictures in it (NAME.png, at any depth).
CLASSES = {
    "bird": (
        "animals",
        """
        adelaide-rosella albino_peahen blackbird chicken_profile crow crowned_crane cuckoo drake
        duck gander guineafowl hen heron_greatblue heron_greatblue_flying lark little-penguin
        magellanic_penguin magpie nandou ostrich owl peacock pelican penguin pigeon pink_flamingo
        quetzal rainbow-lorikeet rooster seagull silver-gull tucan turkey vulture
        """,
    ),
    "mammal": (
        "animals",
        """
        badger bear beaver bison bull camel capybara caribou chimp cow cow_white deer dingo doe
        dog dolphin donkey donkey_eating dromedary elephant european-bear ferret fox giraffe
        gnu-baby gnu-baby-stand gnu-sitting gnu-stand goat gorilla hippopotamus horse
        indian_blackbuck kangaroo koala lion lion-2 marmot mountaingoat mouse otter pig pig_golden
        pig_golden2 rabbit rabbit-2 rabbit_little ram rat rhino_black sea_lion sheep sheep_lamb
        squirrel tamarin_emperor tiger tiger_sumatran wapiti whale wildboar wombat yak zebra zebu
        """,
    ),
    # flowers first, then trees, shrubs and leaves
    "plant": (
        "plants",
        """
        adeenia anemone_red anthoorium bolsom chemparathi daffodil flower1 flower2 flower3 flower4
        flower5 flower6 flower7 flower8 flower9 flower10 iris marigold pigface red-gazania rose
        whitestar-petunia yellow-flower
        birch holly_leaves holm_oak lavender liberia-palm thyme tree336
        """,
    ),
    # fruit first, then nuts, then vegetables
    "food": (
        "food",
        """
        apple_fuji apple_granny_smith apple_green apple_red apple_sierra_beauty avocado banana
        cherimoya kiwi lemon mandarine mango orange orange_seville pear pomegranate raspberry
        strawberry
        almond pecan walnut
        broccoli carrot chilepepper corn eggplant garlic garlics ginger lettuce mushroom onion
        pattypan_squash pepper potato pumpkin_small redlettuce tomato yam yellowpepper
        """,
    ),
    # vehicles, tools, things about the house, for play, for health, in the street
    "object": (
        ".",
        """
        747 apollo_lander balloon360 beetle dumper firetruck garbagetruck green_korean_bus
        pink_tricycle sedan sportscar2 truck voyager2 wheel_tractor
        cementmixer hammer mallet_metal measuring_tape paintbrush_large plyers saw
        scissors_small_closed scissors_small_open spade toolbox wrench wrench_adjustable
        wrench_plumbers
        binoculars camera_35mm clothespin_new clothespin_old cylinder garbagecan home_compost_bin
        kettle mug nutcracker pepper_grinder pitcher_small teapot toilet wheelie_bin
        football soccer trophy_cup bandage_adhesive stethoscope uk_post_box usps_mailbox
        """,
    ),
}

# Pictures of one and the same thing stay together in one part of the split:
# several shots of it, or one shot in several colours.
SAME_THING = (
    "bird/heron_greatblue bird/heron_greatblue_flying",
    "mammal/gnu_baby mammal/gnu_baby_stand mammal/gnu_sitting mammal/gnu_stand",
    "mammal/pig_golden mammal/pig_golden2",
    "food/apple_green food/apple_red",
    "object/scissors_small_closed object/scissors_small_open",
)


def stored_name(kind, picture):
    """Name under which a picture of a class is stored, without part and ending."""
    return f"{kind}/{picture.lower().replace('-', '_')}"


def split(names):
    """Share out the names of one class ("class/name") among train, test and validation.

    Pictures of one thing form a group, and a group is never divided. The groups are
    ordered by the SHA-256 of their first name, an order that has nothing to do with
    what they show. They go to train until it has POOL pictures. Each further group
    goes to test or to validation, whichever has fewer pictures; to test if equal.
    """
    together = {name: line.split() for line in SAME_THING for name in line.split()}
    groups = {tuple(together.get(name, [name])) for name in names}
    parts = {part: [] for part in PARTS}
    for group in sorted(groups, key=lambda group: hashlib.sha256(group[0].encode()).hexdigest()):
        if len(parts["train"]) < POOL:
            parts["train"] += group
        elif len(parts["test"]) <= len(parts["validation"]):
            parts["test"] += group
        else:
            parts["validation"] += group
    return parts


def find(folder, listed):
    """Listed picture -> path of its NAME.png under a folder; the package's cartoons do not count."""
    places = {}
    for path in sorted(folder.rglob("*.png")):
        if "cartoon" not in path.parts:
            places.setdefault(path.stem, []).append(path)
    for picture in listed:
        if len(places.get(picture, [])) != 1:
            count = len(places.get(picture, []))
            raise BadInput(f"{folder} holds {count} pictures named {picture}.png instead of one.")
    return {picture: places[picture][0] for picture in listed}


def cut_out(path):
    """A picture as RGBA, trimmed to what can be seen, its longer side LONGER_SIDE at most."""
    try:
        with Image.open(path) as picture:
            picture = picture.convert("RGBA")
    except (OSError, SyntaxError) as error:  # Pillow's own errors for a damaged file
        raise BadInput(f"{path} cannot be read as a picture.") from error
    seen = picture.getchannel("A").point(lambda alpha: 255 * (alpha >= FAINT)).getbbox()
    if seen is None:
        raise BadInput(f"{path} is transparent all over.")
    picture = picture.crop(seen)
    picture.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS)
    return picture


def webp(picture):
    """Bytes of a picture as WebP: lossy colours, exact alpha."""
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=QUALITY, alpha_quality=100, method=6)
    return stream.getvalue()


def entries(folder):
    """Path in the zip -> bytes, in the order in which they are stored."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not there: install or unpack tuxpaint-stamps-default.")
    found = {name: (NOTES / name).read_bytes() for name in ("LICENSE.txt", "README.txt")}
    for kind, (place, listed) in CLASSES.items():
        paths = find(folder / place, listed.split())
        sources = {stored_name(kind, picture): path for picture, path in paths.items()}
        for part, names in split(sources).items():
            found |= {f"{part}/{name}.webp": webp(cut_out(sources[name])) for name in names}
    return dict(sorted(found.items()))


def build(folder, target):
    """Write the zip, whole or not at all; the same entries give the same bytes."""
    save_zip(target, entries(Path(folder)))


def main(arguments=None):
    """Read the command line, build, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=FOLDER, help="the package's stamps (%(default)s)")
    parser.add_argument("--target", type=Path, default=TARGET, help="the zip to write")
    given = parser.parse_args(arguments)
    told("build_stamps.py", build, given.folder, target=given.target)


if __name__ == "__main__":
    main()
