"""Made-up rows between rare neighbours."""

from steelyard.techniques.sample import Smote
from steelyard.techniques.technique import Technique

TECHNIQUE = Technique(
    name="smote",
    about="rare rows synthetic between neighbours until the classes are even",
    source="Chawla et al., JAIR 16, 2002",
    sample=Smote(),
)
