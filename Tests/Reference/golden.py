"""Writes the golden fixtures of the language models: Tests/ModelsTests/Fixtures/<name>.json.

    python3 Tests/Reference/golden.py            (needs PyTorch, see README.md beside this file)

A fixture is ten windows of truncated backpropagation through time on a tiny two-layer model, trained with plain SGD
after clipping the norm of the whole gradient. Everything is computed in float64, from initial weights that float32 represents exactly,
so the figures are accurate to some 15 digits. All dimensions differ, so that a transposed array fails.

Keys of a fixture (every array flat, row-major; tokens and states time-major):
    cell, nonlinearity, gruReset, tied, learnedState      the model
    cutoffs, division       those of an adaptive softmax; absent with a full one
    dimensions              T, B, E, H, V, L
    learningRate, clip      the factor on the gradient is min(1, clip / norm)
    parameters              name -> {shape, values} before the first window
    windows                 ten of {inputs [T,B], targets [T,B], mask [T,B]}; mask 0 marks padding
    losses                  ten: mean over the unmasked predictions, nats per token, before the window's update
    gradientNorms           ten: norm of the whole gradient before clipping
    gradients               "1", "2", "10" -> name -> values, before clipping
    finalParameters         name -> values, after the tenth update
    finalState              h [L,B,O], and c [L,B,H] for the LSTM, after the tenth window (padded steps are run, too)

Fixtures of cells that torch.nn lacks (cells.py), and of the LSTM with a projection, name a case of `CellUnderTest` in `test`; those of outputs that it
lacks (outputs.py) name one of `OutputUnderTest`, and their losses are those of training. They have the gradients of the windows 1 and 10 only, and
twelve digits.
"""

import json
from itertools import product
from pathlib import Path

import torch
from torch import nn

from cells import CellModel, check_update_gate
from language_model import LanguageModel, detach
from outputs import HierarchicalModel, MaxEntModel, SampledModel

T, B, H, V, L = 3, 2, 4, 7, 2
WINDOWS, KEPT = 10, (1, 2, 10)
LEARNING_RATE, CLIP = 0.5, 1.0
FOLDER = Path(__file__).resolve().parent.parent / "ModelsTests" / "Fixtures"


def initialise(model, scale, generator):
    """Uniform multiples of 1/1024 between -scale and scale, which are exact in float32 and short in the file."""
    bound = round(1024 * scale)
    for parameter in model.parameters():
        parameter.data = torch.randint(-bound, bound + 1, parameter.shape, generator=generator).double() / 1024


def make_windows(generator):
    """Two streams of a noisy counting sequence. The second ends two predictions before the end of the last window."""
    length = WINDOWS * T + 1
    steps = torch.randint(1, 4, (length, B), generator=generator)
    tokens = steps.cumsum(0) % V
    mask = torch.ones(length - 1, B)
    mask[-2:, -1] = 0
    tokens[-2:, -1] = 0
    inputs, targets = tokens[:-1], tokens[1:]
    return [tuple(x[w * T:(w + 1) * T] for x in (inputs, targets, mask)) for w in range(WINDOWS)]


def train(model, windows, detach=detach):
    """Ten steps of SGD. Returns losses, norms, the selected gradients and the final state."""
    losses, norms, gradients, state = [], [], {}, None
    for number, (inputs, targets, mask) in enumerate(windows, start=1):
        state = model.first_state(B) if state is None else state
        if hasattr(model, "begin"):
            model.begin(inputs)
        if hasattr(model, "losses"):
            output, state = model.rnn(model.encoder(inputs), state)
            negative_log = model.losses(output.flatten(0, 1), targets.flatten())
        else:
            logits, state = model(inputs, state)
            negative_log = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        loss = (negative_log * mask.flatten()).sum() / mask.sum()
        model.zero_grad()
        loss.backward()
        state = detach(state)
        gradient = {n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in model.named_parameters()}
        norm = torch.sqrt(sum((g * g).sum() for g in gradient.values()))
        losses.append(loss.item())
        norms.append(norm.item())
        if number in KEPT:
            gradients[str(number)] = {n: flat(g) for n, g in gradient.items()}
        with torch.no_grad():
            for n, p in model.named_parameters():
                p -= LEARNING_RATE * min(1.0, CLIP / norm.item()) * gradient[n]
    return losses, norms, gradients, state


