"""What is done: one cycle of observing, planning and executing."""
