"""How a drive stands, in a word. Every word rests on evidence; what is not known to be fine is not called fine."""

from dataclasses import dataclass
from enum import Enum, auto

from bucketdrive.model.reports import StateWord

OLD_S = 600.0
"""A change that has waited for so long is no longer simply on its way; nor is what was seen so long ago still known."""


class Trouble(Enum):
    """What the last look or sync ended with."""

    NONE = auto()
    OFFLINE = auto()
    GUARD = auto()
    OTHER = auto()


class Doing(Enum):
    """What is being done for a drive at this moment."""

    NONE = auto()
    SCANNING = auto()
    SYNCING = auto()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a drive. Ages in seconds.

    `is_kept`: a daemon keeps it in sync; `verified_age_s`: since both sides were seen to be equal, None for never, or
    not since a daemon keeps it;
    `pending_age_s`: of the oldest change that is known and not done, None where there is none; `asks_user`: deletions
    wait for a word, paths are held, or conflict copies are there.
    """

    is_kept: bool
    is_paused: bool = False
    trouble: Trouble = Trouble.NONE
    doing: Doing = Doing.NONE
    verified_age_s: float | None = None
    pending_age_s: float | None = None
    asks_user: bool = False


def state_word(facts: Facts) -> StateWord:  # noqa: PLR0911  a table, read from top to bottom
    """The first line that fits. "Up to date" is the last, and needs that nothing waits and that somebody has looked."""
    if facts.trouble is Trouble.GUARD:
        return StateWord.STOPPED
    if facts.is_paused:
        return StateWord.PAUSED
    if facts.trouble is Trouble.OTHER:
        return StateWord.NEEDS_YOU
    if facts.trouble is Trouble.OFFLINE:
        return StateWord.OFFLINE
    if facts.doing is Doing.SYNCING:
        return StateWord.SYNCING
    if facts.doing is Doing.SCANNING:
        is_news = facts.verified_age_s is None or facts.verified_age_s >= OLD_S
        return StateWord.SCANNING if is_news else _at_rest(facts)
    return _at_rest(facts)


def _at_rest(facts: Facts) -> StateWord:
    """While nothing moves. A look that merely repeats an earlier one is no news, and counts as rest."""
    if facts.asks_user:
        return StateWord.NEEDS_YOU
    if facts.pending_age_s is not None:
        is_on_its_way = facts.is_kept and facts.pending_age_s < OLD_S
        return StateWord.SYNCING if is_on_its_way else StateWord.NEEDS_YOU
    if facts.verified_age_s is None:
        return StateWord.SCANNING if facts.is_kept else StateWord.NEEDS_YOU
    if not facts.is_kept and facts.verified_age_s >= OLD_S:
        return StateWord.NEEDS_YOU
    return StateWord.UP_TO_DATE
