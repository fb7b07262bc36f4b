"""What Alembic runs: one file a revision of the store, in `versions`."""
