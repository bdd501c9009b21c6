"""The local HTTP API of a daemon, and its client."""
