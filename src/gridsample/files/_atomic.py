"""Files that appear whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["check_target", "replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of ``path`` once the block ends without an error.

    Until then ``path`` is untouched; on an error or Ctrl-C nothing of the new file stays.

    Parameters
    ----------
    path : path
        The file to write. Its folder must exist. If it is a link, the file it points to is replaced.

    Yields
    ------
    file object
        Open for writing bytes, in the same folder, under a temporary name.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".gridsample-{secrets.token_hex(6)}.tmp")  # same folder: a rename there is atomic
    try:
        # "x" and the usual permissions of new files; tempfile would make it readable for its owner only.
        with open(temporary, "xb") as file:
            yield file
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        # A full disk should name the file the caller knows.
        if isinstance(error, OSError) and error.errno is None:  # NumPy's, which counts elements
            raise OSError(f"{path}: cannot be written: {error}; is the disk full?") from error
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise


def check_target(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Raise what ``replacing`` would raise for this path, before any work is done; and if a file is there, unless it may be.

    Raises
    ------
    FileExistsError, FileNotFoundError, PermissionError, ValueError
        The file is there already, its folder is not, the folder may not be written to, or the path is a folder.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise ValueError(f"{path}: expected the name of a file to write; it is a folder")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {target.parent}; create it first")
    if target.exists() and not overwrite:
        raise FileExistsError(f"{path}: there is such a file already")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"{path}: the folder {target.parent} may not be written to; choose another one")
