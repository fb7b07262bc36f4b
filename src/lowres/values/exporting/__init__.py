"""What leaves a study to run elsewhere: in which formats, under which contract, and whether it still says the same."""
