"""The rules of the house, one function each; tests/test_rules.py applies them.

    python tools/rules.py          every fault, with what mends it

A rule yields problems. Each names the file, the cell and the command or change
that mends it. tests/test_rules_catch.py plants a fault for every rule.
"""

from __future__ import annotations

import ast
import builtins
import copy
import json
import re
import symtable
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import prose
from book import Book, canonicalise, read_notebook, sha256, tags
from files import tracked

TAGS = re.compile(
    r"remove-cell|hide-input|hide-cell|setup|shared-[\w-]+|exercise-[\w-]+|check-[\w-]+"
    r"|solution-[\w-]+|downloads|nbval-ignore-output|raises-exception"
)
ROOMS = {
    "book", "notebooks", "data", "tools", "tests", "benchmarks", ".ci", ".github", ".gitignore",
    ".gitattributes", "_config.yml", "_toc.yml", "requirements.in", "requirements.txt", "Makefile",
    "README.md", "CONTRIBUTING.md", "LICENSE", "LICENSE-text.md", "CITATION.cff", "ruff.toml",
    "pytest.ini", "binder",
}  # fmt: skip
MODULES = sys.stdlib_module_names | {
    "IPython", "keras", "matplotlib", "numpy", "PIL", "scipy", "skimage", "tensorflow",
}  # fmt: skip
BANNED = re.compile(r"\b(simply|just|easy|easily|easier|easiest|obvious|obviously)\b", re.IGNORECASE)
LABELS = {"Predict.", "Seen.", "You need:", "You will learn:", "Time:", "Next:", "Question."}
CLOSING = ["What people get wrong", "Summary", "Quiz", "Exercises", "Where to read on"]
OPTIONAL = {"Quiz"}  # a chapter may still be without
SHARED_AT_MOST = 4
LARGEST = 400_000


