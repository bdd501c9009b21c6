"""The process that keeps the drives of a user in sync."""
