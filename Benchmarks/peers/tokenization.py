#!/usr/bin/env python3
"""The peers for tokenizing, on one core: Hugging Face's tokenizers and OpenAI's tiktoken.

    tokenization.py encode --peer tokenizers|tiktoken --text FILE.jsonl --tokenizer tokenizer.json
    tokenization.py train --peer tokenizers --text FILE.jsonl --vocabulary 8192

A line of FILE is a JSON object whose "text" is a document. One JSON line comes out, with the fields of Grove's own
`grove bench tokenizer --json`: the seconds of each repeat, bytes, tokens, and a SHA-256 over the result, by which the
engines are known to agree. tiktoken gets the vocabulary and the split of tokenizer.json.
"""

import argparse
import hashlib
import json
import os
import struct
import time

# One core, as the peers are compared. The tokenizers package reads these when it is imported.
os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

# As tiktoken writes GPT-2's split: without backtracking, and so as fast as it can be.
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["encode", "train"])
    parser.add_argument("--peer", choices=["tokenizers", "tiktoken"], required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--tokenizer")
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def bytes_of_characters():
    """The byte that each character of a byte-level vocabulary stands for."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


def split_pattern(pre_tokenizer):
    """The regular expression of a tokenizer.json's split."""
    parts = pre_tokenizer.get("pretokenizers", [pre_tokenizer])
    for part in parts:
        if part["type"] == "Split":
            return part["pattern"]["Regex"]
    return GPT2


def tokenizers_encoder(path):
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # the text of a special token in a document is text
    name = f"tokenizers {tokenizers.__version__}"
    return name, lambda texts: [e.ids for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def tiktoken_encoder(path):
    import tiktoken

    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    byte_of = bytes_of_characters()
    special = {token["content"] for token in document["added_tokens"]}
    vocabulary = {text: id for text, id in document["model"]["vocab"].items() if text not in special}
    ranks = {bytes(byte_of[c] for c in text): id for text, id in vocabulary.items()}
    pattern = split_pattern(document["pre_tokenizer"])
    encoding = tiktoken.Encoding("peer", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return f"tiktoken {tiktoken.__version__}", lambda texts: [encoding.encode_ordinary(text) for text in texts]


def encode(options, texts):
    make = {"tokenizers": tokenizers_encoder, "tiktoken": tiktoken_encoder}[options.peer]
    name, encoder = make(options.tokenizer)
    encoder(texts[:50])
    seconds, lists = timed(options.repeats, lambda: encoder(texts))
    digest = hashlib.sha256()
    for ids in lists:
        digest.update(struct.pack(f"<{len(ids)}I", *ids))
    return name, seconds, sum(map(len, lists)), digest


def train(options, texts):
    import tokenizers
    from tokenizers import models, pre_tokenizers, trainers

    def job():
        tokenizer = tokenizers.Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(
            vocab_size=options.vocabulary,
            min_frequency=2,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return tokenizer

    seconds, tokenizer = timed(options.repeats, job)
    byte_of, digest = bytes_of_characters(), hashlib.sha256()
    for text, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1]):
        token = bytes(byte_of[c] for c in text)
        digest.update(b"%d:" % len(token) + token)
    return f"tokenizers {tokenizers.__version__}", seconds, tokenizer.get_vocab_size(), digest


def timed(repeats, job):
    """The seconds of each repeat, and the last result."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        result = job()
        seconds.append(time.perf_counter() - began)
    return seconds, result


def main():
    options = parse_arguments()
    with open(options.text, encoding="utf-8", newline="\n") as file:
        texts = [json.loads(line)["text"] for line in file]
    engine, seconds, tokens, digest = {"encode": encode, "train": train}[options.job](options, texts)
    size = sum(len(text.encode()) for text in texts)
    report = {"engine": engine, "seconds": seconds, "bytes": size, "tokens": tokens, "digest": digest.hexdigest()}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
