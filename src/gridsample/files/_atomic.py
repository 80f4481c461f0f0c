"""Files that appear whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["replacing"]


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
        if isinstance(error, OSError) and error.errno is not None and error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None  # a full disk should name the file the caller knows
        raise
