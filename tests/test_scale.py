"""Chapter 18's runs over several processes: they take the steps of one, survive a death, and leave nobody behind.

Every run is started by benchmarks/scale.py on 127.0.0.1 and free ports, ends or is ended, and needs no network.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.book import Book

ROOT = Book().root
SCRIPT = ROOT / "benchmarks" / "scale.py"


@pytest.fixture(scope="module")
def scale():
    """The benchmark as a module."""
    named = importlib.util.spec_from_file_location("scale", SCRIPT)
    module = importlib.util.module_from_spec(named)
    named.loader.exec_module(module)
    return module


def left_behind(words: str) -> list[str]:
    """The commands of processes that hold some words; none where the system does not list them so."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        if words in command:
            found.append(command)
    return found


@pytest.mark.parametrize("engine", ["jax", "tensorflow"])
def test_two_processes_take_the_steps_of_one(scale, engine, tmp_path):
    """The first losses agree, both end with the same weights, and the ring's bytes are sent, hardly more."""
    runs = {}
    for count in (1, 2):
        folder = tmp_path / str(count)
        folder.mkdir()
        plan = {"engine": engine, "count": count, "steps": 13, "batch": 64, "folder": str(folder)}
        runs[count] = scale.launched(plan)
        assert None not in runs[count]
    (one,), (first, second) = runs[1], runs[2]
    assert first["losses"] == pytest.approx(one["losses"], abs=1e-4)
    assert first["losses"] == second["losses"] and first["weights"] == second["weights"]
    ring = 2 * (2 - 1) * 4 * scale.PARAMETERS
    assert first["bytes"] == 0 or ring <= first["bytes"] < 1.2 * ring
    assert not left_behind(str(tmp_path))


def test_a_death_costs_only_the_steps_since_the_checkpoint(scale):
    """One of two is killed; the other does not go on alone; started again, they end with the same weights."""
    found = scale.death("tensorflow", patience=8)  # the seven steps that are left take less than one second
    assert found["finished_after_the_death"] == 0
    assert found["started_again_from"] == 10 and found["same_weights"]


def test_who_is_not_done_at_the_limit_is_ended(scale, tmp_path):
    """No member outlives the limit, whatever it waits for."""
    plan = {"engine": "tensorflow", "count": 2, "steps": 13, "batch": 64, "folder": str(tmp_path)}

    assert scale.together(plan, seconds=1.5) == [None, None]
    assert not left_behind(str(tmp_path))


@pytest.mark.parametrize("engine", ["jax", "tensorflow"])
def test_members_on_several_machines(scale, engine):
    """What a reader starts on each machine, here twice on this one."""
    hosts = ",".join(f"127.0.0.1:{port}" for port in scale.free_ports(2))
    command = [
        sys.executable,
        SCRIPT,
        "--quick",
        "--engine",
        engine,
        "--batch",
        "64",
        "--hosts",
        hosts,
        "--rank",
    ]
    started = [
        subprocess.Popen([*command, str(rank)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    try:
        said = [each.communicate(timeout=120) for each in started]
    finally:
        for each in started:
            each.kill()
    assert [each.returncode for each in started] == [0, 0], said[0][1][-2000:]
    said = [out[out.find("{") :] if "{" in out else "" for out, _ in said]  # Gloo has a line before
    run = json.loads(said[0])
    assert run["members"] == 2 and run["losses"][-1] < run["losses"][0]
    assert said[1] == ""
