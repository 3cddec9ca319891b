"""Measures the training step of `rnntrain benchmark` in PyTorch; prints one JSON object with its speed.

    training_step.py --model JSON [--threads N] [--processes N] [--bf16] [--steps N]

JSON is the output of `rnntrain benchmark --json`: it gives the model, batch, window, optimizer and clipping. Every step does
the same work as in rnntrain: forward over T time steps of B streams from the state of the previous window, the mean loss over all tokens,
backward, clipping of the gradient's norm, update. Several processes divide the streams, under DistributedDataParallel.

PyTorch uses its fastest settings, measured alternately (PyTorch 2.15, one core of a virtual Cascade Lake with AVX-512):
oneDNN for the LSTM (without it zaremba-small is about as fast, and char takes 1.4 times as long); the fused Adam (foreach and the plain
loop are within its noise); no torch.compile, which does not compile nn.LSTM and took 1.1 times as long on zaremba-small; denormals
flushed, as in rnntrain. The caller keeps freed memory mapped, which made zaremba-small 1.1 to 1.4 times as fast.
"""

import argparse
import json
import os
import statistics
import tempfile
import time

import torch
import torch.distributed
from torch import nn
from torch.nn import functional

WARM_UP_STEPS = 3
WINDOWS = 4


class LanguageModel(nn.Module):
    """Embedding, recurrent layers and output: from tokens and targets [T,B] to the mean loss.

    The output is `nn.Linear` with the cross entropy, or `nn.AdaptiveLogSoftmaxWithLoss` with the cutoffs of rnntrain.
    """

    def __init__(self, figures):
        super().__init__()
        hidden = figures["hidden"]
        layers = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}[figures["cell"]]
        self.encoder = nn.Embedding(figures["vocabulary"], hidden)
        self.rnn = layers(hidden, hidden, figures["layers"])
        self.is_adaptive = figures.get("output") == "adaptive"
        if self.is_adaptive:
            self.decoder = nn.AdaptiveLogSoftmaxWithLoss(hidden, figures["vocabulary"], figures["cutoffs"], div_value=4.0)
        else:
            self.decoder = nn.Linear(hidden, figures["vocabulary"])

    def forward(self, tokens, targets, state):
        outputs, state = self.rnn(self.encoder(tokens), state)
        outputs, targets = outputs.flatten(0, 1), targets.flatten()
        if self.is_adaptive:
            return self.decoder(outputs, targets).loss, state
        return functional.cross_entropy(self.decoder(outputs), targets), state


def make_optimizer(figures, parameters):
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    return kinds[figures["optimizer"]](parameters, lr=figures["learning_rate"], fused=True)


def random_tokens(figures, shape):
    """Tokens that are drawn uniformly, or by Zipf's law as in rnntrain: token t with probability log((t+2)/(t+1)) / log(V+1)."""
    vocabulary = figures["vocabulary"]
    if figures.get("tokens_drawn") != "zipf":
        return torch.randint(vocabulary, shape)
    return ((vocabulary + 1.0) ** torch.rand(shape, dtype=torch.float64) - 1).long().clamp(0, vocabulary - 1)


def random_windows(figures, streams):
    """Inputs and targets, [T,B] each, of random tokens."""
    shape = (figures["window"], streams)
    return [[random_tokens(figures, shape) for _ in range(2)] for _ in range(WINDOWS)]


def detached(state):
    return state.detach() if torch.is_tensor(state) else tuple(part.detach() for part in state)


class Bench:
    """A model that is ready for steps on random tokens."""

    def __init__(self, figures, bf16, processes):
        self.figures = figures
        self.bf16 = bf16
        torch.manual_seed(1)
        self.model = LanguageModel(figures)
        self.parameters = list(self.model.parameters())
        self.optimizer = make_optimizer(figures, self.parameters)
        if processes > 1:
            self.model = nn.parallel.DistributedDataParallel(self.model, gradient_as_bucket_view=True)
        self.windows = random_windows(figures, figures["batch_size"] // processes)
        self.state = None

    def step(self, number):
        inputs, targets = self.windows[number % WINDOWS]
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            loss, state = self.model(inputs, targets, self.state)
        self.state = detached(state)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.figures["clip"])
        self.optimizer.step()

    def run(self, steps):
        """The time of each step in milliseconds, after a warm-up."""
        times = []
        for number in range(WARM_UP_STEPS + steps):
            start = time.perf_counter()
            self.step(number)
            times.append((time.perf_counter() - start) * 1e3)
        return times[WARM_UP_STEPS:]


def set_up(threads):
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)


def work(process, arguments, rendezvous, results):
    """One process of several. Process 0 reports the result."""
    set_up(arguments.threads)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{rendezvous}", rank=process, world_size=arguments.processes)
    times = Bench(arguments.model, arguments.bf16, arguments.processes).run(arguments.steps)
    if process == 0:
        results.put(times)
    # A barrier, and an exit without PyTorch's own shutdown, which sometimes aborts one of two processes ("terminate called
    # without an active exception").
    torch.distributed.barrier()
    os._exit(0)


def run_processes(arguments):
    # All processes are on this machine. Otherwise gloo would look for another address of the machine.
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    with tempfile.TemporaryDirectory() as folder:
        results = torch.multiprocessing.get_context("spawn").SimpleQueue()
        torch.multiprocessing.spawn(
            work, args=(arguments, os.path.join(folder, "rendezvous"), results), nprocs=arguments.processes)
        return results.get()


def run_alone(arguments):
    set_up(arguments.threads)
    return Bench(arguments.model, arguments.bf16, 1).run(arguments.steps)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=json.loads, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--steps", type=int, default=20)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    times = run_processes(arguments) if arguments.processes > 1 else run_alone(arguments)
    step = statistics.median(times)
    figures = arguments.model
    parameters = sum(parameter.numel() for parameter in LanguageModel(figures).parameters())
    print(json.dumps({
        "tokens_per_second": figures["batch_size"] * figures["window"] / step * 1e3,
        "step_ms": step,
        "parameters": parameters,
        "version": torch.__version__,
    }))


if __name__ == "__main__":
    main()
