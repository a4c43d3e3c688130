"""A download ends whole and checked, or in one clear sentence with nothing left behind.

The function comes from the shared cell of chapters 6, 9, 10, 11 and 15 as it stands in tools/shared; the
server is one of our own on this machine.
"""

import hashlib
import http.server
import os
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import keras
import pytest

from tools.book import Book

CONTENT = b"weights " * 50_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NAME = "models/some.weights.h5"


class Answers(http.server.BaseHTTPRequestHandler):
    """/whole, /wrong, /cut and nothing else."""

    def do_GET(self):
        content = {"/whole": CONTENT, "/wrong": b"x" * 1000, "/cut": CONTENT}.get(self.path)
        if content is None:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 3] if self.path == "/cut" else content)

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="module")
def server():
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty Keras home; this machine's own server is asked without a proxy."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    return tmp_path


@pytest.fixture(scope="module")
def fetched():
    """The function of the shared cell, without the settings that stand before it."""
    source = Book().shared()["shared-start"].removeprefix(Book().shared()["shared-home"])
    space = {
        "Path": Path, "hashlib": hashlib, "keras": keras, "os": os, "socket": socket, "tempfile": tempfile,
    }  # fmt: skip
    before = socket.getdefaulttimeout()
    assert len(source.splitlines()) < 20
    exec(source, space)
    yield space["fetched"]
    socket.setdefaulttimeout(before)


def files(home):
    """Every file under the home, by name."""
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


def sentence(call):
    """The message of the one error that a call ends in: one line, one sentence."""
    with pytest.raises(OSError) as caught:
        call()
    said = str(caught.value)
    assert said.startswith("some.weights.h5 was not fetched: ") and said.endswith(".")
    assert "\n" not in said and said.count(". ") == 0
    assert caught.value.__suppress_context__
    return said


def test_a_whole_download_is_kept_and_asked_for_once(server, home, fetched):
    path = fetched(NAME, DIGEST, f"{server}/whole")
    assert Path(path).read_bytes() == CONTENT and files(home) == [NAME]
    assert fetched(NAME, DIGEST, f"{server}/gone") == path  # no server needed any more


@pytest.mark.parametrize("fault", ["wrong", "cut", "gone"])
def test_a_bad_download_leaves_nothing(server, home, fetched, fault):
    assert "some.weights.h5" in sentence(lambda: fetched(NAME, DIGEST, f"{server}/{fault}"))
    assert files(home) == []


def test_no_server_leaves_nothing(home, fetched):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sentence(lambda: fetched(NAME, DIGEST, f"http://127.0.0.1:{port}/whole"))
    assert files(home) == []


def test_a_full_disk_leaves_nothing(server, home, fetched, monkeypatch):
    from keras.src.utils import file_utils

    def fills_the_disk(origin, target, hook=None):
        Path(target).write_bytes(CONTENT[:1000])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_utils, "urlretrieve", fills_the_disk)
    assert "No space left" in sentence(lambda: fetched(NAME, DIGEST, f"{server}/whole"))
    assert files(home) == []


def test_an_old_file_stays_until_the_new_one_is_whole(server, home, fetched):
    (home / NAME).parent.mkdir()
    (home / NAME).write_bytes(b"old")
    sentence(lambda: fetched(NAME, DIGEST, f"{server}/cut"))
    assert (home / NAME).read_bytes() == b"old" and files(home) == [NAME]
    fetched(NAME, DIGEST, f"{server}/whole")
    assert (home / NAME).read_bytes() == CONTENT and files(home) == [NAME]


# -------------------------------------------------- the first cell of every chapter
@pytest.fixture
def clone(tmp_path):
    """A folder with notebooks/deep/ and data/ like those of a clone."""
    (tmp_path / "notebooks/deep").mkdir(parents=True)
    for file in ("data/datasets/photographs.npz", "data/models/some.h5"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_bytes(b"as in the clone")
    return tmp_path


def run_first_cell(monkeypatch, where: Path, **environment) -> None:
    """Run the shared first cell in a folder."""
    monkeypatch.chdir(where)
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    exec(Book().shared()["shared-home"], {})


@pytest.mark.parametrize("where", [".", "notebooks", "notebooks/deep"])
def test_the_data_of_the_clone_are_found_from_any_folder_in_it(clone, monkeypatch, where):
    run_first_cell(monkeypatch, clone / where)
    assert Path(os.environ["KERAS_HOME"]) == clone / "data"


def test_without_a_clone_keras_has_its_own_home(tmp_path, monkeypatch):
    run_first_cell(monkeypatch, tmp_path)
    assert "KERAS_HOME" not in os.environ


def test_a_clone_that_cannot_be_written_to_is_read_all_the_same(clone, monkeypatch, tmp_path_factory):
    """Keras leaves a home that it cannot write; so it gets a copy."""
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: clone not in Path(path).parents and real(path, mode))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("elsewhere")))
    run_first_cell(monkeypatch, clone / "notebooks")
    home = Path(os.environ["KERAS_HOME"])
    assert clone not in home.parents and os.access(home, os.W_OK)
    assert (home / "models/some.h5").read_bytes() == b"as in the clone"


def test_a_home_that_cannot_be_written_to_leaves_no_warning(clone, monkeypatch):
    """Matplotlib gets a folder of its own for what it keeps; without need it gets none."""
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    run_first_cell(monkeypatch, clone)
    assert "MPLCONFIGDIR" not in os.environ
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != Path.home() and real(path, mode))
    run_first_cell(monkeypatch, clone)
    assert os.access(os.environ.pop("MPLCONFIGDIR"), os.W_OK)


def test_what_is_written_past_python_stays_out_of_the_notebooks(tmp_path):
    """TensorFlow's machinery writes to the process's own error stream; in a lab it would stand in red under a cell."""
    from jupyter_client.manager import start_new_kernel

    subprocess.run(["make", "quiet-kernels", f"VENV={tmp_path}"], cwd=Book().root, check=True)
    settings = tmp_path / "etc" / "ipython" / "ipython_kernel_config.py"
    manager, client = start_new_kernel(kernel_name="python3", extra_arguments=[f"--config={settings}"])
    try:
        said = []
        code = (
            "import os, sys\nos.write(2, b'noise')\nprint('an answer')\nprint('a warning', file=sys.stderr)"
        )
        client.execute_interactive(code, timeout=60, output_hook=said.append)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    texts = [message["content"]["text"] for message in said if message["msg_type"] == "stream"]
    assert "".join(texts).split("\n") == ["an answer", "a warning", ""]


@pytest.mark.parametrize(("backend", "said"), [("tensorflow", ""), ("jax", "written for TensorFlow")])
def test_the_backend_is_tensorflow_and_another_is_named(clone, monkeypatch, capsys, backend, said):
    run_first_cell(monkeypatch, clone, KERAS_BACKEND=backend)
    printed = capsys.readouterr().out
    assert os.environ["KERAS_BACKEND"] == "tensorflow" and said in printed
    assert bool(printed) == bool(said)
