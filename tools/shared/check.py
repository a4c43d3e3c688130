# @title The checks of the exercises: run this cell, you need not read it
class Exercise:
    """The check of one exercise: runs an answer and says what differs.

    right is the right function, or value; cases are its inputs, smallest
    first; slips maps words to a function, or value, that has this slip.
    judge(answer), instead of right, returns what is wrong, "" if nothing is.
    Its functions see names as the book's cells left them, whatever a reader
    calls map, np or photos; the answer alone sees the reader's.
    """

    seconds, memory = 5, 10**9  # for all runs of an answer in one check
    results = {}  # number of the exercise -> what came of it
    book, given = {}, {}  # the book's names -> copies for checks, originals
    left, file = 5, ""  # seconds that are left, file of the answer's cell

    def __init__(self, number, right=None, cases=((),), slips=(), judge=None):
        import copy

        self.number, self.right = number, self.own(right)
        self.cases = copy.deepcopy(cases)
        self.slips = {key: self.own(slip) for key, slip in dict(slips).items()}
        self.judge = self.own(judge) or self.compare
        names = getattr(getattr(judge, "__code__", None), "co_varnames", ())
        self.is_finding = names[:1] == ("finding",)  # (number, sentence)
        self.results.setdefault(number, "not attempted yet")

    @classmethod
    def own(cls, value):
        """A function of the notebook that looks up names in the book's."""
        import builtins
        import re

        if getattr(value, "__globals__", None) is not Exercise.notebook:
            return value.copy() if isinstance(value, np.ndarray) else value
        codes = [value.__code__]
        for code in codes:
            codes += [c for c in code.co_consts if hasattr(c, "co_names")]
            for name in code.co_names:
                mine = re.search(r"_\d+_\d+$", name)  # of a check's cell
                if name not in Exercise.notebook or hasattr(builtins, name):
                    continue
                if name not in cls.book or (
                        mine and cls.given[name] is not
                        Exercise.notebook[name]):
                    cls.given[name] = cls.book[name] = Exercise.notebook[name]
                    cls.book[name] = cls.own(Exercise.notebook[name])
        return with_names(value, cls.book)

    @classmethod
    def restore(cls):
        """Give back the names that a reader's values hide; say which."""
        import builtins

        ipython = {"open", "exit", "quit", "display", "get_ipython"}
        hidden = [name for name in Exercise.notebook if name not in ipython
                  and hasattr(builtins, name) and name[0] != "_"]
        for name in hidden:
            del Exercise.notebook[name]
        for name, value in cls.given.items():
            if Exercise.notebook.get(name) is not value:
                Exercise.notebook[name] = value
                hidden.append(name)
        return hidden

    def __call__(self, name):
        """Check what the notebook calls `name`, and print what came of it."""
        answer = Exercise.notebook.get(name)
        missing = name not in Exercise.notebook
        Exercise.left = self.seconds
        Exercise.file = getattr(getattr(answer, "__code__", None),
                                "co_filename", "")
        if name.startswith("solution"):
            answer = self.own(answer)
        try:
            if self.is_blank(answer):
                fault = ...
            elif self.is_finding and not (
                    isinstance(answer, (tuple, list)) and len(answer) == 2):
                fault = self.both("(a number, a sentence)", self.text(answer))
            else:
                fault = self.judge(answer)
        except Exception as error:  # an answer of a kind no check thought of
            fault = self.told(error)
        if missing:
            fault = f"There is no {name}. Run the cell above; keep its name."
        said = {"": "right", ...: "not attempted yet"}.get(fault, "not yet")
        if name.startswith("solution"):
            said = "the solution passes" if fault == "" else said
        else:
            self.results[self.number] = said
        print(f"Exercise {self.number}: {said}.")
        if said == "not yet":
            print("  " + fault.replace("\n", "\n  "))
        if hidden := self.restore():
            print(f"  Your value hid {', '.join(hidden)}, a name of Python's "
                  "or the book's.\n  The name is back: call yours another, "
                  "and run your cell again.")

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

    @staticmethod
    def sentence(text, *given):
        """Words about a sentence that is not one, or only repeats the given.

        given: the starter's beginning and the question of the task.
        """
        import re

        words, old = (re.findall(r"[^\W\d_]+", each.lower())
                      for each in (str(text), " ".join(given)))
        if len(words) > 4 and len({*words} - {*old}) > 2:
            return ""
        return ("The number is right. Now the sentence, in words of your own."
                f"\ncame:     {str(text)[:60]}")

    @classmethod
    def run(cls, answer, inputs):
        """Run an answer on copies -> (its value, what went wrong or "")."""
        import contextlib
        import copy
        import io

        copies, silence = copy.deepcopy(tuple(inputs)), io.StringIO()
        if not callable(answer):
            return answer, ""
        try:
            with contextlib.redirect_stdout(silence):
                with contextlib.redirect_stderr(silence):
                    value = cls.limited(answer, copies)
        except KeyboardInterrupt:  # the reader stops the check
            raise
        except BaseException as error:
            return None, cls.told(error)
        for position, (new, old) in enumerate(zip(copies, inputs), 1):
            if not cls.same(new, old):
                return value, (f"It changed its input number {position} in "
                               "place. Work on a copy of it.")
        return value, ""

    @classmethod
    def limited(cls, answer, inputs):
        """Run an answer; stop it when its time or its memory is used up.

        An alarm looks at both and raises Stopped. An answer may swallow that
        (`except: pass`), so from then on every line that it runs raises it.
        """
        import signal
        import sys
        import time

        start, before, why = time.monotonic(), cls.held(), []

        def call():
            return answer(*inputs)

        def inside(frame):
            while frame and frame.f_code is not call.__code__:
                frame = frame.f_back
            return frame is not None

        def each_line(frame, event, _):
            if event == "line" and why and inside(frame):
                raise Stopped(why[0])
            return each_line

        def each_call(frame, *_):
            if not sys.gettrace() and inside(frame):
                while frame.f_code is not call.__code__:
                    frame.f_trace, frame = each_line, frame.f_back
                sys.settrace(each_line)

        def tick(_, frame):
            took = time.monotonic() - start
            if not why and took > cls.left:
                busy = cls.busy(frame)
                why.append(f"not ready after {cls.seconds:g} seconds. " + (
                    "Keras was at work." if busy else
                    f"One call took {took:.0f} seconds."
                    if took > cls.left + 1 else "Does a loop never end?"))
            if not why and cls.held() - before > cls.memory:
                why.append("it used more than "
                           f"{cls.memory / 1e9:g} GB of memory.")
            if why and inside(frame):
                signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
                sys.setprofile(each_call)
                each_call(frame)
                raise Stopped(why[0])

        tracers = sys.gettrace(), sys.getprofile()
        try:
            handler = signal.signal(signal.SIGALRM, tick)
        except (AttributeError, ValueError):  # Windows, or a thread
            return answer(*inputs)
        signal.setitimer(signal.ITIMER_REAL, min(0.1, cls.left), 0.1)
        try:
            return call()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
            sys.settrace(tracers[0])
            sys.setprofile(tracers[1])
            spent = time.monotonic() - start
            Exercise.left = max(0.01, cls.left - spent)

    @staticmethod
    def busy(frame):
        """Whether Keras or TensorFlow is at work in a frame or above it."""
        while frame:
            module = frame.f_globals.get("__name__", "")
            if module.split(".")[0] in ("keras", "tensorflow"):
                return True
            frame = frame.f_back
        return False

    @staticmethod
    def held():
        """Bytes of memory that this process holds, where Linux says so."""
        try:
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * 4096
        except OSError:
            return 0

    @classmethod
    def told(cls, error):
        """An error in words, with the line of the answer that raised it."""
        import re
        import traceback

        lines = [frame.lineno
                 for frame in traceback.extract_tb(error.__traceback__)
                 if frame.filename == cls.file]
        place = f" in line {lines[-1]} of its cell" if lines else ""
        words = re.sub(r"\x1b\[\d*m", "", str(error))  # colours of a terminal
        words = " ".join(words.split())[:200]
        if isinstance(error, Stopped):
            return f"It was stopped{place}: {words}"
        return f"It stopped{place} with {type(error).__name__}: {words}"

    @classmethod
    def difference(cls, came, expected):
        """Expected and came in words where they differ, otherwise ""."""
        if cls.same(came, expected):
            return ""
        if isinstance(expected, tuple):
            parts = cls.parts(came, expected)
            if parts is None:
                table = cls.numbers(came)
                one = "one table, " if table is not None and table.ndim else ""
                return cls.both(f"{len(expected)} results",
                                one + cls.text(came))
            if len(parts) != len(expected):
                return cls.both(f"{len(expected)} results", f"{len(parts)}")
            came = parts
            faults = list(map(cls.difference, came, expected))
            which = next(n for n, fault in enumerate(faults) if fault)
            return f"Result {which + 1} of {len(faults)}:\n{faults[which]}"
        value, wanted = cls.numbers(came), cls.numbers(expected)
        if value is None or value.shape == wanted.shape and wanted.size <= 49:
            return cls.both(*cls.apart(expected, came))
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
                + cls.both(*cls.apart(wanted[place], value[place])))

    @classmethod
    def apart(cls, one, other):
        """Two values as texts, with as many digits as tell them apart."""
        for digits in range(4, 17):
            texts = cls.text(one, digits), cls.text(other, digits)
            if texts[0] != texts[1]:
                break
        return texts

    @classmethod
    def parts(cls, came, expected):
        """The results in what came, as a list; None if it is one table."""
        import operator

        if isinstance(came, tuple):
            return list(came)
        table, wanted = cls.numbers(came), list(map(np.shape, expected))
        if table is not None and not any(wanted):  # numbers, in a row or so
            return list(table.ravel()) if table.ndim else None
        if not isinstance(came, list) and not getattr(came, "ndim", 0):
            return None
        shapes = [np.shape(each) for each in came
                  if table is not None or cls.numbers(each) is not None]
        return None if table is not None and not any(
            map(operator.eq, shapes, wanted)) else list(came)

    @staticmethod
    def both(expected, came):
        """Two lines: what was expected, and what came."""
        margin = "\n" + " " * 10
        return ("expected: " + expected.replace("\n", margin)
                + "\ncame:     " + came.replace("\n", margin))

    def slip(self, answer):
        """The one slip that does the same as an answer on every case."""
        Exercise.left = min(self.left, 1)
        cases = [self.widened(case) for case in self.cases]
        came = [self.run(answer, case) for case in cases]
        right = [self.run(self.right, case) for case in cases]
        if self.agree(came, right):  # so it is wrong on uint8 alone
            return self.overflow(answer)
        found = []
        for words, wrong in self.slips.items():
            gives = [self.run(wrong, case) for case in cases]
            if self.agree(came, gives):
                found.append(words)
        return f"It looks as if {found[0]}." if len(found) == 1 else ""

    @classmethod
    def agree(cls, came, gives):
        """Whether two lists of (value, trouble) are the same, not all bad."""
        return any(not trouble for _, trouble in gives) and all(
            bool(one[1]) == bool(other[1])
            and (one[1] or cls.same(one[0], other[0]))
            for one, other in zip(came, gives))

    def overflow(self, answer):
        """Words for uint8 that overflows, if that explains what is wrong."""
        for case in self.cases:
            value = self.numbers(self.run(answer, case)[0])
            right = self.numbers(self.run(self.right, self.widened(case))[0])
            if value is None or right is None or value.shape != right.shape:
                return ""
            turns = (right - value) / 256  # or, of a mean, a part of a turn
            if not any(np.allclose(turns * n, (turns * n).round(), atol=1e-3)
                       for n in range(1, 10)):
                return ""
        return ("It looks as if an integer overflows: uint8 starts again at 0 "
                "after 255, so make the input float first.")

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
        if isinstance(expected, tuple):
            came = cls.parts(came, expected)
            return (came is not None and len(came) == len(expected)
                    and all(map(cls.same, came, expected)))
        one, other = cls.numbers(came), cls.numbers(expected)
        if one is None or other is None:
            return one is other and bool(came == expected)
        if other.ndim == 0 and one.size == 1:
            one = one.reshape(())
        size = np.abs(other[np.isfinite(other)]).max(initial=1)
        kind = getattr(np.asarray(came), "dtype", None)
        step = {"float16": 2**-10, "bfloat16": 2**-7}.get(str(kind), 0)
        return one.shape == other.shape and np.allclose(
            one, other, rtol=max(1e-4, 4 * step),
            atol=max(1e-5, step) * size, equal_nan=True)

    @classmethod
    def text(cls, value, digits=4):
        """A value in short: whole numbers plain, others to some digits."""
        array = cls.numbers(value)
        if value is None:
            return "nothing (None). Is a return missing?"
        if array is None:
            return f"{' '.join(repr(value).split())[:60]}, which is no number"
        if array.size > 49:
            return f"a table of shape {array.shape}"
        show = f"{{:.{digits + 6}g}}".format
        return np.array2string(array.round(digits) + 0.0, separator=", ",
                               formatter={"float_kind": show})


