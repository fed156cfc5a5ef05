"""The density net: q(parameters | summaries) as a product of one-dimensional mixtures, with hand-written gradients.

A trunk of two tanh layers turns the summaries into features. The mixture of parameter j hears these features and the
parameters before j, so that any dependence and any number of modes can be told (Bishop 1994, mixture density nets;
Papamakarios and Murray 2016, their use for simulators). A stack of E members is trained at once: every weight has a
first axis E, and each member sees its own rows.

Shapes: E members, n rows, s summaries, p parameters, T trunk, h units per conditional, K Gaussians.
"""

from __future__ import annotations

import numpy as np

TRUNK = 96  # two layers of 96: enough for 174 summaries at 2,000 runs; wider nets gained nothing there
UNITS = 32  # hidden units of each conditional
GAUSSIANS = 6  # per conditional; a posterior with two modes and edges needs 3 to 4
LOG_SD_REACH = 6.0  # log sd stays within +- 6, so that no Gaussian collapses on one row
FIRST_SPREAD = 1.5  # the first means of the Gaussians span +- 1.5 prior sd, so that they do not move as one
HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)

Weights = dict[str, np.ndarray]


def fresh_weights(generator: np.random.Generator, members: int, s: int, p: int, kind: type = np.float32) -> Weights:
    """Return the starting weights of `members` nets: fan-in scaled, with the Gaussians spread out."""

    def scaled(*shape: int) -> np.ndarray:
        return generator.normal(0.0, 1.0, shape) / np.sqrt(max(1, shape[-2]))

    weights = {
        name: np.zeros(shape) if name.endswith("_bias") else scaled(*shape)
        for name, shape in shapes(members, s, p).items()
    }
    weights["before"] *= earlier(p)
    weights["out"] *= 0.1
    weights["out_bias"][..., GAUSSIANS : 2 * GAUSSIANS] = np.linspace(-FIRST_SPREAD, FIRST_SPREAD, GAUSSIANS)
    return {name: value.astype(kind) for name, value in weights.items()}


