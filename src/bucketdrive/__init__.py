"""BucketDrive: your own Dropbox on any S3 bucket that keeps versions.

Programs and notebooks use `Drive`, which is imported when it is asked for, so that the command line pays for nothing
it does not use.
"""

from typing import Any

__version__ = "0.1.0"
__all__ = ["Drive", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Drive":
        from bucketdrive.drive.drive import Drive  # noqa: PLC0415  the point is to import it late

        return Drive
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
