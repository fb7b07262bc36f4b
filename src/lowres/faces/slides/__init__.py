"""A study as slides for its presentation, every figure of them a fact of the study."""
