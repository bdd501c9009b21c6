"""The Disk port on a real folder of this machine (Linux)."""
