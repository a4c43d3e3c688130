RAW = "@RAW@"
socket.setdefaulttimeout(30)  # seconds until a dead line is given up


def fetched(path, digest, origin=None):
    """Place of a file in the Keras home, fetched whole or not at all."""
    target = Path(os.environ.get("KERAS_HOME", "~/.keras"), path).expanduser()
    try:
        if not target.exists() or digest != hashlib.sha256(
                target.read_bytes()).hexdigest():
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent) as beside:
                os.replace(keras.utils.get_file(
                    target.name, origin or f"{RAW}data/{path}",
                    file_hash=digest, cache_dir=beside), target)
    except Exception as error:
        why = str(error).split(". ")[0]
        raise OSError(f"{target.name} was not fetched: {why}.") from None
    return str(target)


photos = np.load(fetched("datasets/photographs.npz", (
    "@SHA256 data/datasets/photographs.npz@")))
stamps_file = fetched("datasets/stamps.zip", (
    "@SHA256 data/datasets/stamps.zip@"))
book_weights = fetched("models/book_mobilenet.weights.h5", (
    "@SHA256 data/models/book_mobilenet.weights.h5@"))
