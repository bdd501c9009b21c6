"""One suite a port: what every implementation keeps to, the fakes included. Run by `tests/contract`."""
