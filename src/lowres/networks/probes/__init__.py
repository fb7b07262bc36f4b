"""One file for each thing that preflight looks at: a probe measures a network, judges, and names the repair."""
