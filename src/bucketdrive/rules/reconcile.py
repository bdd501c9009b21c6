"""The decision table (spec §2.5): what a path's three sides mean, and why.

A row names the states it covers; the first row that fits decides. That the rows cover everything, and that each is
needed, is a test. The reason is what a user is shown.
"""

from dataclasses import dataclass
from enum import Enum, auto
from functools import cache


class Base(Enum):
    """What both sides last agreed on."""

    NONE = auto()
    FILE = auto()
    DIR = auto()


class Local(Enum):
    """The folder now. SAME: the agreed file; FILE: any other file; RESIDUE: a folder with only ignored things in it."""

    ABSENT = auto()
    SAME = auto()
    FILE = auto()
    EMPTY_DIR = auto()
    DIR = auto()
    RESIDUE = auto()
    SPECIAL = auto()
    UNKNOWN = auto()


class Remote(Enum):
    """The file's key now. DELETED: a delete marker is on top; VANISHED: an agreed file has no version left at all."""

    NOTHING = auto()
    SAME = auto()
    FILE = auto()
    DELETED = auto()
    VANISHED = auto()
    UNKNOWN = auto()


class Below(Enum):
    """The keys below the path now. MARKER: only the folder's marker; DOOMED: all of it goes by our own deletions."""

    NOTHING = auto()
    MARKER = auto()
    DOOMED = auto()
    LIVE = auto()


class Content(Enum):
    """Whether local and remote file hold the same bytes."""

    SAME = auto()
    DIFFERENT = auto()
    UNKNOWN = auto()


class Verb(Enum):
    """What is to be done."""

    NOTHING = auto()
    WAIT = auto()
    HOLD = auto()
    RECORD = auto()
    FORGET = auto()
    COMPARE = auto()
    UPLOAD = auto()
    UPLOAD_IN_PLACE_OF_FOLDER = auto()
    DOWNLOAD = auto()
    DELETE_LOCAL = auto()
    DELETE_REMOTE = auto()
    SET_ASIDE = auto()
    CLASH = auto()
    MAKE_DIR_LOCAL = auto()
    MAKE_DIR_REMOTE = auto()
    REMOVE_DIR_LOCAL = auto()
    REMOVE_DIR_REMOTE = auto()