@dataclass
class Problem:
    """One fault: where it is, what it is, what mends it."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} Mend it: {self.remedy}"


class Chapter:
    """One notebook of the book, read once for all rules."""

    def __init__(self, book: Book, path: Path):
        self.book, self.path, self.name = book, path, path.stem
        self.notebook = read_notebook(path)
        self.cells = self.notebook.cells
        self.code = [(n, cell) for n, cell in enumerate(self.cells) if cell.cell_type == "code"]
        self.texts = [(n, cell) for n, cell in enumerate(self.cells) if cell.cell_type == "markdown"]

    def problem(self, number, what: str, remedy: str) -> Problem:
        """A problem in cell `number` (counted from 0, as JupyterLab does not), or in the whole."""
        place = f"notebooks/{self.path.name}"
        if number is not None:
            first = (self.cells[number].source.splitlines() or [""])[0][:50]
            place += f", cell {number} ({first!r})"
        return Problem(place, what, remedy)

    @property
    def rerun(self) -> str:
        """The command that executes this notebook again."""
        return f"`make notebooks NB={self.name}`."

    def own_code(self):
        """Code cells that stand in this notebook alone, with their syntax tree."""
        for number, cell in self.code:
            if not any(tag.startswith("shared-") for tag in tags(cell)):
                yield number, cell, ast.parse(re.sub(r"(?m)^[%!]", "# ", cell.source))


CHAPTER_RULES: dict[str, object] = {}
BOOK_RULES: dict[str, object] = {}


def chapter_rule(function):
    """Register a rule that reads one chapter."""
    CHAPTER_RULES[function.__name__] = function
    return function


def book_rule(function):
    """Register a rule that reads the book as a whole."""
    BOOK_RULES[function.__name__] = function
    return function


# --- a chapter's shape ---------------------------------------------------------------------


@chapter_rule
def badge_first(chapter: Chapter) -> Iterator[Problem]:
    """The first cell is the Colab badge, dropped from the site."""
    first = chapter.cells[0]
    if first.source != chapter.book.badge(chapter.name) or tags(first) != ["remove-cell"]:
        yield chapter.problem(0, "The first cell is not the current Colab badge.", "`make sync`.")


@chapter_rule
def one_title_one_promise(chapter: Chapter) -> Iterator[Problem]:
    """One H1, in the second cell, and under it one sentence of promise; then H2 and H3 only."""
    levels = [(n, level) for n, cell in chapter.texts for level, _ in prose.headings(cell.source)]
    if [n for n, level in levels if level == 1] != [1]:
        yield chapter.problem(1, "There must be one H1, in the second cell.", "move or merge the H1s.")
    else:
        rest = prose.words(chapter.cells[1].source).strip().split("\n", 1)[1:]
        sentences = re.findall(r"[.!?](?:\s|$)", rest[0]) if rest else []
        if len(sentences) != 1:
            yield chapter.problem(
                1,
                f"Under the H1 stand {len(sentences)} sentences, not one promise.",
                "say in one sentence what the reader will be able to do.",
            )
    for n, level in levels:
        if level > 3:
            yield chapter.problem(n, f"A heading of level {level}.", "use H2 and H3 only.")


@chapter_rule
def opening(chapter: Chapter) -> Iterator[Problem]:
    """Before any code: what you need, what you will learn, how long it takes."""
    first_code = min((n for n, _ in chapter.code), default=0)
    text = "\n".join(cell.source for n, cell in chapter.texts if n < first_code)
    for label in ("You need:", "You will learn:", "Time:"):
        if f"**{label}**" not in text:
            yield chapter.problem(
                1, f"The line **{label}** is missing before the first code.", f"write **{label}** ..."
            )


@chapter_rule
def setup_cell(chapter: Chapter) -> Iterator[Problem]:
    """One setup cell, after shared-home, with every import and a seed; nothing installed."""
    setups = [n for n, cell in chapter.code if "setup" in tags(cell)]
    order = [n for n, _ in chapter.code[:2]]
    if len(setups) != 1 or setups != order[1:2] or "shared-home" not in tags(chapter.cells[order[0]]):
        yield chapter.problem(
            None,
            "The first two code cells must be tagged shared-home and setup, and no other is setup.",
            "tag them so.",
        )
    for n, cell in chapter.code:
        if "setup" in tags(cell) and "set_random_seed(" not in cell.source:
            yield chapter.problem(n, "No seed.", "add `keras.utils.set_random_seed(0)`.")
        if re.search(r"(?m)^\s*[!%]|get_ipython\(|\binput\(|\blogin\(", cell.source):
            yield chapter.problem(n, "A magic, a shell command or a login.", "take it out.")
        imports = re.search(r"(?m)^\s*(import|from) \w", cell.source)
        if imports and not {"setup", "shared-home", "shared-check"} & set(tags(cell)):
            yield chapter.problem(n, "An import outside the setup cell.", "move it into the setup cell.")


@chapter_rule
def imports_known(chapter: Chapter) -> Iterator[Problem]:
    """Only what Colab has installed is imported, and nothing from the repository."""
    for n, _, tree in chapter.own_code():
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
            for name in names:
                if name.split(".")[0] not in MODULES:
                    yield chapter.problem(n, f"Imports {name}, which Colab may not have.", "do without it.")


@chapter_rule
def sections_teach(chapter: Chapter) -> Iterator[Problem]:
    """Each section asks, lets the reader predict, runs, and says in one line what was seen."""
    parts = prose.sections(chapter.notebook)[1:]
    for part in parts:
        if part.title in CLOSING:
            continue
        number = part.texts[0][0] if part.texts else None
        text = "\n".join(text for n, text in part.texts if chapter.cells[n].cell_type == "markdown")
        if not part.title.endswith("?"):
            yield chapter.problem(number, f"'{part.title}' asks nothing.", "make the H2 a question.")
        for needed in ("**Predict.**", "<details>", "**Seen.**"):
            if needed not in text:
                yield chapter.problem(number, f"'{part.title}' has no {needed}.", f"add {needed}.")
        if not part.code:
            yield chapter.problem(number, f"'{part.title}' runs nothing.", "add the cell that shows it.")
    folded = sum(cell.source.count("<details>") for _, cell in chapter.texts)
    if folded < 4:
        yield chapter.problem(
            None, f"{folded} questions with a folded answer.", "there must be four at least."
        )


@chapter_rule
def closing(chapter: Chapter) -> Iterator[Problem]:
    """The chapter ends with its closing sections; the summary has four lines."""
    parts = prose.sections(chapter.notebook)
    titles = [part.title for part in parts]
    ending = [title for title in CLOSING if title not in OPTIONAL or title in titles]
    if titles[-len(ending) :] != ending:
        yield chapter.problem(None, f"It ends with {titles[-len(ending) :]}.", f"end with {ending}.")
        return
    for part in parts[-len(ending) :]:
        number, text = part.texts[0][0], "\n".join(text for _, text in part.texts)
        bullets = re.findall(r"(?m)^[-*] .+(?:\n  .*)*", text)
        if part.title == "Summary" and len(bullets) != 4:
            yield chapter.problem(number, f"The summary has {len(bullets)} lines.", "make them four.")
        if part.title == "What people get wrong":
            own = {slug(title) for title in titles}
            for bullet in bullets:
                links = re.findall(r"\]\(#([^)]+)\)", bullet)
                if not own & set(links):
                    yield chapter.problem(
                        number,
                        f"{bullet[:60]!r} points at no section of this chapter.",
                        "link the section that settles it: [its title](#its-title).",
                    )
            if not bullets:
                yield chapter.problem(number, "No misconception is named.", "name and settle them.")
        if part.title == "Where to read on" and "](http" not in text:
            yield chapter.problem(number, "Nothing to read on.", "add links with a DOI or a stable address.")


def slug(title: str) -> str:
    """The anchor that GitHub and the site give a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


