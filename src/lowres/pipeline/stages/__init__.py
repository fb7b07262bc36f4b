"""The stages of a study, one file each with its `STAGE`, and what only they need."""
