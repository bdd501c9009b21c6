"""File systems made for a test and mounted on a folder: in memory, or in a file that goes with them. Needs root.

Who may skip a test because of what this machine cannot do is decided by the tests.
"""

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108  the folders in it are made by tempfile
_FILLER = ".filler"
_MAX_FILLED_BYTES = 512 << 20


class CannotMountError(Exception):
    """This machine cannot make or mount such a file system; the message says why."""


@dataclass(frozen=True, slots=True)
class _Image:
    """How a file system is made in a file of `mib`: `make`, then the file. `mount`: its own program, if it has one."""

    mib: int
    make: Sequence[str]
    mount: Sequence[str] = ()


_IMAGES = {
    "ext4": _Image(64, ("mkfs.ext4", "-q", "-F", "-m", "0", "-I", "256")),
    "xfs": _Image(320, ("mkfs.xfs", "-q", "-f")),
    "btrfs": _Image(128, ("mkfs.btrfs", "-q", "-f")),
    "exfat": _Image(64, ("mkfs.exfat",), ("mount.exfat-fuse",)),
}

KINDS = ("tmpfs", "overlay", *_IMAGES)
"""Those that `mounted` knows. `exfat` is a program (FUSE): it folds case, and moves files only over what is there."""


@contextmanager
def mounted(kind: str, folder: Path, options: str = "") -> Iterator[None]:
    """Within, a new file system of a kind is mounted on `folder`, which is there; it is small: tens of MiB.

    Raises:
        CannotMountError: it cannot be had on this machine.
    """
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        mounts: list[Path] = []
        try:
            if kind == "overlay":  # its layers have a small file system of their own
                _mount_tmpfs(Path(name), options)
                mounts.append(Path(name))
                _mount_overlay(Path(name), folder)
            elif kind == "tmpfs":
                _mount_tmpfs(folder, options)
            else:
                _mount_image(_IMAGES[kind], Path(name) / "image", folder)
            mounts.append(folder)
            yield
        finally:
            for mount in reversed(mounts):
                _unmount(mount)


def remount(folder: Path, options: str) -> None:
    """Change the options of what is mounted: `ro`, `rw`, `size=8m`."""
    _ask("mount", "-o", f"remount,{options}", str(folder))


def fill(folder: Path) -> None:
    """Leave no room on the file system of `folder`, which must be a small one.

    Raises:
        ValueError: it is large: it may be the machine's memory or its disk.
    """
    facts = os.statvfs(folder)
    if facts.f_blocks * facts.f_frsize > _MAX_FILLED_BYTES:
        raise ValueError(f"{folder} is on a file system that is too large to be filled")
    with (folder / _FILLER).open("wb") as filler:
        end, step = 0, 1 << 24
        while step >= 1 << 12:
            try:
                os.posix_fallocate(filler.fileno(), end, step)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                step //= 2
            else:
                end += step


def make_room(folder: Path) -> None:
    """Undo `fill`."""
    (folder / _FILLER).unlink(missing_ok=True)


def _mount_tmpfs(folder: Path, options: str) -> None:
    _ask("mount", "-t", "tmpfs", "-o", options or "size=64m", "bucketdrive-test", str(folder))


def _mount_image(image: _Image, path: Path, folder: Path) -> None:
    with path.open("wb") as file:
        file.truncate(image.mib << 20)
    _ask(*image.make, str(path))
    if image.mount:
        device = _ask("losetup", "--find", "--show", str(path)).strip()
        try:
            _ask(*image.mount, device, str(folder))
        finally:
            _ask("losetup", "--detach", device)  # when it is let go of
    else:
        _ask("mount", "-o", "loop", str(path), str(folder))


def _mount_overlay(home: Path, folder: Path) -> None:
    for part in ("lower", "upper", "work"):
        (home / part).mkdir()
    layers = f"lowerdir={home / 'lower'},upperdir={home / 'upper'},workdir={home / 'work'}"
    _ask("mount", "-t", "overlay", "-o", layers, "bucketdrive-test", str(folder))


def _unmount(folder: Path) -> None:
    if subprocess.run(["umount", str(folder)], check=False, capture_output=True).returncode != 0:
        subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)


def _ask(*command: str) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise CannotMountError(f"{command[0]} is not installed") from error
    if done.returncode != 0:
        raise CannotMountError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
