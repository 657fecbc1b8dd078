"""After `import steelyard` alone, Keras loads models saved with our losses, metrics and layers.

Keras looks the classes of a saved model up in a registry, which holds a class once its module has
been imported. `import steelyard` imports none of them, as that would take the seconds that
TensorFlow takes. So each name is registered with a stand-in, which imports its class when Keras
builds an object of it. Where Keras is imported later than steelyard, its import does that.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PACKAGE = "steelyard"

# Module -> the classes of it that a saved model may hold.
CLASSES = {
    "steelyard.layers": (
        "Calibration",
        "Decision",
        "DecisionByRow",
        "NormalizedDense",
        "PriorBias",
        "PriorCorrection",
        "TemperatureScaling",
        "ThreeWayDecision",
        "TreeEnsemble",
    ),
    "steelyard.losses": (
        "LDAM",
        "AUCMargin",
        "Asymmetric",
        "BalancedSoftmax",
        "ClassBalanced",
        "ClassDependentTemperature",
        "Dice",
        "Equalization",
        "FocalTversky",
        "GaussianClouded",
        "LabelAwareSmoothing",
        "LogitAdjusted",
        "PairwiseSquaredHinge",
        "Reweighted",
        "Seesaw",
        "SparseFocal",
        "Tversky",
        "VectorScaling",
    ),
    "steelyard.metrics": (
        "F1",
        "MCC",
        "ROCAUC",
        "AveragePrecision",
        "BalancedAccuracy",
        "BrierSkill",
        "CalibrationError",
        "ConfusionMatrix",
        "ExpectedCost",
        "FBeta",
        "GMean",
        "IoU",
        "LogLoss",
        "NormalizedCost",
        "ObservedExpected",
        "Precision",
        "PrecisionAtRecall",
        "Recall",
        "RecallAtPrecision",
        "Specificity",
    ),
    "steelyard.models.encoding_layer": ("TableEncoder", "TreeColumns"),
    "steelyard.models.packed_layer": ("MemberMean", "PackedDense"),
    "steelyard.models.deployed_model": ("Columns", "DeployedModel", "Label"),
}


class StandIn:
    """A class by name: imported when it is called or anything of it is asked for."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # copying and the like, which concern the stand-in
            raise AttributeError(attribute)
        return getattr(self.imported(), attribute)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.imported()(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self.module}.{self.name}, not imported yet>"

    def imported(self) -> Any:
        """The class; its module puts it into the registry in place of this."""
        return getattr(importlib.import_module(self.module), self.name)


def register(keras: ModuleType) -> None:
    """Enter all classes that are not there yet into Keras' registry."""
    registry = keras.saving.get_custom_objects()
    for module, names in CLASSES.items():
        for name in names:
            registry.setdefault(f"{PACKAGE}>{name}", StandIn(module, name))


class AfterKeras(MetaPathFinder):
    """Leaves finding Keras to the other finders and registers once it has been imported."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "keras":
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            register_after(spec.loader)
        return spec


def register_after(loader: Loader) -> None:
    """Let this loader of Keras register once it has run the module."""
    run = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        run(module)
        register(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]


def register_with_keras() -> None:
    """Register now if Keras is there, else when it is imported."""
    if "keras" in sys.modules:
        register(sys.modules["keras"])
    else:
        sys.meta_path.insert(0, AfterKeras())
