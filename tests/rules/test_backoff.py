from bucketdrive.rules.backoff import LONGEST_S, retry_after_s


def test_each_wait_is_twice_as_long_up_to_a_minute():
    assert [retry_after_s(failures, 1.0) for failures in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert retry_after_s(10**6, 1.0) == LONGEST_S


def test_chance_spreads_it_over_half_of_its_length():
    assert (retry_after_s(4, 0.0), retry_after_s(4, 0.5)) == (4.0, 6.0)
