"""What is tried again, how long, and what never is."""

import asyncio

import pytest

from bucketdrive.bucket.retrying import RetryingBucket, RetryPolicy
from bucketdrive.errors import NoSuchObjectError, UnavailableError, UnknownOutcomeError
from bucketdrive.ports.bucket import NewObject
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore


class Jitter:
    def __init__(self, fraction=0.0):
        self._fraction = fraction

    def uuid(self):
        return "u"

    def fraction(self):
        return self._fraction


class SkippingLoop(asyncio.SelectorEventLoop):
    """Time passes at once: sleeping costs nothing but shows on the clock."""

    skipped = 0.0

    def time(self):
        return super().time() + self.skipped

    def _run_once(self):
        if not self._ready and self._scheduled:
            self.skipped += max(0.0, self._scheduled[0].when() - self.time())
        super()._run_once()


class FailingBucket(MemoryBucket):
    """Raises the errors given, one a request, before it works; `at` are the times of the requests."""

    def __init__(self, *errors):
        super().__init__(MemoryStore())
        self.store.put("k", b"1")
        self.errors = list(errors)
        self.at = []

    def _fail(self):
        self.at.append(asyncio.get_running_loop().time())
        if self.errors:
            raise self.errors.pop(0)

    async def head_object(self, key, *, version_id=""):
        self._fail()
        return await super().head_object(key, version_id=version_id)

    async def put_object(self, key, body, new):
        self._fail()
        return await super().put_object(key, body, new)

    async def upload_part(self, key, upload_id, number, body):
        self._fail()
        return await super().upload_part(key, upload_id, number, body)


def run(work):
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(work)


def pauses(bucket):
    return [round(later - earlier, 2) for earlier, later in zip(bucket.at, bucket.at[1:], strict=False)]


REFUSED = UnavailableError("not now")
LOST = UnknownOutcomeError("no reply")


def test_a_read_is_repeated_after_any_passing_failure():
    inner = FailingBucket(REFUSED, LOST)
    assert run(RetryingBucket(inner, Jitter()).head_object("k")).size == 1
    assert len(inner.at) == 3


def test_a_write_is_repeated_where_the_store_did_not_act():
    inner = FailingBucket(REFUSED, REFUSED)
    run(RetryingBucket(inner, Jitter()).put_object("k", b"2", NewObject({})))
    assert len(inner.store.history("k")) == 2


def test_a_write_of_unknown_outcome_is_never_repeated():
    inner = FailingBucket(LOST)
    with pytest.raises(UnknownOutcomeError):
        run(RetryingBucket(inner, Jitter()).put_object("k", b"2", NewObject({})))
    assert len(inner.at) == 1


def test_a_part_may_be_sent_again_whatever_became_of_the_first():
    inner = FailingBucket(LOST)

    async def upload():
        bucket = RetryingBucket(inner, Jitter())
        return await bucket.upload_part("k", await bucket.create_multipart_upload("k", NewObject({})), 1, b"x")

    assert run(upload()).number == 1


def test_what_will_not_pass_is_not_repeated():
    inner = FailingBucket(NoSuchObjectError("gone"))
    with pytest.raises(NoSuchObjectError):
        run(RetryingBucket(inner, Jitter()).head_object("k"))
    assert len(inner.at) == 1


def test_pauses_double_and_are_drawn_between_half_and_whole():
    for fraction, expected in ((0.0, [0.1, 0.2, 0.4]), (1.0, [0.2, 0.4, 0.8])):
        inner = FailingBucket(*[REFUSED] * 3)
        run(RetryingBucket(inner, Jitter(fraction)).head_object("k"))
        assert pauses(inner) == expected


def test_a_pause_is_as_long_as_the_store_asks():
    inner = FailingBucket(UnavailableError("slow down", retry_after_s=7.0))
    run(RetryingBucket(inner, Jitter()).head_object("k"))
    assert pauses(inner) == [7.0]


def test_it_gives_up_after_its_tries():
    inner = FailingBucket(*[REFUSED] * 9)

    async def look():
        bucket = RetryingBucket(inner, Jitter(), RetryPolicy(tries=3))
        await bucket.head_object("k")

    with pytest.raises(UnavailableError):
        run(look())
    assert len(inner.at) == 3


def test_it_gives_up_soon_where_the_store_never_answered_and_later_where_it_did():
    def seconds(inner, *, has_answered):
        async def look():
            bucket = RetryingBucket(inner, Jitter(1.0), RetryPolicy(tries=99))
            if has_answered:
                await bucket.list_objects("")
            await bucket.head_object("k")

        with pytest.raises(UnavailableError):
            run(look())
        return inner.at[-1] - inner.at[0]

    assert seconds(FailingBucket(*[REFUSED] * 99), has_answered=False) <= 3
    assert 15 < seconds(FailingBucket(*[REFUSED] * 99), has_answered=True) <= 20
