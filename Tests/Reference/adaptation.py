"""Writes Tests/ModelsTests/Fixtures/adaptation.json: dynamic evaluation and a continuous cache, from their equations.

    python3 Tests/Reference/adaptation.py            (needs PyTorch, see README.md beside this file)

Everything is computed in float64, from numbers that float32 represents exactly.

Keys of the fixture (every array flat, row-major):
    dimensions        E, H, V, L of an LSTM
    parameters        name -> values, the trained ones
    rate, decay, window
    rms               text: tokens of another text; rate, decay, epsilon; losses and finalParameters of the same tokens with scaled updates
    tokens            of one stream; window k predicts the tokens k window + 1 to (k + 1) window
    frozen            as rms, of the same model and texts with an embedding that does not move
    losses            of each predicted token, before the update of its window, in nats
    finalParameters   name -> values, after the last update
    cache             size, theta, lambda; outputs [n, columns] and tokens [n] that follow them; losses of a model [n], and those with the cache
"""

import json
import math
from pathlib import Path

import torch
from torch import nn

from golden import flat, initialise
from language_model import LanguageModel, detach

E, H, V, L = 3, 5, 7, 2
WINDOW, WINDOWS, RATE, DECAY = 4, 8, 0.25, 0.125
RMS_RATE, RMS_DECAY, EPSILON = 0.03125, 0.25, 0.0078125
SIZE, THETA, LAMBDA, COUNT, COLUMNS = 6, 0.75, 0.25, 20, 9


def windows(model, tokens, update):
    """The losses of a text in windows, with `update` after the backward pass of each."""
    state, losses = model.first_state(1), []
    for start in range(0, len(tokens) - 1, WINDOW):
        inputs, targets = tokens[start:start + WINDOW].unsqueeze(1), tokens[start + 1:start + WINDOW + 1]
        logits, state = model(inputs, state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets, reduction="none")
        losses += loss.tolist()
        model.zero_grad()
        loss.mean().backward()
        state = detach(state)
        with torch.no_grad():
            update()
    return losses


def dynamic(generator):
    """Krause et al. 2018: p <- p - rate * gradient + decay * (trained - p) after each window."""
    model = LanguageModel(V, E, H, L)
    initialise(model, 0.5, generator)
    trained = {name: p.detach().clone() for name, p in model.named_parameters()}
    tokens = torch.randint(1, 4, (WINDOW * WINDOWS + 1,), generator=generator).cumsum(0) % V

    def update():
        for name, p in model.named_parameters():
            p += -RATE * p.grad + DECAY * (trained[name] - p)

    losses = windows(model, tokens, update)
    return {
        "dimensions": {"E": E, "H": H, "V": V, "L": L}, "rate": RATE, "decay": DECAY, "window": WINDOW,
        "parameters": {name: flat(p) for name, p in trained.items()}, "tokens": tokens.tolist(), "losses": losses,
        "finalParameters": {name: flat(p) for name, p in model.named_parameters()}}


def scaled(trained, tokens, text, frozen=()):
    """The same with RMS normalisation, and the decay in proportion to the RMS of the gradients of another text (section 4).

    Parameters of `frozen` do not move, and are not in the mean."""
    model = LanguageModel(V, E, H, L)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.tensor(trained[name]).view_as(p))
    moving = [(name, p) for name, p in model.named_parameters() if name not in frozen]
    before = {name: p.detach().clone() for name, p in moving}
    squares = {name: [] for name in before}
    windows(model, text, lambda: [squares[name].append(p.grad ** 2) for name, p in moving])
    rms = {name: torch.stack(values).mean(0).sqrt() for name, values in squares.items()}
    mean = torch.cat([values.flatten() for values in rms.values()]).mean()

    def update():
        for name, p in moving:
            pull = torch.clamp(RMS_DECAY * rms[name] / mean, max=1)
            p += -RMS_RATE * p.grad / (rms[name] + EPSILON) + pull * (before[name] - p)

    losses = windows(model, tokens, update)
    return {
        "text": text.tolist(), "rate": RMS_RATE, "decay": RMS_DECAY, "epsilon": EPSILON, "losses": losses,
        "finalParameters": {name: flat(p) for name, p in model.named_parameters()}}


def cache(generator):
    """Grave et al. 2017, over the last SIZE outputs."""
    outputs = torch.randint(-1024, 1025, (COUNT, COLUMNS), generator=generator).double() / 1024
    tokens = torch.randint(0, 4, (COUNT,), generator=generator)
    losses = (torch.randint(1, 4096, (COUNT,), generator=generator).double() / 1024).tolist()
    mixed = []
    for t in range(COUNT):
        first = max(0, t - SIZE)
        if t == 0:
            mixed.append(losses[t])
            continue
        weights = torch.softmax(THETA * outputs[first:t] @ outputs[t], 0)
        probability = weights[tokens[first:t] == tokens[t]].sum().item()
        mixed.append(-math.log((1 - LAMBDA) * math.exp(-losses[t]) + LAMBDA * probability))
    return {
        "size": SIZE, "theta": THETA, "lambda": LAMBDA, "columns": COLUMNS, "outputs": flat(outputs), "tokens": tokens.tolist(),
        "losses": losses, "mixed": mixed}


def main():
    torch.set_default_dtype(torch.float64)
    generator = torch.Generator().manual_seed(1)
    fixture = {**dynamic(generator), "cache": cache(generator)}
    tokens = torch.tensor(fixture["tokens"])
    text = torch.randint(1, 4, (WINDOW * 6 + 1,), generator=generator).cumsum(0) % V
    fixture["rms"] = scaled(fixture["parameters"], tokens, text)
    fixture["frozen"] = scaled(fixture["parameters"], tokens, text, frozen=["encoder.weight"])
    path = Path(__file__).resolve().parent.parent / "ModelsTests" / "Fixtures" / "adaptation.json"
    path.write_text(json.dumps(fixture) + "\n")


if __name__ == "__main__":
    main()
