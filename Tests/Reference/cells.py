"""The recurrent cells that torch.nn lacks, in PyTorch, straight from the references that docs/models.md names. Gradients are autograd's.

Parameters have torch.nn's names and shapes, and those of the cell its own names. A state is a dictionary of tensors [B, n]; `h` is what layers above read.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Cell:
    """G gates of H units; `own` are the shapes of the cell's own parameters."""

    gates = 1
    states = ("h",)
    recurrent = True

    def __init__(self, hidden, **options):
        self.hidden, self.options = hidden, options
        self.outputs = options.get("outputs") or hidden

    def own(self, inputs):
        return {}

    def first(self, batch):
        return {name: torch.zeros(batch, self.outputs if name == "h" else self.hidden) for name in self.states}

    def from_input(self, x, w, skipped):
        """The input's part of the preactivations, with h of earlier steps; without biases."""
        return x @ w["weight_ih"].T + sum(h @ w[f"weight_skip{k}"].T for k, h in skipped.items())

    def sums(self, x, h, w, skipped):
        return self.from_input(x, w, skipped) + w["bias_ih"] + h @ w["weight_hh"].T + w["bias_hh"]


class Elman(Cell):
    def step(self, x, s, w, skipped):
        return {"h": torch.tanh(self.sums(x, s["h"], w, skipped))}


class Additive(Cell):
    def step(self, x, s, w, skipped):
        return {"h": s["h"] + torch.tanh(self.sums(x, s["h"], w, skipped))}


class ElmanPre(Cell):
    """Pascanu et al. 2013, equation 2: the state is the preactivation a."""

    states = ("a",)

    def first(self, batch):
        return {"a": torch.zeros(batch, self.hidden), "h": torch.tanh(torch.zeros(batch, self.hidden))}

    def step(self, x, s, w, skipped):
        a = self.sums(x, torch.tanh(s["a"]), w, skipped)
        return {"a": a, "h": torch.tanh(a)}


class UpdateGate(Cell):
    gates = 2

    def step(self, x, s, w, skipped):
        u, n = self.sums(x, s["h"], w, skipped).chunk(2, 1)
        u = torch.sigmoid(u)
        return {"h": u * torch.tanh(n) + (1 - u) * s["h"]}


class Leaky(Cell):
    """Bengio et al. 2013, section 3.2."""

    def own(self, inputs):
        return {"rate": (self.hidden,)} if self.options.get("learned") else {}

    def step(self, x, s, w, skipped):
        if self.options.get("learned"):
            a = torch.sigmoid(w["rate"])
        else:
            a = torch.logspace(0, -math.log10(self.options.get("longest", 100)), self.hidden)
        return {"h": (1 - a) * s["h"] + a * torch.tanh(self.sums(x, s["h"], w, skipped))}


class GRU(Cell):
    gates = 3

    def step(self, x, s, w, skipped):
        r, z, n = (self.from_input(x, w, skipped) + w["bias_ih"]).chunk(3, 1)
        hr, hz, hn = (s["h"] @ w["weight_hh"].T + w["bias_hh"]).chunk(3, 1)
        r, z = torch.sigmoid(r + hr), torch.sigmoid(z + hz)
        return {"h": (1 - z) * torch.tanh(n + r * hn) + z * s["h"]}


class LSTM(Cell):
    gates = 4
    states = ("h", "c")

    def step(self, x, s, w, skipped):
        i, f, g, o = self.sums(x, s["h"], w, skipped).chunk(4, 1)
        c = torch.sigmoid(f) * s["c"] + torch.sigmoid(i) * torch.tanh(g)
        return {"h": torch.sigmoid(o) * torch.tanh(c), "c": c}


class NormalizedLSTM(LSTM):
    """Ba et al. 2016, equations 20 to 22."""

    def own(self, inputs):
        rows = 4 * self.hidden
        return {"gain_ih": (rows,), "gain_hh": (rows,), "gain_c": (self.hidden,), "bias_c": (self.hidden,)}

    def step(self, x, s, w, skipped):
        rows = (4 * self.hidden,)
        sums = F.layer_norm(self.from_input(x, w, skipped), rows, w["gain_ih"], w["bias_ih"])
        sums = sums + F.layer_norm(s["h"] @ w["weight_hh"].T, rows, w["gain_hh"], w["bias_hh"])
        i, f, g, o = sums.chunk(4, 1)
        c = torch.sigmoid(f) * s["c"] + torch.sigmoid(i) * torch.tanh(g)
        normal = F.layer_norm(c, (self.hidden,), w["gain_c"], w["bias_c"])
        return {"h": torch.sigmoid(o) * torch.tanh(normal), "c": c}