# --- cells ---------------------------------------------------------------------------------


@chapter_rule
def cells_short(chapter: Chapter) -> Iterator[Problem]:
    """Code cells: 25 lines at most, 79 columns, none empty, no `;` at a line's end.

    Folded cells that nobody has to read may be longer: a shared one 30, a check 60, their machinery 415.
    """
    for n, cell in enumerate(chapter.cells):
        if not cell.source.strip():
            yield chapter.problem(n, "An empty cell.", "delete it.")
    for n, cell in chapter.code:
        lines = cell.source.split("\n")
        kinds = {tag.split("-")[0] for tag in tags(cell)}
        most = 60 if "check" in kinds else 30 if "shared" in kinds else 25
        most = 415 if "shared-check" in tags(cell) else most
        if len(lines) > most:
            yield chapter.problem(n, f"{len(lines)} lines.", f"split it; {most} at most, one idea each.")
        for line in lines:
            if len(line) > 79 and "https://" not in line:
                yield chapter.problem(n, f"A line of {len(line)} columns.", "break it; 79 at most.")
            if line.rstrip().endswith(";"):
                yield chapter.problem(n, "A `;` at the end of a line.", "end plots with plt.show().")


@chapter_rule
def tags_known(chapter: Chapter) -> Iterator[Problem]:
    """Only tags of the closed list."""
    for n, cell in enumerate(chapter.cells):
        for tag in tags(cell):
            if not TAGS.fullmatch(tag):
                yield chapter.problem(
                    n, f"Unknown tag {tag!r}.", "use one of HOUSE's closed list in rules.py."
                )


@chapter_rule
def shared_cells(chapter: Chapter) -> Iterator[Problem]:
    """A shared cell is the same in every notebook, and a notebook has few of them."""
    sources = chapter.book.shared()
    mine = [tag for cell in chapter.cells for tag in tags(cell) if tag.startswith("shared-")]
    if len(mine) > SHARED_AT_MOST:
        yield chapter.problem(None, f"{len(mine)} shared cells.", f"{SHARED_AT_MOST} at most.")
    for n, cell in chapter.code:
        for tag in tags(cell):
            if tag.startswith("shared-") and cell.source != sources.get(tag):
                yield chapter.problem(
                    n, f"{tag} differs from tools/shared.", "change it there, then `make sync`."
                )


@chapter_rule
def random_draws_seeded(chapter: Chapter) -> Iterator[Problem]:
    """Every random draw names its seed beside it."""
    legacy = re.compile(r"\bnp\.random\.(?!default_rng|Generator)\w+|(?<![\w.])random\.\w+\(")
    for n, cell in chapter.code:
        if re.search(r"default_rng\(\s*\)", cell.source):
            yield chapter.problem(n, "default_rng() has no seed.", "write default_rng(0).")
        if legacy.search(cell.source):
            yield chapter.problem(n, "A draw from a global generator.", "use np.random.default_rng(0).")


@chapter_rule
def reads_no_stray_file(chapter: Chapter) -> Iterator[Problem]:
    """Data come by get_file with a digest; no path into the repository, no file of another chapter."""
    for n, cell in chapter.code:
        for call in re.finditer(r"get_file\(", cell.source):
            if "file_hash" not in cell.source[call.start() :]:
                yield chapter.problem(n, "get_file without a digest.", 'add file_hash="<SHA-256>".')
    for n, _, tree in chapter.own_code():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if re.match(r"(\.{0,2}/|~|data/)\w", node.value):
                    yield chapter.problem(
                        n, f"The path {node.value!r}.", "fetch it with keras.utils.get_file."
                    )


@chapter_rule
def ignored_output_asserts(chapter: Chapter) -> Iterator[Problem]:
    """A cell whose output nbval ignores asserts a bound on what it measured."""
    for n, cell in chapter.code:
        if "nbval-ignore-output" in tags(cell):
            if not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(cell.source))):
                yield chapter.problem(n, "Its output is ignored and nothing is asserted.", "assert a bound.")


# --- exercises and quiz --------------------------------------------------------------------

PART_OF_EXERCISE = re.compile(r"(exercise|check|solution)-(\d+)-(\d+)")
AWAITED = "The exercises of this chapter come with the course edition"


def exercises(chapter: Chapter) -> dict[str, dict[str, list[int]]]:
    """'1.2' -> {"exercise": [cell numbers], "check": ..., "solution": ...}, in the order of the cells."""
    found: dict[str, dict[str, list[int]]] = {}
    for n, cell in chapter.code:
        for tag in tags(cell):
            part = PART_OF_EXERCISE.fullmatch(tag)
            if part:
                kinds = found.setdefault(f"{part[2]}.{part[3]}", {})
                kinds.setdefault(part[1], []).append(n)
    return found


