"""The routes of the verbs of time: what the bucket keeps of the past, looked at and brought back."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi.responses import Response

from bucketdrive.httpapi.answers import Answer, AsOf, DryRun, Exact, OneKeeper, Path, PlanId, Runs, drive_router
from bucketdrive.model.reports import SyncReport

history_routes = drive_router()


@dataclass(frozen=True, slots=True)
class _Restore:
    """What is to be restored."""

    path: Path = ""
    version_id: str = ""
    as_of: AsOf = ""
    exact: Exact = False


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