class Mogrifier(LSTM):
    """Melis et al. 2020, equations 1 to 3, with low-rank factors."""

    def own(self, inputs):
        shapes, rank = {}, self.options["rank"]
        for i in range(1, self.options["rounds"] + 1):
            n, m = (inputs, self.hidden) if i % 2 else (self.hidden, inputs)
            shapes[f"weight_left{i}"], shapes[f"weight_right{i}"] = (n, rank), (rank, m)
        return shapes

    def step(self, x, s, w, skipped):
        h = s["h"]
        for i in range(1, self.options["rounds"] + 1):
            left, right = w[f"weight_left{i}"], w[f"weight_right{i}"]
            if i % 2:
                x = 2 * torch.sigmoid(h @ right.T @ left.T) * x
            else:
                h = 2 * torch.sigmoid(x @ right.T @ left.T) * h
        return super().step(x, {"h": h, "c": s["c"]}, w, skipped)


class Jordan(Cell):
    def own(self, inputs):
        return {"weight_ho": (self.outputs, self.hidden), "bias_ho": (self.outputs,)}

    def step(self, x, s, w, skipped):
        units = torch.tanh(self.sums(x, s["h"], w, skipped))
        return {"h": self.output(units, w)}

    def output(self, units, w):
        function = {"softmax": lambda a: torch.softmax(a, 1), "tanh": torch.tanh, "sigmoid": torch.sigmoid}[self.options["output"]]
        return function(units @ w["weight_ho"].T + w["bias_ho"])


class JordanLM(Jordan):
    """The outputs are those of the model: the distribution over the vocabulary."""

    def output(self, units, w):
        return torch.softmax(units @ w["weight_ho"].T + w["bias_ho"], 1)


class ElmanJordan(Jordan):
    states = ("h", "m")

    def own(self, inputs):
        return {**super().own(inputs), "weight_mm": (self.hidden, self.hidden)}

    def step(self, x, s, w, skipped):
        units = torch.relu(self.sums(x, s["h"], w, skipped) + s["m"] @ w["weight_mm"].T)
        return {"h": self.output(units, w), "m": units}


class Elementwise(Cell):
    recurrent = False

    def sums(self, x, h, w, skipped):
        return self.from_input(x, w, skipped) + w["bias_ih"]

    @staticmethod
    def g(x):
        """minGRU.py of lucidrains/minGRU-pytorch."""
        return torch.where(x >= 0, x + 0.5, x.sigmoid())


class MinGRU(Elementwise):
    gates = 2

    def step(self, x, s, w, skipped):
        z, n = self.sums(x, s["h"], w, skipped).chunk(2, 1)
        return {"h": torch.lerp(s["h"], self.g(n), z.sigmoid())}


class MinLSTM(Elementwise):
    """minLSTM.py: the gates are normalized in log space."""

    gates = 3

    def step(self, x, s, w, skipped):
        f, i, n = self.sums(x, s["h"], w, skipped).chunk(3, 1)
        difference = F.softplus(-f) - F.softplus(-i)
        return {"h": torch.exp(-F.softplus(difference)) * s["h"] + torch.exp(-F.softplus(-difference)) * self.g(n)}


class RGLRU(Elementwise):
    """google-deepmind/recurrentgemma, torch/layers.py, with gates that read the layer's input."""

    gates = 3

    def own(self, inputs):
        return {"decay": (self.hidden,)}

    def step(self, x, s, w, skipped):
        r, i, u = self.sums(x, s["h"], w, skipped).chunk(3, 1)
        log_a = -8.0 * torch.sigmoid(r) * F.softplus(w["decay"])
        return {"h": torch.exp(log_a) * s["h"] + torch.sqrt(1 - torch.exp(2 * log_a)) * torch.sigmoid(i) * u}


class Context(Elementwise):
    """The last n input vectors, the last first; those before the start are zero."""

    states = ("h", "x")

    def __init__(self, hidden, **options):
        super().__init__(hidden, **options)
        self.length = options.get("context", 4)

    def first(self, batch):
        return {"h": torch.zeros(batch, self.outputs), "x": torch.zeros(self.length, 0)}

    def vectors(self, v, s):
        past = s["x"] if s["x"].dim() == 3 else v.new_zeros(self.length, *v.shape)
        return torch.cat([v[None], past[:-1]])


class FeedForward(Context):
    """Bengio et al. 2003: tanh(d + H x) with x the concatenation of the vectors."""

    def own(self, inputs):
        return {f"weight_context{k}": (self.hidden, inputs) for k in range(1, self.length)}

    def step(self, x, s, w, skipped):
        vectors = self.vectors(x, s)
        weight = torch.cat([w["weight_ih"], *(w[f"weight_context{k}"] for k in range(1, self.length))], 1)
        return {"h": torch.tanh(F.linear(torch.cat(list(vectors), 1), weight, w["bias_ih"])), "x": vectors}


class Average(Context):
    def step(self, x, s, w, skipped):
        vectors = self.vectors(F.linear(x, w["weight_ih"], w["bias_ih"]), s)
        return {"h": vectors.mean(0), "x": vectors}


class Concatenation(Context):
    def __init__(self, hidden, **options):
        super().__init__(hidden, **options)
        self.outputs = self.length * hidden

    def step(self, x, s, w, skipped):
        vectors = self.vectors(F.linear(x, w["weight_ih"], w["bias_ih"]), s)
        return {"h": torch.cat(list(vectors), 1), "x": vectors}


