"""Pictures changed: to train on, or to see what a classifier stands."""
