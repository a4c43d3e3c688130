"""Train chapter 5's network with three seeds, for chapter 7: data/models/garments_0.weights.h5, _1 and _2.

    python -m tools.data.train_garments            all three, some minutes each
    python -m tools.data.train_garments 1          the one with this seed

The training is that of the chapter's own cells, read out of the notebook; another seed stands
in the one place where they name it. The 50,000 pictures to train on are the same each time.
Another processor, or another version of TensorFlow, adds in another order and ends with other
last digits, so put the new sizes and digests into data/README.md and into chapter 7's cell.
"""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

from tools.book import read_notebook, sha256
from tools.pages import draw_live
from tools.rules.names import names_at_top, names_needed

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = ROOT / "notebooks" / "05_dense_classifier.ipynb"
MODELS = ROOT / "data" / "models"
TRAINING = "7f9239ac"  # the cell that trains
SEEDED = "keras.utils.set_random_seed(0)"
SEEDS = (0, 1, 2)


def cells_for(ident: str) -> list[str]:
    """The sources of the cell with this id and of the earlier ones that bind a name it needs, in their order."""
    code = [cell for cell in read_notebook(CHAPTER).cells if cell.cell_type == "code"]
    last = [cell.id for cell in code].index(ident)
    chosen, needed = [], set()
    for cell in reversed(code[: last + 1]):
        tree = ast.parse(cell.source)
        if cell.id == ident or names_at_top(tree) & needed:
            chosen.insert(0, cell.source)
            needed = needed - names_at_top(tree) | names_needed(tree)
    return chosen


def trained(seed: int) -> dict:
    """Run those cells with a seed: every name at their end."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ["KERAS_HOME"] = str(ROOT / "data")
    *before, training = cells_for(TRAINING)
    if training.count(SEEDED) != 1:
        raise SystemExit(f"Cell {TRAINING} of {CHAPTER.name} must hold {SEEDED} once.")
    space = {"__name__": "chapter"}
    with draw_live.within(CHAPTER.parent):
        for source in [*before, training.replace(SEEDED, f"keras.utils.set_random_seed({seed})")]:
            exec(compile(source, CHAPTER.name, "exec", dont_inherit=True), space)
    return space


def main(arguments: list[str]) -> None:
    """Train each seed and write the weights alone, without the optimizer's state."""
    for seed in map(int, arguments or SEEDS):
        space = trained(seed)
        model = space["model"]
        copy = type(model).from_config(model.get_config())  # not compiled: without an optimizer
        copy.set_weights(model.get_weights())
        path = MODELS / f"garments_{seed}.weights.h5"
        copy.save_weights(path)
        accuracy = space["history"].history["val_accuracy"][-1]
        print(
            f"{path.name}: validation {accuracy:.2%}, {path.stat().st_size:,} bytes, SHA-256 {sha256(path)}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
