"""Every rule can fail: a fault is planted in a copy of the book and must be caught.

Each plant names the rule that has to see it. The copy is clean before, by the
same rule, so that what is found is the plant.
"""

import json

import nbformat
import pytest

from tools.book import Book, read_notebook, tags, write_notebook
from tools.rules import BOOK_RULES, CHAPTER_RULES, Chapter

PLANTS = []


def plant(rule):
    """Register a function that breaks `rule` in a copy (a notebook for a chapter's rule)."""

    def register(function):
        PLANTS.append(pytest.param(rule, function, id=f"{rule}-{function.__name__}"))
        return function

    return register


def own_code(notebook):
    """The first code cell that is neither shared nor the setup."""
    return next(
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and not any(tag == "setup" or tag.startswith("shared-") for tag in tags(cell))
    )


def cell_with(notebook, text):
    """The first Markdown cell that holds a text."""
    return next(cell for cell in notebook.cells if cell.cell_type == "markdown" and text in cell.source)


def pictured(notebook):
    """The first code cell with a picture."""
    return next(
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("mystnb", {}).get("image")
    )


def add_text(notebook, text):
    """Put a Markdown cell into the first teaching section."""
    position = next(n for n, cell in enumerate(notebook.cells) if cell.source.startswith("## ")) + 1
    notebook.cells.insert(position, nbformat.v4.new_markdown_cell(text))


# --- plants in a notebook --------------------------------------------------------------------