@dataclass(frozen=True, slots=True)
class Sides:
    """One path, seen from all sides."""

    base: Base
    local: Local
    remote: Remote
    below: Below = Below.NOTHING
    content: Content = Content.UNKNOWN

    @property
    def is_possible(self) -> bool:
        """Whether observation can produce it: what is said of an agreed file is said only where there is one."""
        had_file = self.base is Base.FILE
        if had_file:
            return self.remote is not Remote.NOTHING
        return self.local is not Local.SAME and self.remote not in _ONLY_OF_FILES


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done for a path, and why, in a user's words."""

    verb: Verb
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: the states it covers and what they mean. An empty set covers every state."""

    decision: Decision
    base: frozenset[Base] = frozenset()
    local: frozenset[Local] = frozenset()
    remote: frozenset[Remote] = frozenset()
    below: frozenset[Below] = frozenset()
    content: frozenset[Content] = frozenset()

    def covers(self, sides: Sides) -> bool:
        """Whether the row speaks of `sides`."""
        return (
            (not self.base or sides.base in self.base)
            and (not self.local or sides.local in self.local)
            and (not self.remote or sides.remote in self.remote)
            and (not self.below or sides.below in self.below)
            and (not self.content or sides.content in self.content)
        )


_ONLY_OF_FILES = frozenset({Remote.SAME, Remote.DELETED, Remote.VANISHED})
_NONE, _FILE, _DIR = frozenset({Base.NONE}), frozenset({Base.FILE}), frozenset({Base.DIR})
_FOLDER = frozenset({Local.EMPTY_DIR, Local.DIR, Local.RESIDUE})
_GONE = frozenset({Local.ABSENT})
_EDITED = frozenset({Local.FILE})
_UNTOUCHED = frozenset({Local.SAME})
_LIVE_FILE = frozenset({Remote.SAME, Remote.FILE})
_NO_FILE = frozenset({Remote.DELETED, Remote.VANISHED})
_NO_KEY = frozenset({Remote.NOTHING})
_CLEAR = frozenset({Below.NOTHING})
_OCCUPIED = frozenset({Below.MARKER, Below.LIVE})


def _row(verb: Verb, reason: str, **states: frozenset[Enum]) -> Row:
    return Row(Decision(verb, reason), **states)  # type: ignore[arg-type]  # each set goes to the field it is named for


TABLE: tuple[Row, ...] = (
    # What cannot be seen is left alone.
    _row(Verb.WAIT, "it could not be looked at here", local=frozenset({Local.UNKNOWN})),
    _row(Verb.WAIT, "it could not be looked at in the bucket", remote=frozenset({Remote.UNKNOWN})),
    _row(Verb.HOLD, "something that is neither file nor folder is here", local=frozenset({Local.SPECIAL})),
    # Our own deletion of a file goes before anything that needs its name.
    _row(Verb.DELETE_REMOTE, "deleted here", base=_FILE, local=_GONE, remote=frozenset({Remote.SAME})),
    _row(
        Verb.DELETE_REMOTE,
        "replaced by a folder here",
        base=_FILE,
        local=_FOLDER,
        remote=frozenset({Remote.SAME}),
    ),
    # A file and a folder of one name are live in the bucket: the file yields.
    _row(
        Verb.REMOVE_DIR_REMOTE,
        "removed here",
        base=_DIR,
        local=_GONE | _EDITED,
        remote=_LIVE_FILE,
        below=frozenset({Below.DOOMED}),
    ),
    _row(
        Verb.WAIT,
        "the folder of that name is being removed first",
        remote=_LIVE_FILE,
        below=frozenset({Below.DOOMED}),
    ),
    _row(Verb.CLASH, "a file and a folder have this name in the bucket", remote=_LIVE_FILE, below=_OCCUPIED),
    # Never synced.
    _row(Verb.DOWNLOAD, "new in the bucket", base=_NONE, local=_GONE, remote=frozenset({Remote.FILE})),
    _row(
        Verb.MAKE_DIR_LOCAL,
        "new folder in the bucket",
        base=_NONE,
        local=_GONE,
        below=frozenset({Below.MARKER}),
    ),
    _row(Verb.NOTHING, "nothing is there, or the files below decide", base=_NONE, local=_GONE),
    _row(Verb.UPLOAD, "new here", base=_NONE, local=_EDITED, remote=_NO_KEY, below=_CLEAR),
    _row(
        Verb.UPLOAD_IN_PLACE_OF_FOLDER,
        "a folder became a file here",
        base=_NONE | _DIR,
        local=_EDITED,
        remote=_NO_KEY,
        below=frozenset({Below.DOOMED}),
    ),
    _row(
        Verb.SET_ASIDE,
        "new here, but a folder has this name in the bucket",
        base=_NONE,
        local=_EDITED,
        remote=_NO_KEY,
    ),
    # A file on both sides, never agreed on, or edited on both.
    _row(
        Verb.RECORD,
        "equal on both sides",
        local=_EDITED,
        remote=frozenset({Remote.FILE}),
        content=frozenset({Content.SAME}),
    ),
    _row(
        Verb.SET_ASIDE,
        "changed on both sides",
        local=_EDITED,
        remote=frozenset({Remote.FILE}),
        content=frozenset({Content.DIFFERENT}),
    ),
    _row(
        Verb.COMPARE,
        "on both sides, of the same size",
        local=_EDITED,
        remote=frozenset({Remote.FILE}),
    ),
    # A folder here that was never agreed on.
    _row(
        Verb.REMOVE_DIR_LOCAL,
        "an empty folder stands where the bucket has a file",
        base=_NONE,
        local=frozenset({Local.EMPTY_DIR}),
        remote=frozenset({Remote.FILE}),
    ),
    _row(
        Verb.HOLD,
        "a folder with only ignored files in it stands where the bucket has a file",
        base=_NONE,
        local=frozenset({Local.RESIDUE}),
        remote=frozenset({Remote.FILE}),
    ),
    _row(
        Verb.NOTHING,
        "the files in the folder go up, then the bucket's file yields",
        base=_NONE,
        local=frozenset({Local.DIR}),
        remote=frozenset({Remote.FILE}),
    ),
    _row(Verb.RECORD, "a folder on both sides", base=_NONE, local=_FOLDER, remote=_NO_KEY, below=_OCCUPIED),
    _row(
        Verb.MAKE_DIR_REMOTE,
        "an empty folder here",
        base=_NONE | _DIR,
        local=frozenset({Local.EMPTY_DIR}),
        remote=_NO_KEY,
        below=frozenset({Below.DOOMED}),
    ),
    _row(
        Verb.MAKE_DIR_REMOTE,
        "new empty folder here",
        base=_NONE,
        local=frozenset({Local.EMPTY_DIR}),
        remote=_NO_KEY,
    ),
    _row(Verb.NOTHING, "the files below decide", base=_NONE, local=_FOLDER, remote=_NO_KEY),
    # An agreed file.
    _row(Verb.RECORD, "unchanged", base=_FILE, local=_UNTOUCHED, remote=frozenset({Remote.SAME})),
    _row(Verb.DOWNLOAD, "changed in the bucket", base=_FILE, local=_UNTOUCHED, remote=frozenset({Remote.FILE})),
    _row(Verb.DELETE_LOCAL, "deleted in the bucket", base=_FILE, local=_UNTOUCHED, remote=frozenset({Remote.DELETED})),
    _row(
        Verb.HOLD,
        "it vanished from the bucket without being deleted; the copy here may be the last one",
        base=_FILE,
        local=_UNTOUCHED,
        remote=frozenset({Remote.VANISHED}),
    ),
    _row(Verb.UPLOAD, "changed here", base=_FILE, local=_EDITED, remote=frozenset({Remote.SAME})),
    _row(
        Verb.SET_ASIDE,
        "changed here, and a folder has this name in the bucket",
        base=_FILE,
        local=_EDITED,
        remote=_NO_FILE,
        below=_OCCUPIED,
    ),
    _row(
        Verb.UPLOAD_IN_PLACE_OF_FOLDER,
        "changed here, while the folder of that name is removed",
        base=_FILE,
        local=_EDITED,
        remote=_NO_FILE,
        below=frozenset({Below.DOOMED}),
    ),
    _row(Verb.UPLOAD, "changed here after it was deleted in the bucket", base=_FILE, local=_EDITED, remote=_NO_FILE),
    _row(
        Verb.DOWNLOAD,
        "changed in the bucket after it was deleted here",
        base=_FILE,
        local=_GONE,
        remote=frozenset({Remote.FILE}),
    ),
    _row(Verb.FORGET, "deleted on both sides", base=_FILE, local=_GONE, remote=_NO_FILE),
    _row(Verb.FORGET, "replaced by a folder here", base=_FILE, local=_FOLDER),
    # An agreed folder.
    _row(
        Verb.REMOVE_DIR_LOCAL,
        "replaced by a file in the bucket",
        base=_DIR,
        local=_FOLDER,
        remote=frozenset({Remote.FILE}),
    ),
    _row(Verb.REMOVE_DIR_LOCAL, "removed in the bucket", base=_DIR, local=_FOLDER, below=_CLEAR),
    _row(Verb.NOTHING, "a folder on both sides", base=_DIR, local=_FOLDER),
    _row(Verb.DOWNLOAD, "new in the bucket", base=_DIR, local=_GONE, remote=frozenset({Remote.FILE})),
    _row(
        Verb.REMOVE_DIR_REMOTE,
        "removed here",
        base=_DIR,
        local=_GONE,
        below=frozenset({Below.MARKER, Below.DOOMED}),
    ),
    _row(Verb.NOTHING, "the files below bring the folder back", base=_DIR, local=_GONE, below=frozenset({Below.LIVE})),
    _row(Verb.FORGET, "removed on both sides", base=_DIR, local=_GONE),
    _row(Verb.UPLOAD, "a folder became a file here", base=_DIR, local=_EDITED, remote=_NO_KEY, below=_CLEAR),
    _row(
        Verb.UPLOAD_IN_PLACE_OF_FOLDER,
        "an empty folder became a file here",
        base=_DIR,
        local=_EDITED,
        remote=_NO_KEY,
        below=frozenset({Below.MARKER}),
    ),
    _row(
        Verb.SET_ASIDE,
        "a folder became a file here, while files were added to it elsewhere",
        base=_DIR,
        local=_EDITED,
        remote=_NO_KEY,
    ),
)


@cache
def decide(sides: Sides) -> Decision:
    """What `sides` mean: the first row of the table that covers them. Total over all possible sides.

    Raises:
        LookupError: no row covers them, which a test shows not to happen for possible sides.
    """
    for row in TABLE:
        if row.covers(sides):
            return row.decision
    raise LookupError(f"no row for {sides}")
