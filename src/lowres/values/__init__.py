"""Arrays in, frozen values out: no Keras, no disk, no printing."""