@plant("badge_first")
def another_badge(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("/main/", "/old/")


@plant("one_title_one_promise")
def two_sentences(notebook):
    notebook.cells[1].source += " And more."


@plant("one_title_one_promise")
def second_title(notebook):
    add_text(notebook, "# Another title")


@plant("one_title_one_promise")
def level_four(notebook):
    add_text(notebook, "#### Deep down")


@plant("opening")
def no_time(notebook):
    cell = cell_with(notebook, "**Time:**")
    cell.source = cell.source.replace("**Time:**", "It takes")


@plant("setup_cell")
def no_seed(notebook):
    cell = next(cell for cell in notebook.cells if "setup" in tags(cell))
    cell.source = cell.source.replace("keras.utils.set_random_seed(", "print(")


@plant("setup_cell")
def late_import(notebook):
    own_code(notebook).source += "\nimport math"


@plant("setup_cell")
def late_import_beside_a_program(notebook):
    own_code(notebook).source += "\nprogram = '''\nimport sys\n'''\ndef late():\n    from math import pi\n"


@plant("setup_cell")
def install(notebook):
    own_code(notebook).source = "!pip install something"


@plant("imports_known")
def from_the_repository(notebook):
    next(cell for cell in notebook.cells if "setup" in tags(cell)).source += "\nimport book"


@plant("sections_teach")
def no_question(notebook):
    cell = cell_with(notebook, "## ")
    cell.source = cell.source.replace("?", ".")


@plant("sections_teach")
def nothing_seen(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("**Seen.**", "")


@plant("sections_teach")
def nothing_folded(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("<details>", "").replace("</details>", "")


@plant("sections_teach")
def ninth_section(notebook):
    """A whole section more, with all that a section needs."""
    end = notebook.cells.index(cell_with(notebook, "## What people get wrong"))
    asked = "## Is there more?\n\n**Predict.** More?\n\n<details>Yes.</details>\n\n**Seen.** There is."
    notebook.cells[end:end] = [nbformat.v4.new_markdown_cell(asked), nbformat.v4.new_code_cell("print(9)")]


@plant("closing")
def fifth_line(notebook):
    cell = cell_with(notebook, "## Summary")
    cell.source += "\n- One more."


@plant("closing")
def unsettled_misconception(notebook):
    cell = cell_with(notebook, "## What people get wrong")
    cell.source += '\n- "Bigger is better." It is not.'


@plant("closing")
def nothing_to_read(notebook):
    cell = cell_with(notebook, "## Where to read on")
    cell.source = "## Where to read on\n\nNothing."


@plant("cells_short")
def long_cell(notebook):
    own_code(notebook).source = "\n".join(f"a{n} = {n}" for n in range(26))


@plant("cells_short")
def wide_line(notebook):
    own_code(notebook).source = "a = " + " + ".join(["1"] * 20)


@plant("cells_short")
def empty_cell(notebook):
    add_text(notebook, " ")


@plant("cells_short")
def semicolon(notebook):
    own_code(notebook).source += "\nplt.show();"


@plant("tags_known")
def unknown_tag(notebook):
    own_code(notebook).metadata["tags"] = ["skip-this"]


@plant("shared_cells")
def changed_shared_cell(notebook):
    next(cell for cell in notebook.cells if "shared-plots" in tags(cell)).source += "\nprint()"


@plant("shared_cells")
def too_many_shared_cells(notebook):
    shown = next(cell for cell in notebook.cells if "shared-plots" in tags(cell))
    notebook.cells += [shown, shown]


@plant("random_draws_seeded")
def unseeded(notebook):
    own_code(notebook).source += "\nnp.random.default_rng()"


@plant("random_draws_seeded")
def global_generator(notebook):
    own_code(notebook).source += "\nnp.random.rand(3)"


@plant("reads_no_stray_file")
def path_in_the_repository(notebook):
    own_code(notebook).source += '\nnp.load("../data/datasets/photographs.npz")'


@plant("reads_no_stray_file")
def download_without_digest(notebook):
    own_code(notebook).source += '\nkeras.utils.get_file("a.npz", origin="https://example.org/a.npz")'


@plant("ignored_output_asserts")
def measured_without_bound(notebook):
    cell = own_code(notebook)
    cell.source, cell.metadata["tags"] = "print(1)", ["nbval-ignore-output"]


def tagged(notebook, tag):
    """The cell with a tag."""
    return next(cell for cell in notebook.cells if tag in tags(cell))


def rewrite(notebook, tag, old, new):
    """Put other text into the cell with a tag."""
    cell = tagged(notebook, tag)
    assert old in cell.source
    cell.source = cell.source.replace(old, new)


@plant("exercises_complete")
def solution_missing(notebook):
    notebook.cells.remove(tagged(notebook, "solution-1-2"))


@plant("exercises_complete")
def cell_between(notebook):
    position = notebook.cells.index(tagged(notebook, "check-1-2"))
    notebook.cells.insert(position, nbformat.v4.new_markdown_cell("Think first."))


@plant("exercises_complete")
def number_left_out(notebook):
    for kind in ("exercise", "check", "solution"):
        cell = tagged(notebook, f"{kind}-1-6")
        cell.metadata["tags"] = [tag.replace("-1-6", "-1-9") for tag in tags(cell)]


@plant("exercises_complete")
def task_without_number(notebook):
    cell_with(notebook, "### Exercise 1.3").source = "### A filter of your own\n\nFind one."


@plant("exercises_complete")
def nothing_summed_up(notebook):
    notebook.cells.remove(tagged(notebook, "check-1-all"))


@plant("exercises_complete")
def no_sentence(notebook):
    rewrite(notebook, "exercise-1-6", "sentence = ...", "number = ...")


@plant("exercises_complete")
def neither_exercises_nor_line(notebook):
    notebook.cells = [
        cell
        for cell in notebook.cells
        if not any(tag.startswith(("exercise-", "check-", "solution-")) for tag in tags(cell))
    ]


@plant("exercises_work")
def published_attempted(notebook):
    tagged(notebook, "check-1-2").outputs[0].text = "Exercise 1.2: right.\n"


@plant("exercises_work")
def solution_fails(notebook):
    tagged(notebook, "solution-1-2").outputs[0].text = "Exercise 1.2: not yet.\n"


@plant("exercises_work")
def solution_overwrites(notebook):
    rewrite(notebook, "solution-1-2", "\n\n\ncheck", "\n\n\nanswer_range = solution_1_2\ncheck")


@plant("exercises_work")
def starter_without_dots(notebook):
    rewrite(notebook, "exercise-1-2", "...", "None")


@plant("exercises_work")
def another_name_checked(notebook):
    rewrite(notebook, "check-1-2", 'check_1_2("answer_range")', 'check_1_2("answer_rang")')


@plant("exercises_work")
def solution_unchecked(notebook):
    rewrite(notebook, "solution-1-2", 'check_1_2("solution_1_2")', 'print("fine")')


@plant("exercises_work")
def solution_open(notebook):
    cell = tagged(notebook, "solution-1-2")
    cell.metadata["tags"] = ["solution-1-2"]


@plant("exercises_leave_names")
def starter_takes_a_name(notebook):
    """The filters of the chapter go by `classics`; a starter that is called so breaks its cells."""
    starter = next(cell for cell in notebook.cells if "exercise-1-5" in tags(cell))
    starter.source = starter.source.replace("def learn_filter(", "def classics(")


@plant("exercises_leave_names")
def solution_takes_a_function(notebook):
    """take_steps is read inside a later cell only."""
    next(cell for cell in notebook.cells if "solution-1-4" in tags(cell)).source += "\ntake_steps = 3"


@plant("quiz_shape")
def question_without_mark(notebook):
    cell = cell_with(notebook, "**Question.**")
    cell.source = cell.source.replace("?", ".", 1)


@plant("quiz_shape")
def option_unanswered(notebook):
    cell = cell_with(notebook, "**Question.**")
    cell.source = cell.source.replace("\n\n<details>", "\n- D. None of them.\n\n<details>")


@plant("quiz_shape")
def two_right(notebook):
    cell = cell_with(notebook, "**Question.**")
    cell.source = cell.source.replace(". No. ", ". Right. ", 1)


@plant("quiz_shape")
def answer_without_verdict(notebook):
    cell = cell_with(notebook, "**Question.**")
    cell.source = cell.source.replace(". No. ", ". Well. ", 1)


@plant("quiz_shape")
def four_questions(notebook):
    while sum("**Question.**" in cell.source for cell in notebook.cells) > 4:
        notebook.cells.remove(cell_with(notebook, "**Question.**"))


@plant("quiz_shape")
def always_the_first(notebook):
    for cell in notebook.cells:
        if "**Question.**" in cell.source:
            cell.source = cell.source.replace(". Right. ", ". No. ").replace("- A. No. ", "- A. Right. ")


@plant("markdown_plain")
def role(notebook):
    add_text(notebook, "See {term}`filter`.")


@plant("markdown_plain")
def directive(notebook):
    add_text(notebook, "```{note}\nThis.\n```")


@plant("markdown_plain")
def picture_in_markdown(notebook):
    add_text(notebook, "![a cat](cat.png)")


@plant("markdown_plain")
def other_html(notebook):
    add_text(notebook, "a <div>box</div>")


@plant("words_banned")
def banned_word(notebook):
    add_text(notebook, "You just add them.")


@plant("labels_known")
def bold_word(notebook):
    add_text(notebook, "This is **important**.")


@plant("terms_in_glossary")
def unknown_term(notebook):
    add_text(notebook, "We call it *frobnication*.")


@plant("numerals_held")
def loose_number(notebook):
    add_text(notebook, "The answer is 48,611.")


@plant("numerals_held")
def loose_number_in_a_formula(notebook):
    add_text(notebook, "So $z_{12} = 2^{10} + 48611$.")


@plant("numerals_held")
def loose_number_in_an_answer(notebook):
    add_text(notebook, "<details><summary>Answer</summary>\n\nIt is 0.48611.\n\n</details>")


@plant("numerals_held")
def loose_number_in_alt_text(notebook):
    pictured(notebook).metadata["mystnb"]["image"]["alt"] += " It reaches 48611."


@plant("numerals_held")
def number_held_only_elsewhere(notebook):
    cell = notebook.cells[-6]
    add_text(notebook, "The answer is 48611.")
    notebook.cells.insert(-6, nbformat.v4.new_code_cell("assert 48611"))
    assert cell in notebook.cells


@plant("numerals_held")
def number_held_only_by_an_ignored_output(notebook):
    position = next(n for n, cell in enumerate(notebook.cells) if cell.source.startswith("## ")) + 1
    output = nbformat.v4.new_output("stream", name="stdout", text="48611\n")
    cell = nbformat.v4.new_code_cell("assert 1", outputs=[output], execution_count=1)
    cell.metadata["tags"] = ["nbval-ignore-output"]
    notebook.cells.insert(position, cell)
    add_text(notebook, "The answer is 48611.")


@plant("description")
def no_description(notebook):
    notebook.metadata["myst"] = {}


@plant("alt_text")
def no_alt_text(notebook):
    del pictured(notebook).metadata["mystnb"]


@plant("alt_text")
def alt_text_that_names_the_drawing(notebook):
    pictured(notebook).metadata["mystnb"]["image"]["alt"] = "A plot of the photograph and its map."


@plant("figures_alike")
def own_colours(notebook):
    own_code(notebook).source += '\nplt.gca().imshow(np.eye(3), cmap="viridis")'


@plant("figures_alike")
def wide_figure(notebook):
    pictured(notebook).source += "\nfig, ax = plt.subplots(figsize=(7, 4))\nax.set_xlabel('x')\nplt.show()"


@plant("figures_alike")
def small_type(notebook):
    own_code(notebook).source += "\nax.text(0, 0, 'here', fontsize=8)"


@plant("figures_alike")
def own_figure(notebook):
    own_code(notebook).source += "\nplt.figure()"


@plant("figures_alike")
def no_show(notebook):
    cell = pictured(notebook)
    cell.source = "fig, ax = plt.subplots()\nax.set(xlabel='x')"


@plant("figures_alike")
def unlabelled_axes(notebook):
    pictured(notebook).source = "fig, ax = plt.subplots()\nax.plot([1, 2])\nplt.show()"


@plant("outputs_current")
def code_changed_after_the_run(notebook):
    own_code(notebook).source += "\nassert True"


@plant("outputs_current")
def never_run(notebook):
    own_code(notebook).execution_count = None


@plant("outputs_clean")
def warning_left(notebook):
    own_code(notebook).outputs = [nbformat.v4.new_output("stream", name="stderr", text="careful\n")]


@plant("outputs_clean")
def error_left(notebook):
    own_code(notebook).outputs = [
        nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    ]


@plant("outputs_clean")
def file_not_fetched(notebook):
    own_code(notebook).outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="Skipped: w.h5 was not fetched: no network.\n")
    ]


@plant("written_canonically")
def too_large(notebook):
    own_code(notebook).outputs = [nbformat.v4.new_output("stream", name="stdout", text="x" * 400_001)]


# --- plants in the book ----------------------------------------------------------------------


@plant("order_complete")
def page_missing(root):
    (root / "book" / "glossary.md").unlink()


@plant("order_complete")
def notebook_unlisted(root):
    (root / "notebooks" / "99_new.ipynb").write_text("{}")


@plant("order_complete")
def chapters_out_of_order(root):
    path = root / "_toc.yml"
    text = path.read_text("utf-8").replace("01_filters", "?").replace("02_feature_maps", "01_filters")
    path.write_text(text.replace("?", "02_feature_maps"), "utf-8")


@plant("data_cards")
def file_without_card(root):
    (root / "data" / "datasets" / "new.npz").write_bytes(b"1")


@plant("data_cards")
def file_changed(root):
    with (root / "data" / "datasets" / "photographs.npz").open("ab") as file:
        file.write(b"1")


@plant("data_cards")
def network_changed(root):
    with (root / "book" / "_static" / "live" / "fashion.p2p").open("ab") as file:
        file.write(b"1")


@plant("data_cards")
def photo_network_changed(root):
    with (root / "book" / "_static" / "live" / "photo-lab" / "network.bin").open("ab") as file:
        file.write(b"1")


@plant("data_cards")
def card_without_file(root):
    (root / "data" / "datasets" / "photographs.npz").unlink()


@plant("address_once")
def address_typed(root):
    with (root / "CONTRIBUTING.md").open("a") as file:
        file.write(Book(root).address)


@plant("no_traces")
def path_of_a_machine(root):
    with (root / "CONTRIBUTING.md").open("a") as file:
        file.write("see /" + "home/me/book")


@plant("no_traces")
def registry_host(root):
    with (root / "requirements.in").open("a") as file:
        file.write("# --index-url https://" + "pypi.org/simple")


@plant("rooms_known")
def new_room(root):
    (root / "scripts").mkdir()
    (root / "scripts" / "a.py").write_text("")


@plant("lock_complete")
def dependency_not_locked(root):
    with (root / "requirements.in").open("a") as file:
        file.write("\nan-unlocked-package\n")


@plant("lock_complete")
def loose_version(root):
    with (root / "requirements.txt").open("a") as file:
        file.write("numpy>=2\n")


@plant("copies_current")
def stale_table(root):
    readme = root / "README.md"
    readme.write_text(readme.read_text("utf-8").replace("<!-- chapters:end", "| more |\n<!-- chapters:end"))


@plant("copies_current")
def stale_address(root):
    config = root / "_config.yml"
    config.write_text(config.read_text("utf-8").replace("OWNER", "somebody"))


@plant("no_asserts_of_times")
def asserted_time(notebook):
    own_code(notebook).source += (
        "\nimport time\n\n\ndef seconds(work):\n    start = time.perf_counter()\n    work()\n"
        "    return time.perf_counter() - start\n\n\ntook = {n: seconds(print) for n in range(2)}\n"
        "assert took[0] < 2 * took[1]"
    )


@plant("no_asserts_of_times")
def asserted_ratio(notebook):
    own_code(notebook).source += (
        "\nfrom time import perf_counter\n\nstart = perf_counter()\nspeed = 5 / (perf_counter() - start)\n"
        "for each in (speed,):\n    assert each > 1"
    )


@plant("no_asserts_of_times")
def asserted_list_of_times(notebook):
    own_code(notebook).source += (
        "\nimport time\n\ntook = {n: [] for n in range(2)}\nfor n in range(2):\n"
        "    took[n].append(time.perf_counter())\nassert min(took[0]) < min(took[1])"
    )


# --- the test --------------------------------------------------------------------------------


def found_by(rule, root):
    """The problems that a rule finds in a copy of the book."""
    book = Book(root)
    if rule in BOOK_RULES:
        return list(BOOK_RULES[rule](book))
    return list(CHAPTER_RULES[rule](Chapter(book, book.chapters[0])))


UNBROKEN = {}  # what each rule finds in a copy as it comes; the copies are alike, so it is asked once


@pytest.mark.parametrize(("rule", "break_it"), PLANTS)
def test_caught(rule, break_it, copy_of_the_book):
    if rule not in UNBROKEN:
        UNBROKEN[rule] = found_by(rule, copy_of_the_book)
    assert UNBROKEN[rule] == []
    if rule in BOOK_RULES:
        break_it(copy_of_the_book)
    else:
        path = Book(copy_of_the_book).chapters[0]
        notebook = read_notebook(path)
        break_it(notebook)
        write_notebook(path, notebook)
    problems = found_by(rule, copy_of_the_book)
    assert problems, f"{rule} does not see the plant"
    for problem in problems:
        assert problem.where and problem.what and problem.remedy


def test_timestamps_are_caught(copy_of_the_book):
    """Planted in the bytes, since every tool of the book would clean them away."""
    path = Book(copy_of_the_book).chapters[0]
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][0]["metadata"]["execution"] = {"iopub.execute_input": "2020-01-01T00:00:00Z"}
    path.write_text(json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    assert found_by("written_canonically", copy_of_the_book)


def test_every_rule_has_a_plant():
    planted = {param.values[0] for param in PLANTS}
    assert planted == set(CHAPTER_RULES) | set(BOOK_RULES)