def flat(tensor):
    return tensor.detach().flatten().tolist()


def write_fixture(name, seed, cell, nonlinearity="tanh", reset="after", tied=False, learned_state=False, scale=2.0,
                  cutoffs=None, division=4, **layers):
    """With these seeds and scales, some steps are clipped and some are not."""
    generator = torch.Generator().manual_seed(seed)
    embedding = H if tied else 5
    model = LanguageModel(V, embedding, H, L, cell, nonlinearity, reset, tied, learned_state, cutoffs, division, **layers)
    initialise(model, scale, generator)
    windows = make_windows(generator)
    parameters = {n: {"shape": list(p.shape), "values": flat(p)} for n, p in model.named_parameters()}
    losses, norms, gradients, state = train(model, windows)
    fixture = {
        "cell": cell, "nonlinearity": nonlinearity, "gruReset": reset, "tied": tied, "learnedState": learned_state,
        **({"cutoffs": cutoffs, "division": division} if cutoffs else {}),
        "dimensions": {"T": T, "B": B, "E": embedding, "H": H, "V": V, "L": L},
        "learningRate": LEARNING_RATE, "clip": CLIP, "parameters": parameters,
        "windows": [dict(zip(("inputs", "targets", "mask"), map(flat, window))) for window in windows],
        "losses": losses, "gradientNorms": norms, "gradients": gradients,
        "finalParameters": {n: flat(p) for n, p in model.named_parameters()},
        "finalState": dict(zip("hc", map(flat, state if isinstance(state, tuple) else (state,)))),
    }
    text = json.dumps(fixture, separators=(",", ":"))
    (FOLDER / f"{name}.json").write_text(text + "\n")
    clipped = sum(norm > CLIP for norm in norms)
    assert 0 < clipped < WINDOWS, f"{name}: clipping is not tested in both directions"
    print(f"{name:20} {len(text):6} bytes, loss {losses[0]:.4f} -> {losses[-1]:.4f}, {clipped} of {WINDOWS} steps clipped")


class ProjectedModel(LanguageModel):
    """torch.nn.LSTM with a projection."""

    def __init__(self, outputs):
        super().__init__(V, 5, H, L)
        self.rnn = nn.LSTM(5, H, L, proj_size=outputs)
        self.decoder = nn.Linear(outputs, V)
        self.outputs = outputs

    def first_state(self, batch):
        return torch.zeros(L, batch, self.outputs), torch.zeros(L, batch, self.hidden)

    detach = staticmethod(detach)


