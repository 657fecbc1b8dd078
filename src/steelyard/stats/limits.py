"""How many rows of the class of interest it takes to say something; one home for both limits."""

TO_COMPARE = 10
"""With fewer positives techniques are described and not compared."""

TO_NAME_BEST = 50
"""With fewer positives nothing is called best."""
