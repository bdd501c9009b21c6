from dataclasses import replace
from itertools import product

import pytest

from bucketdrive.model.reports import StateWord
from bucketdrive.rules.standing import OLD_S, Doing, Facts, Trouble, state_word

CALM = Facts(is_kept=True, verified_age_s=5.0)
LEFT = Facts(is_kept=False, verified_age_s=5.0)


@pytest.mark.parametrize(
    ("word", "facts"),
    {
        "a daemon has seen both sides equal": ("up to date", CALM),
        "nobody has changed anything for days": ("up to date", replace(CALM, verified_age_s=9e5)),
        "a change is on its way": ("syncing", replace(CALM, pending_age_s=1.0)),
        "a change has waited too long": ("needs you", replace(CALM, pending_age_s=OLD_S)),
        "files travel": ("syncing", replace(CALM, doing=Doing.SYNCING, pending_age_s=1.0)),
        "a look that repeats an earlier one": ("up to date", replace(CALM, doing=Doing.SCANNING)),
        "a look while a change waits": ("syncing", replace(CALM, doing=Doing.SCANNING, pending_age_s=1.0)),
        "a look after a long time": ("scanning", replace(CALM, doing=Doing.SCANNING, verified_age_s=OLD_S)),
        "the first look": ("scanning", Facts(is_kept=True, doing=Doing.SCANNING)),
        "before the first look": ("scanning", Facts(is_kept=True)),
        "the store cannot be reached": ("offline", replace(CALM, trouble=Trouble.OFFLINE, pending_age_s=1.0)),
        "the credentials are wrong": ("needs you", replace(CALM, trouble=Trouble.OTHER)),
        "a guard stopped it": ("stopped to protect data", replace(CALM, trouble=Trouble.GUARD)),
        "a guard stopped it, paused or not": (
            "stopped to protect data",
            replace(CALM, trouble=Trouble.GUARD, is_paused=True),
        ),
        "paused": ("paused", replace(CALM, is_paused=True, pending_age_s=9e5, doing=Doing.SCANNING)),
        "paused and offline": ("paused", replace(CALM, is_paused=True, trouble=Trouble.OFFLINE)),
        "deletions wait, or paths are held": ("needs you", replace(CALM, asks_user=True)),
        "files travel beside held ones": ("syncing", replace(CALM, asks_user=True, doing=Doing.SYNCING)),
        "no daemon, synced just now": ("up to date", LEFT),
        "no daemon, synced long ago": ("needs you", replace(LEFT, verified_age_s=OLD_S)),
        "no daemon, never synced": ("needs you", Facts(is_kept=False)),
        "no daemon, and something waits": ("needs you", replace(LEFT, pending_age_s=1.0)),
        "no daemon, a sync by hand runs": ("syncing", replace(LEFT, doing=Doing.SYNCING, pending_age_s=1.0)),
    }.values(),
)
def test_a_drive_is_called(word, facts):
    assert state_word(facts) == word


def test_up_to_date_is_never_said_of_what_waits_asks_fails_or_was_never_seen():
    ages = (None, 0.0, 1.0, OLD_S, 1e9)
    flags = (False, True)
    for facts in map(Facts, *zip(*product(flags, flags, Trouble, Doing, ages, ages, flags), strict=True)):
        is_calm = (facts.trouble, facts.is_paused, facts.pending_age_s, facts.asks_user) == (
            Trouble.NONE,
            False,
            None,
            False,
        )
        if state_word(facts) is StateWord.UP_TO_DATE:
            assert is_calm, facts
            assert facts.verified_age_s is not None, facts
            assert facts.is_kept or facts.verified_age_s < OLD_S, facts
