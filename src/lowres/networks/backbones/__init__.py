"""Pretrained trunks by name: their layers, what each wants to be fed, and its published tensors put in place."""
