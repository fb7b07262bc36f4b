"""What people and other programs meet: figures, report."""
