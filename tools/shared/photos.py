RAW = "@RAW@"
path = keras.utils.get_file(
    "photographs.npz",
    origin=RAW + "data/datasets/photographs.npz",
    file_hash=(
        "@SHA256 data/datasets/photographs.npz@"
    ),
)
photos = np.load(path)  # name -> uint8 array, (height, width[, 3])