def rounded(value):
    """With twelve digits, which are more than the tests compare."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def write_case(test, model, cell=None):
    """The fixture of a case of `CellUnderTest`, or of `OutputUnderTest` with another cell, from the first seed and scale with which some steps are clipped and some are not."""
    for scale, seed in product((1.5, 1.0, 0.7, 0.4, 0.2, 2.5), range(1, 21)):
        generator = torch.Generator().manual_seed(seed)
        initialise(model, scale, generator)
        windows = make_windows(generator)
        parameters = {n: {"shape": list(p.shape), "values": flat(p)} for n, p in model.named_parameters()}
        losses, norms, gradients, state = train(model, windows, getattr(model, "detach", detach))
        clipped = sum(norm > CLIP for norm in norms)
        least = min(torch.tensor(values).norm().item() for values in gradients["10"].values())
        # Neither units that do not learn, nor a run that float32 cannot follow.
        if 0 < clipped < WINDOWS and least > 1e-5 and max(losses) < (50 if cell else 5):
            break
    else:
        raise AssertionError(f"{test}: clipping is not tested in both directions")
    if isinstance(model, CellModel):
        last = {n: flat(torch.stack([s[n] for s, _ in state])) for n in "hc" if n in state[0][0] and "n" not in state[0][0] or n == "h"}
    else:
        last = dict(zip("hc", map(flat, state)))
    fixture = {
        "test": test, "cell": cell or test.split(",")[0], "nonlinearity": "tanh", "gruReset": "after", "tied": False, "learnedState": False,
        "dimensions": {"T": T, "B": B, "E": 5, "H": H, "V": V, "L": getattr(model, "layers", L)}, "learningRate": LEARNING_RATE, "clip": CLIP,
        "parameters": parameters, "windows": [dict(zip(("inputs", "targets", "mask"), map(flat, window))) for window in windows],
        "losses": losses, "gradientNorms": norms, "gradients": {n: gradients[n] for n in ("1", "10")},
        "finalParameters": {n: flat(p) for n, p in model.named_parameters()}, "finalState": last,
    }
    text = json.dumps(rounded(fixture), separators=(",", ":"))
    (FOLDER / f"{test.replace(', ', '-').replace(' ', '-')}.json").write_text(text + "\n")
    print(f"{test:28} {len(text):6} bytes, loss {losses[0]:.4f} -> {losses[-1]:.4f}, {clipped} of {WINDOWS} steps clipped")


def write_cells():
    def model(cell, skips=(), **options):
        return CellModel(V, 5, H, L, cell, skips, **options)

    check_update_gate()
    for cell in ("additive", "average", "concatenation", "elman-pre", "feed-forward", "update-gate", "leaky", "mingru", "minlstm", "rglru", "slstm"):
        write_case(cell, model(cell))
    write_case("leaky, learned time scales", model("leaky", learned=True))
    write_case("gru, time skip of 3", model("gru", skips=(3,)))
    write_case("lstm, time skips of 2 and 4", model("lstm", skips=(2, 4)))
    write_case("lstm, layer norm", model("layer-norm"))
    write_case("lstm, projection", ProjectedModel(3))
    write_case("elman, transition", model("elman", transition=5))
    write_case("lstm, transition", model("lstm", transition=6))
    write_case("mogrifier, 2 rounds", model("mogrifier", rounds=2, rank=3))
    write_case("jordan", model("jordan", output="softmax"))
    write_case("jordan, 5 outputs", model("jordan", output="tanh", outputs=5))
    write_case("jordan-lm", CellModel(V, 5, H, 1, "jordan-lm", outputs=V))
    write_case("elman-jordan, 5 outputs", model("elman-jordan", output="sigmoid", outputs=5))


def write_outputs():
    write_case("hierarchical", HierarchicalModel(V, 5, H, L), "lstm")
    write_case("full, max-ent of order 3", MaxEntModel(V, 5, H, L, 3, 300), "lstm")
    write_case("class, max-ent of order 2", MaxEntModel(V, 5, H, L, 2, 200, classes=4), "lstm")
    write_case("sampled", SampledModel("sampled", V, 5, H, L, 6), "lstm")
    write_case("nce", SampledModel("nce", V, 5, H, L, 9, log_normalizer=1.5), "lstm")
    write_case("blackout", SampledModel("blackout", V, 5, H, L, 9, power=0.0), "lstm")


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_fixture("elman-tanh", 1, "elman", scale=1.0)
    write_fixture("elman-relu", 2, "elman", nonlinearity="relu", scale=0.8)
    write_fixture("elman-sigmoid", 6, "elman", nonlinearity="sigmoid")
    write_fixture("gru", 3, "gru")
    write_fixture("gru-reset-before", 5, "gru", reset="before")
    write_fixture("lstm", 5, "lstm")
    write_fixture("lstm-tied", 2, "lstm", tied=True)
    write_fixture("lstm-learned-state", 5, "lstm", learned_state=True)
    write_fixture("lstm-adaptive", 5, "lstm", cutoffs=[2, 4], division=2)
    write_fixture("lstm-mlps", 5, "lstm", input_mlp=6, output_mlp=3)
    write_cells()
    write_outputs()


if __name__ == "__main__":
    main()
