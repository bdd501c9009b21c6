"""The routes. Each is a verb of a keeper, and answers with the document of the command of that name."""

import json
import os
from collections.abc import AsyncIterable
from typing import Annotated, Any, cast

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bucketdrive import __version__
from bucketdrive.drive.keeper import Keeper
from bucketdrive.errors import NoSuchDriveError
from bucketdrive.httpapi.house import House
from bucketdrive.model.explanations import Keep

Path = Annotated[str, Query(description="A path in the drive, `/` between its parts.")]
AsOf = Annotated[str, Query(description="A time in ISO 8601 or an age (`2h`); empty for now.")]
DryRun = Annotated[bool, Query(description="Only say what would be done.")]


class Answer(JSONResponse):
    """A document in ASCII, as the commands print it: names of files may be no text at all."""

    def render(self, content: Any) -> bytes:  # type: ignore[explicit-override]  # not in Python 3.11
        """See `Response`."""
        return json.dumps(content).encode("ascii")


def house_of(request: Request) -> House:
    """The daemon that a request is for."""
    return cast("House", request.app.state.house)


def keeper_of(root_id: str, request: Request) -> Keeper:
    """The keeper of the drive that a request is about.

    Raises:
        NoSuchDriveError: the daemon does not keep it.
    """
    found = house_of(request).keepers.get(root_id)
    if found is None:
        raise NoSuchDriveError(
            "The daemon keeps no drive of this id. Nothing was done.", hint="bucketdrive start FOLDER", path=root_id
        )
    return found


OneHouse = Annotated[House, Depends(house_of)]
OneKeeper = Annotated[Keeper, Depends(keeper_of)]

house_routes = APIRouter()
drive_routes = APIRouter(
    prefix="/drives/{root_id}",
    responses={
        400: {"description": "The call makes no sense (exit code 2)"},
        404: {"description": "No such drive, path or version (exit code 3)"},
        409: {"description": "Stopped to protect data (7), or one path cannot be done (4)"},
        503: {"description": "Temporary, try again (5)"},
    },
)


@house_routes.get(
    "/", summary="Who answers", response_description="`pid`, `version`, and the root ids it keeps: `drives`"
)
async def about(house: OneHouse) -> Response:
    return Answer({"pid": os.getpid(), "version": __version__, "drives": list(house.keepers)})


@house_routes.get("/drives", summary="How all drives stand", response_description="The document of `status --json`")
async def drives(house: OneHouse) -> Response:
    return Answer({"drives": [(await keeper.status()).to_json() for keeper in house.keepers.values()]})


@house_routes.post(
    "/drives", summary="Keep more drives", response_description="`started`: root ids of those that are new"
)
async def keep(house: OneHouse, folders: Annotated[list[str], Body(embed=True)]) -> Response:
    return Answer({"started": house.keep(folders)})


@house_routes.post("/stop", summary="End the daemon", response_description="`pid` of the process, which ends soon")
async def stop(house: OneHouse) -> Response:
    house.stop()
    return Answer({"pid": os.getpid()})


@house_routes.get(
    "/events",
    response_class=EventSourceResponse,
    summary="What happens, as it does",
    response_description="Server-sent events; each has `drive` (a root id) and `event`: `planned` (`actions`), "
    "`finished` (`path`, `body_bytes`), `failed` (`path`, `why`), `note` (`text`), `state` (`state`)",
)
async def events(house: OneHouse) -> AsyncIterable[ServerSentEvent]:
    async for document in house.events.listen():
        yield (
            ServerSentEvent(raw_data=json.dumps(document), event=document["event"])
            if document
            else ServerSentEvent(comment="-")
        )


@drive_routes.post("/sync", summary="Sync now", response_description="The document of `sync --json`")
async def sync(keeper: OneKeeper, dry_run: DryRun = False) -> Response:  # noqa: FBT002  a query's
    return Answer((await keeper.sync(dry_run=dry_run)).to_json())


