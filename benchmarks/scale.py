"""How fast one convolution is here, and what several processes or machines make of one training (chapter 18).

    python benchmarks/scale.py                  all that the report lacks, on this machine; about ten minutes
    python benchmarks/scale.py --quick          a little of each part, in less than a minute
    python benchmarks/scale.py --only several   one part of the report
    python benchmarks/scale.py --hosts one:7800,two:7800 --rank 0      one member of a run over several machines

The last is started on each machine, with its own rank; under Slurm the rank may be left out:

    srun python benchmarks/scale.py --hosts one:7800,two:7800

JAX takes all accelerators that it finds; `--engine tensorflow` takes one for each member. `--batch` is the batch of all
together; `--quick` takes 13 steps. Rank 0 prints the engine, the devices, the first losses and the milliseconds of a
step.

Without --hosts the members are processes of this machine, on 127.0.0.1 and free ports. Where the system allows a
network of its own without rights (`unshare -rn` of Linux), they run in one, and its loopback counts every byte.
The report has parts:

    machine     processor, cores, versions
    layer       GFLOP/s of each way to compute one layer of 56x56x128 to 128, by chapter 18's own cells, one thread
    several     engine -> in each of ROUNDS rounds one run for each number of processes: ms a step (the median; the
                fastest, the slowest), bytes a step, the losses of the first steps
    death       engine -> a member is killed and all start again from the last checkpoint: are the weights the same?

Finished runs stand in benchmarks/results/scale.json, so a benchmark that was stopped goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "benchmarks" / "results" / "scale.json"
COUNTS, STEPS, EARLY, BATCH, ROUNDS = (1, 2, 4), 40, 10, 256, 5
QUICK_STEPS, QUICK_BATCH = 13, 64
ENGINES = ("jax", "tensorflow")
SHAPES = [(3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (1600, 10), (10,)]
PARAMETERS = 320 + 18_496 + 16_010


# ---- One member of a run ------------------------------------------------------------------------


def set_up(plan: dict, rank: int) -> None:
    """The settings that must stand before an engine is imported."""
    hosts = plan["hosts"]
    os.environ |= {"KERAS_BACKEND": plan["engine"], "TF_CPP_MIN_LOG_LEVEL": "3"}
    os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))
    if plan["local"]:  # a thread for each process, and each at home on one core
        os.environ |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        if hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, {cores[rank % len(cores)]})
    if plan["engine"] == "tensorflow":
        cluster = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": rank}}
        os.environ["TF_CONFIG"] = json.dumps(cluster)
    else:
        sys.modules["tensorflow"] = None  # not needed, and slow to start
        import jax

        if len(hosts) > 1:
            jax.distributed.initialize(hosts[0], len(hosts), rank)


def network(keras):
    """Fashion-MNIST's pictures -> ten logits; the weights are drawn by NumPy, alike in both engines."""
    import numpy as np

    layers, rng = keras.layers, np.random.default_rng(18)
    keras.utils.set_random_seed(18)  # all members must begin alike
    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu", kernel_initializer="zeros"), layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu", kernel_initializer="zeros"), layers.MaxPooling2D(),
        layers.Flatten(), layers.Dense(10, kernel_initializer="zeros"),
    ])  # fmt: skip
    spreads = [(2 / max(1, np.prod(shape[:-1]))) ** 0.5 * (len(shape) > 1) for shape in SHAPES]
    weights = [rng.normal(0, spread, shape) for spread, shape in zip(spreads, SHAPES, strict=True)]
    model.set_weights(weights)
    return model


def jax_step(keras, model, count: int):
    """A step of all members: my part of a batch -> the loss of the whole batch."""
    model.compile(
        keras.optimizers.SGD(0.02, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )

    def step(x, y):
        model.reset_metrics()
        return float(model.train_on_batch(x, y))

    return step, model.optimizer


def tensorflow_step(keras, model, strategy, optimizer):
    """The same by a loop of our own: `fit` fails under this strategy in Keras 3.15."""
    import tensorflow as tf

    entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # divides by the members itself

    @tf.function
    def step(x, y):
        def member(x, y):
            with tf.GradientTape() as tape:
                loss = entropy(y, model(x, training=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
            return loss

        return strategy.reduce("SUM", strategy.run(member, (x, y)), axis=None)

    return lambda x, y: float(step(x, y))


def received() -> int:
    """The bytes that have come in over the loopback; 0 where the system does not say."""
    try:
        lines = Path("/proc/net/dev").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split(":")[1].split()[0]) for line in lines if line.strip().startswith("lo:")), 0)


def watch_parent() -> None:
    """End this process when the one that started it has gone."""
    parent = os.getppid()

    def look():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(3)

    threading.Thread(target=look, daemon=True).start()


