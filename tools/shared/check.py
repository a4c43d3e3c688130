# @title The checks of the exercises: run this cell, you need not read it
class Exercise:
    """The check of one exercise: runs an answer and says what differs.

    right is the right function, or value; cases are its inputs, smallest
    first; slips maps words to a function, or value, that has this slip.
    judge(answer), instead of right, returns what is wrong, "" if nothing is.
    """

    results = {}  # number of the exercise -> what came of it

    def __init__(self, number, right=None, cases=((),), slips=(), judge=None):
        self.number, self.right, self.cases = number, right, cases
        self.slips, self.judge = dict(slips), judge or self.compare
        self.results.setdefault(number, "not attempted yet")

    def __call__(self, name):
        """Check what the notebook calls `name`, and print what came of it."""
        answer = globals().get(name)
        try:
            fault = ... if self.is_blank(answer) else self.judge(answer)
        except Exception as error:  # an answer of a kind no check thought of
            fault = self.told(error)
        if name not in globals():
            fault = f"There is no {name}. Run the cell above; keep its name."
        said = {"": "right", ...: "not attempted yet"}.get(fault, "not yet")
        if name.startswith("solution"):
            said = "the solution passes" if fault == "" else said
        else:
            self.results[self.number] = said
        print(f"Exercise {self.number}: {said}.")
        if said == "not yet":
            print("  " + fault.replace("\n", "\n  "))

    @classmethod
    def sum_up(cls):
        """Print which exercises of this notebook are right so far."""
        for said in ("right", "not yet", "not attempted yet"):
            found = [n for n in sorted(cls.results) if cls.results[n] == said]
            print(f"{said + ':':19}{len(found)}  {', '.join(found)}".strip())

    def compare(self, answer):
        """What is wrong with an answer, on the smallest input that shows."""
        for case in self.cases:
            value, trouble = self.run(answer, case)
            if self.is_blank(value):
                return ...
            expected, _ = self.run(self.right, self.widened(case))
            fault = trouble or self.difference(value, expected)
            if fault:
                slip = "" if trouble else self.slip(answer)
                lines = [self.inputs(case), fault, slip]
                return "\n".join(line for line in lines if line)
        return ""

    @classmethod
    def run(cls, answer, inputs):
        """Run an answer on copies -> (its value, what went wrong or "")."""
        from contextlib import redirect_stderr, redirect_stdout
        from copy import deepcopy
        from io import StringIO

        copies, silence = deepcopy(tuple(inputs)), StringIO()
        if not callable(answer):
            return answer, ""
        try:
            with redirect_stdout(silence), redirect_stderr(silence):
                value = cls.limited(answer, copies)
        except (Exception, SystemExit) as error:
            return None, cls.told(error, getattr(answer, "__name__", ""))
        for position, (new, old) in enumerate(zip(copies, inputs), 1):
            if not cls.same(new, old):
                return value, (f"It changed its input number {position} in "
                               "place. Work on a copy of it.")
        return value, ""

    @staticmethod
    def limited(answer, inputs, seconds=5):
        """Run an answer; stop it after some seconds where the system can."""
        import signal

        def stop(*_):
            raise TimeoutError(f"not ready after {seconds} seconds. "
                               "Does a loop never end?")

        try:
            before = signal.signal(signal.SIGALRM, stop)
        except (AttributeError, ValueError):  # Windows, or a thread
            return answer(*inputs)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return answer(*inputs)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @staticmethod
    def told(error, name=""):
        """An error in words, with the line of the answer that raised it."""
        import re
        from traceback import extract_tb

        lines = [frame.lineno for frame in extract_tb(error.__traceback__)
                 if frame.name == name]
        place = f" in line {lines[-1]} of its cell" if lines else ""
        words = re.sub(r"\x1b\[\d*m", "", str(error))  # colours of a terminal
        words = " ".join(words.split())[:200]
        return f"It stopped{place} with {type(error).__name__}: {words}"

    @classmethod
    def difference(cls, came, expected):
        """Expected and came in words where they differ, otherwise ""."""
        if cls.same(came, expected):
            return ""
        if isinstance(expected, tuple):
            if getattr(came, "ndim", 0):
                came = list(came)
            if not isinstance(came, (tuple, list)):
                return cls.both(f"{len(expected)} results", cls.text(came))
            if len(came) != len(expected):
                return cls.both(f"{len(expected)} results", f"{len(came)}")
            faults = list(map(cls.difference, came, expected))
            which = next(n for n, fault in enumerate(faults) if fault)
            return f"Result {which + 1} of {len(faults)}:\n{faults[which]}"
        value, wanted = cls.numbers(came), cls.numbers(expected)
        if value is None or value.shape == wanted.shape and wanted.size <= 49:
            return cls.both(cls.text(expected), cls.text(came))
        if value.shape != wanted.shape:
            fits = (value.size == wanted.size
                    and cls.same(value.reshape(wanted.shape), wanted))
            return (cls.both(*(f"{cls.text(table)}, "
                               + (f"shape {table.shape}" if table.shape
                                  else "one number")
                               for table in (wanted, value)))
                    + "\nThe numbers are right, the shape is not." * fits)
        off = ~np.isclose(value, wanted, 1e-4, 1e-5 * np.abs(wanted).max())
        place = tuple(int(n) for n in np.argwhere(off)[0])
        return (f"At {list(place)}, one of {off.sum()} places that differ:\n"
                + cls.both(cls.text(wanted[place]), cls.text(value[place])))

    @staticmethod
    def both(expected, came):
        """Two lines: what was expected, and what came."""
        margin = "\n" + " " * 10
        return ("expected: " + expected.replace("\n", margin)
                + "\ncame:     " + came.replace("\n", margin))

    def slip(self, answer):
        """The slip that does the same as an answer on every case, or ""."""
        known = self.slips | {
            "an integer overflows: uint8 starts again at 0 after 255, so make "
            "the input float first": self.right}
        cases = [self.widened(case) for case in self.cases]
        came = [self.run(answer, case) for case in cases]
        for words, wrong in known.items():
            gives = [self.run(wrong, case) for case in cases]
            agree = [bool(one[1]) == bool(other[1])
                     and (one[1] or self.same(one[0], other[0]))
                     for one, other in zip(came, gives)]
            if all(agree) and any(not trouble for _, trouble in gives):
                return f"It looks as if {words}."
        return ""

    def inputs(self, case):
        """The inputs of a case by name, as text."""
        pieces, code = [], getattr(self.right, "__code__", None)
        for name, value in zip(code.co_varnames if case else (), case):
            small = getattr(value, "dtype", None) == np.uint8
            plain = self.numbers(value) is None
            text = (f"{name} = {repr(value) if plain else self.text(value)}"
                    + small * " (uint8)")
            pieces.append(text.replace("\n", "\n" + " " * (len(name) + 7)))
        return "For " + ",\n    ".join(pieces) if pieces else ""

    @staticmethod
    def widened(case):
        """Inputs in which uint8 arrays are float arrays."""
        return tuple(value.astype(float)
                     if getattr(value, "dtype", None) == np.uint8 else value
                     for value in case)

    @classmethod
    def is_blank(cls, value):
        """Whether an answer still holds the three dots of its starter."""
        if isinstance(value, (tuple, list)):
            return any(map(cls.is_blank, value))
        return value is ...

    @staticmethod
    def numbers(value):
        """A number or a table of any kind as a float array, else None."""
        try:
            array = np.asarray(value)
            if value is None or array.dtype.kind in "SU":
                return None
            return array.astype(float)
        except Exception:  # not a table of numbers, whatever it is
            return None

    @classmethod
    def same(cls, came, expected):
        """Whether two values agree, whatever kind of table they are."""
        if isinstance(expected, tuple) and isinstance(came, (tuple, list)):
            return (len(came) == len(expected)
                    and all(map(cls.same, came, expected)))
        one, other = cls.numbers(came), cls.numbers(expected)
        if one is None or other is None:
            return one is other and came == expected
        if other.ndim == 0 and one.size == 1:
            one = one.reshape(())
        size = np.abs(other[np.isfinite(other)]).max(initial=1)
        return one.shape == other.shape and np.allclose(
            one, other, rtol=1e-4, atol=1e-5 * size, equal_nan=True)

    @classmethod
    def text(cls, value):
        """A value in short: whole numbers plain, others to four digits."""
        array = cls.numbers(value)
        if value is None:
            return "nothing (None). Is a return missing?"
        if array is None:
            return f"{' '.join(repr(value).split())[:60]}, which is no number"
        if array.size > 49:
            return f"a table of shape {array.shape}"
        return np.array2string(array.round(4) + 0.0, separator=", ",
                               formatter={"float_kind": "{:.10g}".format})
