"""Writes Tests/InspectionTests/Fixtures/inspection.json: what `rnntrain inspect` measures, computed by PyTorch's autograd and numpy.

    python3 Tests/Reference/inspection.py            (needs PyTorch and numpy, see README.md beside this file)

For two-layer models of four cells, in float64 from weights that float32 represents exactly, over three windows of a text:
    hidden          [L][T-1]   means over windows of the Frobenius norm of dh(T)/dh(T-n), one vector-Jacobian product a row
    states          name -> [L][T-1]   the same for dh(T)/ds(T-n) of each state s besides h, with h and the other states of T-n held constant
    logProbability  [L][T]     means over places of the norm of d log p(x(t+n)) / dh(t)
    spectrum        [L][G]     eigenvalues of each block of weight_hh by descending magnitude, and the largest singular value
    gates           [L]        name -> [share below 0.1, share above 0.9] of each sigmoid gate over the text

inspect does not know the gates of sLSTM, so its spectrum and gates are empty here.
"""

import json
from pathlib import Path

import numpy
import torch
from torch import nn

T, E, H, V, L, WINDOWS = 6, 4, 5, 7, 2, 3
class SLSTM(nn.Module):
    """Beck et al. 2024, gates i f z o. c and n are stored divided by exp(m), and m is a constant."""

    def __init__(self, inputs, size):
        super().__init__()
        self.size = size
        self.weight_ih_l0, self.weight_hh_l0 = (nn.Parameter(torch.zeros(4 * size, n)) for n in (inputs, size))
        self.bias_ih_l0, self.bias_hh_l0 = (nn.Parameter(torch.zeros(4 * size)) for _ in range(2))

    def forward(self, x, state):
        h, c, n, m = state or [torch.zeros(1, self.size).double()] * 4
        a = x @ self.weight_ih_l0.T + self.bias_ih_l0 + h @ self.weight_hh_l0.T + self.bias_hh_l0
        i, f, z, o = a.chunk(4, 1)
        decayed = m + nn.functional.logsigmoid(f)
        m = (torch.maximum(i, decayed) if n.any() else i).detach()
        forget = torch.exp(decayed - m) if n.any() else torch.zeros_like(f)
        c, n = forget * c + torch.exp(i - m) * torch.tanh(z), forget * n + torch.exp(i - m)
        return None, (torch.sigmoid(o) * c / n, c, n, m)


GATES = {"lstm": "ifgo", "gru": "rzn", "elman": "h", "slstm": ""}
SIGMOIDS = {"lstm": "ifo", "gru": "rz", "elman": "", "slstm": ""}
MODULES = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN, "slstm": SLSTM}
# The states besides h that have a gradient, with their place in the state of the module.
STATES = {"lstm": {"c": 1}, "gru": {}, "elman": {}, "slstm": {"c": 1, "n": 2}}


def step(module, x, state):
    """The states after a step, h first. The others are copies, so that only later steps depend on them."""
    _, after = module(x, state[0] if state and len(state) == 1 else state)
    h, *others = after if isinstance(after, tuple) else (after,)
    return (h, *(s.clone() for s in others))


def parameter(shape, scale, generator):
    bound = round(1024 * scale)
    return torch.randint(-bound, bound + 1, shape, generator=generator).double() / 1024


def gates_of(cell, module, x, h):
    """The activated sigmoid gates of one step, by name."""
    if not SIGMOIDS[cell]:
        return {}
    a = x @ module.weight_ih_l0.T + module.bias_ih_l0 + h @ module.weight_hh_l0.T + module.bias_hh_l0
    parts = torch.sigmoid(a).reshape(len(GATES[cell]), H)
    return {name: parts[GATES[cell].index(name)] for name in SIGMOIDS[cell]}