def member(plan: dict, rank: int) -> dict:
    """Take part in a run; what this member saw."""
    if plan["local"]:
        watch_parent()
    set_up(plan, rank)
    import keras
    import numpy as np

    count = len(plan["hosts"])
    (pictures, classes), _ = keras.datasets.fashion_mnist.load_data()
    if plan["engine"] == "tensorflow":
        import tensorflow as tf

        if plan["local"]:
            tf.config.threading.set_intra_op_parallelism_threads(1)
        cards, mine = tf.config.list_physical_devices("GPU"), int(os.environ.get("SLURM_LOCALID", 0))
        tf.config.set_visible_devices(cards[mine : mine + 1], "GPU")  # one for each member
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        with strategy.scope():
            model, optimizer = network(keras), keras.optimizers.SGD(0.02, momentum=0.9)
            optimizer.build(model.trainable_variables)
        step = tensorflow_step(keras, model, strategy, optimizer)
        devices = [device.name for device in tf.config.list_logical_devices() if "CPU" not in device.name]
    else:
        import jax

        if len(jax.devices()) > 1:
            way = keras.distribution.DataParallel(
                devices=keras.distribution.list_devices(), auto_shard_dataset=False
            )
            keras.distribution.set_distribution(way)
        model = network(keras)
        step, optimizer = jax_step(keras, model, count)
        optimizer.build(model.trainable_variables)
        devices = [device.device_kind for device in jax.local_devices()]

    def everything():
        return [np.array(keras.ops.convert_to_numpy(v)) for v in (*model.variables, *optimizer.variables)]

    kept, first = Path(plan["folder"]) / "checkpoint.npz", 0
    if kept.exists():
        with np.load(kept) as saved:
            first = int(saved["step"])
            for n, variable in enumerate((*model.variables, *optimizer.variables)):
                variable.assign(saved[f"v{n}"])
    losses, times = [], []
    for number in range(first, plan["steps"]):
        if plan.get("kill") == [rank, number]:
            os.kill(os.getpid(), signal.SIGKILL)
        rows = np.random.default_rng([18, number]).permutation(60_000)[: plan["batch"]]
        mine = rows[rank * len(rows) // count : (rank + 1) * len(rows) // count]
        x, y = pictures[mine, ..., None] / np.float32(255), classes[mine].astype("int32")
        if number == first + EARLY:
            before = received()
        start = time.perf_counter()
        losses.append(step(x, y))
        times.append(time.perf_counter() - start)
        if plan.get("every") and (number + 1) % plan["every"] == 0 and rank == 0:
            arrays = {f"v{n}": value for n, value in enumerate(everything())}
            np.savez(kept.with_suffix(".new.npz"), step=number + 1, **arrays)
            kept.with_suffix(".new.npz").replace(kept)  # whole, or not at all
    late = times[EARLY:] or times[-1:]
    sent = (received() - before) / len(late) if len(times) > EARLY else 0
    values = b"".join(value.tobytes() for value in everything())
    return {
        "engine": plan["engine"], "members": count, "devices": devices, "first": first,
        "ms": round(1000 * statistics.median(late), 2),
        "ms_low": round(1000 * min(late), 2), "ms_high": round(1000 * max(late), 2),
        "bytes": round(sent), "losses": [round(loss, 7) for loss in losses[:EARLY]],
        "last_loss": round(losses[-1], 5), "weights": hashlib.sha256(values).hexdigest(),
    }  # fmt: skip


# ---- All members on this machine ----------------------------------------------------------------


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses now."""
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def raise_loopback() -> None:
    """Switch on the loopback of a network that has just been made."""
    import fcntl

    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # up and running
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


def together(plan: dict, seconds: float = 240) -> list[dict | None]:
    """Start all members, wait for them, and end whoever is left; what each said, None for one that died.

    Once one has failed, the others have `plan["patience"]` seconds (20) to go on alone.
    """
    if plan.get("alone"):
        raise_loopback()
    plan = {**plan, "hosts": [f"127.0.0.1:{port}" for port in free_ports(plan["count"])], "local": True}
    command = [sys.executable, __file__, "--member", json.dumps(plan)]
    started, said = [], []
    with tempfile.TemporaryDirectory() as box:
        try:
            for rank in range(plan["count"]):
                out, err = (Path(box, f"{kind}{rank}").open("w") for kind in ("out", "err"))
                started.append(subprocess.Popen([*command, "--rank", str(rank)], stdout=out, stderr=err))
                out.close()
                err.close()
            end = time.monotonic() + seconds
            while any(each.poll() is None for each in started) and time.monotonic() < end:
                if any(each.poll() for each in started):  # one has failed: the others cannot go on
                    end = min(end, time.monotonic() + plan.get("patience", 20))
                time.sleep(0.1)
        finally:
            for each in started:
                if each.poll() is None:
                    each.kill()
                each.wait()
        for rank, each in enumerate(started):
            lines = Path(box, f"out{rank}").read_text().splitlines()
            found = [line[7:] for line in lines if line.startswith("MEMBER ")]
            said.append(json.loads(found[-1]) if found else None)
            if not found and "kill" not in plan:
                print(Path(box, f"err{rank}").read_text()[-3000:], file=sys.stderr)
                print(f"member {rank} ended with {each.returncode}", file=sys.stderr)
    return said


def launched(plan: dict) -> list[dict | None]:
    """`together` in a process of its own, with a network of its own where that is allowed."""
    alone = ["unshare", "-rn"]
    allowed = shutil.which("unshare") and not subprocess.run([*alone, "true"], capture_output=True).returncode
    plan = {**plan, "alone": bool(allowed)}
    command = [*alone * bool(allowed), sys.executable, __file__, "--together", json.dumps(plan)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    sys.stderr.write(done.stderr[-3000:])
    found = [line[9:] for line in done.stdout.splitlines() if line.startswith("TOGETHER ")]
    if not found:
        raise RuntimeError("the members could not be started")
    said = json.loads(found[-1])
    if not allowed:
        for each in filter(None, said):
            each["bytes"] = 0  # others use this loopback, too
    return said


def run_of(engine: str, count: int, **more) -> list[dict | None]:
    """A run of one engine over some processes."""
    with tempfile.TemporaryDirectory() as folder:
        plan = {"engine": engine, "count": count, "steps": STEPS, "batch": BATCH, "folder": folder}
        return launched({**plan, **more})


def death(engine: str, count: int = 2, batch: int = BATCH, patience: float = 20) -> dict:
    """Twenty steps, without and with a death in the thirteenth; checkpoints after each five."""
    plain = run_of(engine, count, steps=20, batch=batch)
    with tempfile.TemporaryDirectory() as folder:
        plan = {"engine": engine, "count": count, "steps": 20, "batch": batch, "folder": folder, "every": 5}
        killed = launched({**plan, "kill": [count - 1, 12], "patience": patience})
        again = launched(plan)
    assert all(plain) and all(again), "a run without a death has failed"
    return {
        "members": count,
        "finished_after_the_death": sum(each is not None for each in killed),
        "started_again_from": again[0]["first"],
        "same_weights": again[0]["weights"] == plain[0]["weights"],
    }


# ---- The report ---------------------------------------------------------------------------------


def machine() -> dict:
    """What this was measured on."""
    from importlib.metadata import PackageNotFoundError, version

    names = {}
    for package in ("keras", "numpy", "jax", "tensorflow", "tensorflow-cpu"):
        try:
            names[package] = version(package)
        except PackageNotFoundError:
            continue
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return {"processor": model, "cores": os.cpu_count(), "python": platform.python_version(), **names}


def layers(rounds: int) -> dict:
    """Rung -> GFLOP/s in each round, by the cells of the chapter."""
    from _report import run_cells

    cells = ("home", "setup", "product-18-code", "limit-18-ways", "limit-18-clock", "limit-18-speeds")
    space = run_cells("18_scale", cells, {})
    found = [space["speed"], *(space["speeds"]() for _ in range(rounds - 1))]
    return {name: [round(each[name] / 1e9, 4) for each in found] for name in found[0]}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Chapter 18's runs.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", choices=("several", "death", "layer"), help="one part of the report")
    parser.add_argument("--hosts", help="host:port of every member, with commas between them")
    parser.add_argument("--rank", type=int, default=int(os.environ.get("SLURM_PROCID", 0)))
    parser.add_argument("--engine", choices=ENGINES, default="jax")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--member", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("--together", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if args.member:
        print("MEMBER " + json.dumps(member(args.member, args.rank)), flush=True)
        os._exit(0)  # the engines' threads may hold on to a process that is done
    if args.together:
        watch_parent()
        print("TOGETHER " + json.dumps(together(args.together)), flush=True)
        return
    if args.hosts:
        with tempfile.TemporaryDirectory() as folder:
            plan = {"engine": args.engine, "hosts": args.hosts.split(","), "local": False, "folder": folder}
            plan |= {"steps": QUICK_STEPS if args.quick else STEPS, "batch": args.batch}
            said = member(plan, args.rank)
            del said["bytes"]  # of the loopback alone
        if args.rank == 0:
            print(json.dumps(said, indent=1), flush=True)
        return
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from _report import Report

    report = Report(args.out or (OUT.with_name("scale_quick.json") if args.quick else OUT), fresh=args.quick)
    if "here" not in report.parts.get("machine", {}):
        report.add("machine", "here", machine())
    parts = [args.only] if args.only else ["several", "death", "layer"]
    # Round by round, so that a busy moment does not fall on one number of processes alone.
    engines, counts = (ENGINES[1:], COUNTS[1:2]) if args.quick else (ENGINES[::-1], COUNTS)
    rounds = range(1 if args.quick else ROUNDS) if "several" in parts else ()
    for number, engine, count in itertools.product(rounds, engines, counts):
        if not report.has("several", engine, members=count, round=number):
            said = run_of(engine, count, steps=QUICK_STEPS if args.quick else STEPS)
            if None in said:
                raise SystemExit(f"{engine} with {count} members did not finish")
            report.add("several", engine, {"round": number, **said[0]})
    for engine in (ENGINES[:1] if args.quick else ENGINES[::-1]) * ("death" in parts):
        if not report.has("death", engine, members=2):
            report.add("death", engine, death(engine, 1, QUICK_BATCH) if args.quick else death(engine))
    if "layer" in parts and not report.parts.get("layer"):
        for name, speeds in layers(1 if args.quick else 7).items():
            report.add("layer", name, {"gflops": speeds})


if __name__ == "__main__":
    main()
