"""What becomes of each run of a program, drawn from a seed: whether it is killed or stopped, and at what moment."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from soak.traffic import Moment

LONGEST_PAUSE_S = 6.0


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one run of a program.

    It is stopped for `stops_s` and killed, or only one of the two, or neither. That happens `after_s` from the moment
    when its `nth` request of the kind `of` (empty: of any kind) has arrived or was answered, or `latest_s` from its
    start if that moment has not come by then, or `nth` is 0.
    """

    is_killed: bool
    stops_s: float = 0.0
    latest_s: float = 0.0
    after_s: float = 0.0
    nth: int = 0
    of: str = ""
    moment: Moment = Moment.ARRIVED

    @property
    def is_quiet(self) -> bool:
        """Whether it is left alone."""
        return not self.is_killed and not self.stops_s


QUIET = Fate(is_killed=False)

_AFTER_S = (0.0, 0.003, 0.03, 0.2)
"""At most so long after a request: at once, in the work that follows it here, in the commit of that, or later."""

_KINDS = {"": 3, "upload": 3, "download": 4, "deletion": 2, "own object": 1}


def fates(seed: str, killed: float = 0.68, stopped: float = 0.1) -> Iterator[Fate]:
    """The fates of the runs of one device, without end; so large a share of them is killed, or stopped."""
    chance = random.Random(seed)
    while True:
        is_killed, is_stopped = chance.random() < killed, chance.random() < stopped
        stops_s = chance.uniform(0.5, LONGEST_PAUSE_S)
        (kind,) = chance.choices(list(_KINDS), weights=list(_KINDS.values()))
        roll, nth, moment = chance.random(), int(chance.expovariate(1 / 3)) + 1, chance.choice(list(Moment))
        after_s, latest_s = chance.choice(_AFTER_S) * chance.random(), chance.uniform(0.8, 4.0)
        stops_s = stops_s if is_stopped else 0.0
        if not is_killed and not is_stopped:
            yield QUIET
        elif roll < 0.25:
            yield Fate(is_killed, stops_s, latest_s)
        else:
            yield Fate(is_killed, stops_s, latest_s + 1, after_s, nth, of=kind, moment=moment)


@dataclass(frozen=True, slots=True)
class Life:
    """What becomes of one run of a daemon, which does not end by itself.

    All times count from its first request, however slow this machine is; those of one that dies `is_young`, from its
    start. Its fate begins to count after `age_s`. If that does not kill it, it is told to end after `lasts_s`: by a
    signal, or by the command (`is_asked_to_stop`). Its user pauses it after `pause_at_s` for `pause_s`; 0: not at all.
    """

    fate: Fate
    is_young: bool
    age_s: float
    lasts_s: float
    is_asked_to_stop: bool
    pause_at_s: float
    pause_s: float


def lives(seed: str) -> Iterator[Life]:
    """The lives of the daemons of one device, one after the other, without end."""
    chance = random.Random(f"{seed}:lives")
    for fate in fates(seed):
        is_young = chance.random() < 0.1
        age_s, lasts_s = chance.expovariate(1 / 3), chance.uniform(6, 20)
        is_asked, is_paused = chance.random() < 0.5, chance.random() < 0.2
        pause_at_s, pause_s = chance.uniform(1, 5), chance.uniform(1, 6)
        yield Life(fate, is_young, age_s, lasts_s, is_asked, pause_at_s if is_paused else 0.0, pause_s)
