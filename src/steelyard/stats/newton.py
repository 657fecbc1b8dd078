"""Newton's method for a handful of parameters, and the two log losses it is used on."""

from collections.abc import Callable

import numpy as np

from steelyard.stats.validation import Floats

Derivatives = tuple[float, Floats, Floats]


def minimise(objective: Callable[[Floats], Derivatives], start: Floats) -> tuple[Floats, Floats]:
    """The minimum of a convex function, and the inverse of its Hessian there.

    `objective` gives value, gradient and Hessian. Directions in which the function is flat are
    left alone.
    """
    theta = start
    value, gradient, hessian = objective(theta)
    for _ in range(100):
        step = -np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
        # Once the promised gain drowns in rounding there is nothing left to gain.
        if -(gradient @ step) <= 1e-12 * max(abs(value), 1.0):
            break
        for _ in range(40):
            reached = objective(theta + step)
            if reached[0] <= value:
                break
            step = step / 2.0
        else:
            break
        theta = theta + step
        value, gradient, hessian = reached
    return theta, np.linalg.pinv(hessian)


def logistic(
    features: Floats, targets: Floats, sample_weight: Floats, offset: Floats | float = 0.0
) -> Callable[[Floats], Derivatives]:
    """Log loss of expit(offset + features @ theta), summed over weighted rows.

    Shapes: features (rows, len(theta)); targets in [0, 1] and sample_weight (rows,).
    """
    # einsum and sum, no matrix products: for so few columns BLAS spends more on waking its
    # threads than it saves, twice the processor time where techniques are judged side by side.

    def objective(theta: Floats) -> Derivatives:
        z = offset + np.einsum("ik,k->i", features, theta)
        # One exp for both: expit(z) and log(1 + exp(z)), each without overflow.
        decay = np.exp(-np.abs(z))
        predicted = np.where(z >= 0.0, 1.0, decay) / (1.0 + decay)
        losses = np.maximum(z, 0.0) + np.log1p(decay) - targets * z
        spread = sample_weight * predicted * (1.0 - predicted)
        hessian = np.einsum("ik,i,il->kl", features, spread, features)
        gradient = np.einsum("ik,i->k", features, sample_weight * (predicted - targets))
        return float((sample_weight * losses).sum()), gradient, hessian

    return objective


def scaled_softmax(
    logs: Floats, design: Floats, targets: Floats, sample_weight: Floats, scale: float | None = None
) -> Callable[[Floats], Derivatives]:
    """Log loss of softmax(scale * logs + design @ beta), summed over weighted rows.

    theta is (*beta, scale), or beta alone where `scale` is given. Shapes: logs and targets
    (rows, classes), design (classes, len(beta)), sample_weight (rows,).
    """

    def objective(theta: Floats) -> Derivatives:
        factor = theta[-1] if scale is None else scale
        z = factor * logs + design @ theta[: design.shape[1]]
        top = z.max(axis=1, keepdims=True)
        predicted = np.exp(z - top)
        total = predicted.sum(axis=1, keepdims=True)
        predicted /= total
        normaliser = sample_weight @ (top + np.log(total))
        value = float(normaliser[0] - np.einsum("i,ik,ik->", sample_weight, targets, z))
        counted = predicted * sample_weight[:, None]
        off = counted - targets * sample_weight[:, None]
        gradient = design.T @ off.sum(axis=0)
        hessian = design.T @ (np.diag(counted.sum(axis=0)) - counted.T @ predicted) @ design
        if scale is not None:
            return value, gradient, hessian
        mean = np.einsum("ik,ik->i", predicted, logs)
        weighted = counted * (logs - mean[:, None])
        cross = design.T @ weighted.sum(axis=0)
        corner = np.array([[np.einsum("ik,ik->", weighted, logs)]])
        return (
            value,
            np.append(gradient, np.einsum("ik,ik->", off, logs)),
            np.block([[hessian, cross[:, None]], [cross[None, :], corner]]),
        )

    return objective
