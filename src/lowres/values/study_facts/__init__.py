"""What a finished study can say of itself: figures, each with its unit and where it came from."""
