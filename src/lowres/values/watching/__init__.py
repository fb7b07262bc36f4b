"""What a watch makes of recorded predictions: shifts against a reference, accuracy without labels, causes, alarms."""
