"""What a drive's folder and its file system are able to do, found out by trying."""

import os
from contextlib import suppress
from dataclasses import dataclass

from bucketdrive.disk.places import PRIVATE_FILE, Places
from bucketdrive.disk.root import Root
from bucketdrive.disk.swap import Renamer, Spot
from bucketdrive.disk.walk import Opened
from bucketdrive.model.paths import RESERVED

_NAMES = ("one", "other")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Fitness:
    """What a folder is fit for. `why_not_writable` is empty where files can be made in it and in `.bucketdrive/`.

    `is_one_file_system`: of the folder and `.bucketdrive/`, so that a file moves between them in one step;
    `may_exchange`: two files can be swapped in one step.
    """

    why_not_writable: str = ""
    is_one_file_system: bool = True
    may_exchange: bool = True


def try_out(top: Root, places: Places, renamer: Renamer, token: str) -> Fitness:
    """Try a folder out with two empty files in `.bucketdrive/tmp/TOKEN/`, which are gone at the end.

    Raises:
        GuardError: the folder or `.bucketdrive` is not there.
    """
    with top.open() as root:
        places.check(root)
        is_one = os.stat(RESERVED, dir_fd=root, follow_symlinks=False).st_dev == os.fstat(root).st_dev
        if not os.access(top.path, os.W_OK | os.X_OK, effective_ids=True):
            is_read_only = bool(os.fstatvfs(root).f_flag & os.ST_RDONLY)
            return Fitness("read-only file system" if is_read_only else "permission denied", is_one)
        parts = [RESERVED, "tmp", token]
        try:
            with places.lock:
                area = places.make(root, parts)
            with area as folder:
                may_exchange = _try_exchange(folder, renamer)
        except OSError as error:
            return Fitness((error.strerror or str(error)).lower(), is_one)
        finally:
            places.prune(root, [*parts, _NAMES[0]])
    return Fitness("", is_one, may_exchange)


def _try_exchange(folder: int, renamer: Renamer) -> bool:
    try:
        for name in _NAMES:
            Opened(os.open(name, _NEW_FILE, PRIVATE_FILE, dir_fd=folder)).close()
        return renamer.exchange(*(Spot(folder, name) for name in _NAMES))
    finally:
        for name in _NAMES:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
