"""Renames that overwrite nothing: without replacing, and swapping two files (spec §2.6).

`renameat2` where the file system knows it (ext4, xfs, btrfs, tmpfs; Linux man-pages, rename(2)), else what comes
closest: `link` and `unlink`, which leaves both names for a moment but never none and never replaces.
"""

import ctypes
import errno
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass

from bucketdrive.disk.failures import UNSUPPORTED

_NOREPLACE = 1
_EXCHANGE = 2
_SYSCALL_NUMBERS = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "armv7l": 382, "ppc64le": 357, "s390x": 347}
"""renameat2, for a C library that has no function of that name (glibc before 2.28, musl)."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A name in an open folder."""

    folder: int
    part: str


class Renamer:
    """Atomic renames between spots. The switches are for tests: without, it behaves as on a poorer file system.

    `may_exchange` tells whether `exchange` is worth trying; it turns false at the first refusal.
    """

    def __init__(self, *, may_exchange: bool = True, may_refuse_replacing: bool = True) -> None:
        self.may_exchange = may_exchange
        self._may_refuse_replacing = may_refuse_replacing
        self._renameat2 = _find_renameat2()

    def move(self, source: Spot, target: Spot) -> None:
        """Move a file to where nothing is.

        Raises:
            OSError: EEXIST where something is there already; EPERM where the file system has no way to do this safely.
        """
        if self._may_refuse_replacing:
            try:
                self._call(source, target, _NOREPLACE)
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    raise
                self._may_refuse_replacing = False
            else:
                return
        os.link(source.part, target.part, src_dir_fd=source.folder, dst_dir_fd=target.folder, follow_symlinks=False)
        os.unlink(source.part, dir_fd=source.folder)

    def exchange(self, one: Spot, other: Spot) -> bool:
        """Swap what is at two spots; false, and nothing done, where the file system cannot."""
        if self.may_exchange:
            try:
                self._call(one, other, _EXCHANGE)
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    raise
                self.may_exchange = False
        return self.may_exchange

    def _call(self, source: Spot, target: Spot, flags: int) -> None:
        if self._renameat2 is None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        old, new = os.fsencode(source.part), os.fsencode(target.part)
        if self._renameat2(source.folder, old, target.folder, new, flags) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), target.part)


def _find_renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    library = ctypes.CDLL(None, use_errno=True)
    arguments = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    if hasattr(library, "renameat2"):
        function = library.renameat2
        function.argtypes = arguments
        return function
    number = _SYSCALL_NUMBERS.get(platform.machine())
    if number is None:
        return None
    syscall = library.syscall
    syscall.restype = ctypes.c_long
    syscall.argtypes = (ctypes.c_long, *arguments)
    return lambda *values: int(syscall(number, *values))
