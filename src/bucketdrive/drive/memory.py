"""Memory: a daemon that has looked at a whole drive needs a hundredth of it afterwards."""

import ctypes
import gc


def give_back_memory() -> None:
    """Give what is free to the system again; where the C library cannot, nothing happens."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
