"""The workflows are valid, safe, and run the README's own two commands."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools.pages import groups

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def run(*command):
    """Run a tool of the virtual environment; (exit code, everything it said)."""
    tool = shutil.which(command[0], path=str(Path(sys.executable).parent))
    assert tool, f"{command[0]} is missing; run `make setup`."
    done = subprocess.run([tool, *command[1:]], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def schema(path):
    return run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(path))


def audit(path):
    return run("zizmor", "--offline", "--no-progress", "--pedantic", str(path))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
@pytest.mark.parametrize("tool", [schema, audit])
def test_workflow(tool, path):
    code, said = tool(path)
    assert code == 0, said


@pytest.mark.parametrize(
    ("tool", "old", "new"),
    [
        (schema, "runs-on: ubuntu-latest", "runs_on: ubuntu-latest"),
        (audit, "persist-credentials: false", "fetch-depth: 1"),
        (audit, "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "actions/checkout@v5"),
    ],
)
def test_a_fault_is_caught(tool, old, new, tmp_path):
    text = WORKFLOWS[0].read_text("utf-8")
    assert old in text
    broken = tmp_path / ".github" / "workflows" / "book.yml"
    broken.parent.mkdir(parents=True)
    broken.write_text(text.replace(old, new))
    assert tool(broken)[0] != 0


def test_the_same_two_commands():
    """The workflow, .ci/run and README call make book and make test; only main is published after them."""
    jobs = yaml.safe_load(WORKFLOWS[0].read_text("utf-8"))["jobs"]
    commands = {
        name: {step["run"]: step.get("if") for step in jobs[name]["steps"] if "run" in step}
        for name in ("build", "test")
    }
    for install in (next(iter(each)) for each in commands.values()):
        assert "epubcheck" in install and "make" not in install
    built, tested = (list(each)[1:] for each in commands.values())
    assert built == ["make book", "make pdf epub archive", "make publish"]
    assert tested == ['make test GROUP="$GROUP"']
    pages, site = jobs["build"]["steps"][-2:]
    assert [commands["build"][name] for name in built[:2]] == [None] * 2 and "if" not in site
    assert commands["test"][tested[0]] is None and "if" not in jobs["test"]
    for given in (commands["build"]["make publish"], pages["if"], jobs["publish"]["if"]):
        assert given == pages["if"] and "refs/heads/main" in given
    assert pages["with"]["path"] == "_build/publish"
    script = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert [line for line in script if line.startswith("make ")] == ["make book", "make test"]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "make book" in readme and "make test" in readme


def test_every_group_is_tested_on_the_site_that_is_published():
    """The jobs are the groups of tools/pages/groups.py; each reads the site that was built, all before publishing."""
    jobs = yaml.safe_load(WORKFLOWS[0].read_text("utf-8"))["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["group"] == list(groups.groups())
    assert jobs["test"]["needs"] == "build" and jobs["publish"]["needs"] == ["build", "test"]
    given, taken = jobs["build"]["steps"][-1]["with"], jobs["test"]["steps"][-2]["with"]
    assert {key: given[key] for key in taken} == taken == {"name": "site", "path": "_build/html"}


def test_every_file_is_in_one_group():
    """Together the groups are what `make test` runs, each file once; no browser is opened outside its group."""
    shared_out = groups.groups()
    together = sorted(name for files in shared_out.values() for name in files)
    tests = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py"))
    chapters = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert together == chapters + tests and all(shared_out.values())
    for name in shared_out["rest"]:
        assert not re.search(
            r"def test_\w+\([^)]*\b(?:browser|reader|fresh)\b", (ROOT / name).read_text("utf-8")
        ), name
    done = subprocess.run(
        [sys.executable, "-m", "tools.pages.groups", "none"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (
        1,
        "There is no such group; there are notebooks, browser, rest.\n",
    )
