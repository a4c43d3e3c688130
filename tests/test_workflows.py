"""The workflows are valid, safe, and run the README's own two commands."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
    job = yaml.safe_load(WORKFLOWS[0].read_text("utf-8"))["jobs"]["test"]
    commands = {step["run"]: step.get("if") for step in job["steps"] if "run" in step}
    install, *made = commands
    assert "epubcheck" in install and "make" not in install
    assert made == ["make book", "make pdf epub archive", "make test", "make publish"]
    upload = job["steps"][-1]
    assert [commands[name] for name in made[:3]] == [None] * 3
    assert commands["make publish"] == upload["if"] and "refs/heads/main" in upload["if"]
    assert upload["with"]["path"] == "_build/publish"
    script = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert [line for line in script if line.startswith("make ")] == ["make book", "make test"]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "make book" in readme and "make test" in readme