def shapes(members: int, s: int, p: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each weight of `members` nets."""
    return {
        "in": (members, s, TRUNK), "in_bias": (members, 1, TRUNK),
        "mid": (members, TRUNK, TRUNK), "mid_bias": (members, 1, TRUNK),
        "hear": (members, p, TRUNK, UNITS), "before": (members, p, p, UNITS), "hear_bias": (members, p, 1, UNITS),
        "out": (members, p, UNITS, 3 * GAUSSIANS), "out_bias": (members, p, 1, 3 * GAUSSIANS),
    }  # fmt: skip


def earlier(p: int) -> np.ndarray:
    """Return float[p, p, 1]: 1 where parameter j (first axis) may hear parameter i, that is where i < j."""
    return np.tril(np.ones((p, p)), -1)[:, :, None]


def features(w: Weights, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both layers of the trunk, float[E, n, T], for summaries float[E, n, s]."""
    first = np.tanh(x @ w["in"] + w["in_bias"])
    return first, np.tanh(first @ w["mid"] + w["mid_bias"])


def mixtures(out: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return log weights, means, log sds and the slope of log sd, each [..., K], from raw outputs [..., 3K]."""
    raw, mean, raw_sd = out[..., :GAUSSIANS], out[..., GAUSSIANS : 2 * GAUSSIANS], out[..., 2 * GAUSSIANS :]
    top = raw.max(axis=-1, keepdims=True)
    log_weight = raw - top - np.log(np.exp(raw - top).sum(axis=-1, keepdims=True))
    bent = np.tanh(raw_sd / out.dtype.type(LOG_SD_REACH))
    return log_weight, mean, out.dtype.type(LOG_SD_REACH) * bent, 1 - bent * bent


def log_density(w: Weights, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return float[E, n]: log q of standardised parameters float[E, n, p] given summaries float[E, n, s]."""
    _, second = features(w, x)
    hidden = np.tanh(second[:, None] @ w["hear"] + z[:, None] @ w["before"] + w["hear_bias"])
    log_weight, mean, log_sd, _ = mixtures(hidden @ w["out"] + w["out_bias"])
    off = (np.swapaxes(z, 1, 2)[..., None] - mean) * np.exp(-log_sd)
    joint = log_weight - log_sd - 0.5 * off * off
    top = joint.max(axis=-1)
    each = top + np.log(np.exp(joint - top[..., None]).sum(axis=-1)) - HALF_LOG_2PI
    return np.asarray(each.sum(axis=1))


def loss_and_gradients(w: Weights, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, Weights]:
    """Return the mean of -log q per member, float[E], and its gradient by every weight."""
    n, p = z.shape[1], z.shape[2]
    first, second = features(w, x)
    hidden = np.tanh(second[:, None] @ w["hear"] + z[:, None] @ w["before"] + w["hear_bias"])
    log_weight, mean, log_sd, bend = mixtures(hidden @ w["out"] + w["out_bias"])
    inverse_sd = np.exp(-log_sd)
    off = (np.swapaxes(z, 1, 2)[..., None] - mean) * inverse_sd
    joint = log_weight - log_sd - 0.5 * off * off
    top = joint.max(axis=-1, keepdims=True)
    share = np.exp(joint - top)
    total = share.sum(axis=-1, keepdims=True)
    share /= total  # whose Gaussian the row is
    loss = -((top + np.log(total))[..., 0] - HALF_LOG_2PI).sum(axis=1).mean(axis=-1)

    d_out = np.concatenate([np.exp(log_weight) - share, -share * off * inverse_sd, share * (1 - off * off) * bend], -1)
    d_out /= n
    d_hidden = (d_out @ np.swapaxes(w["out"], -1, -2)) * (1 - hidden * hidden)
    d_second = (d_hidden @ np.swapaxes(w["hear"], -1, -2)).sum(axis=1) * (1 - second * second)
    d_first = (d_second @ np.swapaxes(w["mid"], -1, -2)) * (1 - first * first)
    allowed = earlier(p).astype(z.dtype)
    gradients = {
        "in": np.swapaxes(x, -1, -2) @ d_first,
        "in_bias": d_first.sum(axis=-2, keepdims=True),
        "mid": np.swapaxes(first, -1, -2) @ d_second,
        "mid_bias": d_second.sum(axis=-2, keepdims=True),
        "hear": np.swapaxes(second, -1, -2)[:, None] @ d_hidden,
        "before": (np.swapaxes(z, -1, -2)[:, None] @ d_hidden) * allowed,
        "hear_bias": d_hidden.sum(axis=-2, keepdims=True),
        "out": np.swapaxes(hidden, -1, -2) @ d_out,
        "out_bias": d_out.sum(axis=-2, keepdims=True),
    }
    return loss, gradients


def draw(w: Weights, x: np.ndarray, n: int, generator: np.random.Generator) -> np.ndarray:
    """Return float[m, n, p]: n draws of standardised parameters for each of m rows float[m, s], from a single member.

    `w` has a first axis of 1. The parameters are drawn one after the other, each given those before it.
    """
    m, p = len(x), w["out"].shape[1]
    _, second = features(w, x[None])
    z = np.zeros((m * n, p), x.dtype)
    for j in range(p):
        heard = second[0] @ w["hear"][0, j] + w["hear_bias"][0, j]
        hidden = np.tanh(np.repeat(heard, n, axis=0) + z[:, :j] @ w["before"][0, j, :j])
        log_weight, mean, log_sd, _ = mixtures(hidden @ w["out"][0, j] + w["out_bias"][0, j])
        steps = np.cumsum(np.exp(log_weight), axis=-1)
        pick = np.minimum((generator.random((m * n, 1)) * steps[:, -1:] > steps).sum(axis=-1), GAUSSIANS - 1)
        rows = np.arange(m * n)
        z[:, j] = mean[rows, pick] + np.exp(log_sd[rows, pick]) * generator.standard_normal(m * n)
    return z.reshape(m, n, p)
