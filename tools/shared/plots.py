# Drawings: sharp at every size; on the site INK and PAPER are the page's.
INK, PAPER = "#1a1a1b", "#fefeff"
InlineBackend.instance().print_figure_kwargs = {"bbox_inches": None}
InlineBackend.instance().figure_formats = {"svg"}
plt.rcParams.update({
    "svg.fonttype": "none", "image.interpolation": "none", "font.size": 10,
    "figure.figsize": (4, 2.8), "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.07, "axes.titlesize": "medium",
    "axes.spines.right": False, "axes.spines.top": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor",
                     "xtick.color", "ytick.color"), INK),
    # Each of these colours can be told from white and from black.
    "axes.prop_cycle": plt.cycler(color=[
        "#1f77b4", "#d9650a", "#2ca02c", "#d62728", "#9467bd", "#8c6d31",
        "#7f7f7f", "#c0508f"]), "figure.facecolor": PAPER,
    "axes.facecolor": PAPER, "legend.frameon": False})
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
        for (y, x), value in np.ndenumerate(values):
            red, green, blue, _ = drawn.to_rgba(value)
            ink = "black" if red + 2 * green + blue > 1.8 else "white"
            axis.text(x, y, f"{value:g}", ha="center", va="center", color=ink)
    axis.set(title=title, xticks=[], yticks=[])
    axis.spines[:].set_visible(True)
    return drawn
