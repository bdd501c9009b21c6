"""The routes of the verbs of time: what the bucket keeps of the past, looked at and brought back."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import Response

from bucketdrive.httpapi.answers import Answer, AsOf, DryRun, OneKeeper, Path, drive_router
from bucketdrive.model.history import Which

history_routes = drive_router()


def which_of(
    since: Annotated[str, Query(description="Deleted since then: ISO 8601 or an age.")] = "",
    until: Annotated[str, Query(description="Deleted until then.")] = "",
    by: Annotated[str, Query(description="Deleted by the device of this name.")] = "",
) -> Which:
    """Which deleted files a request is about."""
    return Which(since, until, by)


OneWhich = Annotated[Which, Depends(which_of)]


@history_routes.get("/versions", summary="Versions of a file", response_description="The document of `versions --json`")
async def versions(keeper: OneKeeper, path: Path) -> Response:
    found = await keeper.reading(keeper.session.history.versions(path))
    return Answer({"path": path, "versions": [version.to_json() for version in found]})


@history_routes.get("/ls", summary="The files in the bucket", response_description="The document of `ls --json`")
async def ls(keeper: OneKeeper, path: Path = "", as_of: AsOf = "") -> Response:
    found = await keeper.reading(keeper.session.history.ls(path, as_of))
    return Answer({"entries": [entry.to_json() for entry in found]})


@history_routes.get("/trash", summary="Deleted files", response_description="The document of `trash --json`")
async def trash(
    keeper: OneKeeper,
    which: OneWhich,
    path: Path = "",
    limit: Annotated[int, Query(description="At most so many, the first by path.", ge=1)] = 1000,
    after: Annotated[str, Query(description="Only paths behind this one: `next` of the answer before.")] = "",
) -> Response:
    return Answer((await keeper.reading(keeper.session.history.trash(path, which, limit, after))).to_json())


@history_routes.post(
    "/undelete", summary="Bring back deleted files", response_description="The document of `undelete --json`"
)
async def undelete(
    keeper: OneKeeper,
    which: OneWhich,
    path: Annotated[list[str] | None, Query(description="Files and folders; none: all of the drive.")] = None,
    dry_run: DryRun = False,  # noqa: FBT002  a query's
) -> Response:
    history = keeper.session.history
    return Answer((await keeper.in_turn(lambda: history.undelete(path or (), which, dry_run=dry_run))).to_json())


@history_routes.get(
    "/retention", summary="How long the past is kept", response_description="The document of `retention --json`"
)
async def retention(keeper: OneKeeper) -> Response:
    return Answer((await keeper.reading(keeper.session.history.retention())).to_json())


@history_routes.post("/restore", summary="Bring back", response_description="The document of `restore --json`")
async def restore(
    keeper: OneKeeper,
    path: Path = "",
    version_id: str = "",
    as_of: AsOf = "",
    dry_run: DryRun = False,  # noqa: FBT002  a query's
) -> Response:
    history = keeper.session.history
    return Answer((await keeper.in_turn(lambda: history.restore(path, version_id, as_of, dry_run=dry_run))).to_json())
