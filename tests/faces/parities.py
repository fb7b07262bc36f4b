"""Two exports with their parity, made by hand for the tests of what is said of them."""

from dataclasses import replace

from lowres.values.exporting.parity import Pace, Parity

PACE = Pace(12.34, 60, 81.2, 960, 32, 2, 0.5)
ONE = Parity(
    "openvino-f32", 1000, 0.992, 0.97, 0.0421, 0.905, (0.885, 0.922), 0.904, 0.001, (-0.005, 0.007), 13_600_000,
    "openvino 2026.4.1", PACE,
)  # fmt: skip
TWO = replace(ONE, format="litert-int8", threshold=0.92, gain=-0.004, gain_interval=(-0.012, 0.003), size_bytes=4_100,
              pace=replace(PACE, batch_images=1, load=2.5))  # fmt: skip
