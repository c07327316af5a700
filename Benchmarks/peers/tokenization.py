#!/usr/bin/env python3
"""The peers for tokenizing, on one core: Hugging Face's tokenizers and OpenAI's tiktoken.

tokenization.py encode --text FILE [--tokenizer tokenizer.json] [--ranks cl100k.tiktoken]   a JSON line each
tokenization.py train --text FILE --vocabulary 32768 [--out tokenizer.json]                 seconds, MB/s, peak memory
tokenization.py ids --text FILE --tokenizer tokenizer.json                                  a JSON list of ids a line

A line of FILE is a document, with its line feed; no other character ends a line.
"""

import argparse
import base64
import json
import os
import resource
import statistics
import time

# One core, as the peers are compared. The tokenizers package reads these when it is imported.
os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["encode", "train", "ids"])
    parser.add_argument("--text", required=True)
    parser.add_argument("--tokenizer")
    parser.add_argument("--ranks", help="a tiktoken rank file: base64 token, space, rank")
    parser.add_argument("--vocabulary", type=int, default=32768)
    parser.add_argument("--out")
    parser.add_argument("--repeat", type=int, default=5)
    return parser.parse_args()


def megabytes(documents):
    return sum(len(document.encode()) for document in documents) / 1e6


def time_encoding(peer, documents, repeat, count_tokens):
    count_tokens(documents[:50])
    seconds, tokens = [], 0
    for _ in range(repeat):
        start = time.perf_counter()
        tokens = count_tokens(documents)
        seconds.append(time.perf_counter() - start)
    median, size = statistics.median(seconds), megabytes(documents)
    report = {
        "peer": peer,
        "MB": round(size, 2),
        "MB_per_s": round(size / median, 2),
        "tokens": tokens,
        "tokens_per_s": round(tokens / median),
    }
    print(json.dumps(report))


def encode(options, documents):
    if options.tokenizer:
        import tokenizers

        tokenizer = tokenizers.Tokenizer.from_file(options.tokenizer)
        time_encoding(
            f"tokenizers {tokenizers.__version__} encode_batch_fast",
            documents,
            options.repeat,
            lambda d: sum(len(e.ids) for e in tokenizer.encode_batch_fast(d, add_special_tokens=False)),
        )
    if options.ranks:
        import tiktoken

        with open(options.ranks, "rb") as file:
            pairs = (line.split() for line in file if line.strip())
            ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
        encoding = tiktoken.Encoding("peer", pat_str=CL100K, mergeable_ranks=ranks, special_tokens={})
        time_encoding(
            f"tiktoken {tiktoken.__version__} encode_ordinary",
            documents,
            options.repeat,
            lambda d: sum(len(encoding.encode_ordinary(x)) for x in d),
        )


def train(options, documents):
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, trainers

    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=options.vocabulary,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    start = time.perf_counter()
    tokenizer.train_from_iterator(documents, trainer)
    seconds, size = time.perf_counter() - start, megabytes(documents)
    report = {
        "peer": f"tokenizers {tokenizers.__version__} BpeTrainer",
        "MB": round(size, 2),
        "seconds": round(seconds, 2),
        "MB_per_s": round(size / seconds, 2),
        "vocabulary": tokenizer.get_vocab_size(),
        "peak_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(report))
    if options.out:
        tokenizer.save(options.out)


def print_ids(options, documents):
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(options.tokenizer)
    for document in documents:
        print(json.dumps(tokenizer.encode(document, add_special_tokens=False).ids))


def main():
    options = parse_arguments()
    with open(options.text, encoding="utf-8", errors="replace", newline="\n") as file:
        documents = file.readlines()
    {"encode": encode, "train": train, "ids": print_ids}[options.job](options, documents)


if __name__ == "__main__":
    main()
