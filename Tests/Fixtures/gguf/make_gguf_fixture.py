#!/usr/bin/env python3
"""Writes blocks.gguf: a tensor of every type that Grove reads, with the values that the package gguf decodes it to.

Made with Python 3.11.7, gguf 0.19.0 and NumPy 2.4.6, seed 5:  python3 make_gguf_fixture.py
Metadata has a key of every type of value. Types with a quantiser in the package hold what it makes of `source`; the others
hold random blocks with scales between 0.001 and 0.1.
"""

import pathlib

import gguf
import numpy
from gguf import GGMLQuantizationType as Type

generator = numpy.random.default_rng(5)
writer = gguf.GGUFWriter(pathlib.Path(__file__).parent / "blocks.gguf", "none")
writer.add_custom_alignment(64)
for name, value in [("uint8", 200), ("int8", -100), ("uint16", 60_000), ("int16", -30_000), ("uint32", 4_000_000_000),
                    ("int32", -2_000_000_000), ("uint64", 2**64 - 1), ("int64", -(2**62)), ("float32", 0.1),
                    ("float64", 0.1), ("bool", True), ("string", "größer")]:
    getattr(writer, f"add_{name}")(f"value.{name}", value)
writer.add_array("value.texts", ["a", "", "größer"])
writer.add_array("value.integers", [1, -2, 3])
writer.add_array("value.numbers", [0.5, -0.25])
writer.add_array("value.flags", [True, False])

source = generator.normal(size=(4, 512)).astype(numpy.float32) * 0.05
source[0, :32] = 0  # a block of nothing
source[0, 32] = -1.0  # the largest is negative
source[0, 64:96] = numpy.linspace(-8, 7.5, 32)  # halves between levels
source[1, :32] = 1e-9  # a scale below what float16 has
writer.add_tensor("source", source)


def random_blocks(kind, rows):
    """Rows of blocks of a K type, with small scales at the places where the type has them."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = generator.integers(0, 256, size=(rows * 512 // elements, size), dtype=numpy.uint8)
    places = [208] if kind == Type.Q6_K else [0, 2]
    for place in places:
        scales = generator.uniform(0.001, 0.1, size=len(blocks)).astype(numpy.float16)
        blocks[:, place : place + 2] = scales.view(numpy.uint8).reshape(-1, 2)
    return blocks.reshape(rows, -1)


for kind in [Type.F16, Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q4_K, Type.Q5_K, Type.Q6_K]:
    if kind.name.endswith("_K"):
        data = random_blocks(kind, 4)
    else:
        data = gguf.quants.quantize(source, kind)
    if kind == Type.F16:
        writer.add_tensor(kind.name, data)
    else:
        writer.add_tensor(kind.name, data.view(numpy.uint8).reshape(4, -1), raw_dtype=kind)
    writer.add_tensor(f"{kind.name} decoded", gguf.quants.dequantize(data, kind).reshape(4, 512))

writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
