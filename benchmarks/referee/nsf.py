"""The referee's side: neural spline flows of `sbi` on the rows it is given; runs in an environment that has sbi.

Usage: nsf.py ROWS ANSWERS. `ROWS` (npz) holds tasks `0, 1, ...`: `z_k` float[n, p], unbounded parameters; `x_k`
float[n, s], summaries; `at_k` float[m, s], where to draw; `z_at_k` float[m, p], where to ask the density; `draws`.
"""

import sys
import time

import numpy as np
import torch
from sbi.inference import NPE
from sbi.neural_nets import posterior_nn

SEED = 1


def main(rows: str, answers: str) -> None:
    torch.set_num_threads(2)
    with np.load(rows) as file:
        given = dict(file)
    found = {}
    for k in range(sum(name.startswith("z_at_") for name in given)):
        torch.manual_seed(SEED)
        z, x, at, z_at = (torch.tensor(given[f"{name}_{k}"], dtype=torch.float32) for name in ("z", "x", "at", "z_at"))
        began = time.process_time()
        flow = NPE(density_estimator=posterior_nn(model="nsf"), show_progress_bars=False)
        net = flow.append_simulations(z, x).train()
        found[f"seconds_{k}"] = time.process_time() - began
        with torch.no_grad():
            found[f"density_{k}"] = net.log_prob(z_at[None], condition=at)[0].numpy()
            found[f"draws_{k}"] = net.sample((int(given["draws"]),), condition=at).numpy().swapaxes(0, 1)
        print(f"task {k}: {found[f'seconds_{k}']:.0f} s of processor", file=sys.stderr, flush=True)
    np.savez(answers, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
