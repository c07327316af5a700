#!/usr/bin/env python3
"""Stores what PyTorch computes for each operator, values and gradients, so that Grove can be checked without Python.

    scripts/parity-environment
    .deps/parity/bin/python Tests/Fixtures/operators/make_operator_fixtures.py

Writes two files beside this script. `operators.safetensors` holds the tensors; `operators.json` says what they are:

    {"name": "matmul.batched", "operator": "matmul", "attributes": {},
     "inputs": ["matmul.batched/in0", "matmul.batched/in1"],
     "outputs": ["matmul.batched/out0"],
     "cotangents": ["matmul.batched/cotangent0"],
     "gradients": ["matmul.batched/gradient0", "matmul.batched/gradient1"]}

`cotangents` is aligned with `outputs` and `gradients` with `inputs`; null stands for what has no gradient. The gradients
are those of the sum over outputs of sum(output * cotangent). Every case draws from a generator seeded with the CRC-32 of
its name, so that a new case changes no other.
"""

import json
import pathlib
import zlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent


def adamw(*tensors, steps, learning_rate, beta1, beta2, epsilon, weight_decay):
    """The parameter, then one gradient a step; returns the parameter after each step."""
    parameter = torch.nn.Parameter(tensors[0].detach().clone())
    optimizer = torch.optim.AdamW(
        [parameter], lr=learning_rate, betas=(beta1, beta2), eps=epsilon, weight_decay=weight_decay
    )
    after = []
    for step in range(steps):
        parameter.grad = tensors[1 + step].detach().clone()
        optimizer.step()
        after.append(parameter.detach().clone())
    return tuple(after)


def clip_gradients(*gradients, maximum_norm):
    """Returns the norm before clipping, then the clipped gradients."""
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.detach().clone()
    norm = torch.nn.utils.clip_grad_norm_(parameters, maximum_norm)
    return (norm.detach(), *(p.grad for p in parameters))


# What each operator of the manifest means. Attributes arrive under the names that the manifest gives them.
OPERATORS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "negate": torch.neg,
    "abs": torch.abs,
    "square": torch.square,
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "pow": lambda x, exponent: x.pow(exponent),
    "exp": torch.exp,
    "log": torch.log,
    "sin": torch.sin,
    "cos": torch.cos,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": F.relu,
    "silu": F.silu,
    "gelu": lambda x, approximate: F.gelu(x, approximate=approximate),
    "softplus": F.softplus,
    "clamp": lambda x, minimum, maximum: x.clamp(minimum, maximum),
    "matmul": torch.matmul,
    "linear": F.linear,
    "embedding": lambda weight, ids: F.embedding(ids, weight),
    "layer_norm": lambda x, weight, bias, epsilon: F.layer_norm(x, x.shape[-1:], weight, bias, epsilon),
    "rms_norm": lambda x, weight, epsilon: F.rms_norm(x, x.shape[-1:], weight, epsilon),
    "softmax": lambda x, dim: x.softmax(dim),
    "log_softmax": lambda x, dim: x.log_softmax(dim),
    "logsumexp": lambda x, dim, keep: x.logsumexp(dim, keepdim=keep),
    "cross_entropy": lambda logits, targets, ignore_index, reduction: F.cross_entropy(
        logits, targets, ignore_index=ignore_index, reduction=reduction
    ),
    "scaled_dot_product_attention": lambda q, k, v, mask=None, causal=False, grouped=False: (
        F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=grouped)
    ),
    "cat": lambda *tensors, dim: torch.cat(tensors, dim),
    "stack": lambda *tensors, dim: torch.stack(tensors, dim),
    "split": lambda x, sizes, dim: x.split(sizes, dim),
    "narrow": lambda x, dim, start, length: x.narrow(dim, start, length),
    "select": lambda x, dim, index: x.select(dim, index),
    "transpose_reshape": lambda x, dim0, dim1, shape: x.transpose(dim0, dim1).reshape(shape),
    "permute": lambda x, dims: x.permute(dims),
    "expand": lambda x, shape: x.expand(shape),
    "unsqueeze": lambda x, dim: x.unsqueeze(dim),
    "squeeze": lambda x, dim: x.squeeze(dim),
    "flip": lambda x, dims: x.flip(dims),
    "roll": lambda x, shift, dim: x.roll(shift, dim),
    "triu": lambda x, diagonal: x.triu(diagonal),
    "tril": lambda x, diagonal: x.tril(diagonal),
    "gather": lambda x, index, dim: x.gather(dim, index),
    "scatter_add": lambda x, index, source, dim: x.scatter_add(dim, index, source),
    "index_select": lambda x, index, dim: x.index_select(dim, index),
    "where": torch.where,
    "masked_fill": lambda x, mask, value: x.masked_fill(mask, value),
    "cumsum": lambda x, dim: x.cumsum(dim),
    "sum": lambda x, dims, keep: x.sum(dims, keepdim=keep),
    "mean": lambda x, dims, keep: x.mean(dims, keepdim=keep),
    "variance": lambda x, dims, keep, correction: x.var(dims, keepdim=keep, correction=correction),
    "sum_all": torch.sum,
    "mean_all": torch.mean,
    "amax": lambda x, dim, keep: x.amax(dim, keepdim=keep),
    "argmax": lambda x, dim: x.argmax(dim),
    "topk": lambda x, count, dim: tuple(x.topk(count, dim)),
    "sort": lambda x, dim, descending: tuple(x.sort(dim, descending)),
    "cast": lambda x, dtype: x.to(getattr(torch, dtype)),
    "equal": lambda a, b: a == b,
    "less": lambda a, b: a < b,
    "adamw": adamw,
    "clip_gradients": clip_gradients,
}

