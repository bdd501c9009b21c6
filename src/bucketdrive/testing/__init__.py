"""The test kit: fakes, the simulated world, contract suites, the embedded store."""
