"""An S3 store inside this process, for the demo, tests and benchmarks: moto's, on a free port of 127.0.0.1.

Its bytes live in memory and are gone with it.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bucketdrive.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from werkzeug.serving import BaseWSGIServer

Watch = Callable[[str, str], None]


class EmbeddedStore:
    """A running store; also a context manager. One at a time: moto keeps its buckets per process.

    `watch(method, path)`, if it is set, is told of each request before that is answered, in a thread of the store's.

    Raises:
        UsageError: moto is not installed.
    """

    def __init__(self) -> None:
        self.watch: Watch | None = None
        self._server = _start_server(lambda method, path: self.watch(method, path) if self.watch else None)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="embedded-store", daemon=True
        )
        self._thread.start()

    @property
    def endpoint_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self) -> dict[str, str]:
        """The variables under which any S3 tool uses this store."""
        return {
            "AWS_ACCESS_KEY_ID": "embedded",
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_ENDPOINT_URL_S3": self.endpoint_url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def stop(self) -> None:
        """Stop serving and forget all buckets."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        _forget_buckets()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _start_server(watch: Watch) -> "BaseWSGIServer":
    try:
        from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - an optional dependency, and slow to import
            MotoRequestHandler,
            create_backend_app,
        )
        from werkzeug.serving import make_server  # noqa: PLC0415 - comes with moto
    except ImportError as exc:
        raise UsageError(
            f"The embedded store is not installed ({exc}). Nothing was started.",
            hint="pip install 'bucketdrive[demo]'",
        ) from exc

    class QuietHandler(MotoRequestHandler):
        """Serves without a line per request."""

        def log(self, type: str, message: str, *args: object) -> None:  # type: ignore[explicit-override]  # noqa: A002
            """Say nothing."""  # (`override` is not in Python 3.11, and `type` is werkzeug's name)

    _tell_fine_times()
    app = _OneAtATime(create_backend_app("s3"), watch)  # all of moto would look for a service in a folder
    return make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)


class _OneAtATime:
    """Answers requests one after the other: moto checks a condition and writes in two steps, and two may both pass."""

    def __init__(self, app: Any, watch: Watch) -> None:
        self._app = app
        self._watch = watch
        self._lock = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        self._watch(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        with self._lock:
            return list(self._app(environ, start_response))


def _tell_fine_times() -> None:
    """Moto prints all versions, then all markers, in whole seconds: only with finer times can their order be told."""
    from moto.core.serialize import TimestampSerializer  # noqa: PLC0415 - as above
    from moto.s3 import models  # noqa: PLC0415 - as above

    def fine(moment: "datetime | None") -> str | None:
        return moment.strftime(TimestampSerializer.ISO8601_MICRO) if moment else None

    TimestampSerializer.ISO8601_MICRO_ZEROED = TimestampSerializer.ISO8601_MICRO
    models.iso_8601_datetime_without_milliseconds_s3 = fine  # type: ignore[attr-defined, assignment] # not meant to be


def _forget_buckets() -> None:
    from moto.s3.models import s3_backends  # noqa: PLC0415 - as above

    for account in s3_backends.values():
        for backend in account.values():
            backend.reset()