def case(cell, scale):
    generator = torch.Generator().manual_seed(20)
    layers = [MODULES[cell](E if k == 0 else H, H).double() for k in range(L)]
    parameters = {"encoder.weight": parameter((V, E), 1, generator)}
    for k, module in enumerate(layers):
        for name, value in module.named_parameters():
            value.data = parameter(value.shape, scale, generator)
            parameters[f"rnn.{name[:-1]}{k}"] = value.data
    parameters["decoder.weight"] = parameter((V, H), 1, generator)
    parameters["decoder.bias"] = parameter((V,), 1, generator)
    tokens = torch.randint(V, (WINDOWS * T + 1,), generator=generator).tolist()

    hidden, probability = numpy.zeros((L, T)), numpy.zeros((L, T + 1))
    others = {name: numpy.zeros((L, T)) for name in STATES[cell]}
    shares = [{name: [] for name in SIGMOIDS[cell]} for _ in range(L)]
    states = [None] * L
    for window in range(WINDOWS):
        place = window * T
        hs = [[] for _ in range(L)]
        carried = {name: [[] for _ in range(L)] for name in others}
        losses = []
        for t in range(T):
            x = parameters["encoder.weight"][tokens[place + t]]
            for k, module in enumerate(layers):
                before = states[k]
                h_before = torch.zeros(1, H).double() if before is None else before[0]
                for name, value in gates_of(cell, module, x, h_before[0]).items():
                    shares[k][name].append(value.detach())
                states[k] = step(module, x.reshape(1, -1), before)
                h = states[k][0]
                hs[k].append(h)
                for name, index in STATES[cell].items():
                    carried[name][k].append(states[k][index])
                x = h[0]
            logits = x @ parameters["decoder.weight"].T + parameters["decoder.bias"]
            losses.append(torch.log_softmax(logits, 0)[tokens[place + t + 1]])
        for k in range(L):
            for sums, sources in [(hidden, hs[k])] + [(others[name], carried[name][k]) for name in others]:
                squares = numpy.zeros(T)
                for unit in range(H):
                    # h of the last step does not depend on the copies of its own states.
                    found = torch.autograd.grad(hs[k][-1][0, unit], sources, retain_graph=True, allow_unused=True)
                    squares += [0 if g is None else float((g**2).sum()) for g in reversed(found)]
                sums[k] += numpy.sqrt(squares)
            for j, loss in enumerate(losses):
                found = torch.autograd.grad(loss, hs[k][: j + 1], retain_graph=True)
                for t, g in enumerate(found):
                    probability[k, j + 1 - t] += float(g.norm())
        states = [tuple(s.detach() for s in state) for state in states]

    counts = WINDOWS * numpy.array([max(1, T + 1 - n) for n in range(T + 1)])
    spectrum = []
    for k in range(L if GATES[cell] else 0):
        blocks = parameters[f"rnn.weight_hh_l{k}"].numpy().reshape(-1, H, H)
        values = [sorted(numpy.linalg.eigvals(b), key=lambda z: (-abs(z), -z.real, -z.imag)) for b in blocks]
        spectrum.append([
            {"gate": name, "eigenvalues": [[z.real, z.imag] for z in v], "singular": numpy.linalg.svd(b)[1][0]}
            for name, v, b in zip(GATES[cell], values, blocks)])
    return {
        "cell": cell, "steps": T, "embedding": E, "hidden_size": H, "vocabulary": V, "layers": L, "tokens": tokens,
        "parameters": {name: value.flatten().tolist() for name, value in parameters.items()},
        "hidden": (hidden[:, 1:] / WINDOWS).tolist(),
        "states": {name: (sums[:, 1:] / WINDOWS).tolist() for name, sums in others.items()},
        "logProbability": (probability / counts)[:, 1:].tolist(),
        "spectrum": spectrum,
        "gates": [
            {name: [float((torch.cat(v) < 0.1).double().mean()), float((torch.cat(v) > 0.9).double().mean())]
             for name, v in layer.items()} for layer in shares],
    }


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


if __name__ == "__main__":
    path = Path(__file__).resolve().parent.parent / "InspectionTests" / "Fixtures" / "inspection.json"
    path.write_text(json.dumps([rounded(case(*c)) for c in [("lstm", 1.5), ("gru", 1.5), ("elman", 0.6), ("slstm", 1.5)]]) + "\n")
