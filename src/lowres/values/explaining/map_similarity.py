"""How alike two heat maps of the same image are: by the order of their places, and by their structure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lowres.values.explaining.explanation import Maps, for_display, resize_map

# Wang et al. 2004, with the uniform window that is usual for small pictures; the maps shown range over 1.
_WINDOW = 7
_C1, _C2 = 0.01**2, 0.03**2


def rank_correlations(maps: Maps, others: Maps) -> NDArray[np.float64]:
    """Return Spearman's correlation of the raw values of each pair, float64 `[n]`; 0 where one of them is constant."""
    from scipy.stats import rankdata

    one, other = (rankdata(each.reshape(len(each), -1), axis=1) for each in (maps, others))
    one, other = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (one, other))
    lengths = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.asarray(np.divide((one * other).sum(axis=1), lengths, out=np.zeros(len(one)), where=lengths > 0))


def structural_similarities(maps: Maps, others: Maps, height: int, width: int) -> NDArray[np.float64]:
    """Return the structural similarity of each pair as it is shown, stretched over a picture, float64 `[n]`.

    Wang et al., Image Quality Assessment, IEEE Transactions on Image Processing 13 (2004), eq. 13 averaged over all
    7 x 7 windows inside the picture (of smaller pictures over the one window there is), deviations as of a sample.
    """
    one, other = (resize_map(for_display(each), height, width).astype(np.float64) for each in (maps, others))
    size = min(_WINDOW, height, width)
    mean, other_mean = _window_means(one, size), _window_means(other, size)
    unbias = size**2 / max(size**2 - 1, 1)
    variance = unbias * (_window_means(one * one, size) - mean**2)
    other_variance = unbias * (_window_means(other * other, size) - other_mean**2)
    shared = unbias * (_window_means(one * other, size) - mean * other_mean)
    luminance = (2 * mean * other_mean + _C1) / (mean**2 + other_mean**2 + _C1)
    structure = (2 * shared + _C2) / (variance + other_variance + _C2)
    return np.asarray((luminance * structure).mean(axis=(1, 2)))


def _window_means(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(values, (size, size), axis=(1, 2))
    return np.asarray(windows.mean(axis=(3, 4)))
