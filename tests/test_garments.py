"""The weights of chapter 7: their tool finds what it runs in chapter 5, and seed 0 is the explorer's network."""

import ast

import numpy as np
import pytest

from tools.data import train_garments
from tools.pages import draw_live
from tools.rules.names import names_needed


def test_the_training_names_its_seed_once():
    """In one place the tool puts another seed."""
    *before, training = train_garments.cells_for(train_garments.TRAINING)
    assert training.count(train_garments.SEEDED) == 1
    assert not any(train_garments.SEEDED in source for source in before)


def test_nothing_that_the_training_needs_is_left_out():
    """The chosen cells bind every name that they read."""
    cells = train_garments.cells_for(train_garments.TRAINING)
    assert names_needed(ast.parse("\n".join(cells))) == set()
    assert len(cells) < 12


def test_seed_0_is_the_network_of_the_explorer():
    """Weight for weight; the other two differ from it and from each other."""
    keras = pytest.importorskip("keras")
    networks = []
    for seed in train_garments.SEEDS:
        network = keras.models.clone_model(draw_live.keras_network("fashion"))
        network.load_weights(train_garments.MODELS / f"garments_{seed}.weights.h5")
        networks.append(network.get_weights())
    explorer = draw_live.keras_network("fashion").get_weights()
    assert all(map(np.array_equal, networks[0], explorer))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not np.allclose(networks[one][0], networks[other][0], atol=0.01)
