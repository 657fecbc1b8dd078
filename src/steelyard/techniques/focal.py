"""Easy rows count less."""

from steelyard.techniques.loss import Focal
from steelyard.techniques.technique import Technique

TECHNIQUE = Technique(
    name="focal",
    about="rows the model is already sure of count less (gamma 2)",
    source="Lin et al., ICCV 2017, arXiv 1708.02002",
    loss=Focal(gamma=2.0),
)
