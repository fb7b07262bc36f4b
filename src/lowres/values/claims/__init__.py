"""Numeric claims that people write about a study, found in their text and held against its facts."""
