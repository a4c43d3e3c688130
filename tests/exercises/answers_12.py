"""Chapter 12: wrong answers that learners give, and right ones in different styles."""

import math

import numpy as np

from answers import right, wrong

# --- 12.1 change one sample ---------------------------------------------------------------------

wrong("12.1", "old value")((10, -2, 104))
wrong("12.1", "sine changed as well")((8, -4, 80))
wrong("12.1", "into the sine")((10, -4, 116))
wrong("12.1", "lost its sign")((8, 2, 68))
wrong("12.1", "not squared")((8, -2, 6))
wrong("12.1", "gave the magnitude")((8, -2, math.sqrt(68)))
wrong("12.1", "square is subtracted")((8, -2, 60))
wrong("12.1", "gave the changes")((-2, 0, -36))
wrong("12.1", "expected: 3 results", label="the two sums")((8, -2))
wrong("12.1", "Result 1 of 3", label="the sample raised instead")((12, -2, 148))
right("12.1", "a list")([8, -2, 68.0])
right("12.1", "an array")(np.array([8, -2, 8**2 + 2**2]))

# --- 12.2 what will you hear --------------------------------------------------------------------

wrong("12.2", "taken for silence")(lambda f, r: 0 if f > r / 2 else f)
wrong("12.2", "stay as it is")(lambda f, r: f)
wrong("12.2", "heard at half the rate")(lambda f, r: min(f, r / 2))
wrong("12.2", "rest without folding")(lambda f, r: f % r)
wrong("12.2", "folded back at half the rate once")(lambda f, r: f if f <= r / 2 else abs(r - f))
wrong("12.2", "starts again at 0")(lambda f, r: f % (r / 2))
wrong("12.2", "folded at the rate")(lambda f, r: min(f % (2 * r), 2 * r - f % (2 * r)))
wrong("12.2", "only its sign is wrong")(lambda f, r: f - r * round(f / r))
wrong("12.2", "above the rate it is negative")(lambda f, r: f if f <= r / 2 else r - f)
wrong("12.2", "stopped", label="whole numbers only")(lambda f, r: {1: 1, 4: 4}[f])
wrong("12.2", "expected: 4", label="in kilohertz")(lambda f, r: min(f % r, r - f % r) / 1000 if f > 1 else f)
right("12.2", "the nearest multiple")(lambda f, r: abs(f - r * round(f / r)))
right("12.2", "by the angle")(lambda f, r: math.acos(math.cos(2 * math.pi * f / r)) * r / (2 * math.pi))


@right("12.2", "loops")
def _(frequency, rate):
    while frequency > rate:
        frequency = frequency - rate
    return min(frequency, rate - frequency)


# --- 12.3 one row of a spectrogram --------------------------------------------------------------


def sums(sound, size, turns, hop):
    """Sums with both waves at every place, by loops."""
    found = []
    for start in range(0, len(sound) - size + 1, hop):
        one = other = 0
        for n in range(size):
            angle = 2 * math.pi * turns * n / size
            one += sound[start + n] * math.cos(angle)
            other += sound[start + n] * math.sin(angle)
        found.append((one, other))
    return np.array(found)


