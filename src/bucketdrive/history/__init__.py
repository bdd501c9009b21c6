"""Versions, trash and restore. Reads, and returns plans; it never writes."""
