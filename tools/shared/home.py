# In a clone of the book the data lie in its folder data/ and no network is
# needed. Elsewhere, as in Colab, Keras downloads what it needs, once.
# All settings must stand before Keras is imported.
import os
import shutil
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # no start-up messages
if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
    print("The chapters are written for TensorFlow, so Keras uses it here.")
os.environ["KERAS_BACKEND"] = "tensorflow"
if not os.access(Path.home(), os.W_OK):  # Matplotlib would warn
    os.environ.setdefault("MPLCONFIGDIR", tempfile.mkdtemp())
for clone in (Path.cwd(), *Path.cwd().parents):
    if (clone / "data/datasets/photographs.npz").exists():
        keras_home = clone / "data"
        if not os.access(keras_home, os.W_OK):  # Keras would go elsewhere
            keras_home = shutil.copytree(
                keras_home, tempfile.mkdtemp(), dirs_exist_ok=True)
        os.environ["KERAS_HOME"] = str(keras_home)
        break
