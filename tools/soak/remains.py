"""What a killed program left: which of its actions were begun and not ended, and what of its files lies about.

Only told, to show where kills hit. The state is read from a copy, so that nothing is changed for the next run.
"""

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

from soak.hands import RESERVED, files_below


def remains(folder: Path, state: Path) -> Counter[str]:
    """How many actions of each kind are open in a device's state (the folder of its states), and files in `tmp`."""
    left: Counter[str] = Counter()
    for database in state.glob("*/state.db"):
        with tempfile.TemporaryDirectory() as copy:
            for part in database.parent.glob("state.db*"):
                shutil.copy(part, copy)
            with closing(sqlite3.connect(Path(copy) / database.name)) as connection:
                rows = connection.execute("SELECT fields FROM attempt WHERE is_open").fetchall()
        left.update(f"open {json.loads(fields)['deed']}" for (fields,) in rows)
    left["file in tmp"] = sum(1 for _ in files_below(folder / RESERVED / "tmp"))
    return +left
