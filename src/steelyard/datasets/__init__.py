"""The one real table shipped with steelyard, for the demo, the examples and the tests.

Statlog (Landsat Satellite), UCI Machine Learning Repository, Ashwin Srinivasan, CC BY 4.0
(https://creativecommons.org/licenses/by/4.0/, doi.org/10.24432/C55887): 6,435 pixels with their
neighbours in four spectral bands. Changed: the six soil classes are merged to one question, class
4 ("damp grey soil", 626 pixels) against the rest, in the column `soil`.
"""

from pathlib import Path

SATIMAGE = Path(__file__).with_name("satimage.parquet")
