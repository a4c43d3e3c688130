# @SHARED home@
RAW = "@RAW@"

def fetched(path, digest, origin=None):
    """Place of a file in the Keras home, fetched whole or not at all."""
    target = Path(os.environ.get("KERAS_HOME", "~/.keras"), path).expanduser()
    socket.setdefaulttimeout(30)  # seconds until a dead line is given up
    try:
        if not target.exists() or digest != hashlib.sha256(
                target.read_bytes()).hexdigest():
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent) as beside:
                os.replace(keras.utils.get_file(
                    target.name, origin or f"{RAW}data/{path}",
                    file_hash=digest, cache_dir=beside), target)
    except Exception as error:
        raise OSError("{} was not fetched: {}.".format(
            target.name, str(error).split(". ")[0])) from None
    return str(target)
