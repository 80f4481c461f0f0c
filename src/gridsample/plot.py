"""Pictures that explain: the demo sheet of PyTorch's modes and paddings, and the taps that one output pixel reads.

Drawn with matplotlib's Figure alone, so that no window opens and no setting of the caller changes.
"""

import io
import os
import textwrap
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from gridsample._grid_sample import MODES, PADDING_MODES, grid_sample
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample._pictures import affine_positions, as_picture, as_planes, grid_of_positions
from gridsample.files._atomic import replacing
from gridsample.files.images import read_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_demo"]

_DPI = 100
_INK, _SOFT, _MARK = "#1b1b1f", "#5c5f66", "#e5007d"

# The sheet, in pixels from its top left, so that every picture is shown pixel for pixel.
_WIDTH, _HEIGHT = 1290, 2022
_MARGIN, _LEFT, _GAP = 30, 200, 20
_PANEL_W, _PANEL_H = 340, 300
_PANELS_TOP = 560
_TAPS_TOP = _PANELS_TOP + 3 * (_PANEL_H + _GAP) + 148
_CELL, _CELLS = 46, 6

# The square of the output that is magnified (x, y, side), how much, and the output pixel in it whose taps are shown.
_LENS, _ZOOM, _PIXEL = (150, 88, 20), 7, (156, 98)

_ROWS = ("nearest", "bilinear", "bicubic")
"""The modes that are shown: PyTorch's own. The others look like bicubic on this scale."""

_LOOKS = {
    "nearest": "Copies the closest pixel. Sharp, but lines become stairs.",
    "bilinear": "Blends the closest four. Smooth, a little soft.",
    "bicubic": "Blends sixteen, some with a negative weight. Smooth and crisp; may overshoot at edges.",
    "zeros": "Outside is 0: black.",
    "border": "The last pixel goes on for ever.",
    "reflection": "The picture is mirrored at its edges.",
}


def _read_photo() -> np.ndarray:
    """Return the photograph that comes with matplotlib, (300, 256, 3) uint8: Rear Admiral Grace Hopper."""
    from matplotlib.cbook import get_sample_data

    photo = read_image(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))
    halved: np.ndarray = np.rint(photo.reshape(300, 2, 256, 2, 3).mean(axis=(1, 3))).astype(np.uint8)
    return halved


