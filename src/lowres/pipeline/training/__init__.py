"""Training as a study does it: what a network is fed, what is tried out before, and what survives an interruption."""
