#!/usr/bin/env python3
"""Measures Grove, `tokenizers` and `tiktoken` in turns on one core: the same bytes, vocabulary and split; the ids are compared first.

    pip install tokenizers==0.23.3 tiktoken==0.14.0 zstandard
    python3 Benchmarks/tokenizer/compare_speed.py --tokenizer DIR/tokenizer.json Examples/demo/*.jsonl.zst \\
        --encode 'grove tokenizer benchmark {tokenizer} {text} --json' --out Benchmarks/results/tokenizer.json

The command gets a JSONL file of {"text": ...}, encodes it once from memory with a fresh encoder, and prints one JSON object
with "seconds" (encoding only) and "tokens". The tokenizer must use the GPT-2 split. Each round runs all three; the medians count.
Grove starts cold in every round, the two others keep their caches.
"""
import os
os.environ.update(RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
import argparse, io, json, platform, shlex, statistics, subprocess, tempfile, time
import tiktoken, tokenizers, zstandard

GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--tokenizer", required=True)
p.add_argument("--encode", required=True, help="with {tokenizer} and {text} in it")
p.add_argument("--rounds", type=int, default=7)
p.add_argument("--out", help="where the result goes as JSON; it is printed anyway")
p.add_argument("corpus", nargs="+", help=".jsonl or .jsonl.zst files with a text field")
a = p.parse_args()


def texts(path):
    raw = open(path, "rb")
    stream = zstandard.ZstdDecompressor().stream_reader(raw) if path.endswith(".zst") else raw
    return [json.loads(line)["text"] for line in io.TextIOWrapper(stream, encoding="utf-8")]


def ranks(document):
    """The vocabulary as tiktoken has it: a token's bytes and its rank, special tokens left out."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    byte_of = {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}
    special = {token["content"] for token in document["added_tokens"]}
    return {bytes(byte_of[c] for c in text): id for text, id in document["model"]["vocab"].items() if text not in special}


def timed(encode):
    start = time.perf_counter()
    count = encode()
    return time.perf_counter() - start, count


documents = [text for path in a.corpus for text in texts(path)]
size = sum(len(text.encode()) for text in documents) / 1e6
reference = tokenizers.Tokenizer.from_file(a.tokenizer)
peer = tiktoken.Encoding("peer", pat_str=GPT2, mergeable_ranks=ranks(json.load(open(a.tokenizer))), special_tokens={})
seconds = {"grove": [], "tokenizers": [], "tiktoken": []}
with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
    file.writelines(json.dumps({"text": text}) + "\n" for text in documents)
    file.flush()
    command = [word.format(tokenizer=a.tokenizer, text=file.name) for word in shlex.split(a.encode)]
    for _ in range(a.rounds):
        ours = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        seconds["grove"].append(ours["seconds"])
        rounds = [(ours["seconds"], ours["tokens"])]
        for name, encode in [
            ("tokenizers", lambda: sum(len(e.ids) for e in reference.encode_batch_fast(documents, add_special_tokens=False))),
            ("tiktoken", lambda: sum(len(peer.encode_ordinary(text)) for text in documents))]:
            rounds.append(timed(encode))
            seconds[name].append(rounds[-1][0])
        if len({count for _, count in rounds}) != 1:
            raise SystemExit(f"a fast wrong answer is no result: {[count for _, count in rounds]} tokens")
speed = {name: size / statistics.median(values) for name, values in seconds.items()}
result = {
    "MB": round(size, 2), "rounds": a.rounds, "MB_per_s": {name: round(value, 2) for name, value in speed.items()},
    "times_tokenizers": round(speed["grove"] / speed["tokenizers"], 2), "times_tiktoken": round(speed["grove"] / speed["tiktoken"], 2),
    "machine": platform.processor() or platform.machine(),
    "versions": {"tokenizers": tokenizers.__version__, "tiktoken": tiktoken.__version__}}
print(json.dumps(result))
if a.out:
    with open(a.out, "w") as file:
        json.dump(result, file, indent=2)
