"""The language model of rnntrain in PyTorch, with the same parameter names and shapes: encoder, recurrent layers, decoder."""

import torch
from torch import nn


class OwnRecurrent(nn.Module):
    """Recurrent layers that torch.nn lacks, directly from their equations, with torch.nn's parameter names and shapes."""

    def __init__(self, step, gates, inputs, hidden, layers):
        super().__init__()
        self.step, self.layers = step, layers
        for k in range(layers):
            shape = (gates * hidden, inputs if k == 0 else hidden)
            self.register_parameter(f"weight_ih_l{k}", nn.Parameter(torch.empty(shape)))
            self.register_parameter(f"weight_hh_l{k}", nn.Parameter(torch.empty(gates * hidden, hidden)))
            self.register_parameter(f"bias_ih_l{k}", nn.Parameter(torch.empty(gates * hidden)))
            self.register_parameter(f"bias_hh_l{k}", nn.Parameter(torch.empty(gates * hidden)))

    def forward(self, x, state):
        last = []
        for k in range(self.layers):
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


def make_recurrent(cell, nonlinearity, reset, inputs, hidden, layers):
    if cell == "lstm":
        return nn.LSTM(inputs, hidden, layers)
    if cell == "gru" and reset == "after":
        return nn.GRU(inputs, hidden, layers)
    if cell == "gru":
        return OwnRecurrent(gru_reset_before, 3, inputs, hidden, layers)
    if nonlinearity == "sigmoid":
        return OwnRecurrent(elman_sigmoid, 1, inputs, hidden, layers)
    return nn.RNN(inputs, hidden, layers, nonlinearity=nonlinearity)


class LanguageModel(nn.Module):
    """With tied weights, decoder.weight is encoder.weight. A learned state is rnn.h0_l{k} [H], and rnn.c0_l{k} [H] for the LSTM. `input_mlp` and
    `output_mlp` are the units of tanh layers before and after the recurrent layers (Pascanu et al. 2014); 0: none."""

    def __init__(self, vocabulary, embedding, hidden, layers, cell="lstm", nonlinearity="tanh", reset="after",
                 tied=False, learned_state=False, cutoffs=None, division=4, input_mlp=0, output_mlp=0):
        super().__init__()
        self.hidden, self.layers, self.learned_state = hidden, layers, learned_state
        self.state_names = ("h0", "c0") if cell == "lstm" else ("h0",)
        self.encoder = nn.Embedding(vocabulary, embedding)
        self.input_mlp = nn.Linear(embedding, input_mlp) if input_mlp else None
        self.rnn = make_recurrent(cell, nonlinearity, reset, input_mlp or embedding, hidden, layers)
        self.output_mlp = nn.Linear(hidden, output_mlp) if output_mlp else None
        self.decoder = (nn.AdaptiveLogSoftmaxWithLoss(hidden, vocabulary, cutoffs, div_value=division) if cutoffs
                        else nn.Linear(output_mlp or hidden, vocabulary))
        if tied:
            self.decoder.weight = self.encoder.weight
        if learned_state:
            for k in range(layers):
                for name in self.state_names:
                    self.rnn.register_parameter(f"{name}_l{k}", nn.Parameter(torch.empty(hidden)))

    def first_state(self, batch):
        """The initial state of an epoch: zero, or the learned vectors for every stream."""
        states = tuple(
            torch.stack([self.first_vector(name, k).expand(batch, self.hidden) for k in range(self.layers)])
            for name in self.state_names)
        return states if len(states) > 1 else states[0]

    def first_vector(self, name, k):
        return getattr(self.rnn, f"{name}_l{k}") if self.learned_state else torch.zeros(self.hidden)

    def forward(self, tokens, state):
        """tokens [T,B] -> logits [T,B,V], or log probabilities with cutoffs, and the state after them."""
        x = self.encoder(tokens)
        if self.input_mlp:
            x = torch.tanh(self.input_mlp(x))
        output, state = self.rnn(x, state)
        if self.output_mlp:
            output = torch.tanh(self.output_mlp(output))
        if isinstance(self.decoder, nn.AdaptiveLogSoftmaxWithLoss):
            return self.decoder.log_prob(output.flatten(0, 1)).unflatten(0, tokens.shape), state
        return self.decoder(output), state


def detach(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
