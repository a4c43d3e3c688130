"""Chapter 9: wrong answers that learners give, and right ones in different styles."""

import keras
import numpy as np

from answers import right, wrong

# --- 9.1 change one value ----------------------------------------------------------------------

wrong("9.1", "old value")((2, 9, 3))
wrong("9.1", "lost its sign")((-2, 11, 9))
wrong("9.1", "channel 1 has changed")((4, 13, 3))
wrong("9.1", "gave the changes")((4, -2, -6))
wrong("9.1", "of the three")((4, 11, 5))
wrong("9.1", "expected: 3 results", label="the two channels")((4, -1))
wrong("9.1", "Result 1 of 3", "expected: 6", label="ordinary convolution")((3, 3, 3))
right("9.1", "a list")([6, 7, -3])
right("9.1", "an array")(np.array([4, -1]) @ np.array([[1, 2, 0], [-2, 1, 3]]))

# --- 9.2 a depthwise separable convolution -----------------------------------------------------


def depth(picture, filters):
    """Each channel with its own filter, by loops."""
    side = len(filters)
    maps = np.zeros((picture.shape[0] - side + 1, picture.shape[1] - side + 1, picture.shape[2]))
    for r, c, n in np.ndindex(maps.shape):
        maps[r, c, n] = np.sum(picture[r : r + side, c : c + side, n] * filters[:, :, n])
    return maps


wrong("9.2", "not mixed")(lambda p, f, m: depth(p, f))
wrong("9.2", "added up before")(lambda p, f, m: depth(p, f).sum(axis=2)[..., None] * m.sum(axis=0))
wrong("9.2", "filter of the first")(lambda p, f, m: depth(p, np.stack([f[..., 0]] * f.shape[2], -1)) @ m)
wrong("9.2", "kernel is flipped")(lambda p, f, m: depth(p, f[::-1, ::-1]) @ m)
wrong("9.2", "of the filters are swapped")(lambda p, f, m: depth(p, f.swapaxes(0, 1)) @ m)
wrong("9.2", "stops one short")(lambda p, f, m: (depth(p, f) @ m)[:-1, :-1])
wrong("9.2", "no ReLU")(lambda p, f, m: np.maximum(0, depth(p, f)) @ m)
wrong("9.2", "stopped", "ValueError", label="the mixing turned")(lambda p, f, m: depth(p, f) @ m[:, :1].T)
wrong("9.2", "shape", label="padding same")(lambda p, f, m: np.pad(depth(p, f) @ m, ((1, 1), (1, 1), (0, 0))))
right("9.2", "loops")(lambda p, f, m: depth(p, f) @ m)


@right("9.2", "Keras")
def _(picture, filters, mixing):
    layer = keras.layers.SeparableConv2D(mixing.shape[1], len(filters), use_bias=False)
    layer.build((1, *picture.shape))
    layer.set_weights([filters[..., None], mixing[None, None]])
    return layer(picture[None].astype("float32"))[0]


# --- 9.3 what it saves -------------------------------------------------------------------------

wrong("9.3", "biases are counted")(lambda k, i, o: ((k * k * i + 1) * o, (k * k + 1) * i + (i + 1) * o))
wrong("9.3", "for each output")(lambda k, i, o: ((k * k * i + 1) * o, k * k * i + (i + 1) * o))
wrong("9.3", "mixing is left out")(lambda k, i, o: (k * k * i * o, k * k * i))
wrong("9.3", "single channels are left out")(lambda k, i, o: (k * k * i * o, i * o))
wrong("9.3", "they are shared")(lambda k, i, o: (k * k * i * o, k * k * i * o + i * o))
wrong("9.3", "one filter serves all")(lambda k, i, o: (k * k * i * o, k * k + i * o))
wrong("9.3", "square it")(lambda k, i, o: (k * i * o, k * i + i * o))
wrong("9.3", "changed places")(lambda k, i, o: (k * k * i + i * o, k * k * i * o))
wrong("9.3", "as deep as its input")(lambda k, i, o: (k * k * o, k * k * i + i * o))
wrong("9.3", "multiplied, not added")(lambda k, i, o: (k * k * i * o, k * k * i * i * o))
right("9.3", "plain")(lambda k, i, o: (k**2 * i * o, i * (k**2 + o)))


