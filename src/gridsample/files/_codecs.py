"""The table of picture formats: their suffixes, what each can hold, and how bytes become an array and back."""

from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

import numpy as np

__all__ = ["FORMATS", "Format", "read_npy", "write_npy"]


class Format(NamedTuple):
    """A file format for pictures."""

    name: str
    suffixes: tuple[str, ...]
    holds: dict[str, tuple[int, ...] | None]
    """Numbers of channels that it can hold, of each dtype; None is any number."""
    read: Callable[[BinaryIO], np.ndarray]
    write: Callable[[BinaryIO, np.ndarray], None]

    def takes(self, dtype: np.dtype, channels: int) -> bool:
        """Whether such a picture can be written and read back unchanged (JPEG: nearly so)."""
        if dtype.name not in self.holds:
            return False
        counts = self.holds[dtype.name]
        return counts is None or channels in counts


def _read_pillow(file: BinaryIO) -> np.ndarray:
    from PIL import Image, ImageOps

    header = file.read(26)
    file.seek(0)
    if header.startswith(b"\x89PNG") and header[24] == 16 and header[25] != 0:
        raise ValueError("16 bits per channel with colour or alpha, of which Pillow reads 8 bits; save it as .tif or .npy")
    with Image.open(file, formats=("PNG", "JPEG")) as stored:
        if stored.mode.startswith("I"):  # 16 bits; some versions of Pillow hand them out as 32
            return np.asarray(stored).astype(np.uint16)
        picture = ImageOps.exif_transpose(stored)
        wanted = {"1": "L", "L": "L", "LA": "LA", "RGBA": "RGBA"}.get(picture.mode, "RGB")
        if "transparency" in picture.info:  # a palette with a transparent entry, or one colour that means transparent
            wanted = "LA" if wanted in ("L", "LA") else "RGBA"
        return np.array(picture.convert(wanted))


def _pillow_writer(name: str, **options: Any) -> Callable[[BinaryIO, np.ndarray], None]:
    def write(file: BinaryIO, picture: np.ndarray) -> None:
        from PIL import Image

        Image.fromarray(picture).save(file, name, **options)

    return write


def _read_tiff(file: BinaryIO) -> np.ndarray:
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        series = tiff.series[0]  # further series are thumbnails and the like
        page = tiff.pages.first
        if series.axes not in ("YX", "YXS", "SYX"):
            raise ValueError(f"expected one picture (H, W) or (H, W, C); it holds {series.shape}, axes {series.axes}")
        picture = series.asarray()
        if series.axes == "SYX":
            picture = np.moveaxis(picture, 0, -1)
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
            picture = np.moveaxis(page.colormap >> 8, 0, -1).astype(np.uint8)[picture]
        if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and picture.dtype.kind in "bu":
            picture = ~picture
    return picture


def _write_tiff(file: BinaryIO, picture: np.ndarray) -> None:
    import tifffile

    channels = 1 if picture.ndim == 2 else picture.shape[2]
    colour = channels in (3, 4)
    extra = channels - (3 if colour else 1)
    # All said outright: what tifffile guesses depends on the sizes of the axes. `metadata=None` keeps its own notes out.
    tifffile.imwrite(
        file,
        picture,
        photometric="rgb" if colour else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=(["unassalpha"] if channels in (2, 4) else ["unspecified"] * extra) or None,
        metadata=None,
    )


def read_npy(file: BinaryIO) -> np.ndarray:
    """Read an array from an open .npy file; one of Python objects is refused, since reading it could run code."""
    return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def write_npy(file: BinaryIO, array: np.ndarray) -> None:
    """Write an array of numbers to an open file, as .npy."""
    np.lib.format.write_array(file, array, allow_pickle=False)


_WIDE = (
    *("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64"),
)

FORMATS = (
    Format("PNG", (".png",), {"uint8": (1, 2, 3, 4), "uint16": (1,)}, _read_pillow, _pillow_writer("PNG")),
    # Pillow's own quality of 75 shows; 95 hardly does.
    Format("JPEG", (".jpg", ".jpeg"), {"uint8": (1, 3)}, _read_pillow, _pillow_writer("JPEG", quality=95)),
    Format("TIFF", (".tif", ".tiff"), {"bool": (1,), **dict.fromkeys(_WIDE)}, _read_tiff, _write_tiff),
    Format("NumPy", (".npy",), {"bool": None, **dict.fromkeys(_WIDE)}, read_npy, write_npy),
)
