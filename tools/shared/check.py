# @title The checks of the exercises: run this cell, you need not read it
class Exercise:
    """The check of one exercise: runs an answer and says what differs.

    right is the right function, or value; cases are its inputs, smallest
    first; slips maps words to a function, or value, that has this slip.
    judge(answer), instead of right, returns what is wrong, "" if nothing is.
    Its functions see names as the book's cells left them, whatever a reader
    calls map, np or photos; the answer alone sees the reader's.
    """

    import builtins
    import contextlib
    import copy
    import dis
    import io
    import re
    import signal
    import sys
    import time
    import traceback
    from pathlib import Path

    seconds, memory = 5, 10**9  # for all runs of an answer in one check
    results = {}  # number of the exercise -> what came of it
    book, given = {}, {}  # the book's names -> copies for checks, originals
    left, file = 5, ""  # seconds that are left, file of the answer's cell

    def __init__(self, number, right=None, cases=((),), slips=(), judge=None):
        self.number, self.right = number, self.own(right)
        self.cases = self.copy.deepcopy(cases)
        self.slips = {key: self.own(slip) for key, slip in dict(slips).items()}
        self.judge = self.own(judge) or self.compare
        names = getattr(getattr(judge, "__code__", None), "co_varnames", ())
        self.is_finding = names[:1] == ("finding",)  # (number, sentence)
        self.results.setdefault(number, "not attempted yet")

    def own(cls, value):
        """A function of the notebook that looks up names in the book's."""
        if getattr(value, "__globals__", None) is not cls.notebook:
            return value.copy() if isinstance(value, np.ndarray) else value
        codes = [value.__code__]
        for code in codes:
            codes += [c for c in code.co_consts if hasattr(c, "co_names")]
            for name in {step.argval for step in cls.dis.get_instructions(code)
                         if step.opname == "LOAD_GLOBAL"}:  # no attributes
                mine = cls.re.search(r"_\d+_\d+$", name)  # of a check's cell
                new = cls.notebook.get(name)
                if name in cls.notebook and not hasattr(
                        cls.builtins, name) and (name not in cls.book or (
                            mine and cls.given[name] is not new)):
                    cls.given[name] = cls.book[name] = new
                    cls.book[name] = cls.own(new)
        return with_names(value, cls.book)

    def restore(cls):
        """Give back the names that a reader's values hide; say which."""
        ipython = ("open", "exit", "quit", "display", "get_ipython")
        hidden = [name for name in cls.notebook if name not in ipython
                  and hasattr(cls.builtins, name) and name[0] != "_"]
        for name in hidden:
            del cls.notebook[name]
        hidden += [name for name, value in cls.given.items()
                   if cls.notebook.get(name) is not value]
        cls.notebook.update(cls.given)
        return hidden

    def __call__(self, name):
        """Check what the notebook calls `name`, and print what came of it."""
        answer, solves = self.notebook.get(name), name.startswith("solution")
        Exercise.left, code = self.seconds, getattr(answer, "__code__", None)
        Exercise.file = getattr(code, "co_filename", "")
        try:
            if name not in self.notebook:
                fault = (f"There is no {name}. Run the cell above; keep its "
                         "name.")
            elif self.is_blank(answer):
                fault = ...
            elif self.is_finding and not (
                    isinstance(answer, (tuple, list)) and len(answer) == 2):
                fault = self.both("(a number, a sentence)", self.text(answer))
            else:
                fault = self.judge(self.own(answer) if solves else answer)
        except Exception as error:  # an answer of a kind no check thought of
            fault = self.told(error)
        said = {"": "right", ...: "not attempted yet"}.get(fault, "not yet")
        if not solves:
            self.results[self.number] = said
        elif said == "right":
            said = "the solution passes"
        print(f"Exercise {self.number}: {said}.")
        if said == "not yet":
            print("  " + fault.replace("\n", "\n  "))
        if hidden := self.restore():
            print(f"  Your value hid {', '.join(hidden)}, a name of Python's "
                  "or the book's.\n  The name is back: call yours another, "
                  "and run your cell again.")

    def sum_up(cls):
        """Print which exercises of this notebook are right so far."""
        for said in ("right", "not yet", "not attempted yet"):
            found = [n for n in sorted(cls.results) if cls.results[n] == said]
            print(f"{said + ':':19}{len(found)}  {', '.join(found)}".strip())

    def compare(self, answer):
        """What is wrong with an answer, on the smallest input that shows."""
        for case in self.cases:
            value, fault = self.run(answer, case)
            if self.is_blank(value):
                return ...
            expected, slip = self.run(self.right, self.widened(case))
            if not fault and (fault := self.difference(value, expected)):
                slip = self.slip(answer)
            if fault:
                lines = self.inputs(case), fault, slip
                return "\n".join(filter(None, lines))
        return ""

    def sentence(cls, text, *given):
        """Words about a sentence that only repeats what is given, or less."""
        words, old = (cls.re.findall(  # Chinese has no spaces between words
            r"[^\W\d_\u0e00-\U0010ffff]+|[^\W\d_]", each.lower())
            for each in (str(text), " ".join(given)))
        return "" if len(words) > 3 and len({*words} - {*old}) > 1 else (
            "The number is right. Now the sentence: four words or more, in "
            f"words of your own.\ncame:     {str(text)[:60]}")

    def run(cls, answer, inputs):
        """Run an answer on copies -> (its value, what went wrong or "")."""
        if not callable(answer):
            return answer, ""
        copies, silence = cls.copy.deepcopy(tuple(inputs)), cls.io.StringIO()
        try:
            with cls.contextlib.redirect_stdout(silence), \
                    cls.contextlib.redirect_stderr(silence):
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

    def limited(cls, answer, inputs):
        """Run an answer; stop it when its time or its memory is used up.

        An alarm looks at both and raises Stopped. An answer may swallow that
        (`except: pass`), so from then on every line that it runs raises it.
        """
        signal, sys, clock = cls.signal, cls.sys, cls.time.monotonic
        start, before, why = clock(), cls.held(), []

        def call():
            return answer(*inputs)

        def inside(frame):
            return call.__code__ in [each.f_code for each in cls.above(frame)]

        def each_line(frame, event, _):
            if event == "line" and why and inside(frame):
                raise Stopped(why[0])
            return each_line

        def each_call(frame, *_):
            if not sys.gettrace() and inside(frame):
                for each in cls.above(frame):
                    if each.f_code is call.__code__:
                        break
                    each.f_trace = each_line
                sys.settrace(each_line)

        def tick(_, frame):
            took = clock() - start
            if not why and took > cls.left:
                modules = {each.f_globals.get("__name__", "").split(".")[0]
                           for each in cls.above(frame)}
                why.append(f"not ready after {cls.seconds:g} seconds. " + (
                    "Keras was at work." if modules & {"keras", "tensorflow"}
                    else f"One call took {took:.0f} seconds."
                    if took > cls.left + 1 else "Does a loop never end?"))
            if not why and cls.held() - before > cls.memory:
                why.append(f"it used more than {cls.memory / 1e9:g} GB of "
                           "memory.")
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
            Exercise.left = max(0.01, cls.left - clock() + start)

    def above(frame):
        """A frame and those that called it."""
        while frame:
            yield frame
            frame = frame.f_back

    def held():
        """Bytes of memory that this process holds, where Linux says so."""
        path = Exercise.Path("/proc/self/statm")
        return int(path.read_text().split()[1]) * 4096 if path.exists() else 0

    def told(cls, error):
        """An error in words, with the line of the answer that raised it."""
        frames = cls.traceback.extract_tb(error.__traceback__)
        lines = [each.lineno for each in frames if each.filename == cls.file]
        place = f" in line {lines[-1]} of its cell" if lines else ""
        words = cls.re.sub(r"\x1b\[\d*m", "", str(error))  # colours
        words = " ".join(words.split())[:200]
        return (f"It was stopped{place}: {words}" if isinstance(error, Stopped)
                else f"It stopped{place} with {type(error).__name__}: {words}")

    def difference(cls, came, expected):
        """Expected and came in words where they differ, otherwise ""."""
        if cls.same(came, expected):
            return ""
        value, wanted = cls.numbers(came), cls.numbers(expected)
        if isinstance(expected, tuple):
            parts, count = cls.parts(came, expected), len(expected)
            if parts is None or len(parts) != count:
                one = "one table, " if np.ndim(value) else ""
                return cls.both(f"{count} results", one + cls.text(came)
                                if parts is None else f"{len(parts)}")
            faults = list(map(cls.difference, parts, expected))
            which = next(n for n, fault in enumerate(faults) if fault)
            return f"Result {which + 1} of {count}:\n{faults[which]}"
        if value is None or value.shape == wanted.shape and wanted.size <= 49:
            return cls.apart(expected, came)
        if value.shape != wanted.shape:
            fits = (value.size == wanted.size
                    and cls.same(value.reshape(wanted.shape), wanted))
            shown = (cls.text(table) + (f", shape {table.shape}" if table.shape
                     else ", one number") for table in (wanted, value))
            return (cls.both(*shown)
                    + "\nThe numbers are right, the shape is not." * fits)
        off = ~np.isclose(value, wanted, 1e-4, 1e-5 * np.abs(wanted).max())
        place = tuple(int(n) for n in np.argwhere(off)[0])
        return (f"At {list(place)}, one of {off.sum()} places that differ:\n"
                + cls.apart(wanted[place], value[place]))

    def apart(cls, expected, came):
        """Two lines, with as many digits as tell the values apart."""
        for digits in range(4, 17):
            texts = cls.text(expected, digits), cls.text(came, digits)
            if texts[0] != texts[1]:
                break
        return cls.both(*texts)

    def parts(cls, came, expected):
        """The results in what came, as a list; None if it is one table."""
        if isinstance(came, tuple):
            return list(came)
        table, wanted = cls.numbers(came), list(map(np.shape, expected))
        if table is not None and not any(wanted):  # numbers, in a row or so
            return list(table.ravel()) if table.ndim else None
        if not isinstance(came, list) and not getattr(came, "ndim", 0):
            return None
        fits = [np.shape(each) == shape for each, shape in zip(came, wanted)
                if table is not None]
        return list(came) if table is None or any(fits) else None

    def both(expected, came):
        """Two lines: what was expected, and what came."""
        return "\n".join(words + text.replace("\n", "\n" + " " * 10)
                         for words, text in (("expected: ", expected),
                                             ("came:     ", came)))

    def slip(self, answer):
        """The one slip that does the same as an answer on every case."""
        def gives(each):
            return [self.run(each, self.widened(case)) for case in self.cases]

        def agree(came, gives):
            return any(not trouble for _, trouble in gives) and all(
                bool(trouble) == bool(other)
                and (trouble or self.same(value, wanted))
                for (value, trouble), (wanted, other) in zip(came, gives))

        Exercise.left = min(self.left, 1)
        came = gives(answer)
        if agree(came, gives(self.right)):  # so it is wrong on uint8 alone
            return self.overflow(answer)
        found = [words for words, wrong in self.slips.items()
                 if agree(came, gives(wrong))]
        return f"It looks as if {found[0]}." if len(found) == 1 else ""

    def overflow(self, answer):
        """Words for uint8 that overflows, if that explains what is wrong."""
        for case in self.cases:
            value, right = (self.numbers(self.run(*each)[0]) for each in (
                (answer, case), (self.right, self.widened(case))))
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
        pieces = []
        for place, value in enumerate(case):
            name = self.right.__code__.co_varnames[place] + " = "
            text = (repr if self.numbers(value) is None else self.text)(value)
            text += " (uint8)" * (getattr(value, "dtype", None) == np.uint8)
            pieces.append(name + text.replace(
                "\n", "\n" + " " * (len(name) + 4)))
        return "For " + ",\n    ".join(pieces) if pieces else ""

    def widened(case):
        """Inputs in which uint8 arrays are float arrays."""
        return tuple(value.astype(float)
                     if getattr(value, "dtype", None) == np.uint8 else value
                     for value in case)

    def is_blank(cls, value):
        """Whether an answer still holds the three dots of its starter."""
        return value is ... or isinstance(value, (tuple, list)) and any(
            map(cls.is_blank, value))

    def numbers(value):
        """A number or a table of any kind as a float array, else None."""
        try:
            array = np.real_if_close(value, tol=1e-4)
            if value is not None and array.dtype.kind not in "SUc":
                return array.astype(float)
        except Exception:  # not a table of numbers, whatever it is
            return None

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

    def text(cls, value, digits=4):
        """A value in short: whole numbers plain, others to some digits."""
        if value is None:
            return "nothing (None). Is a return missing?"
        if (array := cls.numbers(value)) is None:
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
    twin = function.__class__(function.__code__, names, function.__name__,
                              function.__defaults__, function.__closure__)
    twin.__kwdefaults__ = function.__kwdefaults__
    return twin


def settle(notebook):
    """Let the checks see Python's own names and the book's, as they are now.

    A reader may call a value `map` or `np` later: no check looks there. The
    functions of Exercise become class methods by cls, static without self.
    """
    names = {"__builtins__": Exercise.builtins, "np": np, "Stopped": Stopped,
             "Exercise": Exercise, "with_names": with_names}
    Exercise.notebook = notebook
    for name, member in list(vars(Exercise).items()):
        if isinstance(member, type(settle)):
            first = member.__code__.co_varnames[:1]
            kind = {("self",): lambda plain: plain, ("cls",): classmethod}
            setattr(Exercise, name, kind.get(first, staticmethod)(
                with_names(member, names)))
    Exercise.given.update({
        name: value for name, value in notebook.items()
        if name[0] != "_" and not hasattr(Exercise.builtins, name)
        and name not in ("In", "Out", "display", "get_ipython")})
    Exercise.book.update(Exercise.given, __builtins__=Exercise.builtins)
    for name, value in Exercise.given.items():
        Exercise.book[name] = Exercise.own(value)


settle(globals())
