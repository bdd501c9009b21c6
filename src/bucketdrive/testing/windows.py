"""What tests let users do between two of a device's deeds, and what they then look for."""

from collections.abc import Callable, Mapping
from typing import Any

from bucketdrive.rules.names import is_conflict_name
from bucketdrive.testing.stage import Stage


def bucket_of(stage: Stage, name: str) -> Any:
    """The bucket as a device's process reaches it; what is put into its `__dict__` takes the place of a request."""
    return stage.devices[name].process.parts.bucket


def disk_of(stage: Stage, name: str) -> Any:
    """The disk of a device's process, likewise."""
    return stage.devices[name].process.parts.disk


def at(stage: Stage, name: str, method: str, then: Callable[[], object], *, before: bool = True) -> None:
    """Let a user do `then` once, right before the device's disk does `method`, or after it was done."""
    disk = disk_of(stage, name)
    original = getattr(disk, method)

    async def interrupted(*args: Any, **kwargs: Any) -> Any:
        if before:
            disk.__dict__[method] = original
            then()
        result = await original(*args, **kwargs)
        if not before:
            disk.__dict__[method] = original
            then()
        return result

    disk.__dict__[method] = interrupted


def save_after_the_check(stage: Stage, name: str, path: str, data: bytes) -> None:
    """Let a user save a file once, between the disk's last look at a file and its move."""
    memory_disk, folder = disk_of(stage, name)._inner, stage.folder(name)  # noqa: SLF001  the window is in there
    check = memory_disk._check  # noqa: SLF001

    def check_then_the_user_saves(*args: Any) -> None:
        check(*args)
        memory_disk._check = check  # noqa: SLF001
        folder.save(path, data)

    memory_disk._check = check_then_the_user_saves  # noqa: SLF001


def copies(files: Mapping[str, bytes]) -> list[bytes]:
    """The contents of the conflict copies among `files`, sorted."""
    return sorted(data for path, data in files.items() if is_conflict_name(path))
