"""Writes the golden fixtures of the language models: Tests/ModelsTests/Fixtures/<name>.json.

    python3 Tests/Reference/golden.py            (needs PyTorch, see README.md beside this file)

A fixture is ten windows of truncated backpropagation through time on a tiny two-layer model, trained with plain SGD
after clipping the norm of the whole gradient. All is computed in float64 from initial weights that float32 holds exactly,
so that the figures are the true ones to some 15 digits. All dimensions differ, so that nothing transposed can pass.

Keys of a fixture (every array flat, row-major; tokens and states time-major):
    cell, nonlinearity, gruReset, tied, learnedState      what the model is
    dimensions              T, B, E, H, V, L
    learningRate, clip      the factor on the gradient is min(1, clip / norm)
    parameters              name -> {shape, values} before the first window
    windows                 ten of {inputs [T,B], targets [T,B], mask [T,B]}; mask 0 marks padding
    losses                  ten: mean over the unmasked predictions, nats per token, before the window's update
    gradientNorms           ten: norm of the whole gradient before clipping
    gradients               "1", "2", "10" -> name -> values, before clipping
    finalParameters         name -> values, after the tenth update
    finalState              h [L,B,H], and c [L,B,H] for the LSTM, after the tenth window (padded steps are run, too)
"""

import json
from pathlib import Path

import torch
from torch import nn

T, B, H, V, L = 3, 2, 4, 7, 2
WINDOWS, KEPT = 10, (1, 2, 10)
LEARNING_RATE, CLIP = 0.5, 1.0
FOLDER = Path(__file__).resolve().parent.parent / "ModelsTests" / "Fixtures"


