"""How fast the live figures answer, in headless Chromium on this machine.

    python benchmarks/live.py [--quick] [--learning] [--teaching] [--sound]

Times are those of one change, from the event to finished pixels: the filter run
over the whole photograph, both pictures painted, the sum written out. Each is the
median of many, with the slowest twentieth beside it; the second pair is the same with
the processor slowed four times. The network is one like chapter 5's, with fresh
weights. The photo lab's network runs in a worker, which cannot be slowed; so its time
is taken in the page as well, and there slowed. The Train lab is let learn for ten
seconds: how many pictures a second, and when it is right for 80 % of the others;
--learning measures this alone. The Teach lab is given 120 pictures of four classes and a
camera (Chromium's own fake one): how long its head takes, and how many live answers
come a second; --teaching measures this alone. The sound lab draws, and hears in its
worker, which is not slowed either, half a second, and ten seconds from the file to the
last answer; --sound measures this alone. Needs `make book` and Chromium or Chrome.
Nothing in the book is changed; the results go to benchmarks/results/live.json.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import io
import json
import os
import sys
import tempfile
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
from house import keep, machine  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

import site_checks as site  # noqa: E402
from tools.book import exporter  # noqa: E402  (the path must be set first)

RESULT = ROOT / "benchmarks" / "results" / "live.json"
LIVE = ROOT / "book" / "_static" / "live"
SLOWED = 4

# What is promised, in milliseconds, on this class of machine.
PROMISED = {
    "kernel lab 3x3": 16,
    "kernel lab 5x5": 16,
    "kernel lab 7x7": 16,
    "network, one picture": 5,
    "explorer, a stroke": 5,
    "explorer, with all maps": 33,
    "photo lab, network": 150,
    "photo lab, in the page": 150,
}

KERNEL = """async ([size, times]) => {
    const figure = document.querySelector("kernel-lab"), found = [];
    figure.setPhotograph(Float32Array.from({length: 65536}, () => Math.floor(256 * Math.random())), 256, 256);
    for (let n = 0; n < times + 5; n++) {
        const weights = Array.from({length: size * size}, () => Math.round(20 * Math.random() - 10) / 10);
        await new Promise(requestAnimationFrame);
        const start = performance.now();
        figure.value = {size, weights};
        figure.getBoundingClientRect();
        found.push(performance.now() - start);
    }
    return found.slice(5);
}"""

SLIDING = """async ([state, times]) => {
    const figure = document.querySelector("sliding-lab"), found = [];
    for (let n = 0; n < times + 5; n++) {
        await new Promise(requestAnimationFrame);
        const start = performance.now();
        figure.value = {...state, place: n};
        figure.getBoundingClientRect();
        found.push(performance.now() - start);
    }
    return found.slice(5);
}"""

POOLING = """async ([settings, times]) => {
    const figure = document.querySelector("pooling-lab"), found = [];
    for (let n = 0; n < times + 5; n++) {
        // A setting throws away what was measured before it, a shift keeps it.
        const wish = settings ? {bias: n % 7} : {down: n % 17 - 8, right: (5 * n) % 17 - 8, bias: Math.floor(n / 17)};
        await new Promise(requestAnimationFrame);
        const start = performance.now();
        figure.value = wish;
        figure.getBoundingClientRect();
        found.push(performance.now() - start);
    }
    return found.slice(5);
}"""

# A new picture each time: the network alone, and with all maps of all layers on their canvases.
EXPLORER = """async ([whole, times]) => {
    const figure = document.querySelector("network-explorer"), found = [], picture = figure.pixels;
    for (let n = 0; n < times + 20; n++) {
        for (let k = 0; k < 12; k++) picture[Math.floor(784 * Math.random())] = Math.floor(256 * Math.random());
        await new Promise(requestAnimationFrame);
        const start = performance.now();
        if (whole) figure.runAll();
        else figure.network.run(picture);
        if (whole) figure.getBoundingClientRect();
        found.push(performance.now() - start);
    }
    return found.slice(20);
}"""

NETWORK = """async ([folder, times]) => {
    const { loadNetwork } = await import(new URL("_static/live/network-file.mjs", folder).href);
    const network = await loadNetwork("/measured.bin"), found = [];
    for (let n = 0; n < times + 20; n++) {
        const picture = Float32Array.from({length: 784}, () => Math.random());
        const start = performance.now();
        network.run(picture);
        found.push(performance.now() - start);
        if (n % 10 === 0) await new Promise(requestAnimationFrame);
    }
    return found.slice(20);
}"""

# What the worker says of itself, or all from a file of a photograph to the answer on the screen.
PHOTO = """async ([side, times]) => {
    const figure = document.querySelector("photo-lab"), found = [];
    await figure.load();
    const canvas = Object.assign(document.createElement("canvas"), {width: side, height: Math.round(0.75 * side)});
    const context = canvas.getContext("2d");
    for (let n = 0; n < 400; n++) {
        context.fillStyle = `hsl(${360 * Math.random()} 70% 60%)`;
        context.fillRect(side * Math.random(), side * Math.random(), side / 8, side / 8);
    }
    const file = await new Promise((done) => canvas.toBlob((blob) => done(new File([blob], "a.jpg")), "image/jpeg"));
    for (let n = 0; n < times / 4 + 3; n++) {
        const start = performance.now();
        await figure.open(file);
        if (!figure.answer) throw new Error(figure.shadowRoot.querySelector("#trouble").textContent || "no answer");
        found.push(side === 256 ? figure.answer.milliseconds : performance.now() - start);
    }
    return found.slice(3);
}"""

PHOTO_NETWORK = """async ([folder, times]) => {
    const { loadNetwork } = await import(new URL("_static/live/network-file.mjs", folder).href);
    const network = await loadNetwork(new URL("_static/live/photo-lab/network.bin", folder).href), found = [];
    const pixels = Uint8Array.from({length: 160 * 160 * 3}, () => 256 * Math.random());
    for (let n = 0; n < times / 4 + 5; n++) {
        const start = performance.now();
        network.run(pixels);
        found.push(performance.now() - start);
        await new Promise(requestAnimationFrame);
    }
    return found.slice(5);
}"""

# The sound lab: both views by turns, a half second heard in the thread, ten seconds from the file to the last answer.
SOUND = """async ([[what, wav], times]) => {
    const figure = document.querySelector("sound-lab"), found = [];
    const file = new File([Uint8Array.from(atob(wav), (c) => c.charCodeAt(0))], "measured.wav");
    await figure.open(file);
    await figure.rest();
    const [count, warm] = what === "all" ? [Math.ceil(times / 40), 1] : [times, 5];
    for (let n = 0; n < count + warm; n++) {
        await new Promise(requestAnimationFrame);
        const start = performance.now();
        if (what === "draw") figure.show(n % 2 ? "bands" : "lines"), figure.getBoundingClientRect();
        else if (what === "half") await figure.at(1000 * n);
        else await figure.open(file);
        found.push(performance.now() - start);
    }
    return found.slice(warm);
}"""


def hits() -> str:
    """Ten seconds of noise that falls off twice a second: a WAV file at 48,000 Hz as base64."""
    rng, rate = np.random.default_rng(0), 48_000
    noise = rng.uniform(-10_000, 10_000, 10 * rate) * np.exp(-(np.arange(10 * rate) % (rate // 2)) / 4000)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(noise.astype("<i2").tobytes())
    return base64.b64encode(out.getvalue()).decode()


# The Train lab learns from its first batch on for so many seconds, with three seeds.
LEARNING = """async ([seconds, seeds]) => {
    const figure = document.querySelector("train-lab"), found = [];
    const until = async (holds) => { while (!holds()) await new Promise((go) => setTimeout(go, 10)); };
    await figure.step();
    for (let seed = 1; seed <= seeds; seed++) {
        await figure.change({seed});
        figure.train();
        await until(() => figure.value.seen > 0);
        const start = performance.now(), first = figure.value.seen;
        let passed = null;
        while (performance.now() - start < 1000 * seconds) {
            await new Promise((go) => setTimeout(go, 50));
            if (figure.value.share > 0.8) passed ??= (performance.now() - start) / 1000;
        }
        const took = (performance.now() - start) / 1000, {seen} = figure.value;
        await figure.pause();
        const tests = figure.curves.tests.filter(([at]) => at <= seen);
        found.push({rate: (seen - first) / took, passed, share: tests.at(-1)[2]});
    }
    return found;
}"""


def learning(browser, address: str, quick: bool) -> dict:
    """What the Train lab learns in ten seconds; the load says how busy the machine was."""
    with site.Visit(browser.new_context(), address, "book/live/train_lab.html") as visit:
        visit.page.wait_for_selector('[data-live="train-lab"][data-state="running"]')
        found = visit.page.evaluate(LEARNING, [3 if quick else 10, 1 if quick else 3])
    return {
        "seconds": 3 if quick else 10,
        "load": round(os.getloadavg()[0], 1),
        "pictures a second": [round(one["rate"]) for one in found],
        "seconds to 80 %": [one["passed"] and round(one["passed"], 1) for one in found],
        "right at the end": [one["share"] for one in found],
    }


# The Teach lab with pictures of coloured spots: reading, the head with the last few pictures, the folds, the camera.
TEACHING = """async ([each, seconds]) => {
    const figure = document.querySelector("teach-lab"), wait = (time) => new Promise((go) => setTimeout(go, time));
    const spots = (hue) => {
        const canvas = Object.assign(document.createElement("canvas"), {width: 320, height: 240});
        const context = canvas.getContext("2d");
        for (let n = 0; n < 40; n++) {
            context.fillStyle = `hsl(${hue + 80 * Math.random()} 70% ${20 + 70 * Math.random()}%)`;
            const [x, y, wide, high] = [320, 240, 60, 60].map((most) => most * Math.random());
            context.fillRect(x, y, 20 + wide, 20 + high);
        }
        return canvas;
    };
    figure.addClass("c");
    figure.addClass("d");
    await figure.load();
    const keys = [...figure.shadowRoot.querySelectorAll(".class")].map((one) => Number(one.dataset.key));
    const list = keys.flatMap((key, k) =>
        Array.from({length: each}, (_, n) => ({source: spots(90 * k), path: `${n}`, key, quiet: true})));
    const begin = performance.now();
    await figure.add(list.slice(0, -3));
    const read = (performance.now() - begin) / (list.length - 3), heads = [], folds = [];
    for (const one of list.slice(-3)) {
        const start = performance.now();
        await figure.add([one]);
        await figure.rest();
        heads.push(figure.value.learned.milliseconds);
        folds.push(performance.now() - start);
    }
    await figure.cameraOn();
    const rates = [];
    for (let n = 0; n < seconds; n++) {
        await wait(1000);
        if (n > 2) rates.push(figure.value.rate);
    }
    figure.cameraOff();
    return {pictures: figure.value.learned.pictures, read, heads, folds, rates};
}"""


def teaching(browser, address: str, quick: bool) -> dict:
    """How fast the Teach lab learns and answers; the load says how busy the machine was."""
    with site.Visit(browser.new_context(), address, "book/live/teach_lab.html") as visit:
        visit.page.wait_for_selector('[data-live="teach-lab"][data-state="running"]')
        found = visit.page.evaluate(TEACHING, [5 if quick else 30, 5 if quick else 10])
    return {
        "load": round(os.getloadavg()[0], 1),
        "pictures": found["pictures"],
        "reading a picture, ms": round(found["read"]),
        "head, ms": [round(one) for one in found["heads"]],
        "picture, head and folds, ms": [round(one) for one in found["folds"]],
        "live answers a second": [round(one, 1) for one in found["rates"]],
    }


def listening(browser, address: str, times: int) -> dict:
    """How fast the sound lab draws and hears; the load says how busy the machine was."""
    jobs, found, sound = {"all drawn": "draw", "half a second": "half", "ten seconds": "all"}, {}, hits()
    for slowed in (1, SLOWED):
        with site.Visit(browser.new_context(), address, "book/live/sound_lab.html") as visit:
            visit.page.wait_for_selector('[data-live="sound-lab"][data-state="running"]')
            session = visit.page.context.new_cdp_session(visit.page)
            session.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
            for label, what in jobs.items():
                times_taken = visit.page.evaluate(SOUND, [[what, sound], times])
                found.setdefault(label, {})[f"x{slowed}"] = summary(times_taken)
    return {"load": round(os.getloadavg()[0], 1), "milliseconds": found}


def write_network(path: Path) -> int:
    """A network like chapter 5's as a file; the number of its parameters."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    exporter()(model, path)
    return model.count_params()


