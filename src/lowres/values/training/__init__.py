"""How long, how fast, when to stop: what decides about a training, without training."""
