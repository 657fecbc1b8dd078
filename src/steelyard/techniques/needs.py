"""What a technique can ask of a trainer. A trainer honours a need or refuses the technique."""

# Name of a need -> what a trainer without it is said not to take.
NEEDS = {
    "class weights": "class weights",
    "logit offsets": "an offset per class on the logits",
    "focal factor": "a loss that depends on the predicted probability",
    "logit factors": "a factor per class on the logits",
    "pair offsets": "an offset per pair of classes on the logits",
    "compensation": "an offset that depends on the predicted probability",
    "smoothed targets": "targets spread over several classes",
    "one sigmoid per class": "one sigmoid per class",
    "spared classes": "classes left out of the softmax by chance",
    "noise": "noise on the logits",
    "cosines": "a last layer of cosines",
    "pairs of rows": "a loss over pairs of rows",
    "deferral": "class weights that set in late",
    "rows on lines": "synthetic rows between two rows",
    "rows of its own": "synthetic rows that a sampler makes in the encoded columns",
}

# What cannot be had where rows have sample weights, and why.
UNWEIGHTED = {
    "rows of its own": "it makes rows that come from no row of the table, so no sample weight is "
    "theirs",
    "pairs of rows": "its loss is over pairs of rows, which have no sample weight",
}

# Effects on the prior, from the mildest: undone by a formula; by a formula that is then checked;
# by no formula, so the probabilities are always calibrated on natural out-of-fold rows.
CLOSED_FORM, APPROXIMATE, UNKNOWN = "closed form", "approximate", "unknown"
EFFECTS = (CLOSED_FORM, APPROXIMATE, UNKNOWN)


def listed(needs: frozenset[str]) -> list[str]:
    """Needs in the order of the table above.

    >>> listed(frozenset({"deferral", "class weights"}))
    ['class weights', 'deferral']
    """
    return [need for need in NEEDS if need in needs]
