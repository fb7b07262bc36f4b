"""Which predictions people should look at, and how far those who did agree."""
