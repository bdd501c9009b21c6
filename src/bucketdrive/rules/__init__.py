"""What is decided: pure functions from nouns to nouns. No clock, no files, no network, no async."""
