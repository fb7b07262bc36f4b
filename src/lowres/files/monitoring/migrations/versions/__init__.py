"""The revisions of the store, oldest first; what one did is never changed afterwards."""
