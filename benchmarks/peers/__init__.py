"""What users would pick instead of lowres, measured on the same images, weights, minutes and cores."""
