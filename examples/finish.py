"""TensorFlow's tutorial "Classification on imbalanced data", finished in five lines.

    python examples/finish.py [--epochs 30]

The tutorial ends with a network trained with class weights and a threshold of .5. Its probabilities
are several times too high, which nothing in the notebook shows. The five lines marked below are all
that is added: they need the tutorial's validation rows and what mistakes cost, and leave a Keras
file with true probabilities and the decision inside.
"""

import argparse

import numpy as np
from sklearn.model_selection import train_test_split
from table import BATCH, FALSE_ALARM, MISS, metric_values, network, read

from steelyard import weights


def main(epochs=30):
    """Train as the tutorial does, finish, print test metrics before and after; return them."""
    X, y, X_test, y_test = read()
    X, X_val, y, y_val = train_test_split(X, y, stratify=y, test_size=0.3, random_state=0)
    model = network(X.shape[1], np.bincount(y))
    model.fit(**weights.fit_arguments(X, y), batch_size=BATCH, epochs=epochs, verbose=0)

    import steelyard as sy  # 1

    costs = sy.Costs(fp=FALSE_ALARM, fn=MISS)  # 2
    finished = sy.finish(model, X_val, y_val, goal=costs)  # 3
    print(finished.report)  # 4
    # finished.save("fraud.keras")  # 5; keras.models.load_model opens it once steelyard is imported

    before = model.predict(X_test, verbose=0)[:, 0]
    out = finished.predict(X_test, verbose=0)
    lines = {
        "tutorial: class weights, .5": metric_values(y_test, before, before >= 0.5),
        "the same, finished": metric_values(y_test, out["probability"][:, 1], out["decision"]),
    }
    print(f"\n{len(y_test):,} test rows, {y_test.sum()} frauds; a miss costs {MISS} false alarms")
    print(f"{'':<28}{'AP':>8}{'log loss':>10}{'obs/exp':>9}{'cost/1,000':>12}")
    for name, (ap, loss, ratio, cost) in lines.items():
        print(f"{name:<28}{ap:>8.3f}{loss:>10.4f}{ratio:>9.2f}{cost:>12.1f}")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    main(parser.parse_args().epochs)
