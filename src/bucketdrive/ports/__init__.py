"""What the engine needs of the world, as protocols; the whole contract is in the docstrings."""
