"""Scripts that maintain the book, in rooms by purpose; each is run from the top: `python -m tools.pages.sync`.

rules/    what `make check` applies, one module a subject
data/     one script for each file of data/ that the book built or took from a package
pages/    what is drawn, written, run and published: figures, copies, notebooks, the site, files to take away
shared/   the cells that several notebooks hold

What several rooms use lies here: book.py (where things are, a notebook's form), files.py
(the book's files), prose.py (a chapter as text), reading.py (how long it takes).
"""

import sys

# To check addresses, jsonschema would build forty grammars whenever nbformat is imported: three
# seconds for every process, for something that no notebook has. It does without where they are missing.
sys.modules.setdefault("rfc3987_syntax", None)
