"""Cross-entropy on logits + log class share: logit adjustment with tau = 1."""

from steelyard.techniques.loss import LogitAdjusted
from steelyard.techniques.technique import Technique

TECHNIQUE = Technique(
    name="balanced-softmax",
    about="logits shifted by the log class share while training (logit adjustment, tau 1)",
    source="Ren et al., NeurIPS 2020, arXiv 2007.10740; Menon et al., ICLR 2021, arXiv 2007.07314",
    loss=LogitAdjusted(tau=1.0),
)
