"""What a user sees: the only module that prints. Data goes to stdout, all else to stderr.

There are no colours, so nothing has to be said about them. Names from a bucket or a disk may hold anything: what could
steer a terminal is shown as an escape.
"""

import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bucketdrive.errors import BucketDriveError, error_document

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def say(text: str = "") -> None:
    """Print a line of data to stdout."""
    sys.stdout.write(f"{text}\n")


def write_bytes(data: bytes) -> None:
    """Write data to stdout as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def tell(text: str) -> None:
    """Print a line to stderr."""
    sys.stderr.write(f"{text}\n")


def flush() -> None:
    """Write out what is printed, so that a closed pipe shows while it can still be handled."""
    sys.stdout.flush()


def give_up_stdout() -> None:
    """Let nothing more be written to a stdout that nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_json(document: Mapping[str, Any]) -> None:
    """Print a document as JSON, in ASCII: safe in every terminal and encoding."""
    say(json.dumps(document, indent=2))


def show_error(error: BucketDriveError, *, as_json: bool) -> None:
    """Tell an error: two lines, or one JSON object with `error`, `message`, `hint`, `path` and `exit_code`."""
    if as_json:
        tell(json.dumps(error_document(error)))
        return
    tell(f"error: {safe(error.message)}")
    if error.hint:
        hint(error.hint)


def show_origin(error: BaseException) -> None:
    """Tell where in the program an error came from, with all that caused it."""
    import traceback  # noqa: PLC0415  a rare need, and 7 ms at every start

    tell("".join(traceback.format_exception(error)).rstrip())


def hint(text: str) -> None:
    """Tell what to do next."""
    tell(f"hint: {safe(text)}")


def safe(text: str) -> str:
    """`text` with all that could steer a terminal, or is no character at all, shown as an escape."""
    return _UNSAFE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def size_text(size: int) -> str:
    """A size in bytes as people read it, in IEC units: `0 B`, `3.4 MiB`."""
    number = float(size)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if number < 1023.95 or unit == "TiB":
            break
        number /= 1024
    return f"{size} B" if unit == "B" else f"{number:.1f} {unit}"


def count_text(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun if number == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def time_text(seconds: float) -> str:
    """A moment in this machine's time zone; `never` for 0."""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M:%S}" if seconds else "never"


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Print rows in aligned columns; the columns of the numbers in `right` are set flush right."""
    lines = [tuple(headings), *(tuple(map(safe, row)) for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(headings))]
    flush_right = set(right)
    for line in lines:
        cells = [
            " " * (width - _width(cell)) + cell if column in flush_right else cell + " " * (width - _width(cell))
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    marks = sum(1 for char in text if unicodedata.combining(char) or char in "\u200c\u200d\ufe0f")
    return len(text) - marks + sum(1 for char in text if unicodedata.east_asian_width(char) in "WF")


def may_redraw() -> bool:
    """Whether stderr is a terminal, on which a line can be written again and again."""
    return sys.stderr.isatty()


def redraw(text: str) -> None:
    """Write `text` over the current line of the terminal, cut to its width; an empty one clears it."""
    room = max(shutil.get_terminal_size().columns - 1, 10)
    while _width(text) > room:
        text = text[:-1]
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()
