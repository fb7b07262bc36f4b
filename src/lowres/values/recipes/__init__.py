"""Every choice of a study, and what in them cannot do what it says."""
