"""What is talked about: nouns, frozen and without behaviour that waits."""
