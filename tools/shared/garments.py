RAW = "@RAW@"


def fetched(path, digest):
    """Place of a file of the book: in the Keras home, or downloaded once."""
    folder, name = path.split("/")
    return keras.utils.get_file(
        name, f"{RAW}data/{path}", cache_subdir=folder, file_hash=digest,
        cache_dir=os.environ.get("KERAS_HOME"))


photos = np.load(fetched("datasets/photographs.npz", (
    "@SHA256 data/datasets/photographs.npz@")))
garment_files = [  # the weights of chapter 5's network, a file for each seed
    fetched("models/garments_0.weights.h5", (
        "@SHA256 data/models/garments_0.weights.h5@")),
    fetched("models/garments_1.weights.h5", (
        "@SHA256 data/models/garments_1.weights.h5@")),
    fetched("models/garments_2.weights.h5", (
        "@SHA256 data/models/garments_2.weights.h5@"))]
