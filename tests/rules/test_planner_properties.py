"""Random trees, changed at random on both sides: the rules come to rest, whatever the order; what must hold, holds."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bucketdrive.model.paths import RelPath, ancestors_of
from bucketdrive.testing.ideal_world import IdealWorld

MAX_ROUNDS = 6

names = st.sampled_from(["a", "b", "c"])
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: RelPath("/".join(parts)))
texts = st.sampled_from(["one", "two", "three", "seventeen", "", "one again"])
verbs = st.sampled_from(["write", "write", "remove", "move", "make folder", "flip", "empty"])
edits = st.lists(st.tuples(verbs, paths, paths, texts), max_size=6)


@dataclass
class UserTree:
    """A tree as a user changes it: folders stay when their last file goes."""

    files: dict = field(default_factory=dict)
    folders: set = field(default_factory=set)

    def edit(self, verb, path, target, text):
        if verb == "write" and path not in self.folders:
            self._put(path, text)
        elif verb == "remove":
            self._take(path)
        elif verb == "move" and path not in (target, *target.ancestors()) and not self._is_taken(target):
            for old, old_text in self._take(path).items():
                self._put(RelPath(target + old[len(path) :]), old_text)
        elif verb == "make folder" and path not in self.files:
            self._make_folder(path)
        elif verb == "flip":
            self._flip(path, target.name, text)
        elif verb == "empty" and path in self.folders:
            self._take(path)
            self._make_folder(path)

    def _flip(self, path, name, text):
        if path in self.files:
            del self.files[path]
            self._put(path.child(name), text)
        elif path in self.folders:
            self._take(path)
            self._put(path, text)

    def _is_taken(self, path):
        return path in self.files or path in self.folders or any(folder in self.files for folder in path.ancestors())

    def _put(self, path, text):
        if not any(folder in self.files for folder in path.ancestors()):
            self.files[path] = text
            self.folders.update(path.ancestors())

    def _make_folder(self, path):
        if not any(folder in self.files for folder in path.ancestors()):
            self.folders.update((path, *path.ancestors()))

    def _take(self, path):
        gone = {one: text for one, text in self.files.items() if path in (one, *one.ancestors())}
        self.files = {one: text for one, text in self.files.items() if one not in gone}
        self.folders = {one for one in self.folders if path not in (one, *one.ancestors())}
        return gone

    @property
    def tree(self):
        inner = ancestors_of([*self.files, *self.folders])
        return dict(self.files) | {f"{folder}/": "" for folder in self.folders if folder not in inner}


@st.composite
def scenes(draw):
    """A tree that both sides agree on, and each side's own version of it."""
    base = UserTree()
    for path, text in draw(st.lists(st.tuples(paths, texts), max_size=7)):
        base.edit("write", path, path, text)
    for path in draw(st.lists(paths, max_size=2)):
        base.edit("make folder", path, path, "")
    sides = []
    for _ in range(2):
        side = UserTree(dict(base.files), set(base.folders))
        for edit in draw(edits):
            side.edit(*edit)
        sides.append(side.tree)
    return base.tree, *sides


def world_of(base, here, there, *, has_opaque_etags=False):
    world = IdealWorld(has_opaque_etags=has_opaque_etags)
    world.become_here(base)
    world.become_there(base)
    world.agree()
    world.become_here(here)
    world.become_there(there)
    return world


def shuffling(randomness):
    return lambda actions: randomness.sample(actions, len(actions))


few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(scenes(), st.randoms(use_true_random=False), st.booleans())
def test_both_sides_come_to_rest_equal_with_nothing_lost_and_the_same_in_any_order(scene, randomness, has_opaque_etags):
    outcomes = []
    for arrange in (list, reversed, shuffling(randomness)):
        world = world_of(*scene, has_opaque_etags=has_opaque_etags)
        precious = world.precious()
        world.settle(MAX_ROUNDS, arrange)
        assert world.tree_here() == world.tree_there()
        assert precious - {""} <= set(world.tree_here().values())
        assert world.plan().actions == world.plan().holds == ()
        assert world.synced.keys() == world.files.keys() | world.folders
        outcomes.append(world.tree_here())
    assert outcomes[0] == outcomes[1] == outcomes[2]


def files_of(tree):
    return {path: text for path, text in tree.items() if not path.endswith("/")}


def is_in_the_way(path, tree):
    """Whether a file of the tree is above the path, or a folder of it at the path."""
    names_there = [name.rstrip("/") for name in tree]
    above = any(folder in files_of(tree) for folder in RelPath(path).ancestors())
    return above or f"{path}/" in tree or any(RelPath(path) in RelPath(name).ancestors() for name in names_there)


@few
@given(scenes())
def test_what_one_side_did_alone_is_done_on_both(scene):
    base, here, there = map(files_of, scene)
    world = world_of(*scene)
    world.settle(MAX_ROUNDS)
    final = files_of(world.tree_here())
    for (mine, all_theirs), theirs in (((here, scene[2]), there), ((there, scene[1]), here)):
        for path, text in mine.items():
            is_new = path not in base and path not in theirs and not is_in_the_way(path, all_theirs)
            is_edit = path in base and text != base[path] and theirs.get(path) == base[path]
            if is_new or is_edit:
                assert final.get(path) == text, path
        for path in base.keys() - mine.keys():
            if theirs.get(path) == base[path]:
                assert path not in final, path


@few
@given(scenes())
def test_what_only_one_side_changed_or_both_alike_is_taken_over_as_it_is(scene):
    base, tree, _ = scene
    for here, there in ((tree, base), (base, tree)):
        world = world_of(base, here, there)
        world.settle(3)
        assert world.tree_here() == world.tree_there() == tree
    world = world_of(base, tree, tree)
    assert not {"Upload", "Download", "SetAside", "Clash", "DeleteLocal", "DeleteRemote"} & set(world.plan().counts)
    world.settle(2)
    assert world.tree_here() == world.tree_there() == tree
