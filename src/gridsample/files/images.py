"""Pictures in files as NumPy arrays: PNG, JPEG, TIFF and .npy, with the dtype and the channels of the file; volumes in .npy.

A picture is an array (H, W), or (H, W, C) with the channels last: grey + alpha, RGB, RGBA, or any number of bands. A volume
is (D, H, W) or (D, H, W, C).
"""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gridsample.files._atomic import check_target, replacing
from gridsample.files._codecs import FORMATS, Format, read_npy, write_npy

__all__ = [
    "SUFFIXES",
    "check_holds",
    "check_output",
    "check_volume_output",
    "read_array",
    "read_image",
    "read_volume",
    "write_image",
    "write_volume",
]

StrPath = str | os.PathLike[str]

SUFFIXES = tuple(suffix for row in FORMATS for suffix in row.suffixes)
"""The file name extensions that are read and written."""


def read_image(path: StrPath) -> np.ndarray:
    """Read a picture.

    Parameters
    ----------
    path : path
        A PNG, JPEG, TIFF or .npy file.

    Returns
    -------
    array
        (H, W) or (H, W, C), of the dtype of the file. A palette becomes RGB, or RGBA if it has transparent entries; black
        and white of 1 bit in a PNG becomes uint8; a photo that says how the camera was held is turned upright.

    Raises
    ------
    FileNotFoundError, PermissionError
        The file is missing, or may not be read.
    ValueError
        The extension is unknown, or the file is not what its extension says, is damaged, or holds no single picture.
    """
    return _checked(path, _read(path, _format_of(path).read), "a picture, (H, W) or (H, W, C)", 2)


def read_volume(path: StrPath) -> np.ndarray:
    """Read a volume from a .npy file.

    Parameters
    ----------
    path : path
        A file that ``numpy.save`` wrote.

    Returns
    -------
    array
        (D, H, W) or (D, H, W, C), of the dtype of the file.

    Raises
    ------
    FileNotFoundError, PermissionError
        The file is missing, or may not be read.
    ValueError
        The extension is not .npy, or the file is not one, or holds no volume.
    """
    _check_npy(path, _FOR_VOLUMES)
    return _checked(path, read_array(path), "a volume, (D, H, W) or (D, H, W, C)", 3)


def read_array(path: StrPath) -> np.ndarray:
    """Read an array of any shape, such as a grid or a flow, from a .npy file.

    Parameters
    ----------
    path : path
        A file that ``numpy.save`` wrote.

    Returns
    -------
    array
        As it was saved.

    Raises
    ------
    FileNotFoundError, PermissionError
        The file is missing, or may not be read.
    ValueError
        The extension is not .npy, or the file is not one.
    """
    _check_npy(path, "as numpy.save writes it")
    return _read(path, read_npy)


def write_image(path: StrPath, picture: np.ndarray, *, overwrite: bool = False) -> None:
    """Write a picture; the file appears whole or not at all.

    Parameters
    ----------
    path : path
        The file to write; its extension says the format.
    picture : array
        (H, W) or (H, W, C), of a dtype and a number of channels that the format can hold. JPEG is written at quality 95.
    overwrite : bool
        Replace a file that is there.

    Raises
    ------
    FileExistsError, FileNotFoundError, PermissionError
        The file is there already, its folder is not, or the folder may not be written to.
    ValueError
        The extension is unknown, or the format cannot hold such a picture.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from gridsample.files.images import read_image, write_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "grey.png")
    ...     write_image(path, np.array([[0, 40000]], "uint16"))
    ...     read_image(path)
    array([[    0, 40000]], dtype=uint16)
    """
    check_output(path, overwrite=overwrite)
    check_holds(path, picture)
    if picture.ndim == 3 and picture.shape[2] == 1 and Path(path).suffix.lower() != ".npy":
        picture = picture[:, :, 0]
    picture = np.ascontiguousarray(picture, picture.dtype.newbyteorder("="))
    with replacing(path) as file:
        _format_of(path).write(file, picture)


