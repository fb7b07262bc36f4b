"""The 1,797 handwritten digits of 8x8 pixels inside scikit-learn: real pictures that need no download.

Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits" (UCI Machine Learning Repository, 1998).
"""

from __future__ import annotations

import numpy as np

from lowres.values.labelled_images import LabelledImages

_HIGHEST = 16


def open_digits() -> LabelledImages:
    """Return the digits in scikit-learn's order, their 17 grey levels spread over 0 to 255; none is held out."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    grey = np.rint(digits.images * 255 / _HIGHEST).astype(np.uint8)
    return LabelledImages(
        pixels=np.repeat(grey[..., None], 3, axis=3),
        labels=digits.target.astype(np.int64),
        class_names=tuple(str(name) for name in digits.target_names),
        ids=tuple(f"digits/{index:04d}" for index in range(len(grey))),
    )
