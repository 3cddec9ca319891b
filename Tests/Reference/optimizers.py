"""Writes the golden fixture of the optimisers: Tests/OptimizersTests/Fixtures/optimizers.json.

    python3 Tests/Reference/optimizers.py        (needs PyTorch, see README.md beside this file)

Five steps of torch.optim on one vector with gradients that are given, all in float64 from float32-exact values.
Weight decay is added to the gradient (L2) by SGD and Adam, and shrinks the parameters by themselves in AdamW.

Keys: initial [10], gradients [5][10], and runs, each with optimizer, learningRate, momentum, weightDecay, and parameters
[5][10], the vector after each step. Adam's beta1, beta2 and epsilon are 0.9, 0.999 and 1e-8 (torch's defaults).
"""

import json
from pathlib import Path

import torch

SIZE, STEPS = 10, 5
FILE = Path(__file__).resolve().parent.parent / "OptimizersTests" / "Fixtures" / "optimizers.json"
KINDS = {
    "sgd": (0.1, 0.0, torch.optim.SGD, {}),
    "sgd-momentum": (0.1, 0.9, torch.optim.SGD, {"momentum": 0.9}),
    "adam": (0.02, 0.0, torch.optim.Adam, {}),
    "adamw": (0.02, 0.0, torch.optim.AdamW, {}),
}


def make_vectors():
    """Magnitudes from 1/1024 to 50; the third element's gradient is always zero, the fourth's is zero after the first step."""
    generator = torch.Generator().manual_seed(11)
    initial = torch.randint(-2048, 2049, (SIZE,), generator=generator).double() / 1024
    gradients = torch.randint(-2048, 2049, (STEPS, SIZE), generator=generator).double() / 1024
    gradients[:, 0] *= 25
    gradients[:, 1] /= 1024
    gradients[:, 2] = 0
    gradients[1:, 3] = 0
    return initial, gradients


def run(initial, gradients, make, rate, arguments):
    vector = torch.nn.Parameter(initial.clone())
    optimizer = make([vector], lr=rate, foreach=False, **arguments)
    steps = []
    for gradient in gradients:
        vector.grad = gradient.clone()
        optimizer.step()
        steps.append(vector.tolist())
    return steps


def main():
    initial, gradients = make_vectors()
    runs = []
    for name, (rate, momentum, make, arguments) in KINDS.items():
        for decay in (0.0, 0.1):
            steps = run(initial, gradients, make, rate, {"weight_decay": decay, **arguments})
            runs.append({
                "optimizer": name.removesuffix("-momentum"), "learningRate": rate, "momentum": momentum,
                "weightDecay": decay, "parameters": steps,
            })
    FILE.parent.mkdir(parents=True, exist_ok=True)
    fixture = {"initial": initial.tolist(), "gradients": gradients.tolist(), "runs": runs}
    FILE.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(f"{FILE.name}: {len(runs)} runs")


if __name__ == "__main__":
    main()