def write_volume(path: StrPath, volume: np.ndarray, *, overwrite: bool = False) -> None:
    """Write a volume; the file appears whole or not at all.

    Parameters
    ----------
    path : path
        The .npy file to write.
    volume : array
        (D, H, W) or (D, H, W, C).
    overwrite : bool
        Replace a file that is there.

    Raises
    ------
    FileExistsError, FileNotFoundError, PermissionError
        The file is there already, its folder is not, or the folder may not be written to.
    ValueError
        The extension is not .npy.
    """
    check_volume_output(path, overwrite=overwrite)
    with replacing(path) as file:
        write_npy(file, volume)


def check_output(path: StrPath, *, overwrite: bool = False) -> None:
    """Raise what ``write_image`` would raise for this path, before any work is done.

    Parameters
    ----------
    path : path
        Where a picture is to be written.
    overwrite : bool
        A file may be there already.

    Raises
    ------
    FileExistsError, FileNotFoundError, PermissionError, ValueError
        As ``write_image`` says.
    """
    _format_of(path)
    check_target(path, overwrite=overwrite)


def check_volume_output(path: StrPath, *, overwrite: bool = False) -> None:
    """Raise what ``write_volume`` would raise for this path, before any work is done.

    Parameters
    ----------
    path : path
        Where a volume is to be written.
    overwrite : bool
        A file may be there already.

    Raises
    ------
    FileExistsError, FileNotFoundError, PermissionError, ValueError
        As ``write_volume`` says.
    """
    _check_npy(path, _FOR_VOLUMES)
    check_output(path, overwrite=overwrite)


def check_holds(path: StrPath, picture: np.ndarray) -> None:
    """Raise if the format of ``path`` cannot hold ``picture`` without changing it.

    Parameters
    ----------
    path : path
        Where the picture is to be written.
    picture : array
        The picture, or another one of its dtype and channels.

    Raises
    ------
    ValueError
        The dtype or the number of channels does not fit; the message says what would.
    """
    if picture.ndim not in (2, 3) or picture.size == 0:
        raise ValueError(f"{path}: expected a picture (H, W) or (H, W, C) to write; got an array of shape {picture.shape}")
    row = _format_of(path)
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    if row.takes(picture.dtype, channels):
        return
    held = "; ".join(f"{name} with {' or '.join(map(str, counts or ('any',)))} channels" for name, counts in row.holds.items())
    others = [other.suffixes[0] for other in FORMATS if other.takes(picture.dtype, channels)]
    raise ValueError(
        f"{path}: {row.name} cannot hold dtype {picture.dtype} with {channels} channel{'s' * (channels != 1)}, only {held}; "
        + (f"use {' or '.join(others)}" if others else "convert it first")
    )


def _format_of(path: StrPath) -> Format:
    suffix = Path(path).suffix.lower()
    for row in FORMATS:
        if suffix in row.suffixes:
            return row
    known = ", ".join(SUFFIXES)
    raise ValueError(f"{path}: {f'unknown extension {suffix!r}' if suffix else 'no extension'}; expected one of {known}")


_FOR_VOLUMES = "since it is to hold a volume"


def _check_npy(path: StrPath, why: str) -> None:
    if Path(path).suffix.lower() != ".npy":
        raise ValueError(f"{path}: expected a .npy file, {why}")


def _checked(path: StrPath, array: np.ndarray, what: str, axes: int) -> np.ndarray:
    """Return what was read if it holds real numbers along so many axes, or one more for channels."""
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{path}: expected real numbers; it holds dtype {array.dtype}")
    if array.ndim not in (axes, axes + 1) or array.size == 0:
        raise ValueError(f"{path}: expected {what}; it holds an array of shape {array.shape}")
    return array


def _read(path: StrPath, decode: Callable[[BinaryIO], np.ndarray]) -> np.ndarray:
    try:
        with open(path, "rb") as file:
            return _decode(path, file, decode)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise ValueError(f"{path}: expected a file to read; it is a folder") from None
    except PermissionError:
        raise PermissionError(f"{path}: the file may not be read; check its permissions") from None


def _decode(path: StrPath, file: BinaryIO, decode: Callable[[BinaryIO], np.ndarray]) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what decoders remark about odd metadata is of no use to the caller
        try:
            return decode(file)
        except (ImportError, MemoryError):
            raise
        except Exception as error:  # a damaged file makes decoders raise anything
            reason = str(error).replace(f" {file!r}", "")
            raise ValueError(f"{path}: cannot be read: {reason}; is it damaged, or of another format?") from error
