"""Train the book's network beside its peers on Fashion-MNIST, in one run.

One line a finished epoch goes to the screen; at the end a table is printed
and everything is written as JSON (default: benchmarks/results/fashion.json).

    python benchmarks/fashion.py            # everything, about half an hour
    python benchmarks/fashion.py --quick    # a smoke test, a minute
    python benchmarks/fashion.py --only ours dense

All networks see the same 60,000 training images, in this process, one after
the other, from the same kind of pipeline. Given arrays, `fit` would build a
pipeline whose own tuning thread it waits for at the end of every epoch, until
that thread's next turn (5.1, 10.2, 20.5, 41 s after the start of the epoch);
that would time the waiting. The clock runs during ``fit`` only (the first epoch pays for
building the graph); the 10,000 test images are looked at between epochs, with
the clock stopped. No choice is made from what they say: every recipe was
fixed before, ours on a validation split. The one exception favours a peer:
TensorFlow's network may stop as soon as it is as good as ours.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import datetime
import json
import platform
import statistics
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if (ROOT / "data" / "datasets").exists():
    os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))

import keras  # noqa: E402  (the settings must stand first)
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

SEEDS = (0, 1, 2)
OURS_RATE = 0.004
LEVELS = (0.85, 0.88, 0.90, 0.91)


# ---------------------------------------------------------------- networks
def ours():
    """The network of chapter 5, in this book.

    Three rounds of convolution, max pooling, ReLU; batch normalisation after
    the pooling of the second and third round, where it has a quarter of the
    numbers to handle; then flatten, dropout, ten scores. AdamW, weight decay
    0.05, batches of 128, five epochs; the rate rises for a fifth of the steps
    to 0.004 and falls to zero along half a cosine.
    """
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, padding="same"),
            layers.MaxPooling2D(),
            layers.ReLU(),
            layers.Conv2D(48, 3, padding="same"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(64, 3, padding="same"),
            layers.MaxPooling2D(padding="same"),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10),
        ],
        name="ours",
    )


def compile_ours(model, steps):
    warm = steps // 5
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm, warmup_target=OURS_RATE, warmup_steps=warm
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=0.05),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )


def dense():
    """One hidden layer of 128.

    TensorFlow, "Basic classification: Classify images of clothing",
    https://www.tensorflow.org/tutorials/keras/classification
    """
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ],
        name="dense",
    )


def tf_tutorial():
    """TensorFlow's CNN tutorial, its first layer adapted to 28x28x1.

    "Convolutional Neural Network (CNN)",
    https://www.tensorflow.org/tutorials/images/cnn (there on CIFAR-10).
    Adam, batches of 32, ten epochs.
    """
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ],
        name="tf_tutorial",
    )


def tiny_vgg():
    """TinyVGG as in Learn PyTorch for Deep Learning, chapter 3, model 2.

    https://www.learnpytorch.io/03_pytorch_computer_vision/ : SGD with rate
    0.1, batches of 32, three epochs. Pixels in 0..1.
    """
    stack = [layers.Input((28, 28, 1)), layers.Rescaling(1 / 255)]
    for _ in range(2):
        stack += [
            layers.Conv2D(10, 3, padding="same", activation="relu"),
            layers.Conv2D(10, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
        ]
    stack += [layers.Flatten(), layers.Dense(10)]
    return keras.Sequential(stack, name="tiny_vgg")


def lenet():
    """LeNet as in Dive into Deep Learning, section 7.6.

    https://d2l.ai/chapter_convolutional-neural-networks/lenet.html : sigmoid,
    average pooling, Glorot initialisation, SGD with rate 0.1, batches of 128,
    ten epochs.
    """
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(6, 5, padding="same", activation="sigmoid"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="sigmoid"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="sigmoid"),
            layers.Dense(84, activation="sigmoid"),
            layers.Dense(10),
        ],
        name="lenet",
    )


def hands_on():
    """The network of Hands-On Machine Learning, third edition, chapter 14.

    A. Geron, notebook 14_deep_computer_vision_with_cnns.ipynb: he_normal
    everywhere, Nadam, batches of 32, ten epochs published. One epoch is
    timed here and multiplied by ten.
    """

    def conv(filters, size=3):
        return layers.Conv2D(
            filters,
            size,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
        )

    def hidden(units):
        return layers.Dense(units, activation="relu", kernel_initializer="he_normal")

    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            conv(64, 7),
            layers.MaxPooling2D(),
            conv(128),
            conv(128),
            layers.MaxPooling2D(),
            conv(256),
            conv(256),
            layers.MaxPooling2D(),
            layers.Flatten(),
            hidden(128),
            layers.Dropout(0.5),
            hidden(64),
            layers.Dropout(0.5),
            layers.Dense(10),
        ],
        name="hands_on",
    )


def plain(optimizer):
    """A compile step with a fixed rate; the loss takes scores (logits)."""

    def compile_model(model, steps):
        model.compile(
            optimizer=optimizer(),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )

    return compile_model


NETWORKS = {
    # name: build, compile, batch, epochs to run, epochs published, seeds
    "ours": (ours, compile_ours, 128, 5, 5, SEEDS),
    "dense": (dense, plain(keras.optimizers.Adam), 32, 10, 10, (0,)),
    "lenet": (
        lenet,
        plain(lambda: keras.optimizers.SGD(0.1)),
        128,
        10,
        10,
        (0,),
    ),
    "tiny_vgg": (
        tiny_vgg,
        plain(lambda: keras.optimizers.SGD(0.1)),
        32,
        3,
        3,
        (0,),
    ),
    "tf_tutorial": (tf_tutorial, plain(keras.optimizers.Adam), 32, 10, 10, (0,)),
    "hands_on": (hands_on, plain(keras.optimizers.Nadam), 32, 1, 10, (0,)),
}


# ------------------------------------------------------------- measurement
def multiply_adds(model):
    """Multiply-adds of one image through the convolutions and dense layers."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            _, height, width, _ = layer.output.shape
            total += height * width * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


