from bucketdrive.drive.speed import WINDOW_S, Speed


def test_nothing_is_told_of_a_single_look():
    speed = Speed()
    assert speed.per_s() == (0.0, 0.0)
    speed.note(1.0, (5, 5))
    assert speed.per_s() == (0.0, 0.0)


def test_it_is_what_travelled_each_way_over_the_last_seconds():
    speed = Speed()
    for second in range(20):
        speed.note(float(second), (second * 100, 7))
    assert speed.per_s() == (100.0, 0.0)
    speed.note(19.0 + WINDOW_S, (1900, 7 + 500))
    assert speed.per_s() == (0.0, 100.0)


def test_a_thousand_files_a_second_cost_no_memory():
    speed = Speed()
    for number in range(10_000):
        speed.note(number / 1000, (number, 0))
    assert len(speed._totals) < 20
    assert 990 < speed.per_s()[0] < 1010
