"""`sy.finish` on networks trained in six ways: true probabilities, and no dearer than before?

    python benchmarks/finish.py [--seeds 5] [--tables abalone9_18,car_vgood,...] [--kept FILE]

Every table is cut into training, validation and test rows, by class, anew for each seed. A small
network is trained on the training rows plainly, with balanced class weights, on over-sampled,
under-sampled and SMOTE rows, and with focal loss; `finish` sees the validation rows only. All that
is printed is measured on the test rows. Three questions, by treatment: how often the 95 % interval
of observed/expected holds 1 (a test part differs from the validation part by chance, too, so the
interval's error and that of the calibration both count); log loss relative to the finished plain
network's; and the cost of ten for a miss against one for a false alarm, less that of the network as
it was, cut at .5.

What is measured is kept in a file, a line a network, so that the same command goes on where it was
stopped; --minutes stops it.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
from scipy import stats
from sklearn.model_selection import train_test_split

import steelyard as sy
from quality_sets import frames
from steelyard import losses, resample, weights

TABLES = (
    "abalone9_18", "car_vgood", "kc1", "page_blocks0", "satimage",
    "segment0", "vowel0", "winequality_red_4", "yeast3", "yeast4",
)  # fmt: skip
FP, FN = 1, 10
STEPS = 32  # of training that Keras takes at once: the same network in half the time


def parts(frame, seed):
    """Standardised training, validation and test rows with their labels, half, a quarter each."""
    y = frame["target"].to_numpy().astype(int)
    X = frame.drop("target").to_numpy().astype("float32")
    X, rest, y, y_rest = train_test_split(X, y, test_size=0.5, stratify=y, random_state=seed)
    val, test, y_val, y_test = train_test_split(
        rest, y_rest, test_size=0.5, stratify=y_rest, random_state=seed
    )
    mean, spread = X.mean(0), X.std(0) + 1e-6
    scaled = [np.clip((part - mean) / spread, -8, 8) for part in (X, val, test)]
    return (scaled[0], y), (scaled[1], y_val), (scaled[2], y_test)


def network(columns, loss, seed):
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((columns,)), layers.Dense(32, activation="relu"), layers.Dense(2)]
    )
    model.compile(keras.optimizers.Adam(0.005), loss, jit_compile=False, steps_per_execution=STEPS)
    return model


def treatments(X, y, seed):
    """Name -> (rows, labels, options of fit, loss)."""
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    counts = np.bincount(y)
    resampled = {
        "over-sampling": resample.RandomOverSampler(random_state=seed),
        "under-sampling": resample.RandomUnderSampler(random_state=seed),
        "SMOTE": resample.SMOTE(random_state=seed),
    }
    found = {
        "plain": (X, y, {}, plain),
        "class weights": (X, y, {"sample_weight": weights.from_counts(counts)[y]}, plain),
        "focal": (X, y, {}, losses.SparseFocal(gamma=2.0, from_logits=True)),
    }
    for name, sampler in resampled.items():
        found[name] = (*sampler.fit_resample(X, y), {}, plain)
    return found


def one(validation, test, treatment, seed):
    """Of one network: whether O/E holds 1, log loss, both costs per 1,000 test rows."""
    X, y, options, loss = treatment
    model = network(X.shape[1], loss, seed)
    epochs = int(np.clip(4000 // max(1, len(X) // 64), 5, 40))  # about 4,000 steps
    model.fit(X.astype("float32"), y, batch_size=64, epochs=epochs, verbose=0, **options)
    X_test, y_test = test
    before = model.predict(X_test, verbose=0, batch_size=4096).argmax(1)
    finished = sy.finish(model, *validation, goal=sy.Costs(fp=FP, fn=FN))
    out = finished.predict(X_test, verbose=0, batch_size=4096)
    p = out["probability"].astype(np.float64)
    log_loss = -np.log(np.maximum(p[np.arange(len(p)), y_test], 1e-12)).mean()
    return {
        "holds": bool(holds(y_test, p[:, 1], validation[1])),
        "log_loss": float(log_loss),
        "cost": float(cost(y_test, out["decision"])),
        "cost_before": float(cost(y_test, before)),
        "validation_positives": int(validation[1].sum()),
        "observed_expected": float(y_test.sum() / p[:, 1].sum()),
    }


def holds(y, p, y_validation):
    """Whether test rows and promise differ by no more than both samples' chance explains."""
    spread = np.sqrt((p * (1 - p)).sum())
    # The validation rows fixed the level: their own chance moves the promise as much.
    scale = len(y) / len(y_validation)
    error = spread * np.sqrt(1 + scale)
    return abs(y.sum() - p.sum()) <= stats.norm.ppf(0.975) * error


def cost(y, decided):
    return 1000 * (FP * ((decided == 1) & (y == 0)) + FN * ((decided == 0) & (y == 1))).mean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--kept", type=Path, default=Path("finish.jsonl"))
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    until = time.monotonic() + 60.0 * options.minutes
    rows = kept(options.kept)
    done = {(row["table"], row["seed"]) for row in rows}
    names = options.tables.split(",")
    for seed in range(options.seeds):
        left = [name for name in names if (name, seed) not in done]
        for name, frame in frames(None, left, more=False) if left else ():
            if time.monotonic() > until:
                return show(rows)
            found = of_table(name, frame, seed)
            rows += found
            with options.kept.open("a") as file:
                file.writelines(json.dumps(row) + "\n" for row in found)
    return show(rows)


def kept(path):
    """What was measured before."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def of_table(name, frame, seed):
    """A row for each treatment."""
    train, validation, test = parts(frame, seed)
    return [
        {"table": name, "seed": seed, "treatment": treatment} | one(validation, test, how, seed)
        for treatment, how in treatments(*train, seed).items()
    ]


def show(rows):
    print(
        f"{'treatment':<16}{'O/E holds 1':>14}{'log loss / plain':>18}{'cost less that at .5':>28}"
    )
    plain = {(r["table"], r["seed"]): r["log_loss"] for r in rows if r["treatment"] == "plain"}
    for treatment in dict.fromkeys(row["treatment"] for row in rows):
        mine = [row for row in rows if row["treatment"] == treatment]
        held = sum(row["holds"] for row in mine)
        relative = [row["log_loss"] / plain[row["table"], row["seed"]] for row in mine]
        gain = np.array([row["cost"] - row["cost_before"] for row in mine])
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        print(
            f"{treatment:<16}{f'{held} of {len(mine)}':>14}{np.median(relative):>18.3f}"
            f"{f'{gain.mean():+.1f} (s.e. {error:.1f})':>28}"
        )


if __name__ == "__main__":
    main()
