"""The command line: words in, the pipeline called, answers out; every mistake ends in a sentence and a number."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command in `sys.argv` and leave with its exit code: 0 done, 1 a check failed, 2 refused, 130 stopped."""
    try:
        from lowres.cli.application import application

        application()
    except KeyboardInterrupt:
        # Ctrl-C before or after the command itself; within it the application answers.
        print("stopped; run the same command to go on", file=sys.stderr)
        sys.exit(130)
