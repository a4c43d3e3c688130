"""A download ends whole and checked, or in one clear sentence with nothing left behind.

The function comes from the shared cell of chapter 6 as it stands in tools/shared; the
server is one of our own on this machine.
"""

import hashlib
import http.server
import os
import socket
import tempfile
import threading
from pathlib import Path

import keras
import pytest

from book import Book

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
    """An empty Keras home."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def fetched():
    """The function of the shared cell, without the calls that follow it."""
    source = Book().shared()["shared-transfer"].split("\n\n\nphotos")[0]
    space = {
        "Path": Path, "hashlib": hashlib, "keras": keras, "os": os, "socket": socket, "tempfile": tempfile,
    }  # fmt: skip
    before = socket.getdefaulttimeout()
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
