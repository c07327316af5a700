#!/usr/bin/env python3
"""Compares the float32 tensors of two safetensors files. Needs Python and NumPy; exit code 1 if they differ.

    compare_tensors.py A B --within 1e-4      largest difference over the largest value of A
"""

import argparse
import json
import struct
import sys

import numpy


def tensors(name):
    with open(name, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        key: numpy.frombuffer(data[entry["data_offsets"][0] : entry["data_offsets"][1]], "<f4")
        for key, entry in header.items()
        if entry["dtype"] == "F32"
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("--within", type=float, required=True)
    options = parser.parse_args()
    a, b = tensors(options.a), tensors(options.b)
    if a.keys() != b.keys() or not a:
        sys.exit(f"other tensors: {sorted(a)} and {sorted(b)}")
    failed = False
    for name in a:
        difference = float(numpy.abs(a[name] - b[name]).max() / numpy.abs(a[name]).max())
        failed |= not difference <= options.within
        print(f"{name}: differs by at most {difference:.1e} of the largest value, allowed {options.within:.0e}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
