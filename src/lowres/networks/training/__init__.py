"""Training a network: what moves, by which update, on which batches, and what is kept so that nothing is lost."""
