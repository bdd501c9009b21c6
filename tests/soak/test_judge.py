"""The judge and the watcher find what is planted, and nothing where all is well."""

import threading

import pytest

from soak.contents import digest_of
from soak.judge import Facts, Tree, judge, set_aside, tree_of_folder, tree_of_keys, unfinished
from soak.store import Version
from soak.watch import Watcher

DEVICES = ("laptop", "desktop")


@pytest.fixture
def contents(account):
    """Of each name, a content: `one` and `two` are wanted, `old` was superseded once it was stable."""
    made = {name: account.new_content("laptop", name, 200) for name in ("one", "two", "old")}
    account.place("laptop", "old", made["old"], 1.0)
    account.witness("laptop", 1.5)
    account.supersede(made["old"])
    return {name: digest_of(data) for name, data in made.items()}


def version(key, digest, what="?"):
    return Version(key, f"id of {key}", is_latest=True, modified="", digest=digest, what=what)


@pytest.fixture
def facts(contents):
    """All is as it must be."""
    bucket = tree_of_keys({"one": contents["one"], "d/two": contents["two"], "empty/": "", "d/": ""})
    return Facts(
        bucket,
        [version("one", contents["one"]), version("d/two", contents["two"]), version("one", contents["old"])],
        {name: Tree(dict(bucket.files), bucket.folders) for name in DEVICES},
        {name: set() for name in DEVICES},
        {name: [] for name in DEVICES},
    )


def test_where_all_is_well_nothing_is_wrong(account, facts):
    verdict = judge(account, facts)
    assert (verdict.wrong, verdict.wanted, verdict.in_tree, verdict.replaced) == ([], 2, 2, 1)
    assert facts.bucket.folders == {"d", "empty"}


def drop_from_tree(facts, path):
    for tree in (facts.bucket, *facts.devices.values()):
        tree.files.pop(path)


def test_a_content_in_no_tree_and_no_version_is_lost(account, facts):
    drop_from_tree(facts, "one")
    del facts.versions[0]
    verdict = judge(account, facts)
    assert (verdict.wrong, verdict.lost) == (["lost: laptop#1 for 'one'"], ["laptop#1 for 'one'"])


def test_a_content_that_is_only_a_version_is_told_and_not_wrong(account, facts):
    drop_from_tree(facts, "one")
    verdict = judge(account, facts)
    assert (verdict.wrong, verdict.version_only) == ([], ["laptop#1 for 'one'"])


def test_a_content_that_is_only_in_quarantine_is_wrong_unless_it_came_late(account, facts, contents):
    drop_from_tree(facts, "one")
    del facts.versions[0]
    facts.set_aside["desktop"].add(contents["one"])
    assert judge(account, facts).wrong == ["set aside, though no version has it: laptop#1 for 'one'"]
    account.late.append(("desktop", "one", contents["one"]))
    verdict = judge(account, facts)
    assert (verdict.wrong, verdict.set_aside_only) == ([], ["laptop#1 for 'one'"])


def test_a_superseded_content_must_be_a_version_once_it_was_synced(account, facts):
    del facts.versions[2]
    assert judge(account, facts).wrong == ["superseded after it was synced, and no version: laptop#3 for 'old'"]


def test_a_content_superseded_before_anybody_could_sync_it_may_be_gone(account, facts):
    data = account.new_content("laptop", "brief", 200)
    account.place("laptop", "brief", data, 10.0)
    account.witness("laptop", 9.7)
    account.supersede(data)
    assert judge(account, facts).wrong == []


@pytest.mark.parametrize(("held", "is_wrong"), [("d", False), ("d/old/inner", False), ("d/older", True), ("e", True)])
def test_a_content_that_waited_for_a_held_deletion_was_not_synced(account, facts, held, is_wrong):
    data = account.new_content("laptop", "d/old", 200)
    account.place("laptop", "d/old", data, 1.0)
    account.witness("laptop", 2.0, [held])
    account.supersede(data)
    assert bool(judge(account, facts).wrong) == is_wrong


def test_a_version_that_nobody_wrote_is_wrong(account, facts):
    facts.versions.append(version("one", digest_of(b"half"), "a half"))
    assert judge(account, facts).wrong == ["nobody wrote this version: 'one' id of one: a half"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda tree: tree.files.pop("one"), "has nothing at 'one'"),
        (lambda tree: tree.files.update(one="0" * 64), "has 000000000000 at 'one'"),
        (lambda tree: tree.files.update(three="0" * 64), "the bucket nothing"),
    ],
)
def test_a_device_that_is_not_as_the_bucket_is_told(account, facts, change, said):
    change(facts.devices["desktop"])
    (wrong,) = judge(account, facts).wrong
    assert ("desktop" in wrong, said in wrong) == (True, True), wrong


@pytest.mark.parametrize("folders", [{"d"}, {"d", "empty", "more"}])
def test_folders_that_differ_are_told(account, facts, folders):
    facts.devices["laptop"] = Tree(facts.bucket.files, frozenset(folders))
    (wrong,) = judge(account, facts).wrong
    assert wrong.startswith("not equal: "), wrong


def test_what_is_left_in_tmp_is_wrong(account, facts):
    facts.unfinished["laptop"].append("abc")
    assert judge(account, facts).wrong == ["left over in tmp: laptop: abc"]


def test_a_folder_is_seen_as_its_user_sees_it(hands, account):
    hands.new_file("d/one", 200)
    (hands.folder / "empty").mkdir()
    (hands.folder / "link").symlink_to("d/one")
    aside, tmp = (hands.folder / ".bucketdrive" / name for name in ("quarantine", "tmp"))
    for place in (aside / "op" / "d", tmp):
        place.mkdir(parents=True)
        (place / "two").write_bytes(b"two")
    (digest,) = account.wanted
    assert tree_of_folder(hands.folder) == Tree({"d/one": digest, "link": "no file"}, frozenset({"d", "empty"}))
    assert (set_aside(hands.folder), unfinished(hands.folder)) == ({digest_of(b"two")}, ["two"])


# --- while it runs ----------------------------------------------------------------------------------------------------


@pytest.fixture
def watcher(hands, account, log, tmp_path):
    return Watcher([hands], account, log, tmp_path / "partial")


def test_whole_contents_may_be_seen(watcher, hands):
    hands.new_file("d/one", 200)
    watcher.look()
    assert (watcher.seen, watcher.partial) == (1, [])


def test_a_part_of_a_content_is_seen_and_kept(watcher, hands, tmp_path):
    hands.new_file("one", 3000)
    watcher.look()
    local = hands.folder / "one"
    half = local.read_bytes()[:1500]
    local.write_bytes(half)
    watcher.look()
    (said,) = watcher.partial
    assert said.startswith("laptop: one showed 1,500 bytes, not whole: laptop#1 blocks 0-"), said
    assert (tmp_path / "partial" / digest_of(half)).read_bytes() == half


def test_a_persons_own_half_written_file_is_waited_for(watcher, hands, account):
    local = hands.folder / "one"
    whole = account.new_content("laptop", "one", 200)
    with hands.lock:
        local.write_bytes(whole[:100])
        looking = threading.Thread(target=watcher.look)
        looking.start()
        looking.join(0.2)
        assert looking.is_alive()
        local.write_bytes(whole)
    looking.join()
    assert watcher.partial == []
