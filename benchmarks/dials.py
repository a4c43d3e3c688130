"""What width and resolution cost a small depthwise separable network of chapter 9, and what they buy.

    python benchmarks/dials.py                  all that the report lacks; about ten minutes on two cores
    python benchmarks/dials.py --quick          two networks, ten steps, one seed: seconds
    python benchmarks/dials.py --seconds 200    stop after the run that passes 200 seconds

The network has one ordinary 3x3 convolution and four depthwise separable ones, the first and the third with stride 2,
batch normalisation and ReLU after each, global average pooling and a dense layer: chapter 9's plan, shortened. Width 1
has 32 filters at the start and 128 at the end. It is trained as chapter 8's networks are (benchmarks/depth.py): the
same 10,000 pictures of Fashion-MNIST, here with 28, 14 or 7 pixels a side, averaged, 500 steps of 32 pictures with Adam
and a cosine; 2,000 others choose the rate with seed 0, one of three or the next one beyond; the 10,000 test pictures
judge it with seeds 0, 1 and 2. The parts of the report are the same, too; a name says the side, `width` the
dial. SETTINGS is the whole plan, and the committed report holds all of it.
"""

from __future__ import annotations

import argparse
import functools
import time
from pathlib import Path

from depth import OUT as BESIDE
from depth import Garments, Report, Trained, explore, keras

OUT = BESIDE.with_name("dials.json")
SETTINGS = [(28, 1), (14, 1), (7, 1), (14, 0.5)]  # (side, width)
RATES, BEYOND = (0.003, 0.01, 0.03), {0.003: 0.001, 0.03: 0.1}
PLAN = [(64, 2), (64, 1), (128, 2), (128, 1)]  # (filters, stride)


def network(side: int, width: float):
    """Pictures (side, side, 1) -> ten logits."""
    layers, settings = keras.layers, {"padding": "same", "use_bias": False}

    def normalised(x):
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    inputs = keras.Input((side, side, 1))
    x = layers.Rescaling(1 / 90, -0.8)(inputs)
    x = normalised(layers.Conv2D(int(32 * width), 3, **settings)(x))
    for filters, stride in PLAN:
        x = normalised(layers.DepthwiseConv2D(3, stride, **settings)(x))
        x = normalised(layers.Conv2D(int(filters * width), 1, **settings)(x))
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a try of seconds")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="stop after the run that passes them"
    )
    parser.add_argument("--out", type=Path, help="where the report goes")
    given = parser.parse_args(arguments)
    keep = Report(given.out or (OUT.with_name("dials_quick.json") if given.quick else OUT), given.quick)
    until, pictures = time.time() + given.seconds, functools.cache(Garments)
    rates, beyond, seeds, steps = (RATES, BEYOND, range(3), 500)
    if given.quick:
        rates, beyond, seeds, steps = RATES[:1], {}, range(1), 10
    for side, width in SETTINGS:
        if given.quick and (side, width) not in ((14, 0.5), (7, 1)):
            continue

        def make(side=side, width=width):
            return Trained(pictures(side), functools.partial(network, side, width), steps), {}

        if not explore(keep, f"side {side}", {"width": width}, make, rates, beyond, seeds, until):
            return


if __name__ == "__main__":
    main()
