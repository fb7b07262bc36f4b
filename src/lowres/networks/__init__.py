"""The only rooms that import Keras or an inference engine."""