class SLSTM(Cell):
    """NX-AI/xlstm, blocks/slstm/src/vanilla/slstm.py."""

    gates = 4
    states = ("h", "c", "n", "m")

    def step(self, x, s, w, skipped):
        i, f, z, o = self.sums(x, s["h"], w, skipped).chunk(4, 1)
        log_f = s["m"] + F.logsigmoid(f)
        m = i if torch.all(s["n"] == 0) else torch.max(i, log_f)
        i, f = torch.exp(i - m), torch.exp(log_f - m)
        c, n = f * s["c"] + i * torch.tanh(z), f * s["n"] + i
        return {"h": torch.sigmoid(o) * c / n, "c": c, "n": n, "m": m}


CELLS = {
    "elman": Elman, "additive": Additive, "average": Average, "concatenation": Concatenation, "feed-forward": FeedForward,
    "elman-pre": ElmanPre, "update-gate": UpdateGate, "leaky": Leaky, "gru": GRU, "lstm": LSTM,
    "layer-norm": NormalizedLSTM, "mogrifier": Mogrifier, "jordan": Jordan, "elman-jordan": ElmanJordan, "jordan-lm": JordanLM, "mingru": MinGRU,
    "minlstm": MinLSTM, "rglru": RGLRU, "slstm": SLSTM,
}


class CellModel(nn.Module):
    """The language model of rnntrain over layers of such a cell. `skips` are the steps back that layers read h, besides one; `transition` are the units
    of a tanh layer between h and the recurrent weights (Pascanu et al. 2014)."""

    def __init__(self, vocabulary, embedding, hidden, layers, cell, skips=(), **options):
        super().__init__()
        self.layers, self.skips, self.cell = layers, skips, CELLS[cell](hidden, **options)
        rows = self.cell.gates * hidden
        self.encoder = nn.Embedding(vocabulary, embedding)
        self.rnn = nn.Module()
        for k in range(layers):
            inputs = self.cell.outputs if k else embedding
            shapes = {"weight_ih": (rows, inputs), "bias_ih": (rows,), **self.cell.own(inputs)}
            if self.cell.recurrent:
                transition = options.get("transition")
                shapes |= {"weight_hh": (rows, transition or self.cell.outputs), "bias_hh": (rows,)}
                if transition:
                    shapes |= {"weight_mlp": (transition, self.cell.outputs), "bias_mlp": (transition,)}
            shapes |= {f"weight_skip{k}": (rows, self.cell.outputs) for k in skips}
            for name, shape in shapes.items():
                self.rnn.register_parameter(f"{name}_l{k}", nn.Parameter(torch.empty(shape)))
        self.decoder = None if cell == "jordan-lm" else nn.Linear(self.cell.outputs, vocabulary)

    def first_state(self, batch):
        """For each layer the state, and h of earlier steps, the last first."""
        past = [torch.zeros(batch, self.cell.outputs) for _ in range(max(self.skips, default=1) - 1)]
        return [(self.cell.first(batch), list(past)) for _ in range(self.layers)]

    def forward(self, tokens, state):
        """tokens [T,B] -> logits [T,B,V], or log probabilities, and the state after them."""
        x, after = self.encoder(tokens), []
        for k, (s, past) in enumerate(state):
            end = f"_l{k}"
            w = {n.removesuffix(end): p for n, p in self.rnn.named_parameters() if n.endswith(end)}
            outputs, past = [], [s["h"], *past]
            for x_t in x:
                if "weight_mlp" in w:
                    s = s | {"h": torch.tanh(s["h"] @ w["weight_mlp"].T + w["bias_mlp"])}
                s = self.cell.step(x_t, s, w, {skip: past[skip - 1] for skip in self.skips})
                past = [s["h"], *past[:-1]]
                outputs.append(s["h"])
            x = torch.stack(outputs)
            after.append((s, past[1:]))
        return self.decoder(x) if self.decoder else x.log(), after

    @staticmethod
    def detach(state):
        return [({n: v.detach() for n, v in s.items()}, [h.detach() for h in past]) for s, past in state]


def check_update_gate():
    """The update gate alone is the UGRNN of the package torchrecurrent (Collins et al. 2017), whose gate is 1-u."""
    from torchrecurrent import UGRNNCell

    theirs, ours = UGRNNCell(3, 4), UpdateGate(4)
    w = {n: torch.randn(shape) for n, shape in {"weight_ih": (8, 3), "weight_hh": (8, 4), "bias_ih": (8,), "bias_hh": (8,)}.items()}
    # Theirs has the candidate first, and then the gate.
    swapped = {n: torch.cat([p[4:], -p[:4]]) for n, p in w.items()}
    with torch.no_grad():
        for name, value in swapped.items():
            getattr(theirs, name).copy_(value)
    x, h = torch.randn(2, 3), torch.randn(2, 4)
    assert torch.allclose(theirs(x, h), ours.step(x, {"h": h}, w, {})["h"])