@drive_routes.post("/poke", summary="Look at both sides soon", response_description="Nothing; it does not wait")
async def poke(keeper: OneKeeper) -> Response:
    keeper.poke()
    return Answer({})


@drive_routes.post("/pause", summary="Let nothing travel", response_description="How the drive stands then")
async def pause(keeper: OneKeeper) -> Response:
    await keeper.pause()
    return Answer((await keeper.status()).to_json())


@drive_routes.post("/resume", summary="Go on after a pause", response_description="How the drive stands then")
async def resume(keeper: OneKeeper) -> Response:
    await keeper.resume()
    return Answer((await keeper.status()).to_json())


@drive_routes.post("/restore", summary="Bring back", response_description="The document of `restore --json`")
async def restore(
    keeper: OneKeeper,
    path: Path = "",
    version_id: str = "",
    as_of: AsOf = "",
    dry_run: DryRun = False,  # noqa: FBT002  a query's
) -> Response:
    return Answer((await keeper.restore(path, version_id, as_of, dry_run=dry_run)).to_json())


@drive_routes.post("/settle", summary="Settle a conflict", response_description="The document of `sync --json`")
async def settle(keeper: OneKeeper, path: Path, keep: Keep) -> Response:
    return Answer((await keeper.settle(path, keep)).to_json())


@drive_routes.post("/approve", summary="Let held deletions happen", response_description="`approved`: how many")
async def approve(keeper: OneKeeper) -> Response:
    return Answer({"approved": await keeper.approve()})


@drive_routes.post("/deny", summary="Undo held deletions", response_description="`denied`: how many")
async def deny(keeper: OneKeeper) -> Response:
    return Answer({"denied": await keeper.deny()})


@drive_routes.get("/status", summary="How the drive stands", response_description="An entry of `status --json`")
async def status(keeper: OneKeeper) -> Response:
    return Answer((await keeper.status()).to_json())


@drive_routes.get("/versions", summary="Versions of a file", response_description="The document of `versions --json`")
async def versions(keeper: OneKeeper, path: Path) -> Response:
    return Answer({"path": path, "versions": [version.to_json() for version in await keeper.versions(path)]})


@drive_routes.get("/ls", summary="The files in the bucket", response_description="The document of `ls --json`")
async def ls(keeper: OneKeeper, path: Path = "", as_of: AsOf = "") -> Response:
    return Answer({"entries": [entry.to_json() for entry in await keeper.ls(path, as_of)]})


@drive_routes.get("/trash", summary="Deleted files", response_description="The document of `trash --json`")
async def trash(keeper: OneKeeper) -> Response:
    return Answer({"deleted": [deleted.to_json() for deleted in await keeper.trash()]})


@drive_routes.get("/verify", summary="Compare by hash", response_description="The document of `verify --json`")
async def verify(
    keeper: OneKeeper,
    full: Annotated[bool, Query(description="Read and prove everything.")] = False,  # noqa: FBT002  a query's
) -> Response:
    return Answer((await keeper.verify(full=full)).to_json())


@drive_routes.get("/conflicts", summary="Conflict copies", response_description="The document of `conflicts --json`")
async def conflicts(keeper: OneKeeper) -> Response:
    found = await keeper.conflicts()
    return Answer({"conflicts": [copy.path for copy in found], "copies": [copy.to_json() for copy in found]})


@drive_routes.get("/why", summary="Explain a path", response_description="The document of `why --json`")
async def why(keeper: OneKeeper, path: Path) -> Response:
    return Answer((await keeper.why(path)).to_json())


@drive_routes.get("/log", summary="What was done", response_description="The document of `log --json`")
async def log(
    keeper: OneKeeper,
    last: Annotated[int, Query(description="At most so many lines, the newest.", ge=1)] = 100,
    after: Annotated[int, Query(description="Only lines with an id above this.", ge=0)] = 0,
) -> Response:
    return Answer({"lines": [line.to_json() for line in await keeper.log(last, after)]})
