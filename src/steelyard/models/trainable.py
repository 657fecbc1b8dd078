"""The built-in network out of a finished model, to train it on: with all rows, from files."""

from typing import Any

from steelyard._tensorflow import keras
from steelyard.errors import RequestError
from steelyard.models.encoding_layer import TableEncoder
from steelyard.models.packed_layer import MemberMean, PackedDense
from steelyard.tables import Schema

NETWORK = "steelyard.network"  # as `models.tabular` names it


def trainable(model: Any, schema: Schema) -> Any:
    """A copy of the network with its weights: a matrix of the number columns -> class shares.

    Raises: RequestError: the model holds none, or reads what is no matrix of numbers.
    """
    if NETWORK not in [layer.name for layer in model.layers]:
        raise RequestError(
            "the model of this run is not the built-in network alone; make the run with "
            "`model='tabular'`"
        )
    odd = [
        name for name in schema.features
        if name in schema.categories or schema.column(name).offset
    ]  # fmt: skip
    if odd:
        raise RequestError(
            f"columns {', '.join(odd[:5])} are not read as plain numbers, and feeds of files give "
            "plain numbers; encode them in the files, or leave them out"
        )
    core = model.get_layer(NETWORK)
    inputs = keras.Input((len(schema.numbers),))
    x = TableEncoder(core.get_layer("encoder").encoding, name="encoder")(inputs)
    for layer in core.layers:
        if isinstance(layer, PackedDense):
            copy = PackedDense.from_config(layer.get_config())
            x = copy(x)
            copy.set_weights(layer.get_weights())
    return keras.Model(inputs, MemberMean()(x), name="network")
