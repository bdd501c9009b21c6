"""The app: its routes, and how errors are told."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from bucketdrive import __version__
from bucketdrive.errors import BucketDriveError, UsageError, error_document
from bucketdrive.httpapi.answers import Answer
from bucketdrive.httpapi.history_routes import history_routes
from bucketdrive.httpapi.house import House
from bucketdrive.httpapi.routes import drive_routes, house_routes

_STATUSES = {2: 400, 3: 404, 4: 409, 5: 503, 7: 409}
"""The HTTP status for each exit code; 500 for those that are not here."""

_ABOUT = """\
How programs of this machine speak to a running BucketDrive. Documents are those of `bucketdrive COMMAND --json`.
An error is `error`, `message`, `hint`, `path` and `exit_code`, as the command prints it."""


def make_app(house: House) -> FastAPI:
    """The API of one daemon. Who may speak to it is not asked here: see `guard`."""
    app = FastAPI(title="BucketDrive", version=__version__, description=_ABOUT, redoc_url=None, docs_url=None)
    app.state.house = house
    app.include_router(house_routes)
    app.include_router(drive_routes)
    app.include_router(history_routes)
    app.add_exception_handler(BucketDriveError, _tell)
    app.add_exception_handler(RequestValidationError, _tell_usage)
    return app


async def _tell(_: Request, error: Exception) -> Response:
    if not isinstance(error, BucketDriveError):
        raise error
    return Answer(error_document(error), _STATUSES.get(error.exit_code, 500))


async def _tell_usage(request: Request, error: Exception) -> Response:
    found: Any = error.errors() if isinstance(error, RequestValidationError) else []
    what = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
    return await _tell(request, UsageError(f"The request makes no sense: {what}. Nothing was done."))
