"""What all routes share: whose drive a request is about, and how it is answered."""

import json
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from bucketdrive.drive.keeper import Keeper
from bucketdrive.errors import NoSuchDriveError
from bucketdrive.httpapi.house import House

Path = Annotated[str, Query(description="A path in the drive, `/` between its parts.")]
AsOf = Annotated[str, Query(description="A time in ISO 8601 or an age (`2h`); empty for now.")]
Exact = Annotated[bool, Query(description="Delete files made since, by marker.")]
Runs = Annotated[
    str,
    Query(
        description="Numbers of runs, `,` between them; empty for the last.", pattern="^([0-9]{1,18}(,[0-9]{1,18})*)?$"
    ),
]
PlanId = Annotated[str, Query(description="`plan_id` of the plan that was looked at: no other is carried out.")]
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


def drive_router() -> APIRouter:
    """A router for verbs of one drive."""
    return APIRouter(
        prefix="/drives/{root_id}",
        responses={
            400: {"description": "The call makes no sense (exit code 2)"},
            404: {"description": "No such drive, path or version (exit code 3)"},
            409: {"description": "Stopped to protect data (7), or one path cannot be done (4)"},
            503: {"description": "Temporary, try again (5)"},
        },
    )