class Stopped(BaseException):
    """Stops an answer; no Exception, so that fewer answers swallow it."""


def with_names(function, names):
    """The same function, which looks up its global names in a dictionary."""
    twin = function.__class__(
        function.__code__, names, function.__name__, function.__defaults__,
        function.__closure__)
    twin.__kwdefaults__ = function.__kwdefaults__
    return twin


def settle(notebook):
    """Let the checks see Python's own names and the book's, as they are now.

    A reader may call a value `map` or `np` later: no check looks there.
    """
    import builtins

    names = {"__builtins__": builtins, "np": np, "Exercise": Exercise,
             "Stopped": Stopped, "with_names": with_names}
    Exercise.notebook = notebook
    for name, member in builtins.list(Exercise.__dict__.items()):
        plain = builtins.getattr(member, "__func__", member)
        if builtins.hasattr(plain, "__code__"):
            twin = with_names(plain, names)
            if plain is not member:  # a classmethod or a staticmethod
                twin = member.__class__(twin)
            builtins.setattr(Exercise, name, twin)
    Exercise.given.update({
        name: value for name, value in notebook.items()
        if name[0] != "_" and not builtins.hasattr(builtins, name)
        and name not in ("In", "Out", "display", "get_ipython")})
    Exercise.book.update(Exercise.given, __builtins__=builtins)
    for name, value in Exercise.given.items():
        Exercise.book[name] = Exercise.own(value)


settle(globals())
