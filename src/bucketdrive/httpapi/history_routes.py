"""The routes of the verbs of time: what the bucket keeps of the past, looked at and brought back."""

from fastapi.responses import Response

from bucketdrive.httpapi.answers import Answer, AsOf, DryRun, OneKeeper, Path, drive_router

history_routes = drive_router()


@history_routes.get("/versions", summary="Versions of a file", response_description="The document of `versions --json`")
async def versions(keeper: OneKeeper, path: Path) -> Response:
    found = await keeper.reading(keeper.session.history.versions(path))
    return Answer({"path": path, "versions": [version.to_json() for version in found]})


@history_routes.get("/ls", summary="The files in the bucket", response_description="The document of `ls --json`")
async def ls(keeper: OneKeeper, path: Path = "", as_of: AsOf = "") -> Response:
    found = await keeper.reading(keeper.session.history.ls(path, as_of))
    return Answer({"entries": [entry.to_json() for entry in found]})


@history_routes.get("/trash", summary="Deleted files", response_description="The document of `trash --json`")
async def trash(keeper: OneKeeper) -> Response:
    found = await keeper.reading(keeper.session.history.trash())
    return Answer({"deleted": [deleted.to_json() for deleted in found]})


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
