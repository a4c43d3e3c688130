# Figures are drawings: narrow enough for a phone, and sharp at every size.
# On the site, INK and PAPER become the colours of the page.
INK, PAPER = "#1a1a1b", "#fefeff"
InlineBackend.instance().print_figure_kwargs = {"bbox_inches": None}
InlineBackend.instance().figure_formats = {"svg"}
plt.rcParams.update({
    "svg.fonttype": "none", "image.interpolation": "none", "font.size": 10,
    "figure.figsize": (4, 2.8), "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.07,
    "axes.titlesize": "medium", "axes.spines.right": False,
    "axes.spines.top": False, "legend.frameon": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor",
                     "xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("figure.facecolor", "axes.facecolor"), PAPER),
    # Each of these colours can be told from white and from black.
    "axes.prop_cycle": plt.cycler(color=[
        "#1f77b4", "#d9650a", "#2ca02c", "#d62728", "#9467bd", "#8c6d31",
        "#7f7f7f", "#c0508f"])})
