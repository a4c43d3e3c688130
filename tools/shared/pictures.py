def uncommented(data):
    """A PNG file without its comments, which may be odd; others as is."""
    kept, at = [data[:8]], 8
    while data[:4] == b"\x89PNG" and at < len(data):
        begin, kind = at, data[at + 4:at + 8]
        at += 12 + int.from_bytes(data[at:at + 4], "big")
        kept += [data[begin:at]] * (kind in b"IHDR PLTE IDAT IEND eXIf tRNS")
    return b"".join(kept) if at > 8 else data

def on_white(file, form, enough):
    """A picture's path or bytes -> upright RGB on white; or any error."""
    data = file if isinstance(file, bytes) else Path(file).read_bytes()
    image = Picture.open(io.BytesIO(form(data)))
    image.draft(None, enough)  # a large JPEG loads faster; so many remain
    image.load()  # damage is found here, not taken for an odd note
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode[0] in "IF":  # 16 or 32 bits for a pixel
        x = np.nan_to_num(np.asarray(image, float), posinf=0, neginf=0)
        x -= min(0, x.min())
        top = max(x.max(), 1 if image.mode == "F" and x.max() <= 2 else 255)
        image = Picture.fromarray((x * (255 / top)).astype("uint8"))
    white = Picture.new("RGBA", image.size, "white")
    return Picture.alpha_composite(white, image.convert("RGBA")).convert("RGB")

def opened(file, enough=None):
    """A picture's path or bytes -> upright RGB on white; or ValueError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Picture.DecompressionBombWarning)
        for form in (bytes, uncommented):  # as it is, then without comments
            try:
                return on_white(file, form, enough)
            except Exception as fault:  # a damaged file can fail in any way
                why = f"{fault!r} {fault}"
    raise ValueError(next(words for sign, words in (  # after the file's name
        ("[Errno", "cannot be read; check its name and folder"),
        ("Unidentified", "is no picture that Pillow knows; save it as JPEG"),
        ("Bomb", "is too large; shrink it to 4,000 pixels a side"),
        ("", "is damaged; save or download it again")) if sign in why))
