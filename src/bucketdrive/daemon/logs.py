"""Where the daemon writes what it does: a file that is turned over, or stderr, which a service manager keeps."""

import logging
import logging.handlers
from pathlib import Path

_KEPT_BYTES = 1 << 20
_KEPT_FILES = 3
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class _Lines(logging.Formatter):
    """A line a record: time, level, message, and what was given with it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # type: ignore[explicit-override]  # noqa: N802
        """See `logging.Formatter`. (`override` is not in Python 3.11.)."""
        given = (f"{name}={value}" for name, value in record.__dict__.items() if name not in _STANDARD)
        return " ".join([super().formatMessage(record), *given]).replace("\n", " ")


def log_to_stderr() -> None:
    """Write to stderr."""
    _log_to(logging.StreamHandler())


def log_to_file(path: Path) -> None:
    """Write to `path`, of which the last megabytes are kept. Its folder is made, for this user alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _log_to(logging.handlers.RotatingFileHandler(path, maxBytes=_KEPT_BYTES, backupCount=_KEPT_FILES, encoding="utf-8"))


def _log_to(handler: logging.Handler) -> None:
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("bucketdrive").setLevel(logging.INFO)
