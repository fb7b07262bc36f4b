"""What predictions are worth: measures, intervals, calibration, comparisons, and when to ask a person."""
