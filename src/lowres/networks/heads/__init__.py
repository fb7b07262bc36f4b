"""Classifiers on the frozen features of a trunk, and how validation chooses one."""
