"""The requests of one device: what is under way at a moment, and word of each that comes or is answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote

OWN = ".bucketdrive/"


class Moment(Enum):
    """When word is given: the proxy has a request's head, or has the store's whole reply."""

    ARRIVED = "arrived"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Request:
    """A request of a device; `target` as it stood in the request."""

    device: str
    number: int
    method: str
    target: str

    @property
    def is_write(self) -> bool:
        """Whether it may change the bucket."""
        return self.method in {"PUT", "POST", "DELETE"}

    @property
    def key(self) -> str:
        """The key, or empty for a request to the bucket (`/BUCKET/KEY?...`)."""
        return unquote(self.target.partition("?")[0].lstrip("/").partition("/")[2])

    @property
    def what(self) -> str:
        """What a device does with it, in a word or two."""
        query = self.target.partition("?")[2]
        if not self.key:
            return "listing"
        if f"/{OWN}" in f"/{self.key}":
            return "own object"
        if "uploads" in query or "uploadId=" in query:
            return "upload in parts"
        words = {"PUT": "upload", "GET": "download", "DELETE": "deletion", "HEAD": "head"}
        return words.get(self.method, self.method)


@dataclass(slots=True)
class Traffic:
    """What one device asks the store. `under_way`: what has no answer yet; `last`: what was answered last."""

    device: str
    count: int = 0
    last: Request | None = None
    under_way: dict[int, Request] = field(default_factory=dict)
    listener: Callable[[Moment, Request], None] | None = None

    def begin(self, method: str, target: str) -> Request:
        """A request arrived."""
        self.count += 1
        request = Request(self.device, self.count, method, target)
        self.under_way[request.number] = request
        self._tell(Moment.ARRIVED, request)
        return request

    def answered(self, request: Request) -> None:
        """The store has answered it."""
        self.last = request
        self._tell(Moment.ANSWERED, request)

    def end(self, request: Request) -> None:
        """The device has its answer, or will have none."""
        self.under_way.pop(request.number, None)

    def _tell(self, moment: Moment, request: Request) -> None:
        if self.listener is not None:
            self.listener(moment, request)
