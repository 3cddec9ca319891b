"""Writes the golden fixture of the optimizers: Tests/OptimizersTests/Fixtures/optimizers.json.

    python3 Tests/Reference/optimizers.py        (needs PyTorch, see README.md beside this file)

Five steps of torch.optim on one vector with given gradients, in float64, from values that are exact in float32.
Every rule has a line in RULES; a test fails if a registered rule has none. Arguments that are not in SETTINGS have torch's defaults,
which are also those of the configuration.

Keys: initial [10], gradients [5][10], and runs, each with optimizer, learningRate, settings (by the configuration's keys), and
parameters [5][10], the vector after each step.
"""

import json
from pathlib import Path

import torch

SIZE, STEPS = 10, 5
FILE = Path(__file__).resolve().parent.parent / "OptimizersTests" / "Fixtures" / "optimizers.json"
# For each name of --optimizer: torch's class, the learning rate, the settings to try, and torch's arguments that are not
# settings.
RULES = {
    "sgd": (torch.optim.SGD, 0.1, [{}, {"momentum": 0.9}], {}),
    "nesterov": (torch.optim.SGD, 0.1, [{"momentum": 0.9}], {"nesterov": True}),
    "adam": (torch.optim.Adam, 0.02, [{}], {}),
    "adamw": (torch.optim.AdamW, 0.02, [{}], {}),
    "adadelta": (torch.optim.Adadelta, 1.0, [{}, {"adadelta-decay": 0.5, "adadelta-epsilon": 1e-3}], {}),
    "adagrad": (torch.optim.Adagrad, 0.05, [{}, {"adagrad-epsilon": 1e-3}], {}),
    "asgd": (torch.optim.ASGD, 0.1, [{"asgd-decay": 0.0}, {"asgd-decay": 0.01, "asgd-power": 0.5}], {"t0": 0}),
    "nt-asgd": (torch.optim.ASGD, 0.1, [{"asgd-decay": 0.0}], {"t0": 0}),
    "rmsprop": (torch.optim.RMSprop, 0.02, [{}, {"momentum": 0.9, "rmsprop-decay": 0.8, "rmsprop-epsilon": 1e-3}], {}),
}
# torch's arguments by the keys of the configuration.
SETTINGS = {
    "momentum": "momentum",
    "weight-decay": "weight_decay",
    "rmsprop-decay": "alpha",
    "rmsprop-epsilon": "eps",
    "adagrad-epsilon": "eps",
    "adadelta-decay": "rho",
    "adadelta-epsilon": "eps",
    "asgd-decay": "lambd",
    "asgd-power": "alpha",
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
    for name, (make, rate, variants, others) in RULES.items():
        for variant in variants:
            for decay in (0.0, 0.1):
                settings = {"weight-decay": decay, **variant}
                arguments = {SETTINGS[key]: value for key, value in settings.items()}
                runs.append({
                    "optimizer": name, "learningRate": rate, "settings": settings,
                    "parameters": run(initial, gradients, make, rate, {**arguments, **others}),
                })
    FILE.parent.mkdir(parents=True, exist_ok=True)
    fixture = {"initial": initial.tolist(), "gradients": gradients.tolist(), "runs": runs}
    FILE.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(f"{FILE.name}: {len(runs)} runs")


if __name__ == "__main__":
    main()
