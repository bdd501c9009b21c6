"""The routes of the verbs of time: what the bucket keeps of the past, looked at and brought back."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import Response, StreamingResponse

from bucketdrive.httpapi.answers import Answer, AsOf, DryRun, Exact, OneKeeper, Path, PlanId, Runs, drive_router
from bucketdrive.model.reports import SyncReport
from bucketdrive.model.trash import Which

history_routes = drive_router()


@dataclass(frozen=True, slots=True)
class _Restore:
    """What is to be restored."""

    path: Path = ""
    version_id: str = ""
    as_of: AsOf = ""
    exact: Exact = False


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


@history_routes.get("/cat", summary="The bytes of a version", response_description="The bytes, as they are")
async def cat(keeper: OneKeeper, path: Path, version_id: str = "", as_of: AsOf = "") -> Response:
    found = await keeper.reading(keeper.session.history.cat(path, version_id, as_of))
    size = {"Content-Length": str(found.row.size)}
    return StreamingResponse(keeper.reading_on(found.pieces), headers=size, media_type="application/octet-stream")


@history_routes.get("/diff", summary="What differs", response_description="The document of `diff --json`")
async def diff(
    keeper: OneKeeper,
    since: Annotated[str, Query(alias="from", description="A moment, as for `ls`.")],
    path: Path = "",
    until: Annotated[str, Query(alias="to", description="A later moment; empty for now.")] = "",
) -> Response:
    return Answer((await keeper.reading(keeper.session.history.diff(path, since, until))).to_json())


@history_routes.get("/moments", summary="When much changed", response_description="The document of `moments --json`")
async def moments(
    keeper: OneKeeper,
    path: Path = "",
    limit: Annotated[int, Query(description="At most so many, the newest.", ge=1)] = 20,
    least: Annotated[int, Query(description="Of at least so many files.", ge=1)] = 10,
    before: Annotated[str, Query(description="Only up to this moment, as for `ls`.")] = "",
) -> Response:
    found = await keeper.reading(keeper.session.history.moments(path, limit, least, before))
    return Answer({"path": path, "moments": [moment.to_json() for moment in found]})


@history_routes.get("/deeds", summary="What devices did", response_description="The document of `log --all --json`")
async def deeds(
    keeper: OneKeeper, last: Annotated[int, Query(description="At most so many, the newest.", ge=1)] = 100
) -> Response:
    found = await keeper.reading(keeper.session.history.deeds(last))
    return Answer({"deeds": [deed.to_json() for deed in found]})


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


@history_routes.get(
    "/restore", summary="What a restore would do", response_description="The document of `restore --dry-run --json`"
)
async def plan_restore(keeper: OneKeeper, asked: Annotated[_Restore, Depends()]) -> Response:
    plan = keeper.session.history.plan_restore(asked.path, asked.version_id, asked.as_of, exact=asked.exact)
    return Answer((await keeper.reading(plan)).to_json())


@history_routes.post("/restore", summary="Bring back", response_description="The document of `restore --json`")
async def restore(
    keeper: OneKeeper,
    asked: Annotated[_Restore, Depends()],
    dry_run: DryRun = False,  # noqa: FBT002  a query's
    plan_id: PlanId = "",
) -> Response:
    def work() -> Awaitable[SyncReport]:
        history, how = keeper.session.history, {"exact": asked.exact, "dry_run": dry_run}
        return history.restore(asked.path, asked.version_id, asked.as_of, **how, plan_id=plan_id)

    return Answer((await keeper.in_turn(work)).to_json())


@history_routes.get(
    "/undo", summary="What an undo would do", response_description="The document of `undo --dry-run --json`"
)
async def plan_undo(keeper: OneKeeper, runs: Runs = "") -> Response:
    return Answer((await keeper.reading(keeper.session.history.plan_undo(_numbers(runs)))).to_json())


@history_routes.post("/undo", summary="Take runs back", response_description="The document of `undo --json`")
async def undo(
    keeper: OneKeeper,
    runs: Runs = "",
    dry_run: DryRun = False,  # noqa: FBT002  a query's
    plan_id: PlanId = "",
) -> Response:
    history, numbers = keeper.session.history, _numbers(runs)
    report = await keeper.in_turn(lambda: history.undo(numbers, dry_run=dry_run, plan_id=plan_id))
    return Answer(report.to_json())


def _numbers(runs: str) -> list[int]:
    return [int(number) for number in runs.split(",") if number]