# Operators whose inputs are data of an optimizer: no gradient is asked of them.
WITHOUT_GRADIENT = {"adamw", "clip_gradients"}


class Draws:
    """The random tensors of one case."""

    def __init__(self, name):
        self.generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))

    def normal(self, *shape, scale=1.0):
        return torch.randn(shape, generator=self.generator) * scale

    def positive(self, *shape):
        return torch.rand(shape, generator=self.generator) * 3 + 0.2

    def ids(self, limit, *shape):
        return torch.randint(0, limit, shape, generator=self.generator)

    def flags(self, *shape):
        return torch.rand(shape, generator=self.generator) < 0.4


class Fixtures:
    """All cases so far: the manifest and the tensors."""

    def __init__(self):
        self.cases, self.tensors = [], {}

    def add(self, name, make_inputs, **attributes):
        """Runs one case. The operator is the part of the name before the first dot."""
        assert all(case["name"] != name for case in self.cases), name
        operator, draws = name.split(".")[0], Draws(name)
        inputs = make_inputs(draws)
        differentiable = operator not in WITHOUT_GRADIENT
        for tensor in inputs:
            tensor.requires_grad_(differentiable and tensor.is_floating_point())
        results = OPERATORS[operator](*inputs, **attributes)
        outputs = list(results) if isinstance(results, tuple) else [results]
        cotangents = [draws.normal(*o.shape).to(o.dtype) if o.requires_grad else None for o in outputs]
        if any(c is not None for c in cotangents):
            sum((o * c).sum() for o, c in zip(outputs, cotangents) if c is not None).backward()
        self.cases.append(
            {
                "name": name,
                "operator": operator,
                "attributes": attributes,
                "inputs": self.store(name, "in", inputs),
                "outputs": self.store(name, "out", outputs),
                "cotangents": self.store(name, "cotangent", cotangents),
                "gradients": self.store(name, "gradient", [t.grad for t in inputs]),
            }
        )

    def store(self, case, kind, tensors):
        """Keeps the tensors under `case/kindN` and returns those names."""
        names = []
        for index, tensor in enumerate(tensors):
            names.append(None if tensor is None else f"{case}/{kind}{index}")
            if tensor is not None:
                self.tensors[names[-1]] = tensor.detach().clone().contiguous()
        return names

    def write(self):
        about = {"generator": pathlib.Path(__file__).name, "torch": torch.__version__, "seed": "crc32(name)"}
        save_file(self.tensors, HERE / "operators.safetensors")
        with open(HERE / "operators.json", "w", encoding="utf-8") as file:
            cases = ",\n".join("    " + json.dumps(case) for case in self.cases)
            file.write(f'{{\n  "about": {json.dumps(about)},\n  "cases": [\n{cases}\n  ]\n}}\n')


