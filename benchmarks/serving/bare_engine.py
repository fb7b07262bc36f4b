"""The engine alone: each line on stdin is `IMAGES BATCH`; answers with the seconds and processor seconds they took.

python benchmarks/serving/bare_engine.py STUDY
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from lowres.pipeline.predict_pictures import open_finished_study, open_study_engine


def main() -> None:
    """Load the study's engine, then run what is asked for."""
    study = open_finished_study(Path(sys.argv[1]))
    _, engine = open_study_engine(study)
    pixels = np.random.default_rng(0).integers(0, 256, (512, study.size[1], study.size[0], 3), dtype=np.uint8)
    # The first batch of a size prepares it.
    list(engine.run([pixels[:8]] * 4))
    print(json.dumps({"engine": f"{engine.name} {engine.precision}", "streams": engine.parallel_batches}), flush=True)
    for line in sys.stdin:
        images, batch = map(int, line.split())
        began, processor = time.perf_counter(), time.process_time()
        starts = range(0, images, batch)
        for _ in engine.run(pixels[start % 448 :][: min(batch, images - start)] for start in starts):
            pass
        took = {"seconds": time.perf_counter() - began, "processor_seconds": time.process_time() - processor}
        print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
