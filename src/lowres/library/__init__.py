"""What `import lowres` offers to Python programs: the pipeline's work as functions and frozen values."""
