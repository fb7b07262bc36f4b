"""The study from its images to its report: stages, what each reads and writes, and the run that brings it there."""
