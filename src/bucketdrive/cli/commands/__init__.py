"""One command a file, as `command`; imported when it runs."""
