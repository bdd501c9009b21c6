"""The routes. Each is a verb of a keeper, and answers with the document of the command of that name."""

import json
import os
from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Body, Query
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bucketdrive import __version__
from bucketdrive.httpapi.answers import Answer, DryRun, OneHouse, OneKeeper, Path, drive_router
from bucketdrive.model.explanations import Keep

house_routes = APIRouter()
drive_routes = drive_router()


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
    "`finished` (`path`, `body_bytes`), `failed` (`path`, `why`), `note` (`text`), `listed` (`versions`), "
    "`state` (`state`)",
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
