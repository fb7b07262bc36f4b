"""The only rooms that know where things lie: data sources, weights, caches, the study folder."""
