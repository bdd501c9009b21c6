"""Documents back into what they were made of: the way back from `to_json`, for the API's client."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import EnumType
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin

T = TypeVar("T")


def read_document(kind: type[T], document: Mapping[str, Any]) -> T:
    """An object of a dataclass from the JSON that its `to_json` made. What the class does not know is passed over.

    Raises:
        KeyError, TypeError, ValueError: it is not such a document.
    """
    known = {row.name: row.type for row in fields(cast("Any", kind))}
    return kind(**{name: _read(known[name], value) for name, value in document.items() if name in known})


def _read(kind: Any, value: Any) -> Any:
    if isinstance(kind, UnionType):
        if value is None and type(None) in get_args(kind):
            return None
        kind = next(one for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is list and isinstance(value, list):
        (inner,) = get_args(kind)
        return [_read(inner, one) for one in value]
    if isinstance(kind, EnumType):
        return kind(value)
    if is_dataclass(kind):
        return read_document(cast("type[Any]", kind), value)
    if kind is float:
        return _seconds(value)
    return value


def _seconds(value: Any) -> float:
    """A number, or a time as `iso_time` writes it; no time is 0."""
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else float(value or 0.0)
