"""Fails if a file is longer than 400 lines or a function longer than 50: `check_sizes.py FOLDER...`."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50


def too_long(path: Path) -> Iterator[str]:
    """What is too long in a file, one line for each."""
    text = path.read_text()
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield f"{path}: {lines} lines (at most {MAX_FILE_LINES})"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            size = node.end_lineno - node.lineno + 1
            if size > MAX_FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {size} lines (at most {MAX_FUNCTION_LINES})"


def main(folders: list[str]) -> int:
    """Print what is too long; 1 if anything is."""
    paths = [path for folder in folders for path in sorted(Path(folder).rglob("*.py"))]
    found = [line for path in paths for line in too_long(path)]
    print("\n".join(found) or f"sizes: {len(paths)} files fit")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
