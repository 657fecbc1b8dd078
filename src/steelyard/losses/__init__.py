"""Losses for uneven classes: a formula as a plain function, a thin Keras class around it."""
