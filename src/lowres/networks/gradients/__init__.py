"""One file per backend, the same function names; the backend is chosen here and nowhere else."""
