"""Makes the documentation site: pages written from the program and its results, and the check of every link."""
