"""A study's classifier written for other programs, one file a format: each has `write`, and `writers.py` chooses."""
