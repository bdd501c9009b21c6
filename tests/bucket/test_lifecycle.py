"""Lifecycle rules as stores write them: what is read of them, and that nothing of another's rule is lost."""

import pytest

from bucketdrive.bucket.s3.lifecycle import read_rules, write_rules
from bucketdrive.errors import UnavailableError
from bucketdrive.model.lifecycle import LifecycleRule, StorageMove

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
)

RULES = {
    "<Rule><ID>old style</ID><Prefix>logs/</Prefix><Status>Enabled</Status>"
    "<Expiration><Days>3</Days></Expiration></Rule>": LifecycleRule("old style", "logs/", expiration_days=3),
    "<Rule><ID>all</ID><Filter/><Status>Disabled</Status><NoncurrentVersionExpiration><NoncurrentDays>9</NoncurrentDays>"
    "<NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule>": LifecycleRule(
        "all", "", is_enabled=False, noncurrent_days=9, newer_noncurrent_versions=2
    ),
    "<Rule><Filter><Tag><Key>k &amp; k</Key><Value>v</Value></Tag></Filter><Status>Enabled</Status>\n  "
    "<Expiration><Date>2040-01-01T00:00:00.000Z</Date></Expiration></Rule>": LifecycleRule(
        "", "", expiration_date="2040-01-01", tags=(("k & k", "v"),)
    ),
    "<Rule><ID>and</ID><Status>Enabled</Status><Filter><And><Prefix>p/</Prefix><Tag><Key>a</Key><Value>1</Value></Tag>"
    "<Tag><Key>b</Key><Value></Value></Tag><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan>"
    "<ObjectSizeLessThan>500</ObjectSizeLessThan></And></Filter><NoncurrentVersionExpiration>"
    "<NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule>": LifecycleRule(
        "and", "p/", noncurrent_days=1, tags=(("a", "1"), ("b", "")), larger_than_bytes=0, smaller_than_bytes=500
    ),
    "<Rule><ID>cold</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Transition><Days>30</Days>"
    "<StorageClass>GLACIER</StorageClass></Transition><Transition><Date>2041-01-01T00:00:00Z</Date>"
    "<StorageClass>DEEP_ARCHIVE</StorageClass></Transition><NoncurrentVersionTransition>"
    "<NoncurrentDays>5</NoncurrentDays><StorageClass>STANDARD_IA</StorageClass>"
    "<NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionTransition></Rule>": LifecycleRule(
        "cold",
        "",
        moves=(StorageMove("GLACIER", 30), StorageMove("DEEP_ARCHIVE", 0, "2041-01-01")),
        noncurrent_moves=(StorageMove("STANDARD_IA", 5, "", 1),),
    ),
    "<Rule><ID>vendor</ID><Filter><Prefix>p/</Prefix><Colour>red</Colour></Filter><Status>Enabled</Status><Expiration>"
    "<Days>0</Days><ExpiredObjectAllVersions>true</ExpiredObjectAllVersions></Expiration>"
    "<DelMarkerExpiration><Days>3</Days></DelMarkerExpiration></Rule>": LifecycleRule(
        "vendor",
        "p/",
        unknown=(
            "Filter/Colour",
            "Expiration/Days of 0",
            "Expiration/ExpiredObjectAllVersions",
            "DelMarkerExpiration/Days",
        ),
    ),
}


@pytest.mark.parametrize(("text", "rule"), RULES.items(), ids=[rule.rule_id for rule in RULES.values()])
def test_a_rule_is_read_with_all_that_narrows_it_and_what_is_not_understood_is_named(text, rule):
    assert read_rules(f"{HEAD}{text}</LifecycleConfiguration>".encode()) == [rule]


def test_rules_of_others_go_back_byte_for_byte_beside_a_new_one():
    read = read_rules(f"{HEAD}{''.join(RULES)}</LifecycleConfiguration>".encode())
    written = write_rules([*read, LifecycleRule("new", "p/", noncurrent_days=30)]).decode()
    for text in RULES:
        assert written.count(text) == 1
    assert read_rules(written.encode())[:-1] == read


def test_a_prefix_that_ceph_writes_beside_the_tags_goes_back_where_ceph_reads_it():
    tags = "<Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag>"
    beside = f"<Rule><ID>t</ID><Filter><Prefix>p/</Prefix><And>{tags}</And></Filter><Status>Enabled</Status></Rule>"
    [rule] = read_rules(f"<LifecycleConfiguration>{beside}</LifecycleConfiguration>".encode())
    assert rule == LifecycleRule("t", "p/", tags=(("a", "1"), ("b", "2")))
    assert f"<Filter><And><Prefix>p/</Prefix>{tags}</And></Filter>" in write_rules([rule]).decode()


def test_two_rules_that_differ_only_in_what_is_not_understood_both_stay():
    texts = [f"<Rule><Status>Enabled</Status><Filter/><Odd>{number}</Odd></Rule>" for number in (1, 2)]
    written = write_rules(read_rules(f"{HEAD}{''.join(texts)}</LifecycleConfiguration>".encode())).decode()
    assert all(text in written for text in texts)


def test_a_rule_of_ours_is_written_so_that_it_is_read_again():
    for rule in RULES.values():
        if not rule.unknown:
            assert read_rules(write_rules([rule])) == [rule]


def test_rules_in_a_namespace_of_their_own_are_read_and_kept():
    body = (
        b'<x:LifecycleConfiguration xmlns:x="urn:x"><Rule a="b"><ID>n</ID><Status>Enabled</Status><Filter/>'
        b"<Expiration><Days>3</Days></Expiration></Rule></x:LifecycleConfiguration>"
    )
    [rule] = read_rules(body)
    assert rule == LifecycleRule("n", "", expiration_days=3)
    assert b'<Rule a="b"' in write_rules([rule])


@pytest.mark.parametrize(
    "body", [b"", b"<LifecycleConfiguration>", b"<L><Rule><Expiration><Days>x</Days></Expiration></Rule></L>"]
)
def test_what_cannot_be_understood_is_no_empty_list(body):
    with pytest.raises(UnavailableError):
        read_rules(body)