@right("9.3", "Keras counts")
def _(side, inputs, outputs):
    found = []
    for kind in (keras.layers.Conv2D, keras.layers.SeparableConv2D):
        layer = kind(outputs, side, use_bias=False)
        layer.build((None, side, side, inputs))
        found.append(layer.count_params())
    return found


# --- 9.4 where the weights are -----------------------------------------------------------------

SAID = "A depthwise filter has nine weights, a mixture one for every pair."
SIZES = {"pw": 0, "dw": 0, "bn": 0, "conv1": 0}
with keras.StatelessScope(initialize_variables=False):
    for layer in keras.applications.MobileNet(
        (64, 64, 3), alpha=0.25, include_top=False, weights=None
    ).layers:
        sizes = [kind for kind in ("bn", "pw", "dw", "conv1") if kind in layer.name.split("_")]
        if sizes:
            SIZES[sizes[0]] += layer.count_params()
TOTAL = sum(SIZES.values())
SHARE = SIZES["pw"] / TOTAL
wrong("9.4", "depthwise filters")((SIZES["dw"] / TOTAL, SAID))
wrong("9.4", "it is 3x3")(((SIZES["pw"] + SIZES["conv1"]) / TOTAL, SAID))
wrong("9.4", "batch normalisation is left out of the total")((SIZES["pw"] / (TOTAL - SIZES["bn"]), SAID))
wrong("9.4", "running averages are left out")((SIZES["pw"] / (TOTAL - SIZES["bn"] / 2), SAID))
wrong(
    "9.4", "0.946\n  It looks as if the network is the one of the chapter", label="copied from the chapter"
)((0.946, SAID))
wrong("9.4", "the batch normalisation behind them is counted in")((0.9251, SAID))
wrong("9.4", "in percent")((100 * SHARE, SAID))
wrong("9.4", "number of parameters")((SIZES["pw"], SAID))
wrong("9.4", "not 1x1")((1 - SHARE, SAID))
wrong("9.4", "Now the sentence", label="no sentence")((SHARE, ""))
right("9.4", "measured")((SHARE, SAID))
right("9.4", "rounded")([round(SHARE, 3), SAID])


# --- 9.5 see far on a budget ---------------------------------------------------------------------


def planned(reach, width, most=8, side=3, first=2):
    """Layers until the reach is there: strides first, all of one width."""
    layers, sees, jump = [], 1, 1
    while sees < reach:
        stride = first if jump * first <= most else 1
        layers.append((side, stride, width))
        sees, jump = sees + (side - 1) * jump, jump * stride
    return layers


def ending(layers, outputs):
    """The same, with the outputs that are asked for."""
    return [*layers[:-1], (*layers[-1][:2], outputs)]


wrong("9.5", "16 outputs of the last layer", "came:     32", label="too many outputs")(
    lambda reach, outputs, size, work: ending(planned(reach, 16), 32)
)
wrong("9.5", "80 weights at most", label="as wide as the end")(
    lambda reach, outputs, size, work: (
        ending(planned(reach, max(32, outputs)), outputs)[:1] if reach > 3 else [(5, 1, 16)]
    )
)
wrong("9.5", "1600 weights at most", label="no strides")(
    lambda reach, outputs, size, work: ending(planned(reach, 16, first=1), outputs)
)
wrong("9.5", "multiply to 16", label="strides without end")(
    lambda reach, outputs, size, work: ending(planned(reach, 16, most=64), outputs)
)
wrong("9.5", "it needs 16 at least", label="too narrow")(
    lambda reach, outputs, size, work: ending(planned(reach, 8), outputs)
)
wrong("9.5", "a reach of 15 pixels", label="one layer, always")(
    lambda reach, outputs, size, work: [(3, 2, outputs)]
)
wrong("9.5", "1 or 2 is allowed", label="a stride of 4")(
    lambda reach, outputs, size, work: ending(planned(reach, 16, first=4), outputs)
)
wrong("9.5", "multiply-adds at most", label="one large filter")(
    lambda reach, outputs, size, work: [(reach, 1, outputs)]
)
wrong("9.5", "a list of (side, stride, outputs)", label="outputs alone")(
    lambda reach, outputs, size, work: [16, outputs]
)
wrong("9.5", "whole numbers from 1 on", label="half a filter")(
    lambda reach, outputs, size, work: [(2.5, 1, outputs)]
)
wrong("9.5", "250000 multiply-adds at most", label="the first stride comes late")(
    lambda reach, outputs, size, work: (
        [(3, 1, 16), (3, 2, 16), (3, 2, 16), (3, 2, 32)]
        if reach == 15
        else ending(planned(reach, 16), outputs)
    )
)
right("9.5", "strides first")(lambda reach, outputs, size, work: ending(planned(reach, 16), outputs))


