"""Every figure of a study, one function each: arrays in, a `Drawing` with its PNG out.

Matplotlib is imported when the first figure is drawn, never before.
"""

from lowres.faces.figures.agreement import confusion_matrix, per_class_bars
from lowres.faces.figures.amounts import class_counts
from lowres.faces.figures.canvas import Drawing, write_figures
from lowres.faces.figures.certainty import confidence_histogram, reliability
from lowres.faces.figures.curves import training_curves
from lowres.faces.figures.galleries import augmentation_examples, confusion_pairs, grad_cam_gallery, sample_grid
from lowres.faces.figures.reliance import risk_coverage, robustness

__all__ = [
    "Drawing",
    "augmentation_examples",
    "class_counts",
    "confidence_histogram",
    "confusion_matrix",
    "confusion_pairs",
    "grad_cam_gallery",
    "per_class_bars",
    "reliability",
    "risk_coverage",
    "robustness",
    "sample_grid",
    "training_curves",
    "write_figures",
]
