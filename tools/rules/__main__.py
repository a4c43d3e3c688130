"""Say every fault of the book and what mends it; exit code 1 if there is one."""

import sys

from tools.book import Book
from tools.rules import BOOK_RULES, CHAPTER_RULES, problems

found = list(problems(Book()))
for name, problem in found:
    print(f"[{name}] {problem}")
print(f"{len(found)} problems, {len(CHAPTER_RULES) + len(BOOK_RULES)} rules.")
sys.exit(bool(found))
