# One meaning for one set of colours, in every chapter of the book.
LOOK = {"image": "gray", "weights": "PuOr_r", "signed": "RdBu_r",
        "relu": plt.get_cmap("Reds").with_extremes(under="white")}


def show(axis, values, kind, title="", limit=None, numbers=False):
    """Draw a 2-D array, or an RGB image, in the colours of its kind.

    limit is the value that gets the strongest colour (255 for an image,
    otherwise the largest magnitude); numbers writes every value out.
    """
    values = np.asarray(values)
    limit = limit or (255 if kind == "image" else np.abs(values).max())
    low = {"image": 0, "relu": 1e-9}.get(kind, -limit)
    drawn = axis.imshow(values / (255 if values.ndim == 3 else 1),
                        cmap=LOOK[kind], vmin=low, vmax=limit)
    if numbers:
        for (row, column), value in np.ndenumerate(values):
            red, green, blue, _ = drawn.to_rgba(value)
            ink = "black" if red + 2 * green + blue > 1.8 else "white"
            axis.text(column, row, f"{value:g}", ha="center",
                      va="center", color=ink)
    axis.set(title=title, xticks=[], yticks=[])
    axis.spines[:].set_visible(True)
    return drawn