def add_arithmetic(f):
    for operator in ("add", "subtract", "multiply", "divide", "maximum", "minimum"):
        second = Draws.positive if operator == "divide" else Draws.normal
        f.add(f"{operator}.same", lambda d, second=second: (d.normal(3, 5), second(d, 3, 5)))
        f.add(f"{operator}.row", lambda d, second=second: (d.normal(2, 3, 7), second(d, 7)))
        f.add(f"{operator}.both", lambda d, second=second: (d.normal(5, 1, 3), second(d, 1, 4, 1)))
    f.add("add.scalar_tensor", lambda d: (d.normal(4, 3), d.normal()))
    f.add("add.empty", lambda d: (d.normal(0, 3), d.normal(1, 3)))
    for operator in ("negate", "abs", "square", "exp", "sin", "cos", "tanh", "sigmoid", "relu", "silu", "softplus"):
        f.add(f"{operator}.matrix", lambda d: (d.normal(3, 11, scale=2),))
    for operator in ("sqrt", "rsqrt", "log"):
        f.add(f"{operator}.matrix", lambda d: (d.positive(3, 11),))
    f.add("sigmoid.far", lambda d: (torch.tensor([-90.0, -20.0, 0.0, 20.0, 90.0]),))
    f.add("pow.square", lambda d: (d.normal(3, 5),), exponent=2.0)
    f.add("pow.fraction", lambda d: (d.positive(7),), exponent=1.7)
    f.add("pow.inverse", lambda d: (d.positive(2, 3),), exponent=-0.5)
    f.add("gelu.tanh", lambda d: (d.normal(3, 11, scale=2),), approximate="tanh")
    f.add("gelu.erf", lambda d: (d.normal(3, 11, scale=2),), approximate="none")
    f.add("clamp.both", lambda d: (d.normal(3, 7),), minimum=-0.5, maximum=0.8)


def add_products(f):
    f.add("matmul.matrix", lambda d: (d.normal(5, 7), d.normal(7, 3)))
    f.add("matmul.vector", lambda d: (d.normal(5, 7), d.normal(7)))
    f.add("matmul.batched", lambda d: (d.normal(2, 3, 5, 7), d.normal(2, 3, 7, 4)))
    f.add("matmul.broadcast", lambda d: (d.normal(2, 3, 5, 7), d.normal(7, 4)))
    f.add("matmul.one", lambda d: (d.normal(1, 1), d.normal(1, 1)))
    f.add("linear.bias", lambda d: (d.normal(2, 5, 7), d.normal(3, 7), d.normal(3)))
    f.add("linear.plain", lambda d: (d.normal(2, 5, 7), d.normal(3, 7)))
    f.add("linear.wide", lambda d: (d.normal(3, 33), d.normal(65, 33), d.normal(65)))
    f.add("embedding.repeated", lambda d: (d.normal(11, 5), d.ids(11, 3, 7)))
    f.add("embedding.one", lambda d: (d.normal(4, 3), torch.tensor([[2]])))


def add_normalisation(f):
    def norm(*shape, scale=1.0):
        return lambda d: (d.normal(*shape, scale=scale) + 0.3, d.normal(shape[-1]), d.normal(shape[-1]))

    f.add("layer_norm.odd", norm(2, 5, 13), epsilon=1e-5)
    f.add("layer_norm.small", norm(3, 7, scale=1e-3), epsilon=1e-5)
    f.add("layer_norm.wide", norm(3, 97, scale=50.0), epsilon=1e-6)
    f.add("rms_norm.odd", lambda d: norm(2, 5, 13)(d)[:2], epsilon=1e-5)
    f.add("rms_norm.small", lambda d: norm(3, 7, scale=1e-3)(d)[:2], epsilon=1e-5)
    f.add("rms_norm.wide", lambda d: norm(3, 97, scale=50.0)(d)[:2], epsilon=1e-6)
    for operator in ("softmax", "log_softmax"):
        f.add(f"{operator}.last", lambda d: (d.normal(2, 3, 11, scale=3),), dim=-1)
        f.add(f"{operator}.middle", lambda d: (d.normal(2, 5, 3),), dim=1)
        f.add(f"{operator}.far", lambda d: (d.normal(3, 7) + 1e4,), dim=-1)
    f.add("logsumexp.last", lambda d: (d.normal(3, 11, scale=3),), dim=-1, keep=False)
    f.add("logsumexp.keep", lambda d: (d.normal(3, 5, 2),), dim=1, keep=True)


