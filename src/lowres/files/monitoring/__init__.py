"""The store of served predictions: one file of SQLite, or PostgreSQL; its tables are in `schema`."""
