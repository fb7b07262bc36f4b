"""Verdicts made up for pages and sinks."""

from lowres.values.watching.verdict import TESTS

_DARKER = "pictures are darker: brightness 0.2 against 0.5 (medians)"


def verdict(calm=True, is_known=True, hour=12, n=500):
    """As `WindowVerdict.to_json` has them."""
    causes = [
        {
            "kind": "brightness",
            "reason": "pictures are darker: brightness 0.2 against 0.5 (medians)",
            "ids": ["a", "b"],
        },
        {"kind": "saturation", "reason": "colours are paler", "ids": []},
    ]
    shifts = {test: {"p": 0.5, "size": 0.05, "direction": 1} for test in TESTS}
    shifts["brightness"] = {"p": 1e-20, "size": 0.4, "direction": -1}
    return {
        "start": f"2026-11-26T{hour:02d}:00:00.000000Z",
        "end": f"2026-11-26T{hour:02d}:10:00.000000Z",
        "n": n,
        "calm": calm,
        "causes": [] if calm else causes,
        "alarms": [] if calm else [{"test": "brightness", "lookback": 1, "p": 1e-20, "size": 0.4, "direction": -1}],
        "shifts": shifts,
        "medians": {"brightness": 0.2},
        "mix": [300, 150, 50],
        "copied_share": 0.0,
        "estimated_accuracy": {"accuracy": 0.91, "interval": [0.85, 0.97], "is_known": is_known, "error": 0.04},
        "labelled_accuracy": {
            "accuracy": 0.9,
            "interval": [0.77, 0.96],
            "n": 40,
            "by_class": [[20, 20], [16, 20], [0, 0]],
        },
    }
