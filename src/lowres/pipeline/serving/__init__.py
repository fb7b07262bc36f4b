"""Finished studies as servers know them: opened, kept up to date, and their answers written down."""