def said(cell) -> str:
    """What a cell printed."""
    return "".join(output.get("text", "") for output in cell.outputs)


@chapter_rule
def exercises_complete(chapter: Chapter) -> Iterator[Problem]:
    """Four to seven exercises, each a task, a starter, a check and a solution, in this order."""
    found = exercises(chapter)
    if not found:
        text = "\n".join(cell.source for _, cell in chapter.texts)
        if "## Exercises" in text and AWAITED not in text:
            yield chapter.problem(None, "It has no exercises.", f"write them, or the line {AWAITED!r}.")
        return
    number = int(chapter.name[:2])
    wanted = [f"{number}.{n}" for n in range(1, len(found) + 1)]
    if list(found) != wanted or not 4 <= len(found) <= 7:
        yield chapter.problem(None, f"Its exercises are {list(found)}.", "number 4 to 7 in their order.")
    for name, kinds in found.items():
        cells = [kinds.get(kind, []) for kind in ("exercise", "check", "solution")]
        if any(len(places) != 1 for places in cells):
            yield chapter.problem(
                None,
                f"Exercise {name} has {[len(places) for places in cells]} starters, checks and solutions.",
                "give it one of each, tagged exercise-N-M, check-N-M and solution-N-M.",
            )
            continue
        starter = cells[0][0]
        if [places[0] for places in cells] != [starter, starter + 1, starter + 2]:
            yield chapter.problem(
                starter, f"The cells of exercise {name} do not follow one another.", "do so."
            )
        if not chapter.cells[starter - 1].source.startswith(f"### Exercise {name}: "):
            yield chapter.problem(starter, "No task stands above it.", f"write '### Exercise {name}: ...'.")
    starters = [chapter.cells[kinds["exercise"][0]].source for kinds in found.values() if "exercise" in kinds]
    if 2 * sum("def " in source for source in starters) < len(starters):
        yield chapter.problem(None, "Fewer than half of the exercises ask for code.", "ask for functions.")
    if not any("sentence = ..." in source for source in starters):
        yield chapter.problem(None, "No exercise asks for a sentence.", "let one measure and say why.")
    last = max(n for kinds in found.values() for places in kinds.values() for n in places)
    after = [cell for n, cell in chapter.code if n > last]
    if [cell.source for cell in after] != ["Exercise.sum_up()"]:
        yield chapter.problem(last, "After the exercises nothing sums up.", "add a cell: Exercise.sum_up().")


@chapter_rule
def exercises_work(chapter: Chapter) -> Iterator[Problem]:
    """A starter holds three dots and is not attempted; the solution passes and overwrites nothing."""
    for name, kinds in exercises(chapter).items():
        if any(len(kinds.get(kind, [])) != 1 for kind in ("exercise", "check", "solution")):
            continue
        start, check, solve = (kinds[kind][0] for kind in ("exercise", "check", "solution"))
        starter, checked, solved = (chapter.cells[n] for n in (start, check, solve))
        label = name.replace(".", "_")
        call = re.search(rf'(?m)^check_{label}\("(\w+)"\)$', checked.source)
        given = names_bound(starter.source)
        if "..." not in starter.source:
            yield chapter.problem(start, "The starter has no three dots.", "put ... where the answer goes.")
        if not call or call[1] not in given or not checked.source.endswith(call[0]):
            yield chapter.problem(
                check, "It checks no name of the starter.", f'end with check_{label}("name").'
            )
        if said(checked) != f"Exercise {name}: not attempted yet.\n":
            yield chapter.problem(check, f"It says {said(checked)!r}.", "publish the starter unattempted.")
        if not solved.source.endswith(f'\ncheck_{label}("solution_{label}")'):
            yield chapter.problem(
                solve, "It does not end with the check.", f'check_{label}("solution_{label}")'
            )
        if not said(solved).endswith(f"Exercise {name}: the solution passes.\n"):
            yield chapter.problem(solve, f"It says {said(solved)!r}.", "mend the solution or the check.")
        if given & names_bound(solved.source):
            yield chapter.problem(
                solve, f"It overwrites {given & names_bound(solved.source)}.", "take other names."
            )
        for n, cell, wanted in ((check, checked, "remove-cell"), (solve, solved, "hide-cell")):
            if wanted not in tags(cell) or not cell.source.startswith("# @title "):
                yield chapter.problem(n, "It is not folded.", f"tag it {wanted}; begin with # @title.")


