"""Reading objects whole: a body that ends early is an error here, whoever looks at it later."""

from bucketdrive.engine.parts import Parts
from bucketdrive.errors import InternalError, TransientError
from bucketdrive.ports.bucket import ObjectBody


async def get_body(
    parts: Parts, key: str, *, version_id: str = "", if_match: str = "", byte_range: tuple[int, int] | None = None
) -> ObjectBody:
    """An object or a range of it: of the version named, or of the current one if it has the ETag `if_match`.

    Raises:
        NoSuchObjectError, ConditionFailedError: it is not there, or is another.
        TransientError: the body ended early.
    """
    body = await parts.bucket.get_object(key, version_id=version_id, if_match=if_match, byte_range=byte_range)
    if body is None:
        raise InternalError("The store answered 304 to a request that cannot be answered so.", path=key)
    first, end = byte_range or (0, body.head.size)
    if len(body.data) != max(0, min(end, body.head.size) - first):
        raise TransientError("The body came shorter than the store had said; it was thrown away.", path=key)
    return body