def summary(times: list[float]) -> dict:
    """Median and 95th percentile, in milliseconds."""
    ordered = sorted(times)
    return {
        "median": round(ordered[len(ordered) // 2], 2),
        "slow": round(ordered[int(0.95 * len(ordered))], 2),
    }


def weights() -> dict[str, int]:
    """Bytes of each module and picture as a server would send them."""
    found = {}
    pictures = [
        path
        for kind in ("*.png", "*.p2p", "photo-lab/*", "sound-lab/*.p2p", "sound-lab/*.wav")
        for path in LIVE.glob(kind)
    ]
    for path in sorted([*LIVE.glob("*.mjs"), *pictures]):
        data = path.read_bytes()
        found[path.name] = len(gzip.compress(data, 6)) if path.suffix == ".mjs" else len(data)
    return found


def main() -> None:
    """Measure, print a table, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--learning", action="store_true", help="the Train lab alone; the rest stays")
    parser.add_argument("--teaching", action="store_true", help="the Teach lab alone; the rest stays")
    parser.add_argument("--sound", action="store_true", help="the sound lab alone; the rest stays")
    options = parser.parse_args()
    quick, alone = options.quick, options.learning or options.teaching or options.sound
    times = 20 if quick else 120
    path = site.find_browser(whole=True)
    if path is None or not (site.HTML / "book" / "live").exists():
        print("Live figures are measured in a browser on the built site: " + site.HOW_TO_INSTALL)
        return
    result = {"machine": machine(), "times": times, "milliseconds": {}, "bytes": weights()}
    largest = {"n": 10, "k": 5, "mode": "own", "p": 3, "c": 4, "f": 4}
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        site.Server(site.HTML) as server,
    ):
        result["parameters"] = write_network(Path(folder) / "network.bin")
        camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        browser = playwright.chromium.launch(executable_path=path, args=[*site.FLAGS, *camera])
        for lab, measured, wanted, detail in (
            ("train lab", learning, options.learning, quick),
            ("teach lab", teaching, options.teaching, quick),
            ("sound lab", listening, options.sound, times),
        ):
            if wanted or not alone:
                result[lab] = measured(browser, server.address, detail)
        for slowed in () if alone else (1, SLOWED):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.route(
                "**/measured.bin", lambda route: route.fulfill(path=str(Path(folder) / "network.bin"))
            )
            for page_name, name, jobs in (
                ("kernel_lab", "kernel-lab", [(f"kernel lab {k}x{k}", KERNEL, k) for k in (3, 5, 7)]),
                ("sliding_lab", "sliding-lab", [("sliding lab, largest", SLIDING, largest)]),
                (
                    "pooling_lab",
                    "pooling-lab",
                    [("pooling lab, a shift", POOLING, False), ("pooling lab, a setting", POOLING, True)],
                ),
                ("sliding_lab", "sliding-lab", [("network, one picture", NETWORK, server.address)]),
                (
                    "photo_lab",
                    "photo-lab",
                    [("photo lab, network", PHOTO, 256), ("photo lab, 12 million pixels", PHOTO, 4000)],
                ),
                ("photo_lab", "photo-lab", [("photo lab, in the page", PHOTO_NETWORK, server.address)]),
                (
                    "network_explorer",
                    "network-explorer",
                    [("explorer, a stroke", EXPLORER, False), ("explorer, with all maps", EXPLORER, True)],
                ),
            ):
                with site.Visit(context, server.address, f"book/live/{page_name}.html") as visit:
                    visit.page.wait_for_selector(f'[data-live="{name}"][data-state="running"]')
                    visit.page.context.new_cdp_session(visit.page).send(
                        "Emulation.setCPUThrottlingRate", {"rate": slowed}
                    )
                    for label, script, wish in jobs:
                        found = summary(visit.page.evaluate(script, [wish, times]))
                        result["milliseconds"].setdefault(label, {})[f"x{slowed}"] = found
            context.close()
        browser.close()
    labs = {lab: result[lab] for lab in ("train lab", "teach lab", "sound lab") if lab in result}
    for lab, told in labs.items():
        for label, found in told.items():
            print(f"{lab}, {label}: {found}")
    if alone:
        result = json.loads(RESULT.read_text("utf-8")) | labs
    for label, found in () if alone else result["milliseconds"].items():
        one, four = found["x1"], found[f"x{SLOWED}"]
        promised = f"   promised: under {PROMISED[label]} ms" if label in PROMISED else ""
        print(
            f"{label:28} {one['median']:7.2f} ms (slow {one['slow']:.2f})"
            f"   slowed {SLOWED}x: {four['median']:7.2f} ms (slow {four['slow']:.2f}){promised}"
        )
    for name, size in () if alone else result["bytes"].items():
        print(f"{name:28} {size / 1000:7.1f} kB")
    keep(result, RESULT.with_name("live_quick.json") if quick else RESULT)


if __name__ == "__main__":
    main()
