#!/usr/bin/env python3
"""The peer for the cost of calling an operator: PyTorch from Python.

    operators.py --blocks 15 --calls 20000

The cases of Grove's `grove bench operators --json`, and its fields: small tensors, one thread, no gradients.
"""

import argparse
import json
import time

import torch

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--blocks", type=int, default=15)
parser.add_argument("--calls", type=int, default=20_000)
options = parser.parse_args()

torch.set_num_threads(1)
vector = torch.arange(16, dtype=torch.float32)
matrix = vector.reshape(16, 1) + vector
cases = {
    "add": lambda: vector + vector,
    "matmul": lambda: torch.matmul(matrix, matrix),
    "view": lambda: vector.reshape(4, 4),
}
microseconds, sums = {}, {}
with torch.no_grad():
    for name, call in cases.items():
        times = []
        for _ in range(options.blocks + 1):
            began = time.perf_counter()
            for _ in range(options.calls):
                last = call()
            times.append((time.perf_counter() - began) * 1e6 / options.calls)
        microseconds[name] = times[1:]
        sums[name] = last.sum().item()
print(json.dumps({"engine": f"torch {torch.__version__} from Python", "microseconds": microseconds, "sums": sums}))
