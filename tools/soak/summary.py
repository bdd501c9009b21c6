"""The table at the end of a soak."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from soak.running import Soak

Key = TypeVar("Key", str, int)


def table(soak: Soak) -> str:
    """What happened and what was found, in lines."""
    return "\n".join(_lines(soak))


def _lines(soak: Soak) -> Iterable[str]:
    tallies = [machine.tally for machine in soak.machines]
    verdict, account = soak.verdict, soak.account
    codes = _sum(tally.codes for tally in tallies)
    yield _row("seed", soak.options.seed)
    yield _row("minutes of storm", f"{soak.storm_s / 60:.1f}, then {soak.rounds} rounds of quiet")
    yield _row("edits", _counts(account.edits))
    yield _row(
        "contents written", f"{len(account.notes):,}; {len(account.late)} late, {len(account.blind)} blind edits"
    )
    yield _row(soak.options.kind, _counts({f"exit {code}": count for code, count in codes.items()}))
    yield _row("done by syncs", _counts(_sum(tally.done for tally in tallies)))
    yield _row("not done, or held", _counts(_sum(tally.failures for tally in tallies)))
    yield _row("killed at work", f"{soak.kills:,}")
    yield _row("  while", _counts(_sum(tally.killed for tally in tallies)))
    yield _row("  which left", _counts(_sum(tally.left for tally in tallies)))
    yield _row("stopped for seconds", sum(tally.stops for tally in tallies))
    yield _row("paused", sum(tally.pauses for tally in tallies))
    yield _row("said to be up to date", sum(tally.up_to_date for tally in tallies))
    yield _row("deletions approved", sum(tally.approved for tally in tallies))
    kinds: dict[str, Counter[str]] = {}
    for (kind, what), count in soak.proxy.counts.items():
        kinds.setdefault(kind, Counter())[what] += count
    yield _row("requests", f"{sum(soak.proxy.counts.values()):,}")
    for kind, whats in sorted(kinds.items()):
        yield _row(f"  {kind}", _counts(whats))
    yield _row("  statuses", _counts({f"{m} {status or 'none'}": n for (m, status), n in soak.proxy.statuses.items()}))
    yield _row("lost replies of writes", f"{len(soak.proxy.lost):,} that the store had carried out")
    versions = soak.facts.versions if soak.facts else []
    markers = sum(not version.digest for version in versions)
    yield _row(
        "versions", f"{len(versions) - markers:,} and {markers:,} delete markers; {soak.open_uploads} open uploads"
    )
    yield _row("files at the end", f"{len(soak.facts.bucket.files) if soak.facts else 0:,}")
    yield _row("conflict copies", f"{verdict.conflict_copies:,}")
    yield _row("looks at changed files", f"{soak.watcher.seen:,}, {len(soak.watcher.partial)} partial")
    yield _row("must be kept", f"{verdict.wanted:,}")
    yield _row("  in the tree", f"{verdict.in_tree:,}")
    yield _row("  as version only", _named(verdict.version_only))
    yield _row("  set aside only", _named(verdict.set_aside_only))
    yield _row("  lost", _named(verdict.lost))
    yield _row("superseded once synced", f"{verdict.replaced:,}: {_named(verdict.replaced_lost)} without a version")
    yield _row("superseded, and live", f"{verdict.came_back:,}")
    yield _row("differences", len(verdict.differences))
    for device, said in soak.verified.items():
        yield _row(f"verify {device}", said)
    yield _row("wrong", len(soak.wrong))


def _row(name: str, what: object) -> str:
    return f"{name:<24} {what}"


def _sum(counters: Iterable[Counter[Key]]) -> Counter[Key]:
    total: Counter[Key] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def _counts(counts: Mapping[str, int]) -> str:
    rows = sorted(counts.items(), key=lambda item: -item[1])
    return f"{sum(counts.values()):,}: " + ", ".join(f"{count:,} {what}" for what, count in rows) if rows else "none"


def _named(contents: list[str]) -> str:
    return f"{len(contents)} ({'; '.join(contents[:5])})" if contents else "0"
