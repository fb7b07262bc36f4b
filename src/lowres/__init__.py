"""lowres trains, proves, explains, ships and watches image classifiers when the data is small."""

__version__ = "0.1.0"