def machine():
    """What a reader needs to place the times; nothing that names the host."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    flags = []
    if info.exists():
        text = info.read_text()
        for line in text.splitlines():
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
            if line.startswith("flags"):
                have = line.split(":", 1)[1].split()
                flags = [f for f in ("avx2", "avx512f", "amx_tile") if f in have]
    return {
        "processor": cpu,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "vector_units": flags,
        "gpus": len(tf.config.list_physical_devices("GPU")),
        "load_at_start": round(os.getloadavg()[0], 2),
        "system": platform.system(),
    }


def batches(x, y, size, seed):
    """A pipeline of shuffled batches, in another order every epoch."""
    options = tf.data.Options()
    options.autotune.enabled = False
    pictures = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed=seed)
    return pictures.batch(size).prefetch(2).with_options(options)


def train(name, seed, train_set, test_set, limit=None, stop_at=None):
    """Train one network; returns a dictionary ready for JSON.

    limit: at most so many epochs. stop_at: test accuracy at which to stop.
    """
    build, compile_model, batch, epochs, published, _ = NETWORKS[name]
    x, y = train_set
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model = build()
    compile_model(model, steps=-(-len(x) // batch) * epochs)
    epochs = min(epochs, limit or epochs)
    pictures = batches(x, y, batch, seed)
    seconds, cpu, accuracy, losses = [], [], [], []
    for epoch in range(epochs):
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        history = model.fit(pictures, initial_epoch=epoch, epochs=epoch + 1, verbose=0)
        seconds.append(round(time.perf_counter() - wall_start, 2))
        cpu.append(round(time.process_time() - cpu_start, 2))
        losses.append(round(history.history["loss"][0], 4))
        _, score = model.evaluate(*test_set, batch_size=500, verbose=0)
        accuracy.append(round(score, 4))
        print(
            f"{name:12s} seed {seed} epoch {epoch + 1:2d} test {score:.4f}  {seconds[-1]:7.1f} s",
            flush=True,
        )
        if stop_at and score >= stop_at:
            break
    elapsed = np.cumsum(seconds)
    reached = {
        f"{level:.2f}": next(
            (round(float(t), 1) for t, a in zip(elapsed, accuracy, strict=True) if a >= level),
            None,
        )
        for level in LEVELS
    }
    return {
        "seed": seed,
        "epochs": len(seconds),
        "seconds": round(sum(seconds), 1),
        "cpu_seconds": round(sum(cpu), 1),
        "seconds_per_epoch": seconds,
        "train_loss": losses,
        "test_accuracy": accuracy,
        "final_accuracy": accuracy[-1],
        "seconds_to": reached,
        "parameters": model.count_params(),
        "multiply_adds": multiply_adds(model),
        "batch": batch,
        "epochs_published": published,
    }


def summarise(results):
    """Mean accuracy with its spread, median time of the seeds, and the two ratios of times."""
    out = {}
    if "ours" in results:
        finals = [run["final_accuracy"] for run in results["ours"]]
        times = [run["seconds"] for run in results["ours"]]
        out["accuracy_mean"] = round(statistics.mean(finals), 4)
        out["accuracy_spread"] = round(statistics.stdev(finals), 4) if len(finals) > 1 else None
        # Of times the median: one busy moment of the machine should not count.
        out["seconds_median"] = round(statistics.median(times), 1)
        if "tf_tutorial" in results:
            peer = results["tf_tutorial"][0]
            out["tf_tutorial_seconds"] = peer["seconds"]
            out["tf_tutorial_reached_ours"] = peer["final_accuracy"] >= out["accuracy_mean"]
            out["times_faster_than_tf_tutorial"] = round(peer["seconds"] / out["seconds_median"], 2)
        if "hands_on" in results:
            peer = results["hands_on"][0]
            ten = peer["seconds"] / peer["epochs"] * peer["epochs_published"]
            out["hands_on_seconds_ten_epochs"] = round(ten, 1)
            out["hands_on_note"] = "one epoch timed, multiplied by ten"
            out["times_faster_than_hands_on"] = round(ten / out["seconds_median"], 2)
    return out


def table(results):
    """The result as fixed-width text, one line a network."""
    lines = [
        f"{'network':12s} {'params':>9s} {'mult-adds':>11s} {'s/epoch':>8s} "
        f"{'epochs':>6s} {'seconds':>8s} {'accuracy':>8s} "
        + " ".join(f"{'to ' + f'{100 * v:.0f}':>7s}" for v in LEVELS)
    ]
    for name, runs in results.items():
        mean = statistics.mean
        first = runs[0]
        to = []
        for level in LEVELS:
            values = [run["seconds_to"][f"{level:.2f}"] for run in runs]
            to.append("-" if None in values else f"{statistics.median(values):.0f}")
        lines.append(
            f"{name:12s} {first['parameters']:9,d} "
            f"{first['multiply_adds']:11,d} "
            f"{statistics.median(s for r in runs for s in r['seconds_per_epoch']):8.1f} "
            f"{first['epochs']:6d} {statistics.median(r['seconds'] for r in runs):8.1f} "
            f"{100 * mean(r['final_accuracy'] for r in runs):8.2f} " + " ".join(f"{t:>7s}" for t in to)
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smoke test")
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=None)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    out = options.out or ROOT / "benchmarks" / "results" / (
        "fashion_quick.json" if options.quick else "fashion.json"
    )
    (x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
    x, x_test = x[..., None], x_test[..., None]
    if options.quick:
        x, y, x_test, y_test = x[:128], y[:128], x_test[:100], y_test[:100]
    report = {
        "made": datetime.date.today().isoformat(),
        "quick": options.quick,
        "train_images": len(x),
        "test_images": len(x_test),
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "results": {},
    }
    results = report["results"]
    for name in options.only or NETWORKS:
        seeds = NETWORKS[name][-1][:1] if options.quick else NETWORKS[name][-1]
        stop_at = None
        if name == "tf_tutorial" and "ours" in results:
            finals = [run["final_accuracy"] for run in results["ours"]]
            stop_at = statistics.mean(finals)
        results[name] = [
            train(
                name,
                seed,
                (x, y),
                (x_test, y_test),
                limit=1 if options.quick else None,
                stop_at=stop_at,
            )
            for seed in seeds
        ]
        report["summary"] = summarise(results)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(report, indent=1) + "\n")
    print(table(results))
    print(json.dumps(report["summary"], indent=1))


if __name__ == "__main__":
    main()