def with_ignored(targets, value):
    """The targets with every fourth one, and the last, replaced by `value`."""
    targets[::4] = value
    targets[-1] = value
    return targets


def add_losses_and_attention(f):
    for reduction in ("mean", "sum", "none"):
        f.add(
            f"cross_entropy.{reduction}",
            lambda d: (d.normal(9, 17, scale=2), d.ids(17, 9)),
            ignore_index=-100,
            reduction=reduction,
        )
        f.add(
            f"cross_entropy.{reduction}_ignored",
            lambda d: (d.normal(11, 13, scale=2), with_ignored(d.ids(13, 11), -100)),
            ignore_index=-100,
            reduction=reduction,
        )
    f.add(
        "cross_entropy.padding_zero",
        lambda d: (d.normal(10, 7), with_ignored(d.ids(6, 10) + 1, 0)),
        ignore_index=0,
        reduction="mean",
    )

    def heads(query_heads, key_heads, queries, keys, width):
        return lambda d: (
            d.normal(2, query_heads, queries, width),
            d.normal(2, key_heads, keys, width),
            d.normal(2, key_heads, keys, width),
        )

    name = "scaled_dot_product_attention"
    f.add(f"{name}.full", heads(3, 3, 5, 7, 4), causal=False)
    f.add(f"{name}.causal", heads(3, 3, 7, 7, 4), causal=True)
    f.add(f"{name}.causal_long", heads(1, 1, 67, 67, 8), causal=True)
    f.add(f"{name}.one_query", heads(2, 2, 1, 9, 4), causal=False)
    f.add(f"{name}.grouped", heads(6, 2, 7, 7, 4), causal=True, grouped=True)
    f.add(f"{name}.multi_query", heads(4, 1, 3, 5, 6), causal=False, grouped=True)

    def kept(d):  # every query keeps a key: no row of NaN
        return d.flags(2, 1, 5, 7) | (torch.arange(7) == 0)

    f.add(f"{name}.kept", lambda d: (*heads(3, 3, 5, 7, 4)(d), kept(d)))
    f.add(f"{name}.bias", lambda d: (*heads(3, 3, 5, 7, 4)(d), d.normal(1, 3, 5, 7)))


def add_shapes(f):
    f.add("cat.rows", lambda d: (d.normal(2, 3), d.normal(5, 3)), dim=0)
    f.add("cat.last_of_three", lambda d: (d.normal(2, 3), d.normal(2, 1), d.normal(2, 4)), dim=-1)
    f.add("stack.middle", lambda d: (d.normal(2, 3), d.normal(2, 3), d.normal(2, 3)), dim=1)
    f.add("split.uneven", lambda d: (d.normal(2, 9, 3),), sizes=[2, 4, 3], dim=1)
    f.add("narrow.middle", lambda d: (d.normal(3, 9),), dim=1, start=2, length=5)
    f.add("select.last", lambda d: (d.normal(2, 5, 3),), dim=1, index=-1)
    f.add("transpose_reshape.heads", lambda d: (d.normal(2, 5, 3, 4),), dim0=1, dim1=2, shape=[2, 3, 20])
    f.add("transpose_reshape.merge", lambda d: (d.normal(3, 7),), dim0=0, dim1=1, shape=[21])
    f.add("permute.four", lambda d: (d.normal(2, 3, 4, 5),), dims=[2, 0, 3, 1])
    f.add("expand.rows", lambda d: (d.normal(3, 1, 2),), shape=[3, 5, 2])
    f.add("unsqueeze.middle", lambda d: (d.normal(3, 5),), dim=1)
    f.add("squeeze.middle", lambda d: (d.normal(3, 1, 5),), dim=1)
    f.add("flip.last", lambda d: (d.normal(3, 5),), dims=[-1])
    f.add("roll.back", lambda d: (d.normal(3, 5),), shift=-2, dim=1)
    f.add("triu.above", lambda d: (d.normal(5, 7),), diagonal=1)
    f.add("tril.below", lambda d: (d.normal(7, 5),), diagonal=-1)
    f.add("gather.last", lambda d: (d.normal(3, 11), d.ids(11, 3, 4)), dim=-1)
    f.add("gather.first", lambda d: (d.normal(5, 3), d.ids(5, 7, 3)), dim=0)
    f.add("scatter_add.rows", lambda d: (d.normal(4, 3), d.ids(4, 7, 3), d.normal(7, 3)), dim=0)
    f.add("index_select.rows", lambda d: (d.normal(7, 3), torch.tensor([6, 0, 2, 2])), dim=0)
    f.add("index_select.columns", lambda d: (d.normal(3, 7), torch.tensor([1, 1, 5])), dim=1)
    f.add("where.broadcast", lambda d: (d.flags(3, 1), d.normal(3, 5), d.normal(1, 5)))
    f.add("masked_fill.finite", lambda d: (d.normal(3, 5), d.flags(3, 5)), value=-3.5)
    f.add("masked_fill.broadcast", lambda d: (d.normal(2, 3, 5), d.flags(3, 5)), value=0.0)
    f.add("cast.to_bfloat16", lambda d: (d.normal(3, 5),), dtype="bfloat16")
    f.add("cast.to_integer", lambda d: (d.normal(3, 5, scale=9),), dtype="int64")


