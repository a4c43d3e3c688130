"""The part of pytest that remembers what passed, for `make quick` (tools/pages/quick.py), and puts long files first.

BOOK_MEMORY=write, set by `make test` and `make check`: all that passes is remembered. BOOK_MEMORY=use,
set by `make quick`: tests that have passed with the very inputs that there are now are left out as well.
BOOK_MEMORY=watch: nothing is remembered; said is which files were opened that tests/reads.py does not name.
Without it, nothing is remembered; the order of the files comes from the times of earlier runs all the same.

A part of a file is remembered only if each of its tests was run and passed in this run: none failed,
none was skipped, none was left out by an option, the run came to its end, none of its inputs changed
meanwhile, and no file was opened that tests/reads.py does not name for it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tools.pages.quick import ROOT, Memory, Snapshot, Table

BROWSER = {"browser", "reader", "fresh", "page", "planted"}  # fixtures that begin a browser
LONG = {"quick": 15, "scale": 13}  # those that begin benchmarks, and the seconds of a test


class Remember:
    """One run of pytest: in the process that was called, and in each of its workers."""

    def __init__(self, config):
        self.config = config
        self.mode = os.environ.get("BOOK_MEMORY", "")
        self.mode = self.mode if whole_files(config) or self.mode == "watch" else ""
        self.worker = getattr(config, "workerinput", None)
        self.memory = Memory()
        self.units: dict[str, dict] = {}  # part -> its file, what it reads, how many tests, whether left out
        self.passed: dict[str, set[str]] = {}
        self.spoilt: set[str] = set()
        self.strays: dict[str, set[str]] = {}
        self.seconds: Counter = Counter()
        self.now = ""  # the part, or the file that is collected, to which opened files belong
        self.opened: dict[str, set[str]] = {}
        self.elsewhere = {str(ROOT): ""}  # a copy of the book -> the book
        self.ended = False
        if self.mode:
            given = self.worker["book"] if self.worker else {}
            self.snapshot = Snapshot(**given)
            self.table = Table()
            if self.worker is not None or not distributed(config):
                sys.addaudithook(self.watch)

    # ---- Which files a test opens

    def watch(self, event: str, arguments: tuple) -> None:
        """Told by Python of every file that is opened in this process, by a server's threads as well."""
        if event != "open" or not self.now or not isinstance(arguments[0], (str, bytes)):
            return
        mode = arguments[1]
        if isinstance(mode, str) and mode[:1] in ("w", "a", "x"):
            return
        self.opened.setdefault(self.now, set()).add(os.path.abspath(os.fsdecode(arguments[0])))

    @contextlib.contextmanager
    def copying(self, folder: Path):
        """While the book is copied nothing counts as read; afterwards the copy counts as the book."""
        self.elsewhere[str(folder)] = ""
        before, self.now = self.now, ""
        yield
        self.now = before

    def names(self, opened: set[str]) -> set[str]:
        """The names of those opened files that belong to the book or to the site."""
        found, html = set(), str(self.snapshot.html)
        for path in opened:
            if path.startswith(html + os.sep):
                found.add("site:" + Path(path).relative_to(html).as_posix())
                continue
            for folder in self.elsewhere:
                if path.startswith(folder + os.sep):
                    found.add(Path(path).relative_to(folder).as_posix())
        return found & self.snapshot.digests.keys()

    def unnamed(self, opened: set[str], reads, file: str) -> set[str]:
        """Opened files that do not belong to what a part of this file may read."""
        known = {name.split("#")[0] for name in self.snapshot.labels(reads, file)}
        for glob in reads:
            known |= set(self.snapshot.matching(glob[1:])) if glob.startswith("~") else set()
        return self.names(opened) - known

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector):
        """A file that is read while tests are collected counts for all tests of the file."""
        before, self.now = self.now, collector.nodeid.split("::")[0]
        try:
            return (yield)
        finally:
            self.now = before

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        """From here to the end of the test, opened files belong to its part."""
        self.now = dict(item.user_properties).get("part", "")
        try:
            return (yield)
        finally:
            self.now = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        """At the end of a test: what it opened and should not have, for the process that was called."""
        name = dict(item.user_properties).get("part", "")
        if call.when == "teardown" and name in self.units:
            unit = self.units[name]
            strays = self.unnamed(self.opened.pop(name, set()), unit["reads"], unit["file"])
            item.user_properties.append(("strays", sorted(strays)))
        return (yield)

    # ---- Which tests run, and in which order

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        """Leave out what has passed as it is; begin with the files that take longest."""
        if self.mode:
            self.sort_into_parts(items)
        if self.mode == "use":
            left = [item for item in items if self.units[dict(item.user_properties)["part"]]["left"]]
            if left:
                config.hook.pytest_deselected(items=left)
                items[:] = [item for item in items if item not in set(left)]
        total: Counter = Counter()
        of_files = self.of_files() if not self.mode else {}  # parts are not known, then
        for item in items:
            file = file_of(item)
            total[file] = of_files.get(file) or total[file] + self.expected(item)
        items.sort(key=lambda item: -total[file_of(item)])  # a file's tests keep their order

    def sort_into_parts(self, items) -> None:
        """Find out to which part each test belongs, and whether that part can be left out."""
        for item in items:
            file = file_of(item)
            values = item.callspec.params if hasattr(item, "callspec") else {}
            name, reads = self.table.part(file, item.name, values)
            item.user_properties.append(("part", name))
            unit = self.units.setdefault(name, {"file": file, "reads": reads, "tests": 0, "left": False})
            unit["tests"] += 1
        for name, unit in self.units.items():
            fingerprint = self.snapshot.fingerprint(unit["reads"], unit["file"])
            unit["left"] = self.mode == "use" and self.memory.has_passed(name, fingerprint)
        for file in {unit["file"] for unit in self.units.values()}:
            strays = self.unnamed(self.opened.pop(file, set()), self.table.whole(file), file)
            if strays:
                self.strays[file] = strays

    def of_files(self) -> Counter:
        """Seconds that whole files took, of those that were measured."""
        found: Counter = Counter()
        for part, (seconds, _) in self.memory.kept["seconds"].items():
            found[part.split(": ")[0].split(" [")[0]] += seconds
        return found

    def expected(self, item) -> float:
        """Seconds that a test will take: as measured; else as its kind takes."""
        name = dict(item.user_properties).get("part") or file_of(item)
        measured = self.memory.kept["seconds"]
        if name in measured:
            seconds, tests = measured[name]
            return seconds / max(1, tests)
        if item.nodeid.startswith("notebooks/"):
            return 2
        fixtures = set(getattr(item, "fixturenames", ()))
        return max([LONG[name] for name in LONG.keys() & fixtures] + [3 if BROWSER & fixtures else 0.2])

    # ---- What came of it

    @pytest.hookimpl(optionalhook=True)  # of pytest-xdist
    def pytest_configure_node(self, node):
        """A worker sees the files as they were when the run began, and not another state each."""
        if self.mode:
            node.workerinput["book"] = {"digests": self.snapshot.digests, "around": self.snapshot.around}

    @pytest.hookimpl(optionalhook=True)  # of pytest-xdist
    def pytest_testnodedown(self, node, error):
        """What a worker knows of the parts; all workers know the same."""
        told = getattr(node, "workeroutput", {}).get("book")
        if told:
            self.units = told["units"]
            self.strays |= {file: set(names) for file, names in told["strays"].items()}

    def pytest_runtest_logreport(self, report):
        """Count what passed; anything else spoils the part."""
        told = dict(report.user_properties)
        name = told.get("part")
        if name is None:
            return
        self.seconds[name] += report.duration
        if report.outcome != "passed" or hasattr(report, "wasxfail"):
            self.spoilt.add(name)
        elif report.when == "call":
            self.passed.setdefault(name, set()).add(report.nodeid)
        if told.get("strays"):
            self.spoilt.add(name)
            self.strays.setdefault(name, set()).update(told["strays"])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        """Write down what passed, if the run came to its end."""
        if self.worker is not None:
            if self.mode:
                strays = {file: sorted(names) for file, names in self.strays.items()}
                self.config.workeroutput["book"] = {"units": self.units, "strays": strays}
            return
        if (
            self.mode not in ("write", "use")
            or int(exitstatus) not in (0, 1, 5)
            or session.shouldstop
            or session.shouldfail
        ):
            return
        self.remember(Snapshot(around=self.snapshot.around))

    def remember(self, after: Snapshot) -> None:
        """Keep the parts that passed, whole, with inputs that stayed as they were."""
        kept, before = Memory(self.memory.path.parents[1]), self.snapshot
        files: dict[str, bool] = {}
        for name, unit in self.units.items():
            file, reads = unit["file"], tuple(unit["reads"])
            fingerprint = before.fingerprint(reads, file)
            same = after.fingerprint(reads, file) == fingerprint and file not in self.strays
            if not unit["left"]:
                kept.kept["passed"].pop(name, None)
                complete = len(self.passed.get(name, ())) == unit["tests"] > 0
                if complete and name not in self.spoilt and same:
                    kept.kept["passed"][name] = fingerprint
                if complete:
                    kept.kept["seconds"][name] = (round(self.seconds[name], 2), unit["tests"])
            files[file] = files.get(file, True) and same and kept.has_passed(name, fingerprint)
        for file, all_of_it in files.items():
            kept.kept["whole"].pop(file, None)
            if all_of_it:
                kept.keep_whole(file, after, self.table.whole(file), file)
        kept.write()
        self.ended = True

    def pytest_terminal_summary(self, terminalreporter):
        """Say what was left out, and what will not be remembered and why."""
        left = Counter(unit["file"] for unit in self.units.values() if unit["left"])
        for file, count in sorted(left.items()):
            parts = sum(unit["file"] == file for unit in self.units.values())
            terminalreporter.write_line(
                f"{file}: {count} of its {parts} parts left out, passed with all that they read as it is."
            )
        for name, files in sorted(self.strays.items()):
            terminalreporter.write_line(
                f"{name} is not remembered as passed: it opened {', '.join(sorted(files)[:3])}, "
                "which tests/reads.py does not name for it."
            )


def file_of(item) -> str:
    """The file of a test, from the top of the book."""
    return item.nodeid.split("::")[0]


def distributed(config) -> bool:
    """Whether workers run the tests."""
    return bool(getattr(config.option, "dist", "no") != "no" or getattr(config.option, "tx", None))


def whole_files(config) -> bool:
    """Whether no option picks single tests: what is left out that way has not passed."""
    option = config.option
    picked = [option.keyword, option.markexpr, option.deselect, option.maxfail, option.collectonly]
    picked += [getattr(option, name, None) for name in ("lf", "last_failed", "stepwise", "pdb", "runxfail")]
    picked += [any("::" in str(argument) for argument in config.args), os.environ.get("BOOK_HTML")]
    return not any(picked)
