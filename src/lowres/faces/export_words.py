"""What is said of exports: in the report and in the terminal, every number beside what it was measured on."""

from __future__ import annotations

from collections.abc import Sequence

from lowres.values.exporting.parity import Parity
from lowres.values.judging.intervals import Interval

_SPACE = "\N{NO-BREAK SPACE}"


def how_tried(exports: Sequence[Parity]) -> str:
    """Return what stands above the table."""
    counts = sorted({one.n for one in exports})
    n = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    lowest = sorted({one.threshold for one in exports}, reverse=True)
    thresholds = " or ".join(f"{100 * one:g}{_SPACE}%" for one in lowest)
    return (
        f"Each format was loaded by its own runtime in a process of its own and shown {n} validation pictures, as "
        "pixels and nothing else: scaling, temperature and softmax are inside. Agreement is how often it names the "
        f"class the study named; below {thresholds} it would not have been kept. Beside each lie a contract, a sample "
        "with what it must answer, and ten lines of Python that run it."
    )


def how_timed(exports: Sequence[Parity]) -> str:
    """Return what stands below the table."""
    cores = sorted({one.pace.cores for one in exports})
    loads = [one.pace.load for one in exports if one.pace.load is not None]
    busy = f", while {min(loads):.1f} to {max(loads):.1f} processes wanted one" if loads else ""
    batches = sorted({one.pace.batch_images for one in exports})
    return (
        "Largest difference: of any probability of any picture. Accuracy: on the same validation pictures, on which "
        "the study's choices were made; the test part was not shown. Small print: 95 % intervals. One picture: median "
        f"of single pictures; throughput: {' or '.join(map(str, batches))} at once. On "
        f"{' or '.join(map(str, cores))} processor cores{busy}; formats were timed one after the other, so "
        "differences of a few percent say nothing."
    )


def interval(found: Interval) -> str:
    """Return an interval of fractions in percent."""
    return f"{100 * found[0]:.1f} to {100 * found[1]:.1f}"


def signed_points(gain: float) -> str:
    """Return a difference of fractions as percentage points with its sign."""
    return f"{_signed(gain)}{_SPACE}pp"


def signed_interval(found: Interval) -> str:
    """Return an interval of differences in percentage points, with their signs."""
    return f"{_signed(found[0])} to {_signed(found[1])}"


def size(number_of_bytes: int) -> str:
    """Return bytes in the unit that leaves few digits."""
    if number_of_bytes < 1e6:
        return f"{number_of_bytes / 1e3:.1f}{_SPACE}kB"
    return f"{number_of_bytes / 1e6:.1f}{_SPACE}MB"


def milliseconds(found: float) -> str:
    """Return a time with the digits it has."""
    return f"{found:.1f}{_SPACE}ms" if found >= 1 else f"{found:.2g}{_SPACE}ms"


def _signed(fraction: float) -> str:
    rounded = round(100 * fraction, 1)
    # Minus nought would look like a loss.
    return "0.0" if rounded == 0 else f"{rounded:+.1f}".replace("-", "\N{MINUS SIGN}")
