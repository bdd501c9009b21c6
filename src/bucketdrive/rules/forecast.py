"""What a restore or an undo will take: requests and bytes, before it is done."""

from collections import Counter
from dataclasses import dataclass
from math import ceil

from bucketdrive.model.plan import CopyForward, DeleteRemote, MakeDirRemote, Plan, RemoveDirRemote
from bucketdrive.model.reports import StoreFacts
from bucketdrive.rules.transfer import MAX_COPY_BYTES, Parts, Whole, how_to_upload

_COPIES_A_PAGE = 64
"""Of about so many copies one page of versions tells the names, on a store that does not tell them itself."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """About what it takes. `requests` by S3 operation; bytes copied inside the bucket, through here, and down after."""

    requests: Counter[str]
    bytes_copied: int
    bytes_through: int
    bytes_down: int


def is_one_copy(facts: StoreFacts, size: int) -> bool:
    """Whether the store copies a version of this size in one request, and checks what it replaces if it checks puts."""
    return size <= MAX_COPY_BYTES and (facts.conditional_copy or not facts.conditional_put)


def forecast(plan: Plan, facts: StoreFacts, whole_bytes: int, least_part_bytes: int) -> Forecast:
    """What carrying out `plan` and bringing here what it changes will take. `whole_bytes`: what goes in one request."""
    requests: Counter[str] = Counter()
    copied = through = down = 0
    copies = [action for action in plan.actions if isinstance(action, CopyForward)]
    for action in copies:
        how = how_to_upload(action.size, whole_bytes, least_part_bytes)
        requests["HeadObject"] += 1
        requests["GetObject"] += 1 if isinstance(how, Whole) else how.count  # the download
        down += action.size
        if is_one_copy(facts, action.size):
            requests["CopyObject"] += 1
            copied += action.size
        elif facts.part_copy and isinstance(how, Parts):
            requests += Counter(CreateMultipartUpload=1, UploadPartCopy=how.count, CompleteMultipartUpload=1)
            copied += action.size
        else:
            requests += _by_hand(how)
            through += 2 * action.size
    kinds = plan.counts
    deletions = kinds[DeleteRemote.__name__]
    requests["DeleteObject"] += deletions + kinds[RemoveDirRemote.__name__]
    requests["PutObject"] += kinds[MakeDirRemote.__name__]
    if facts.store_class == "C":  # which names no version of a copy, and checks no condition on a deletion
        requests["ListObjectVersions"] += ceil(len(copies) / _COPIES_A_PAGE) + 2 * deletions
    if plan.actions:
        requests["PutObject"] += 2 + (2 if deletions and not facts.conditional_delete else 0)  # journal and doorbell
    return Forecast(+requests, copied, through, down)


def _by_hand(how: Whole | Parts) -> Counter[str]:
    if isinstance(how, Whole):
        return Counter(GetObject=1, PutObject=1)
    return Counter(GetObject=how.count, CreateMultipartUpload=1, UploadPart=how.count, CompleteMultipartUpload=1)