class OwnRecurrent(nn.Module):
    """Recurrent layers that torch.nn lacks, straight from their equations, with torch.nn's parameter names and shapes."""

    def __init__(self, step, gates, inputs):
        super().__init__()
        self.step = step
        for k in range(L):
            self.register_parameter(f"weight_ih_l{k}", nn.Parameter(torch.empty(gates * H, inputs if k == 0 else H)))
            self.register_parameter(f"weight_hh_l{k}", nn.Parameter(torch.empty(gates * H, H)))
            self.register_parameter(f"bias_ih_l{k}", nn.Parameter(torch.empty(gates * H)))
            self.register_parameter(f"bias_hh_l{k}", nn.Parameter(torch.empty(gates * H)))

    def forward(self, x, state):
        last = []
        for k in range(L):
            weights = [getattr(self, f"{name}_l{k}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            h, outputs = state[k], []
            for x_t in x:
                h = self.step(x_t, h, *weights)
                outputs.append(h)
            x = torch.stack(outputs)
            last.append(h)
        return x, torch.stack(last)


def elman_sigmoid(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return torch.sigmoid(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)


def gru_reset_before(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    """Cho et al. 2014, equations 5 to 8: the reset gate acts on the state before the product."""
    (w_ir, w_iz, w_in), (w_hr, w_hz, w_hn) = weight_ih.chunk(3), weight_hh.chunk(3)
    (b_ir, b_iz, b_in), (b_hr, b_hz, b_hn) = bias_ih.chunk(3), bias_hh.chunk(3)
    r = torch.sigmoid(x @ w_ir.T + b_ir + h @ w_hr.T + b_hr)
    z = torch.sigmoid(x @ w_iz.T + b_iz + h @ w_hz.T + b_hz)
    n = torch.tanh(x @ w_in.T + b_in + (r * h) @ w_hn.T + b_hn)
    return (1 - z) * n + z * h


def make_recurrent(cell, nonlinearity, reset, inputs):
    if cell == "lstm":
        return nn.LSTM(inputs, H, L)
    if cell == "gru":
        return nn.GRU(inputs, H, L) if reset == "after" else OwnRecurrent(gru_reset_before, 3, inputs)
    if nonlinearity == "sigmoid":
        return OwnRecurrent(elman_sigmoid, 1, inputs)
    return nn.RNN(inputs, H, L, nonlinearity=nonlinearity)


class LanguageModel(nn.Module):
    def __init__(self, cell, nonlinearity, reset, embedding, tied, learned_state):
        super().__init__()
        self.is_lstm, self.learned_state = cell == "lstm", learned_state
        self.encoder = nn.Embedding(V, embedding)
        self.rnn = make_recurrent(cell, nonlinearity, reset, embedding)
        self.decoder = nn.Linear(H, V)
        if tied:
            self.decoder.weight = self.encoder.weight
        if learned_state:
            for k in range(L):
                for name in ("h0", "c0"):
                    self.rnn.register_parameter(f"{name}_l{k}", nn.Parameter(torch.empty(H)))

    def first_state(self):
        """The state at the start of an epoch: zero, or the learned vectors given to every stream."""
        if not self.learned_state:
            zero = torch.zeros(L, B, H)
            return (zero, zero.clone()) if self.is_lstm else zero
        return tuple(
            torch.stack([getattr(self.rnn, f"{name}_l{k}").expand(B, H) for k in range(L)]) for name in ("h0", "c0"))

    def forward(self, tokens, state):
        output, state = self.rnn(self.encoder(tokens), state)
        return self.decoder(output), state


def initialise(model, scale, generator):
    """Uniform multiples of 1/1024 between -scale and scale: exact in float32, and short in the file."""
    bound = round(1024 * scale)
    for parameter in model.parameters():
        parameter.data = torch.randint(-bound, bound + 1, parameter.shape, generator=generator).double() / 1024


def make_windows(generator):
    """Two streams of a noisy counting sequence; the second ends two predictions before the last window does."""
    length = WINDOWS * T + 1
    steps = torch.randint(1, 4, (length, B), generator=generator)
    tokens = steps.cumsum(0) % V
    mask = torch.ones(length - 1, B)
    mask[-2:, -1] = 0
    tokens[-2:, -1] = 0
    inputs, targets = tokens[:-1], tokens[1:]
    return [tuple(x[w * T:(w + 1) * T] for x in (inputs, targets, mask)) for w in range(WINDOWS)]


def detach(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def train(model, windows):
    """Ten steps of SGD; returns losses, norms, the kept gradients and the last state."""
    losses, norms, gradients, state = [], [], {}, None
    for number, (inputs, targets, mask) in enumerate(windows, start=1):
        logits, state = model(inputs, model.first_state() if state is None else state)
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


def write_fixture(name, seed, cell, nonlinearity="tanh", reset="after", tied=False, learned_state=False, scale=2.0):
    """Seeds and scales are such that some steps are clipped and some are not."""
    generator = torch.Generator().manual_seed(seed)
    embedding = H if tied else 5
    model = LanguageModel(cell, nonlinearity, reset, embedding, tied, learned_state)
    initialise(model, scale, generator)
    windows = make_windows(generator)
    parameters = {n: {"shape": list(p.shape), "values": flat(p)} for n, p in model.named_parameters()}
    losses, norms, gradients, state = train(model, windows)
    fixture = {
        "cell": cell, "nonlinearity": nonlinearity, "gruReset": reset, "tied": tied, "learnedState": learned_state,
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


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_fixture("elman-tanh", 1, "elman")
    write_fixture("elman-relu", 2, "elman", nonlinearity="relu", scale=0.8)
    write_fixture("elman-sigmoid", 6, "elman", nonlinearity="sigmoid")
    write_fixture("gru", 3, "gru")
    write_fixture("gru-reset-before", 5, "gru", reset="before")
    write_fixture("lstm", 5, "lstm")
    write_fixture("lstm-tied", 2, "lstm", tied=True)
    write_fixture("lstm-learned-state", 5, "lstm", learned_state=True)


if __name__ == "__main__":
    main()
