"""Looks into the folders while people and programs work in them: what is visible must be whole, at every moment."""

import threading
from pathlib import Path

from soak.account import Account
from soak.contents import digest_of
from soak.hands import Hands, files_below
from soak.log import Log

_PAUSE_S = 0.3


class Watcher:
    """Watches all folders. `seen`: how many files were read; `partial`: what nobody wrote whole, in words."""

    def __init__(self, everybody: list[Hands], account: Account, log: Log, evidence: Path) -> None:
        """`evidence`: the folder where partial contents are kept."""
        self._everybody = everybody
        self._account = account
        self._log = log
        self._evidence = evidence
        self._known: dict[Path, tuple[int, ...]] = {}
        self.seen = 0
        self.partial: list[str] = []

    def work(self, is_over: threading.Event) -> None:
        """Look again and again until it is over."""
        while not is_over.wait(_PAUSE_S):
            self.look()

    def look(self) -> None:
        """Look at every file that changed since the last look."""
        for hands in self._everybody:
            for local in files_below(hands.folder):
                self._look_at(hands, local)

    def _look_at(self, hands: Hands, local: Path) -> None:
        try:
            facts = local.stat()
            looks = (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
            if self._known.get(local) == looks:
                return
            with hands.lock:  # a person's own edit is not done by halves then; a program's would show
                data = local.read_bytes()
        except OSError:
            return
        self._known[local] = looks
        self.seen += 1
        if not self._account.is_known(data):
            where = f"{hands.device}: {local.relative_to(hands.folder)}"
            self.partial.append(f"{where} showed {self._account.name(data)}")
            self._log.write("partial", where=where, what=self._account.name(data))
            self._evidence.mkdir(exist_ok=True)
            (self._evidence / digest_of(data)).write_bytes(data)