@right("9.5", "an array, the reach by a table")
def _(reach, outputs, size, work):
    layers = [(3, 2, 16)] * min(3, next(n for n in range(9) if 2 ** (n + 1) - 1 >= min(reach, 15)))
    layers += [(3, 1, 16)] * max(0, -(-(reach - 15) // 16))
    return np.array(ending(layers, outputs))


# --- 9.6 from a range to int8 --------------------------------------------------------------------


def int8(values, low, high, steps=255, least=-128, widen=True, cut=True, near=np.rint):
    """Scale, zero point and whole numbers, right or with a slip."""
    if widen:
        low, high = min(0, low), max(0, high)
    scale = (high - low) / steps
    zero = near(least - low / scale)
    found = near(values / scale) + zero
    return scale, zero, np.clip(found, least, least + 255) if cut else found


wrong("9.6", "not widened to hold 0")(lambda v, low, high: int8(v, low, high, widen=False))
wrong("9.6", "not 256")(lambda v, low, high: int8(v, low, high, steps=256))
wrong("9.6", "from 0 to 255")(lambda v, low, high: int8(v, low, high, least=0))
wrong("9.6", "cut down, not rounded")(lambda v, low, high: int8(v, low, high, near=np.trunc))
wrong("9.6", "is not cut off")(lambda v, low, high: int8(v, low, high, cut=False))


@wrong("9.6", "wrong sign of low")
def _(values, low, high):
    low, high = min(0, low), max(0, high)
    scale = (high - low) / 255
    zero = np.rint(-128 + low / scale)
    return scale, zero, np.clip(np.rint(values / scale) + zero, -128, 127)


@wrong("9.6", "the zero point is not added")
def _(values, low, high):
    scale, zero, _ = int8(values, low, high)
    return scale, zero, np.clip(np.rint(values / scale), -128, 127)


@wrong("9.6", "the zero point is not rounded")
def _(values, low, high):
    scale, _, whole = int8(values, low, high)
    return scale, -128 - min(0, low) / scale, whole


wrong("9.6", "Result 3 of 3", label="eight bits that wrap around")(
    lambda v, low, high: (
        *int8(v, low, high)[:2],
        int8(v, low, high, cut=False)[2].astype(int).astype("uint8").astype("int8"),
    )
)
right("9.6", "bytes")(lambda v, low, high: (*int8(v, low, high)[:2], int8(v, low, high)[2].astype("int8")))


@right("9.6", "loops, half up")
def _(values, low, high):
    low, high = min(low, 0), max(high, 0)
    scale = (high - low) / 255
    zero = int(np.floor(-128 - low / scale + 0.5))
    whole = [max(-128, min(127, int(np.floor(v / scale + 0.5)) + zero)) for v in np.ravel(values)]
    return [scale, zero, np.reshape(whole, np.shape(values))]


@right("9.6", "half up, and the steps in one unit")
def _(values, low, high):
    low, high = min(0, low), max(0, high)
    zero = np.floor(-128 - 255 * low / (high - low) + 0.5)
    whole = np.floor(values * (255 / (high - low)) + 0.5) + zero
    return (high - low) / 255, zero, np.clip(whole, -128, 127)


@right("9.6", "half down, cut off before rounding")
def _(values, low, high):
    low, high = min(0, low), max(0, high)
    scale = (high - low) / 255
    zero = round(127 - high / scale)
    return scale, zero, np.ceil(np.clip(values, low, high) / scale - 0.5) + zero


wrong("9.6", "Result 1 of 3", label="widened below alone")(
    lambda v, low, high: int8(v, min(0, low), high, widen=False)
)
wrong("9.6", "Result 1 of 3", label="steps in one unit, not the worth of a step")(
    lambda v, low, high: (1 / int8(v, low, high)[0], *int8(v, low, high)[1:])
)
wrong("9.6", "Result 1 of 3", label="the range of the values, not of the calibration")(
    lambda v, low, high: int8(v, v.min(), v.max())
)