def hann_power(sound, size, turns, hop):
    """The same under a Hann window."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    starts = range(0, len(sound) - size + 1, hop)
    return np.array([(sums(sound[at : at + size] * window, size, turns, size) ** 2).sum() for at in starts])


wrong("12.3", "Hann window")(hann_power)
wrong("12.3", "no number", label="the square of a complex sum")(
    lambda s, n, k, h: (sums(s, n, k, h) @ [1, 1j]) ** 2
)
right("12.3", "a complex sum times its conjugate")(
    lambda s, n, k, h: (sums(s, n, k, h) @ [1, 1j]) * np.conj(sums(s, n, k, h) @ [1, 1j])
)
wrong("12.3", "root of the power")(lambda s, n, k, h: np.hypot(*sums(s, n, k, h).T))
wrong("12.3", "sine is left out")(lambda s, n, k, h: sums(s, n, k, h)[:, 0] ** 2)
wrong("12.3", "cosine is left out")(lambda s, n, k, h: sums(s, n, k, h)[:, 1] ** 2)
wrong("12.3", "added before they are squared")(lambda s, n, k, h: sums(s, n, k, h).sum(axis=1) ** 2)
wrong("12.3", "not squared")(lambda s, n, k, h: sums(s, n, k, h).sum(axis=1))
wrong("12.3", "hop is always 1")(lambda s, n, k, h: (sums(s, n, k, 1) ** 2).sum(axis=1))
wrong("12.3", "as long as the wave")(lambda s, n, k, h: (sums(s, n, k, n) ** 2).sum(axis=1))
wrong("12.3", "last place is left out")(lambda s, n, k, h: (sums(s, n, k, h) ** 2).sum(axis=1)[:-1])
wrong("12.3", "one turn")(lambda s, n, k, h: (sums(s, n, 1, h) ** 2).sum(axis=1))
wrong("12.3", "divided by the number")(lambda s, n, k, h: (sums(s, n, k, h) ** 2).sum(axis=1) / n)
wrong("12.3", "expected", label="a Hann window")(
    lambda s, n, k, h: (sums(s, n, k, h) ** 2).sum(axis=1) * (0.5 if n > 2 else 1)
)
wrong("12.3", "stopped", label="a whole FFT")(lambda s, n, k, h: np.abs(np.fft.rfft(s)[[k + n]]) ** 2)
right("12.3", "loops")(lambda s, n, k, h: (sums(s, n, k, h) ** 2).sum(axis=1))
right("12.3", "FFT")(
    lambda s, n, k, h: [
        abs(np.fft.fft(s[start : start + n])[k % n]) ** 2 for start in range(0, len(s) - n + 1, h)
    ]
)

# --- 12.4 how long is an octave -----------------------------------------------------------------

SAID = "Its steps become larger, above all the low ones, so it is no moved copy."


def mel(f):
    """Hertz to mel."""
    return 2595 * math.log10(1 + f / 700)


UPPER, LOWER = mel(4000) - mel(2000), mel(400) - mel(200)
wrong("12.4", "turned over")((LOWER / UPPER, SAID))
wrong("12.4", "in hertz")((2000 / 200, SAID))
wrong("12.4", "as long everywhere")((1.0, SAID))
wrong("12.4", "upper octave in mel")((UPPER, SAID))
wrong("12.4", "lower octave in mel")((LOWER, SAID))
wrong("12.4", "difference in mel")((UPPER - LOWER, SAID))
wrong("12.4", "upper ends are compared")((mel(4000) / mel(400), SAID))
wrong("12.4", "lower ends are compared")((mel(2000) / mel(200), SAID))
wrong("12.4", "Now the sentence", label="no sentence")((UPPER / LOWER, "Higher."))
wrong("12.4", "one number", label="both octaves")(((UPPER, LOWER), SAID))
right("12.4", "by logarithms")((UPPER / LOWER, SAID))
right("12.4", "rounded")([2.76, SAID])

# --- 12.5 plan a spectrogram --------------------------------------------------------------------


def window(rate, apart):
    """The shortest power of two whose lines lie close enough."""
    return 2 ** max(1, math.ceil(math.log2(rate / apart)))


wrong("12.5", "half at least", label="a hop of half the window, whatever is asked for")(
    lambda n, rate, apart, columns: (window(rate, apart), window(rate, apart) // 2)
)
wrong("12.5", "no power of two", label="exactly so many samples")(
    lambda n, rate, apart, columns: (math.ceil(rate / apart) + 1, 1)
)
wrong("12.5", "Hz apart at most", label="half the window that it takes")(
    lambda n, rate, apart, columns: (window(rate, apart) // 2, 2)
)
wrong("12.5", "more than half", label="a hop as long as the window")(
    lambda n, rate, apart, columns: (window(rate, apart), window(rate, apart))
)
wrong("12.5", "columns at most", label="a hop of 1")(lambda n, rate, apart, columns: (window(rate, apart), 1))
wrong("12.5", "whole numbers", label="a hop that is no whole number")(
    lambda n, rate, apart, columns: (window(rate, apart), (n - window(rate, apart)) / (columns - 1) + 0.5)
)
wrong("12.5", "the sound", label="a very long window")(lambda n, rate, apart, columns: (2**20, 2**10))
wrong("12.5", "expected: (size, hop)", label="the window alone")(
    lambda n, rate, apart, columns: window(rate, apart)
)
wrong("12.5", "Is a return missing?", label="nothing")(lambda n, rate, apart, columns: None)


@right("12.5", "by division")
def _(samples, rate, apart, columns):
    size = window(rate, apart)
    hop = -(-(samples - size + 1) // columns)
    while hop > size / 2:
        size *= 2
        hop = -(-(samples - size + 1) // columns)
    return size, max(1, hop)


@right("12.5", "by search")
def _(samples, rate, apart, columns):
    for size in (2**n for n in range(1, 20)):
        for hop in range(1, size // 2 + 1):
            count = (samples - size) // hop + 1
            if rate / size <= apart and columns / 2 <= count <= columns:
                return size, hop
