"""The losses of `steelyard.losses`, each as a technique with nothing else treated."""

from steelyard.techniques import loss_members as losses
from steelyard.techniques.loss import ClassWeights
from steelyard.techniques.technique import Technique

TECHNIQUES = (
    Technique(
        "square-root-weight",
        "mistakes weighted by the square root of inverse class frequency",
        "half of class-weight on a log scale",
        loss=ClassWeights("sqrt"),
    ),
    Technique(
        "deferred-weight",
        "weights by the effective number of rows, from four fifths of the training on",
        "Cao et al., NeurIPS 2019, arXiv 1906.07413, section 3.3",
        loss=losses.Deferred(),
    ),
    Technique(
        "ldam",
        "margins that grow with rarity, on cosines",
        "Cao et al., NeurIPS 2019, arXiv 1906.07413",
        loss=losses.Ldam(),
    ),
    Technique(
        "ldam-drw",
        "the same, with class weights from four fifths of the training on",
        "Cao et al., NeurIPS 2019, arXiv 1906.07413",
        loss=losses.Deferred(losses.Ldam()),
    ),
    Technique(
        "vector-scaling",
        "a factor and an offset per class on the logits while training",
        "Kini et al., NeurIPS 2021, arXiv 2103.01550",
        loss=losses.VectorScaling(),
    ),
    Technique(
        "class-dependent-temperature",
        "logits of rare classes made smaller while training",
        "Ye et al., 2020, arXiv 2001.01385",
        loss=losses.ClassDependentTemperature(),
    ),
    Technique(
        "class-balanced-focal",
        "a focal sigmoid per class, rows weighted by the effective number of rows",
        "Cui et al., CVPR 2019, arXiv 1901.05555",
        loss=losses.ClassBalancedFocal(),
    ),
    Technique(
        "seesaw",
        "rarer classes pushed down less, unless the model holds them likelier",
        "Wang et al., CVPR 2021, arXiv 2008.10032",
        loss=losses.Seesaw(),
    ),
    Technique(
        "equalization",
        "rarer classes left out of other rows' softmax by chance",
        "Tan et al., CVPR 2020, arXiv 2003.05176",
        loss=losses.Equalization(),
    ),
    Technique(
        "asymmetric",
        "a sigmoid per class, easy absent classes count less",
        "Ridnik et al., ICCV 2021, arXiv 2009.14119",
        loss=losses.Asymmetric(),
    ),
    Technique(
        "label-aware-smoothing",
        "targets of frequent classes smoothed more",
        "Zhong et al., CVPR 2021, arXiv 2104.00466",
        loss=losses.LabelAwareSmoothing(),
    ),
    Technique(
        "gaussian-clouded",
        "noise on cosines that grows with rarity",
        "Li, Cheung & Lu, CVPR 2022, arXiv 2305.11733",
        loss=losses.GaussianClouded(),
    ),
    Technique(
        "auc-margin",
        "the margin form of the area under the ROC curve",
        "Yuan et al., ICCV 2021, arXiv 2012.03173",
        loss=losses.AucMargin(),
    ),
    Technique(
        "pairwise-squared-hinge",
        "every positive above every negative by a margin",
        "Rust & Hocking, 2023, arXiv 2302.11062",
        loss=losses.PairwiseSquaredHinge(),
    ),
)