@chapter_rule
def exercises_leave_names(chapter: Chapter) -> Iterator[Problem]:
    """After the exercises every cell of the chapter can be run again: they take none of its names."""
    taken: dict[str, int] = {}
    for n, cell in chapter.code:
        if any(PART_OF_EXERCISE.fullmatch(tag) for tag in tags(cell)):
            taken |= dict.fromkeys(names_at_top(ast.parse(cell.source)), n)
    for n, cell, tree in chapter.own_code():
        if not any(PART_OF_EXERCISE.fullmatch(tag) for tag in tags(cell)):
            for name in sorted(names_needed(tree) & taken.keys()):
                yield chapter.problem(
                    taken[name], f"It takes the name {name}, which cell {n} reads.", "take another name."
                )


QUESTION = re.compile(
    r"\*\*Question\.\*\* (?P<asked>[^\n]+)\n\n"
    r"(?P<options>(?:- [A-D]\. [^\n]+\n)+)\n"
    r"<details><summary>Show the answer</summary>\n\n"
    r"(?P<answers>(?:- [A-D]\. (?:Right|No)\. [^\n]+\n)+)\n</details>"
)


@chapter_rule
def quiz_shape(chapter: Chapter) -> Iterator[Problem]:
    """Five to eight questions, each in the one form that the site turns into radio buttons."""
    parts = [part for part in prose.sections(chapter.notebook) if part.title == "Quiz"]
    asked = [(n, text) for part in parts for n, text in part.texts if "**Question.**" in text]
    if parts and not 5 <= len(asked) <= 8:
        yield chapter.problem(parts[0].texts[0][0], f"{len(asked)} questions.", "ask five to eight.")
    right = []
    for n, text in asked:
        found = QUESTION.fullmatch(text.strip())
        if not found:
            yield chapter.problem(
                n,
                "It is not in the form of a question.",
                "**Question.** ...?, then '- A. ...' lines, then <details> with '- A. Right. ...' "
                "or '- A. No. ...' for each (QUESTION in tools/rules.py).",
            )
            continue
        letters = re.findall(r"(?m)^- ([A-D])\.", found["options"])
        verdicts = re.findall(r"(?m)^- ([A-D])\. (Right|No)\.", found["answers"])
        right.append("".join(letter for letter, verdict in verdicts if verdict == "Right"))
        if letters != [letter for letter, _ in verdicts] or letters != list("ABCD"[: len(letters)]):
            yield chapter.problem(n, "Options and answers do not pair up.", "letter both A, B, C in order.")
        if len(letters) < 3 or len(right[-1]) != 1:
            yield chapter.problem(n, "Not one right option of three or four.", "mark one with 'Right.'.")
        if not found["asked"].endswith("?") or "](" in found["options"]:
            yield chapter.problem(
                n, "It asks nothing, or links in an option.", "end with ?; link in the answers."
            )
    if len(right) > 3 and len(set(right)) < 3:
        yield chapter.problem(asked[0][0], f"The right options are {right}.", "let their places vary.")


def names_bound(source: str) -> set[str]:
    """The names that a cell binds at its top level."""
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif not isinstance(node, ast.Expr):
            found |= {
                each.id
                for each in ast.walk(node)
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            }
    return found


def names_at_top(tree: ast.AST) -> set[str]:
    """The names that code binds in the notebook, not inside its functions and comprehensions."""
    table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    return {
        symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()
    }