def _warp_positions(shape: tuple[int, int], size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return where the demo reads: a turn, a swirl about the centre and waves, reaching beyond every border."""
    x, y = affine_positions(shape, size, rotate=8.0, scale=0.86)
    dx, dy = x - (shape[1] - 1) / 2, y - (shape[0] - 1) / 2
    swirl = np.radians(26.0) * np.exp(-(dx**2 + dy**2) / 150.0**2)
    x, y = x + dx * (np.cos(swirl) - 1) - dy * np.sin(swirl), y + dx * np.sin(swirl) + dy * (np.cos(swirl) - 1)
    return x + 6 * np.sin(dy / 18), y + 6 * np.sin(dx / 18)


class _Sampler:
    """Samples the photo and keeps the time that the sampling alone takes."""

    def __init__(self, photo: np.ndarray) -> None:
        self.photo = photo
        self.planes = as_planes(photo)
        self.pictures, self.seconds = 0, 0.0

    def __call__(self, x: np.ndarray, y: np.ndarray, mode: str, padding: str) -> np.ndarray:
        grid = grid_of_positions(x, y, (self.photo.shape[0], self.photo.shape[1]))
        start = time.perf_counter()
        planes = grid_sample(self.planes, grid, mode, padding)
        self.seconds += time.perf_counter() - start
        self.pictures += 1
        return as_picture(planes, self.photo)


def draw_demo(path: str | os.PathLike[str]) -> tuple[int, float]:
    """Draw the demo sheet: where a warp reads, PyTorch's modes and paddings, and the taps of one output pixel.

    Parameters
    ----------
    path : path
        The PNG to write, whole or not at all.

    Returns
    -------
    (int, float)
        How many pictures were sampled for it, and the seconds that the sampling took.

    Raises
    ------
    FileNotFoundError
        matplotlib came without its sample data.
    """
    import matplotlib
    from matplotlib.figure import Figure
    from PIL import Image

    photo = _read_photo()
    sampler = _Sampler(photo)
    drawn = io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # the caller's style is for the caller's figures
        figure = Figure(figsize=(_WIDTH / _DPI, _HEIGHT / _DPI), dpi=_DPI, facecolor="white")
        _draw_sheet(figure, photo, sampler)
        figure.savefig(drawn, format="png", dpi=_DPI)
    # 256 colours make a third of the size, and no eye can tell.
    few = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    with replacing(path) as file:
        few.save(file, "PNG", optimize=True)
    return sampler.pictures, sampler.seconds


def _draw_sheet(figure: "Figure", photo: np.ndarray, sampler: _Sampler) -> None:
    x, y = _warp_positions((photo.shape[0], photo.shape[1]), (_PANEL_H, _PANEL_W))
    _draw_header(figure, photo, x, y)
    for place, padding in enumerate(PADDING_MODES):
        _caption_padding(figure, place, padding)
    for place, mode in enumerate(_ROWS):
        _caption_mode(figure, place, mode)
    for row, column in np.ndindex(len(_ROWS), len(PADDING_MODES)):
        corner = (_LEFT + column * (_PANEL_W + _GAP), _PANELS_TOP + row * (_PANEL_H + _GAP))
        _draw_panel(figure, sampler, x, y, corner, _ROWS[row], PADDING_MODES[column])
    position = float(x[_PIXEL[::-1]]), float(y[_PIXEL[::-1]])
    words = (
        f"The output pixel at x = {_PIXEL[0]}, y = {_PIXEL[1]}, the small white square in the magnified pictures, reads the "
        f"input at x = {position[0]:.2f}, y = {position[1]:.2f}: the dot.\nThe outlined pixels of the photograph are read; the "
        "sum of pixel times weight is the colour on the right."
    )
    _text(figure, _MARGIN, _TAPS_TOP - 128, "What one output pixel reads", fontsize=18, weight="bold")
    _text(figure, _MARGIN, _TAPS_TOP - 92, words, fontsize=11)
    for place, mode in enumerate(_ROWS):
        _draw_taps(figure, photo, position, place, mode)
    source = "Photograph: Rear Admiral Grace M. Hopper, United States Navy; from matplotlib's sample data."
    _text(figure, _MARGIN, _HEIGHT - 20, f"{source} Drawn by `gridsample demo`.", fontsize=9, color=_SOFT, va="bottom")


def _axes(figure: "Figure", left: float, top: float, width: float, height: float) -> "Axes":
    """Add bare axes at pixels from the top left of the sheet."""
    axes = figure.add_axes((left / _WIDTH, 1 - (top + height) / _HEIGHT, width / _WIDTH, height / _HEIGHT))
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def _text(figure: "Figure", left: float, top: float, words: str, **style: Any) -> None:
    """Write text whose upper left corner is at pixels from the top left of the sheet."""
    style = {"va": "top", "ha": "left", "fontsize": 10, "color": _INK, "linespacing": 1.35, **style}
    figure.text(left / _WIDTH, 1 - top / _HEIGHT, words, **style)


def _show(axes: "Axes", picture: np.ndarray) -> None:
    """Show a picture whose pixel (x, y) is the unit square about (x, y)."""
    axes.imshow(picture, interpolation="none", aspect="auto")


def _outline(axes: "Axes", left: float, top: float, side: float, **style: Any) -> None:
    """Outline the square of pixels whose first one is (left, top)."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((left - 0.5, top - 0.5), side, side, **{"fill": False, "edgecolor": _MARK, **style}))


def _draw_header(figure: "Figure", photo: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    _text(figure, _MARGIN, 28, "grid_sample: read a picture wherever you like", fontsize=24, weight="bold")
    axes = _axes(figure, _MARGIN + 66, 84, 410, 400)
    _show(axes, photo)
    for line in (*zip(x[::20], y[::20], strict=True), *zip(x.T[::20], y.T[::20], strict=True)):
        axes.plot(*line, color=_MARK, linewidth=0.7)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        axes.plot(x[edge], y[edge], color=_MARK, linewidth=2.4, solid_capstyle="round")
    axes.set_xlim(x.min() - 5, x.max() + 5)
    axes.set_ylim(y.max() + 5, y.min() - 5)
    axes.set_aspect("equal")
    for below, right in np.ndindex(2, 2):
        corner = (-below, -right)
        name = f"{('top', 'bottom')[below]} {('left', 'right')[right]}"
        place = (x[corner] + (-4, 4)[right], y[corner] + (-4, 4)[below])
        aligned: dict[str, Any] = {"ha": ("right", "left")[right], "va": ("bottom", "top")[below]}
        axes.annotate(name, place, fontsize=9, color=_MARK, annotation_clip=False, **aligned)
    story = {
        "The grid": "says, for every pixel of the output, where in the input to read. Here: a turn, a swirl and waves. The "
        "mesh is every 20th row and column of the output, laid over the pixels of the input that they read.",
        "The mode": "makes a value where a position falls between pixels, from the pixels around it. See the rows below, and "
        "the weights at the bottom.",
        "The padding": "says what there is where a position falls outside the input. See the columns below; a b c d is a row "
        "of pixels, with what is read beyond its ends.",
    }
    top = 120
    for head, words in story.items():
        lines = textwrap.wrap(words, 74)
        _text(figure, 600, top, head, fontsize=15, weight="bold", color=_MARK)
        _text(figure, 600, top + 30, "\n".join(lines), fontsize=12)
        top += 66 + 23 * len(lines)


def _caption_padding(figure: "Figure", column: int, padding: str) -> None:
    boundary = BOUNDARIES[padding if padding in BOUNDARIES else f"{padding}_edge"]
    left = _LEFT + column * (_PANEL_W + _GAP)
    _text(figure, left, _PANELS_TOP - 36, padding, fontsize=15, weight="bold", va="baseline")
    picture = {"fontsize": 10, "family": "monospace", "color": _SOFT, "ha": "right", "va": "baseline"}
    _text(figure, left + _PANEL_W, _PANELS_TOP - 36, boundary.picture, **picture)
    _text(figure, left, _PANELS_TOP - 13, _LOOKS.get(padding, boundary.meaning), color=_SOFT, va="baseline")


def _caption_mode(figure: "Figure", row: int, mode: str) -> None:
    top = _PANELS_TOP + row * (_PANEL_H + _GAP)
    _text(figure, _MARGIN, top, mode, fontsize=15, weight="bold")
    _text(figure, _MARGIN, top + 28, f"reads {_count(mode)}", fontsize=11)
    _text(figure, _MARGIN, top + 56, textwrap.fill(_LOOKS.get(mode, KERNELS[MODES[mode]].meaning), 22), color=_SOFT)


def _count(mode: str) -> str:
    taps = KERNELS[MODES[mode]].taps
    return "1 pixel" if taps == 1 else f"{taps} × {taps} pixels"  # noqa: RUF001


def _draw_panel(
    figure: "Figure", sampler: _Sampler, x: np.ndarray, y: np.ndarray, corner: tuple[int, int], mode: str, padding: str
) -> None:
    axes = _axes(figure, *corner, _PANEL_W, _PANEL_H)
    _show(axes, sampler(x, y, mode, padding))
    lens_x, lens_y, side = _LENS
    _outline(axes, lens_x, lens_y, side, linewidth=1.5)
    size = side * _ZOOM
    inset = _axes(figure, corner[0] + _PANEL_W - size - 6, corner[1] + _PANEL_H - size - 6, size, size)
    # Magnified by sampling the same warp at a finer mesh of output positions, not by enlarging pixels.
    fine = (np.arange(size) + 0.5) / _ZOOM - 0.5
    fine_x, fine_y = (_between(positions, lens_x + fine, lens_y + fine) for positions in (x, y))
    _show(inset, sampler(fine_x, fine_y, mode, padding))
    _outline(inset, (_PIXEL[0] - lens_x) * _ZOOM, (_PIXEL[1] - lens_y) * _ZOOM, _ZOOM, linewidth=1.2, edgecolor="white")
    for spine in inset.spines.values():
        spine.set(visible=True, color=_MARK, linewidth=2)


def _between(positions: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Read a smooth map (H, W) of positions between its samples."""
    grid = grid_of_positions(columns, rows[:, None], (positions.shape[0], positions.shape[1]))
    read: np.ndarray = grid_sample(positions[None, None], grid, "bicubic", "border")[0, 0]
    return read


def _draw_taps(figure: "Figure", photo: np.ndarray, position: tuple[float, float], column: int, mode: str) -> None:
    """Draw the pixels about a position, and which of them a mode reads, times what."""
    first_x, first_y = (int(coordinate) - _CELLS // 2 + 1 for coordinate in position)
    window = photo[first_y : first_y + _CELLS, first_x : first_x + _CELLS]
    x, y = position[0] - first_x, position[1] - first_y
    grid = grid_of_positions(np.full((1, 1), x), np.full((1, 1), y), (_CELLS, _CELLS))
    # One image per pixel, 1 there and 0 elsewhere: what is read from it is the weight of that pixel.
    impulses = np.eye(_CELLS**2).reshape(1, _CELLS**2, _CELLS, _CELLS)
    weights = grid_sample(impulses, grid, mode).reshape(_CELLS, _CELLS)
    value = as_picture(grid_sample(as_planes(window), grid, mode), window)

    left, side = _LEFT + column * (_PANEL_W + _GAP), _CELLS * _CELL
    _text(figure, left, _TAPS_TOP - 13, mode, fontsize=15, weight="bold", va="baseline")
    _text(figure, left + side, _TAPS_TOP - 13, _count(mode), fontsize=11, ha="right", va="baseline", color=_SOFT)
    axes = _axes(figure, left, _TAPS_TOP, side, side)
    _show(axes, window)
    for line in np.arange(_CELLS + 1) - 0.5:
        axes.axhline(line, color="white", linewidth=0.4)
        axes.axvline(line, color="white", linewidth=0.4)
    for tap_y, tap_x in np.argwhere(weights):
        _outline(axes, tap_x, tap_y, 1, linewidth=2)
        ink = "white" if window[tap_y, tap_x].mean() < 128 else "black"
        label = f"{weights[tap_y, tap_x]:.2f}"
        axes.text(tap_x, tap_y, label, ha="center", va="center", fontsize=9.5, weight="bold", color=ink)
    axes.plot(x, y, "o", color="white", markeredgecolor=_MARK, markeredgewidth=2.2, markersize=8)
    _text(figure, left + side + 9, _TAPS_TOP + side / 2, "=", fontsize=16, va="center")
    swatch = _axes(figure, left + side + 31, _TAPS_TOP + side / 2 - 16, 32, 32)
    _show(swatch, value)
    for spine in swatch.spines.values():
        spine.set(visible=True, color=_INK, linewidth=0.8)
