"""A model of your own in the comparison: its last layer gives logits, everything else is yours.

    steelyard compare table.csv --target y --model examples/own_model.py:build --out run

steelyard encodes the columns inside each fold and calls `build` for every training, with the number
of encoded columns and of classes. It trains the model under each technique's loss until the rows
held out for it stop it, and puts prior correction, calibration and decision behind it. Compile with
an optimizer, or not at all (then it is Adam); the loss is the technique's.
"""

import keras


def build(inputs, classes):
    """A network with a skip connection: (batch, inputs) -> logits (batch, classes)."""
    x = keras.Input((inputs,))
    hidden = keras.layers.Dense(64, activation="relu")(x)
    hidden = keras.layers.Dropout(0.2)(hidden)
    wide = keras.layers.Concatenate()([x, hidden])
    model = keras.Model(x, keras.layers.Dense(classes)(wide))
    model.compile(keras.optimizers.AdamW(2e-3))
    return model