def names_read(tree: ast.AST) -> set[str]:
    """The names that code takes from the notebook, also from inside its functions."""
    found: set[str] = set()
    tables = [symtable.symtable(ast.unparse(tree), "cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global()):
                found.add(symbol.get_name())
    return found - set(dir(builtins))


def names_needed(tree: ast.Module) -> set[str]:
    """The names that a cell reads before it binds them: another cell must have done it."""
    needed: set[str] = set()
    later: set[str] = set()  # read by functions, when they are called
    bound: set[str] = set()

    def walk(statements) -> None:
        for node in statements:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                later.update(names_read(node))
                bound.add(node.name)
            elif isinstance(node, ast.For | ast.While | ast.If | ast.With | ast.Try):
                items = getattr(node, "items", [])
                heads = [getattr(node, "iter", None), getattr(node, "test", None)]
                for head in heads + [item.context_expr for item in items]:
                    needed.update((names_read(head) if head else set()) - bound)
                for target in [getattr(node, "target", None)] + [item.optional_vars for item in items]:
                    if target:
                        bound.update(each.id for each in ast.walk(target) if isinstance(each, ast.Name))
                handlers = getattr(node, "handlers", [])
                bound.update(handler.name for handler in handlers if handler.name)
                for block in (node, *handlers):
                    for part in ("body", "orelse", "finalbody"):
                        walk(getattr(block, part, []))
            else:
                read = names_read(node)
                if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                    read = read | {node.target.id}
                needed.update(read - bound)
                bound.update(names_at_top(node))

    walk(tree.body)
    return needed | later - bound


# --- prose ---------------------------------------------------------------------------------


@chapter_rule
def markdown_plain(chapter: Chapter) -> Iterator[Problem]:
    """CommonMark, $math$, links and <details>; Colab shows anything else as raw text."""
    markup = {
        r"(?m)^\s*(:::|```\{)": "a MyST directive",
        r"(?<!`)\{[a-z:-]+\}`": "a MyST role",
        r"(?m)^\([\w-]+\)=": "a MyST label",
    }
    inline = {
        r"!\[": "an image in Markdown",
        r"<(?!/?(details|summary)\b|https?:)/?[a-zA-Z][^>]*>": "HTML other than details and summary",
    }
    for n, cell in chapter.texts:
        if "remove-cell" in tags(cell):
            continue
        no_math = re.sub(r"(?s)\$\$.*?\$\$|\$[^$]*\$", "", cell.source)
        no_code = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", no_math)
        for text, patterns in ((no_math, markup), (no_code, inline)):
            for pattern, name in patterns.items():
                if re.search(pattern, text):
                    yield chapter.problem(n, f"It holds {name}.", "say it in CommonMark.")
        if cell.source.count("<details>") != cell.source.count("</details>"):
            yield chapter.problem(n, "A <details> is not closed in its cell.", "close it there.")


@chapter_rule
def words_banned(chapter: Chapter) -> Iterator[Problem]:
    """No word that tells a reader who struggles that it should not be hard."""
    for n, cell in enumerate(chapter.cells):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for word in BANNED.findall(cell.source + " " + alt):
            yield chapter.problem(n, f"The word {word!r}.", "cut it.")


@chapter_rule
def labels_known(chapter: Chapter) -> Iterator[Problem]:
    """Bold is for the run-in labels alone."""
    for n, cell in chapter.texts:
        for found in re.findall(
            r"\*\*(.+?)\*\*", re.sub(r"(?s)\$\$.*?\$\$|`[^`\n]*`|\$[^$]*\$", "", cell.source)
        ):
            if found not in LABELS:
                yield chapter.problem(n, f"Bold on {found!r}.", f"keep bold for {sorted(LABELS)}.")


@chapter_rule
def terms_in_glossary(chapter: Chapter) -> Iterator[Problem]:
    """A word in italics introduces a term, and every term has its entry in the glossary."""
    known = glossary_terms(chapter.book.root)
    for n, cell in chapter.texts:
        found = list(prose.tokens(cell.source))
        for position, token in enumerate(found):
            if token.type != "em_open":
                continue
            term = found[position + 1].content.strip(".,:;").lower()
            if not ({term, term.removesuffix("s"), term.removesuffix("es")} & known):
                yield chapter.problem(
                    n, f"The term *{term}* is not in book/glossary.md.", "add its entry, or drop the italics."
                )


def glossary_terms(root: Path) -> set[str]:
    """The terms of book/glossary.md in small letters, synonyms included."""
    path = root / "book" / "glossary.md"
    text = path.read_text("utf-8") if path.exists() else ""
    terms: set[str] = set()
    for block in re.findall(r"```\{glossary\}.*?```|:::+\{glossary\}.*?:::+", text, re.DOTALL):
        for line in block.split("\n")[1:-1]:
            if line and not line.startswith((" ", ":", "`")):
                terms.add(line.strip().lower())
    return terms


@chapter_rule
def numerals_held(chapter: Chapter) -> Iterator[Problem]:
    """Every numeral in the prose is held by its section's code or compared output (prose.py)."""
    for number, written, title in prose.loose_numerals(chapter.notebook):
        yield chapter.problem(
            number,
            f"Nothing in '{title}' holds the numeral {written}.",
            "print it, assert it, or cut it (tools/prose.py says what holds a numeral).",
        )


@chapter_rule
def description(chapter: Chapter) -> Iterator[Problem]:
    """The page has a description for search engines and previews."""
    meta = chapter.notebook.metadata.get("myst", {}).get("html_meta", {}).get("description", "")
    if not 60 <= len(meta) <= 200:
        yield chapter.problem(
            None,
            f"Its description has {len(meta)} characters, not 60 to 200.",
            'set the notebook metadata {"myst": {"html_meta": {"description": "..."}}}.',
        )


# --- figures -------------------------------------------------------------------------------


def has_picture(cell) -> bool:
    """Whether a code cell shows a picture."""
    return any(key.startswith("image/") for output in cell.outputs for key in output.get("data", {}))


@chapter_rule
def alt_text(chapter: Chapter) -> Iterator[Problem]:
    """Every picture has alt text that states the finding in a sentence."""
    for n, cell in chapter.code:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if not has_picture(cell):
            if alt:
                yield chapter.problem(n, "Alt text without a picture.", "remove it.")
            continue
        opening_words = r"(?i)(an? |the )?(plot|figure|image|picture|graph|chart|photo\w*|diagram)\b"
        if len(alt.split()) < 6 or re.match(opening_words, alt) or alt[-1] not in ".!?":
            yield chapter.problem(
                n,
                f"Its alt text is {alt!r}.",
                'state the finding in a sentence: metadata {"mystnb": {"image": {"alt": "..."}}}.',
            )


@chapter_rule
def figures_alike(chapter: Chapter) -> Iterator[Problem]:
    """plt.subplots, labelled axes, plt.show(); colours from the shared cell alone."""
    for n, cell, tree in chapter.own_code():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            if name in {"plt.figure", "plt.imshow", "plt.plot", "plt.subplot", "plt.bar", "plt.title"}:
                yield chapter.problem(n, f"It calls {name}.", "use fig, ax = plt.subplots(...).")
            if any(keyword.arg == "cmap" for keyword in call.keywords):
                if "LOOK[" not in cell.source:
                    yield chapter.problem(n, "A colour map of its own.", "use show() or LOOK[...].")
        if "plt.subplots(" in cell.source and has_picture(cell):
            if not re.search(
                r"\bshow\(|xlabel|set_axis_off|axis\(\"off\"\)", cell.source.replace("plt.show(", "")
            ):
                yield chapter.problem(n, "Axes without labels.", "label them, or draw with show().")
            if not cell.source.rstrip().endswith("plt.show()"):
                yield chapter.problem(n, "The plot does not end with plt.show().", "end it so.")


# --- outputs -------------------------------------------------------------------------------


@chapter_rule
def outputs_current(chapter: Chapter) -> Iterator[Problem]:
    """Outputs belong to the code that stands there, from one run from top to bottom."""
    kept = chapter.notebook.metadata.get("book", {}).get("code_digest")
    if kept != chapter.book.code_digest(chapter.notebook):
        yield chapter.problem(None, "Its outputs are older than its code.", chapter.rerun)
    counts = [cell.execution_count for _, cell in chapter.code]
    if counts != list(range(1, len(counts) + 1)):
        yield chapter.problem(None, "It was not run once from top to bottom.", chapter.rerun)


@chapter_rule
def outputs_clean(chapter: Chapter) -> Iterator[Problem]:
    """No error and nothing on stderr, unless the cell is tagged raises-exception."""
    for n, cell in chapter.code:
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in tags(cell):
                yield chapter.problem(
                    n, f"It fails with {output.ename}.", "mend the code, then " + chapter.rerun
                )
            if output.get("name") == "stderr":
                yield chapter.problem(n, "It writes to stderr.", "remove the cause of the warning.")


@chapter_rule
def written_canonically(chapter: Chapter) -> Iterator[Problem]:
    """The file is byte for byte what make notebooks writes: no timestamps, stable order and ids."""
    text, notebook = chapter.path.read_text("utf-8"), copy.deepcopy(chapter.notebook)
    canonicalise(notebook)
    if text != json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n":
        yield chapter.problem(None, "It is not in its canonical form.", "`make sync`.")
    if len(text.encode()) > LARGEST:
        yield chapter.problem(None, f"{len(text.encode()):,} bytes.", "smaller figures; 400,000 at most.")


# --- the book as a whole -------------------------------------------------------------------


@book_rule
def order_complete(book: Book) -> Iterator[Problem]:
    """_toc.yml names every notebook and every page, and each of them exists."""
    for page in book.pages:
        if not any((book.root / f"{page}{ending}").exists() for ending in (".md", ".ipynb")):
            yield Problem("_toc.yml", f"{page} does not exist.", "add the file or drop the line.")
    listed = {path.name for path in book.chapters}
    for path in sorted((book.root / "notebooks").glob("*.ipynb")):
        if path.name not in listed:
            yield Problem(f"notebooks/{path.name}", "It is not in _toc.yml.", "add it there, in its order.")
    numbers = [path.name[:2] for path in book.chapters]
    if numbers != sorted({number for number in numbers if re.fullmatch(r"\d\d", number)}):
        yield Problem(
            "_toc.yml", f"The chapters are numbered {numbers}.", "give each two digits of its own, rising."
        )


@book_rule
def data_cards(book: Book) -> Iterator[Problem]:
    """Every file under data/ and every network of the site has a card with size and digest; every card its file."""
    folder = book.root / "data"
    cards = (folder / "README.md").read_text("utf-8")
    by_name = dict(re.findall(r"(?ms)^## `?(\S+?)`?$(.*?)(?=^## |\Z)", cards))
    files = {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name not in {"README.md", "keras.json"}
        and not path.name.startswith("mobilenet_")  # Keras's own downloads, never committed
    }
    files |= {
        path.relative_to(book.root).as_posix(): path
        for path in book.root.glob("book/_static/live/**/*")
        if path.suffix in {".p2p", ".bin"}
    }
    for name, path in files.items():
        card = by_name.get(name)
        if card is None:
            yield Problem(
                str(path.relative_to(book.root)), "It has no card.", f"write '## {name}' in data/README.md."
            )
        elif sha256(path) not in card or f"{path.stat().st_size:,}" not in card:
            yield Problem(
                str(path.relative_to(book.root)),
                "Its card has another digest or size.",
                f"SHA-256 {sha256(path)}, {path.stat().st_size:,} bytes, if the change was meant.",
            )
    for name in by_name:
        if "/" in name and name not in files:
            yield Problem("data/README.md", f"A card for {name}, which is not there.", "drop it.")


@book_rule
def address_once(book: Book) -> Iterator[Problem]:
    """The repository's address is written by hand in _config.yml alone."""
    for path in text_files(book.root):
        name = path.relative_to(book.root).as_posix()
        if name == "_config.yml":
            continue
        text = path.read_text("utf-8")
        if name.startswith("notebooks/"):
            text = text.replace(book.badge(path.stem), "").replace(book.raw, "")
        if name == "README.md":
            text = re.sub(r"(?s)<!-- (\w+):start -->.*?<!-- \1:end -->", "", text)
        if book.slug in text:
            yield Problem(name, "It spells out the repository's address.", "derive it, or link relatively.")


@book_rule
def no_traces(book: Book) -> Iterator[Problem]:
    """No path of somebody's machine and no package registry's host."""
    trace = re.compile(r"/(?:root|home/\w+|work|Users/\w+)/|https?://[\w.]*(?:pypi\.org|pythonhosted|npmjs)")
    for path in text_files(book.root):
        name = path.relative_to(book.root).as_posix()
        found = trace.search(path.read_text("utf-8"))
        if found and name != "tools/rules.py":
            yield Problem(name, f"It holds {found[0]!r}.", "take it out.")


@book_rule
def rooms_known(book: Book) -> Iterator[Problem]:
    """A new folder at the top needs a reason that a reader of README.md would accept."""
    for path in tracked(book.root):
        top = path.split("/")[0]
        if top not in ROOMS:
            yield Problem(
                top, "It is not one of the house's rooms.", "move it, or add it to ROOMS with a reason."
            )


@book_rule
def lock_complete(book: Book) -> Iterator[Problem]:
    """Every direct dependency stands in the lock, with an exact version."""
    lines = (book.root / "requirements.txt").read_text("utf-8").splitlines()
    locked = {re.split(r"[=\s]", line)[0].lower() for line in lines if "==" in line}
    for line in (book.root / "requirements.in").read_text("utf-8").splitlines():
        name = re.match(r"[A-Za-z0-9_.-]+", line)
        if name and name[0].lower() not in locked:
            yield Problem("requirements.in", f"{name[0]} is not in the lock.", "`make lock`.")
    for line in lines:
        if line.strip() and not line.startswith("#") and "==" not in line:
            yield Problem("requirements.txt", f"{line!r} is not exact.", "`make lock`.")


@book_rule
def copies_current(book: Book) -> Iterator[Problem]:
    """What is written once and copied elsewhere is the same everywhere (tools/sync.py)."""
    from sync import stale

    for path, what in stale(book):
        yield Problem(path, what, "`make sync`.")


def text_files(root: Path) -> Iterator[Path]:
    """The book's own text files (vendored ones are other people's)."""
    endings = {
        ".md",
        ".py",
        ".ipynb",
        ".yml",
        ".in",
        ".txt",
        ".css",
        ".js",
        ".mjs",
        ".html",
        ".toml",
        ".cff",
        ".cfg",
        ".ini",
        "",
    }
    for name in tracked(root):
        path = root / name
        if "/vendor/" in name or "/katex/" in name or "/fonts/" in name or path.suffix not in endings:
            continue
        yield path


def problems(book: Book) -> Iterator[tuple[str, Problem]]:
    """(rule, problem) of everything that is wrong with a copy of the book."""
    for path in book.chapters:
        for name, rule in CHAPTER_RULES.items():
            for problem in rule(Chapter(book, path)):
                yield name, problem
    for name, rule in BOOK_RULES.items():
        for problem in rule(book):
            yield name, problem


if __name__ == "__main__":
    found = list(problems(Book()))
    for name, problem in found:
        print(f"[{name}] {problem}")
    print(f"{len(found)} problems, {len(CHAPTER_RULES) + len(BOOK_RULES)} rules.")
    sys.exit(bool(found))
