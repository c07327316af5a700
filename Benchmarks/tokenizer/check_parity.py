#!/usr/bin/env python3
"""Checks that Grove and `tokenizers` give every document of a corpus the same ids, and trains the same tokenizer if asked.

    pip install tokenizers==0.23.3 zstandard
    python3 Benchmarks/tokenizer/check_parity.py --tokenizer DIR/tokenizer.json Examples/demo/*.jsonl.zst \\
        --command 'grove tokenizer encode {tokenizer} {text} --json'

The command gets a JSONL file of {"text": ...} and prints one JSON list of ids a line. Exit code 0: all equal; 1: the first differences.
"""
import argparse, io, json, shlex, subprocess, sys, tempfile
import zstandard
from tokenizers import Tokenizer

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--tokenizer", required=True)
p.add_argument("--command", required=True, help="with {tokenizer} and {text} in it")
p.add_argument("--show", type=int, default=5, help="differences to print")
p.add_argument("corpus", nargs="+", help=".jsonl or .jsonl.zst files with a text field")
a = p.parse_args()


def texts(path):
    raw = open(path, "rb")
    stream = zstandard.ZstdDecompressor().stream_reader(raw) if path.endswith(".zst") else raw
    for line in io.TextIOWrapper(stream, encoding="utf-8"):
        yield json.loads(line)["text"]


oracle = Tokenizer.from_file(a.tokenizer)
documents = tokens = different = 0
for path in a.corpus:
    batch = list(texts(path))
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for text in batch:
            file.write(json.dumps({"text": text}) + "\n")
        file.flush()
        command = [word.format(tokenizer=a.tokenizer, text=file.name) for word in shlex.split(a.command)]
        ours = [json.loads(line) for line in subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()]
    if len(ours) != len(batch):
        sys.exit(f"{path}: {len(batch)} documents went in, {len(ours)} lists of ids came out")
    for index, (text, ids) in enumerate(zip(batch, ours)):
        expected = oracle.encode(text, add_special_tokens=False).ids
        documents, tokens = documents + 1, tokens + len(expected)
        if ids != expected:
            different += 1
            if different <= a.show:
                at = next((i for i, (x, y) in enumerate(zip(ids, expected)) if x != y), min(len(ids), len(expected)))
                print(f"{path} document {index}, token {at}: ours {ids[at:at + 8]}, tokenizers {expected[at:at + 8]}")
print(json.dumps({"documents": documents, "tokens": tokens, "different": different}))
sys.exit(1 if different else 0)
