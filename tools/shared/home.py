# In a clone of the book the data lie beside the notebooks and no network is
# needed. Elsewhere, as in Colab, Keras downloads what it needs, once.
# Both settings must stand before Keras is imported.
import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # no start-up messages
if Path("../data/README.md").exists():
    os.environ["KERAS_HOME"] = str(Path("../data").resolve())
