"""Reads a shard as the Megatron-LM format says and prints it as JSON, one document a line.

Written from the description of the format, apart from the Swift code, so that the two check each other:
    python3 read_shard.py PREFIX   (Python 3.9 or later, no packages)
"""

import json
import struct
import sys


def read(prefix):
    with open(prefix + ".idx", "rb") as file:
        index = file.read()
    with open(prefix + ".bin", "rb") as file:
        data = file.read()
    assert index[:9] == b"MMIDIDX\x00\x00", "magic"
    version, code, sequences, marks = struct.unpack_from("<QBQQ", index, 9)
    assert version == 1
    letter, width = {4: ("i", 4), 8: ("H", 2)}[code]
    sizes = struct.unpack_from(f"<{sequences}i", index, 34)
    pointers = struct.unpack_from(f"<{sequences}q", index, 34 + 4 * sequences)
    documents = struct.unpack_from(f"<{marks}q", index, 34 + 12 * sequences)
    assert len(index) == 34 + 12 * sequences + 8 * marks
    assert documents == tuple(range(sequences + 1)), "one sequence a document"
    assert len(data) == width * sum(sizes)
    for size, pointer in zip(sizes, pointers):
        yield list(struct.unpack_from(f"<{size}{letter}", data, pointer))


if __name__ == "__main__":
    for tokens in read(sys.argv[1]):
        print(json.dumps(tokens))