def add_reductions(f):
    for operator, extra in (("sum", {}), ("mean", {}), ("variance", {"correction": 0})):
        f.add(f"{operator}.last", lambda d: (d.normal(2, 3, 7),), dims=[-1], keep=False, **extra)
        f.add(f"{operator}.two", lambda d: (d.normal(2, 3, 7),), dims=[0, 2], keep=True, **extra)
    f.add("variance.unbiased", lambda d: (d.normal(3, 7),), dims=[1], keep=False, correction=1)
    f.add("sum_all.odd", lambda d: (d.normal(3, 5, 7),))
    f.add("mean_all.odd", lambda d: (d.normal(3, 5, 7),))
    f.add("cumsum.last", lambda d: (d.normal(3, 11),), dim=-1)
    f.add("cumsum.first", lambda d: (d.normal(5, 3),), dim=0)
    f.add("amax.last", lambda d: (d.normal(3, 11),), dim=-1, keep=False)
    f.add("argmax.last", lambda d: (d.normal(3, 11),), dim=-1)
    f.add("topk.last", lambda d: (d.normal(3, 17),), count=5, dim=-1)
    f.add("topk.all", lambda d: (d.normal(7),), count=7, dim=-1)
    f.add("sort.up", lambda d: (d.normal(3, 11),), dim=-1, descending=False)
    f.add("sort.down", lambda d: (d.normal(7, 2),), dim=0, descending=True)
    f.add("equal.ids", lambda d: (d.ids(3, 4, 5), d.ids(3, 4, 5)))
    f.add("less.broadcast", lambda d: (d.normal(4, 5), d.normal(5)))


def add_optimisation(f):
    def steps(count, *shape):
        return lambda d: (d.normal(*shape), *(d.normal(*shape) for _ in range(count)))

    usual = {"learning_rate": 1e-2, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8}
    f.add("adamw.decay", steps(3, 5, 7), steps=3, weight_decay=0.1, **usual)
    f.add("adamw.no_decay", steps(3, 13), steps=3, weight_decay=0.0, **usual)
    f.add("adamw.large_epsilon", steps(3, 3), steps=3, weight_decay=0.3, **{**usual, "epsilon": 1e-2, "beta2": 0.999})

    def three(d):
        return (d.normal(3, 5), d.normal(7), d.normal(2, 2, 2))

    f.add("clip_gradients.above", three, maximum_norm=1.0)
    f.add("clip_gradients.below", three, maximum_norm=100.0)


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    fixtures = Fixtures()
    for add in (
        add_arithmetic,
        add_products,
        add_normalisation,
        add_losses_and_attention,
        add_shapes,
        add_reductions,
        add_optimisation,
    ):
        add(fixtures)
    fixtures.write()
    print(f"{len(fixtures.cases)} cases, {len(fixtures.tensors)} tensors")


if __name__ == "__main__":
    main()
