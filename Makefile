# The book's commands. `make` alone lists them.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# nbval runs the notebooks again and compares; pytest runs everything else.
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout=900 --nbval-sanitize-with tests/sanitize.cfg
# tools goes first, for it makes nbval's imports quicker (tools/__init__.py).
TOGETHER := -p tools --dist loadfile --no-loadscope-reorder
# The whole run has so much to wait for (frames, a browser's clock, sounds) that three workers fill two cores.
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup book pdf epub archive publish serve test quick check notebooks sync student lab quiet-kernels bench matrix lock clean

help:  ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | \
	  awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(READY)  ## make .venv from the lock (the others do this by themselves)

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 10) <= v < (3, 14) else \
	  "The book needs Python 3.10 to 3.13 and found %d.%d; name another: make PYTHON=python3.11" % v[:2])'
	@echo "Setting up $(VENV) from requirements.txt; this takes a few minutes, once."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $(READY)

book: setup  ## build the site into _build/html
	@all=$$($(BIN)/python -m tools.pages.quick building) && $(BIN)/jupyter-book build . -W -n --keep-going $$all
	@$(BIN)/python -m tools.pages.quick built
	@echo
	@echo "The book is ready: open _build/html/index.html, or run 'make serve'."

pdf: book  ## print the whole book into one PDF, linked on the introduction
	@$(BIN)/python -m tools.pages.make_pdf

epub: book  ## the whole book for e-readers, judged by epubcheck
	@$(BIN)/python -m tools.pages.make_epub

archive: book  ## the whole site in one file, for readers without a network
	@$(BIN)/python -m tools.pages.make_archive

publish: setup  ## the site for GitHub Pages in _build/publish; needs an address in _config.yml
	@$(BIN)/python -m tools.pages.publish --check
	@$(MAKE) --no-print-directory book
	@$(BIN)/python -m tools.pages.publish

serve:  ## serve the built site on this machine alone (PORT=8000)
	@test -f _build/html/index.html || { echo "There is no site yet; run 'make book' first."; exit 1; }
	@echo "http://127.0.0.1:$(PORT)/ (stop with Ctrl-C)"
	@$(PYTHON) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

test: $(if $(GROUP),setup,book)  ## run every notebook and every test; with GROUP=browser one group, on the site that is there
	@files="notebooks tests"; test -z "$(GROUP)" || files=$$($(BIN)/python -m tools.pages.groups $(GROUP)) || exit 1; \
	  BOOK_MEMORY=write $(BIN)/python -m pytest $(NBVAL) $(TOGETHER) -n $(WORKERS) $$files

quick: setup  ## run what a change can have affected since it passed
	@$(BIN)/python -m tools.pages.quick $(NBVAL) $(TOGETHER) -n 2

check: setup  ## the fast checks: linter, copies, rules of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/python -m tools.pages.sync --check
	@BOOK_MEMORY=write $(BIN)/python -m pytest -q $(TOGETHER) -n 2 tests/test_rules.py tests/test_rules_catch.py tests/test_prose.py tests/test_sync.py tests/test_course.py tests/test_checks_can_fail.py

notebooks: setup  ## execute the notebooks in place; one with NB=01_filters
	@$(BIN)/python -m tools.pages.run_notebooks $(NB)

sync: setup  ## write badges, shared cells, digests of data and the chapter table again
	@$(BIN)/python -m tools.pages.sync --write

student: setup  ## a set of notebooks without solutions, for a class, in _build/student
	@$(BIN)/python -m tools.pages.student

lab: setup  ## open the chapters in JupyterLab
	@$(MAKE) --no-print-directory quiet-kernels
	@$(BIN)/jupyter lab --notebook-dir=. notebooks/01_filters.ipynb

# What TensorFlow's machinery writes past Python, when it starts, is for the terminal and not for the notebook.
quiet-kernels:
	@mkdir -p $(VENV)/etc/ipython
	@echo "c.IPKernelApp.capture_fd_output = False" > $(VENV)/etc/ipython/ipython_kernel_config.py

bench: setup  ## measure networks, notebooks and pages: hours; with QUICK=1 a try of three minutes
	@for script in benchmarks/[a-z]*.py; do $(BIN)/python $$script $(if $(QUICK),--quick) || exit 1; done

matrix: setup  ## run the notebooks on every Python and set of packages that we promise; one with SETS=3.13
	@$(BIN)/python -m tools.pages.matrix $(SETS)

lock: setup  ## make requirements.txt again from requirements.in
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.10 --no-header --no-annotate \
	  requirements.in -o requirements.txt

clean:  ## remove the built site and the caches (.venv stays)
	@rm -rf _build .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
