"""Real processes killed at random on a real store, and a judge of what was promised: `python -m soak --help`."""
