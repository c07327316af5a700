#!/usr/bin/env python3
"""Writes `python.safetensors` with the reference implementation: every dtype that Grove knows, a scalar, an empty tensor.

    scripts/parity-environment
    .deps/parity/bin/python Tests/Fixtures/safetensors/make_safetensors_fixture.py

Integers are 0, 1 and their type's largest and smallest; floats 0, -1.5, infinity and the largest below it.
"""

import ctypes
import pathlib
import struct

from safetensors import TensorSpec, serialize_file

HERE = pathlib.Path(__file__).resolve().parent


def integers(code, bits, signed):
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - signed) - 1
    return struct.pack(f"<4{code}", 0, 1, high, low)


TENSORS = {
    "uint8": ("uint8", [4], integers("B", 8, False)),
    "int8": ("int8", [4], integers("b", 8, True)),
    "int16": ("int16", [4], integers("h", 16, True)),
    "int32": ("int32", [4], integers("i", 32, True)),
    "int64": ("int64", [4], integers("q", 64, True)),
    "float16": ("float16", [4], struct.pack("<4H", 0, 0xBE00, 0x7C00, 0x7BFF)),
    "bfloat16": ("bfloat16", [4], struct.pack("<4H", 0, 0xBFC0, 0x7F80, 0x7F7F)),
    "float32": ("float32", [4], struct.pack("<4I", 0, 0xBFC00000, 0x7F800000, 0x7F7FFFFF)),
    "float64": ("float64", [4], struct.pack("<4Q", 0, 0xBFF8 << 48, 0x7FF0 << 48, 0x7FEFFFFFFFFFFFFF)),
    "bool": ("bool", [2, 2], bytes([0, 1, 1, 0])),
    "scalar": ("float32", [], struct.pack("<f", 2.5)),
    "empty": ("float32", [3, 0], b""),
}


def main():
    buffers = {name: ctypes.create_string_buffer(data, max(len(data), 1)) for name, (_, _, data) in TENSORS.items()}
    tensors = {
        name: TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(buffers[name]), data_len=len(data))
        for name, (dtype, shape, data) in TENSORS.items()
    }
    serialize_file(tensors, str(HERE / "python.safetensors"), {"format": "pt", "note": "größer"})


if __name__ == "__main__":
    main()
