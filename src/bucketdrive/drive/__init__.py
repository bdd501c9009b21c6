"""An open drive, and how concrete parts meet to make one."""
