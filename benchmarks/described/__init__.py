"""The described system's document, checked claim by claim: a room a kind of evidence."""
