"""Importing this registers every layer a shipped model is made of.

After `import steelyard.models.registered`, `keras.models.load_model("run/model.keras")` works
without any other part of steelyard.
"""

from steelyard.layers import trees
from steelyard.models import encoding_layer, packed_layer, ship

__all__ = ["encoding_layer", "packed_layer", "ship", "trees"]
