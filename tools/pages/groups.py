"""Share out the whole test run among groups that can run on machines of their own.

    python -m tools.pages.groups             names of the groups
    python -m tools.pages.groups browser     the files of one, as `make test GROUP=browser` runs them

notebooks   the chapters, by nbval
browser     test files that open the built site in a browser (they take tests/site_fixtures.py)
rest        all other test files

What is in no group named before is in the rest, so that no file is left out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.files import tracked
from tools.pages.quick import ROOT, files_with_tests


def groups(root: Path = ROOT) -> dict[str, list[str]]:
    """Name of a group -> its notebooks or test files; each is in one group."""
    found: dict[str, list[str]] = {"notebooks": [], "browser": [], "rest": []}
    for name in files_with_tests(tracked(root)):
        if name.endswith(".ipynb"):
            found["notebooks"].append(name)
        elif re.search(r"(?m)^from site_fixtures import", (root / name).read_text("utf-8")):
            found["browser"].append(name)
        else:
            found["rest"].append(name)
    return found


if __name__ == "__main__":
    shared_out = groups()
    if len(sys.argv) == 1:
        print(*shared_out)
    elif len(sys.argv) == 2 and sys.argv[1] in shared_out:
        print(*shared_out[sys.argv[1]])
    else:
        sys.exit(f"There is no such group; there are {', '.join(shared_out)}.")
