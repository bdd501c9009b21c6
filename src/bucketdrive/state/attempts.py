"""Attempts and the quarantine, in rows."""

import json
from collections.abc import Iterable
from typing import Any

import apsw

from bucketdrive.model.attempts import Attempt, Deed, Quarantined
from bucketdrive.model.entries import Fingerprint
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import ExpectedFile


def put_attempts(db: apsw.Connection, attempts: Iterable[Attempt]) -> None:
    """Write attempts, replacing those with the same op."""
    db.executemany(
        "INSERT OR REPLACE INTO attempt VALUES (?, ?, ?, ?, ?)",
        [(a.op, str(a.path), int(a.is_open), a.started_s, json.dumps(_fields(a))) for a in attempts],
    )


def _fields(attempt: Attempt) -> dict[str, Any]:
    fields = {name: getattr(attempt, name) for name in Attempt.__slots__}
    if attempt.fingerprint is not None:
        fields["fingerprint"] = _numbers(attempt.fingerprint)
    if attempt.expected is not None:
        expected = attempt.expected
        fields["expected"] = [_numbers(expected.fingerprint), expected.sha256, expected.is_fp_safe]
    return fields


def _numbers(fingerprint: Fingerprint) -> list[int]:
    return [getattr(fingerprint, name) for name in Fingerprint.__slots__]


def drop_attempts(db: apsw.Connection, ops: Iterable[str]) -> None:
    """Forget attempts; those that are not there are no error."""
    db.executemany("DELETE FROM attempt WHERE op = ?", [(op,) for op in ops])


def load_attempts(db: apsw.Connection) -> list[Attempt]:
    """All attempts, open and remembered, in the order in which they were started."""
    return [
        _attempt(json.loads(fields)) for (fields,) in db.execute("SELECT fields FROM attempt ORDER BY started_s, op")
    ]


def _attempt(fields: dict[str, Any]) -> Attempt:
    expected = fields.pop("expected")
    fingerprint = fields.pop("fingerprint")
    deed, path = Deed(fields.pop("deed")), RelPath(fields.pop("path"))
    return Attempt(
        deed=deed,
        path=path,
        fingerprint=Fingerprint(*fingerprint) if fingerprint else None,
        expected=ExpectedFile(Fingerprint(*expected[0]), *expected[1:]) if expected else None,
        **fields,
    )


def put_quarantined(db: apsw.Connection, entries: Iterable[Quarantined]) -> None:
    """Write quarantine rows."""
    db.executemany(
        "INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?, ?)",
        [(entry.place, str(entry.path), entry.sha256, entry.purge_after_s) for entry in entries],
    )


def drop_quarantined(db: apsw.Connection, places: Iterable[str]) -> None:
    """Drop quarantine rows; those that are not there are no error."""
    db.executemany("DELETE FROM quarantine WHERE place = ?", [(place,) for place in places])


def load_quarantined(db: apsw.Connection) -> list[Quarantined]:
    """All quarantine rows, by place."""
    rows = db.execute("SELECT place, path, sha256, purge_after_s FROM quarantine ORDER BY place")
    return [Quarantined(place, RelPath(path), sha256, purge) for place, path, sha256, purge in rows]
