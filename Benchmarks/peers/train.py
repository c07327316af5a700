#!/usr/bin/env python3
"""The peer for training speed: PyTorch with a well-written GPT, SDPA, fused AdamW, bfloat16 autocast, torch.compile.

    train.py --block llama --width 384 --layers 6 --heads 6 --feed-forward 1024 --vocabulary 8192 \\
        --context 256 --batch 8 --dtype bf16 --steps 12 [--compile] [--tokens train.bin]

    train.py --start FOLDER --dtype bf16 --steps 12      the weights and batches that Grove starts from (see start.py)

It trains on the batches of --start, on a file of little-endian uint16 ids, or on random ones, and prints one JSON line
with the fields of Grove's own `grove bench train --json`: the seconds of each timed step, the losses, peak memory, and
what a large matrix product reaches here in that dtype.
"""

import argparse
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

import start


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--block", choices=["llama", "gpt2"], default="llama")
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--key-value-heads", type=int, help="as many as --heads unless given")
    parser.add_argument("--feed-forward", type=int, help="8/3 of the width for llama, 4 times for gpt2 unless given")
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--dtype", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--untied", action="store_true", help="an output matrix of its own")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--tokens", help="file of little-endian uint16 ids")
    parser.add_argument("--start", metavar="FOLDER", help="take shape, weights and batches from here")
    parser.add_argument("--save-start", metavar="FOLDER", help="write weights and batches there, and train nothing")
    options = parser.parse_args()
    options.key_value_heads = options.key_value_heads or options.heads
    usual = 4 * options.width if options.block == "gpt2" else 8 * options.width // 3
    options.feed_forward = options.feed_forward or usual
    return options


def rotated(x, cos, sin):
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


class Block(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.options, self.head_width = o, o.width // o.heads
        self.llama = o.block == "llama"
        bias, gates = not self.llama, 2 if self.llama else 1
        self.norm1, self.norm2 = norm(o), norm(o)
        self.qkv = nn.Linear(o.width, (o.heads + 2 * o.key_value_heads) * self.head_width, bias=bias)
        self.out = nn.Linear(o.heads * self.head_width, o.width, bias=bias)
        self.up = nn.Linear(o.width, o.feed_forward * gates, bias=bias)
        self.down = nn.Linear(o.feed_forward, o.width, bias=bias)

    def forward(self, x, cos, sin):
        o = self.options
        b, t, _ = x.shape
        widths = [n * self.head_width for n in (o.heads, o.key_value_heads, o.key_value_heads)]
        q, k, v = self.qkv(self.norm1(x)).split(widths, 2)
        q, k, v = (z.view(b, t, -1, self.head_width).transpose(1, 2) for z in (q, k, v))
        if self.llama:
            q, k = rotated(q, cos, sin), rotated(k, cos, sin)
        grouped = o.key_value_heads != o.heads
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=grouped)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, -1))
        h = self.up(self.norm2(x))
        if self.llama:
            gate, value = h.chunk(2, -1)
            h = F.silu(gate) * value
        else:
            h = F.gelu(h, approximate="tanh")
        return x + self.down(h)


def norm(o):
    return nn.RMSNorm(o.width, eps=1e-5) if o.block == "llama" else nn.LayerNorm(o.width)


class Model(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.embedding = nn.Embedding(o.vocabulary, o.width)
        self.position = nn.Embedding(o.context, o.width) if o.block == "gpt2" else None
        self.blocks = nn.ModuleList(Block(o) for _ in range(o.layers))
        self.norm = norm(o)
        self.head = nn.Linear(o.width, o.vocabulary, bias=False)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)
        if not o.untied:
            self.head.weight = self.embedding.weight
        head_width = o.width // o.heads
        frequencies = 10_000 ** (-torch.arange(0, head_width, 2).float() / head_width)
        angles = torch.outer(torch.arange(o.context).float(), frequencies).repeat(1, 2)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def forward(self, ids, targets):
        x = self.embedding(ids)
        if self.position is not None:
            x = x + self.position.weight
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        logits = self.head(self.norm(x)).flatten(0, 1).float()
        return F.cross_entropy(logits, targets.flatten())


def make_batches(o):
    """The ids of every step, [steps, batch, context + 1]: random windows of the file, or random ids."""
    count = (o.warm_up + o.steps) * o.batch
    if not o.tokens:
        return torch.randint(0, o.vocabulary, (o.warm_up + o.steps, o.batch, o.context + 1))
    import numpy

    data = torch.from_numpy(numpy.fromfile(o.tokens, dtype="<u2").astype("int64"))
    starts = torch.randint(0, len(data) - o.context - 1, (count,)).tolist()
    windows = torch.stack([data[first : first + o.context + 1] for first in starts])
    return windows.view(o.warm_up + o.steps, o.batch, o.context + 1)


def seconds_now(device):
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter()


def train(o, model, batches):
    """The seconds of each timed step, and all losses."""
    # As Grove does: matrices and embeddings decay, norms and biases do not.
    groups = [
        {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=o.learning_rate, betas=(0.9, 0.95), eps=1e-8, fused=True)
    forward = torch.compile(model) if o.compile else model
    pairs = [(ids[:, :-1].contiguous(), ids[:, 1:].contiguous()) for ids in batches.to(o.device)]
    seconds, losses = [], []
    for step, (ids, targets) in enumerate(pairs[: o.warm_up + o.steps]):
        began = seconds_now(o.device)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(o.device.split(":")[0], torch.bfloat16, enabled=o.dtype == "bf16"):
            loss = forward(ids, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step >= o.warm_up:
            seconds.append(seconds_now(o.device) - began)
    return seconds, losses


def matrix_product_ceiling(o):
    """GFLOP/s of the best of six large matrix products, on a CPU through MKL and through oneDNN."""
    size = 2048 if o.device == "cpu" else 8192
    dtype = torch.bfloat16 if o.dtype == "bf16" else torch.float32
    a, b = (torch.randn(size, size, device=o.device, dtype=dtype) for _ in range(2))
    products = [lambda: a @ b]
    if o.device == "cpu" and torch.backends.mkldnn.is_available():
        products.append(lambda: torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], ""))
    best = float("inf")
    with torch.no_grad():
        for product in products * 6:
            began = seconds_now(o.device)
            product()
            best = min(best, seconds_now(o.device) - began)
    return 2 * size**3 / best / 1e9


def main():
    o = parse_arguments()
    if o.threads:
        torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    batches = start.read_options(o.start, o) if o.start else make_batches(o)
    model = Model(o)
    if o.start:
        start.load(o.start, model, o)
    if o.save_start:
        start.save(o.save_start, model, o, batches)
        return
    if len(batches) < o.warm_up + o.steps:
        raise SystemExit(f"{o.start}: batches for {len(batches)} steps, {o.warm_up + o.steps} are needed")
    seconds, losses = train(o, model.to(o.device), batches)
    unit = 1 if sys.platform == "darwin" else 1024
    report = {
        "engine": f"torch {torch.__version__} {'compiled' if o.compile else 'eager'}",
        "precision": {"fp32": "float32", "bf16": "bfloat16"}[o.dtype],
        "parameters": sum(p.numel() for p in model.parameters()),
        "threads": torch.get_num_threads(),
        "stepSeconds": seconds,
        "losses": losses,
        # Before the ceiling's own matrices.
        "peakResidentBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        "ceilingGigaflops": matrix_product_ceiling(o),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
