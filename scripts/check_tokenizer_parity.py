#!/usr/bin/env python3
"""Checks that tokenizers and transformers encode as Grove does. Exits 1, and says where, if not.

    check_tokenizer_parity.py FOLDER --grove .build/release/grove --corpus Examples/demo

FOLDER/tokenizer.json, loaded by `tokenizers` and by transformers' AutoTokenizer, gives every document of the corpus and
every hostile string the ids that `grove tokenizer encode` gives, and decodes them to the text. Bytes that are not UTF-8
are compared with the same bytes after Python has put U+FFFD where they break.
Run it with the Python of scripts/parity-environment.
"""

import argparse
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# Nothing may be looked up beside the folder that is checked.
os.environ["HF_HUB_OFFLINE"] = "1"

HOSTILE = [
    " ",
    "a",
    "\n",
    "\r\n\r\n  \t x",
    "\0\x01\x7f",
    "I'M I'm it's IT'S we'Ve 'sS",
    "1 12 123 1234 12345678901234567890",
    "   three spaces before, four after    ",
    "<|endoftext|>not a token<|endoftext|>",
    "e\u0301 \u00e9 \ufb01 \u212b \u1e9b\u0323",  # combining and compatibility forms stay as they are
    "👩‍👩‍👧‍👦👍🏽🏴‍☠️🇩🇪",
    "שלום עולם مرحبا ١٢٣ नमस्ते ไทย 中文字 한국어 ﷽",
    "\u00a0\u2003\u3000\u200b\u2028\u2029\u0085\ufeff",
    "".join(map(chr, (*range(0x2500, 0x2600), *range(0x1D400, 0x1D440), 0x10FFFF, 0xFFFD, 0xE000, 0x20000))),
    "x" * 1_000_000,
    " " * 10_000 + "end",
    "ab" * 50_000,
]
BROKEN = [b"\xff", b"a\xc3", b"\xe2\x82 b", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", bytes(range(256))]


def documents(corpus):
    """(domain, id, text) of every document of a folder of .jsonl.zst files."""
    import zstandard

    for path in sorted(pathlib.Path(corpus).glob("*.jsonl.zst")):
        with open(path, "rb") as file:
            lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8", newline="\n")
            for line in lines:
                document = json.loads(line)
                yield path.name.split(".")[0], document["id"], document["text"]


def grove_ids(grove, folder, texts):
    """What Grove makes of each text."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"id": str(number), "text": text}) + "\n")
        file.flush()
        command = [grove, "tokenizer", "encode", "--tokenizer", str(folder), "--documents", file.name]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = [json.loads(line) for line in output.splitlines()]
    if [line["id"] for line in lines] != [str(number) for number in range(len(texts))]:
        sys.exit(f"{folder}: {len(texts)} documents went in, {len(lines)} lists of ids came out, or in another order")
    return [line["ids"] for line in lines]


def grove_ids_of_bytes(grove, folder, data):
    command = [grove, "tokenizer", "encode", "--tokenizer", str(folder), "--json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, input=data).stdout)["ids"]


def compare(what, ours, theirs):
    if ours == theirs:
        return
    pairs = zip(ours, theirs)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(ours), len(theirs)))
    sys.exit(f"{what}: ids differ from number {at}: {ours[at : at + 8]}, not {theirs[at : at + 8]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--grove", required=True)
    parser.add_argument("--corpus", required=True)
    options = parser.parse_args()

    import tokenizers
    import transformers

    tokenizer = tokenizers.Tokenizer.from_file(str(options.folder / "tokenizer.json"))
    # A special token's text in a document has no meaning for Grove; this is how `tokenizers` is told the same.
    tokenizer.encode_special_tokens = True
    automatic = transformers.AutoTokenizer.from_pretrained(options.folder)
    texts = [text for _, _, text in documents(options.corpus)]
    count = len(texts)
    texts += HOSTILE
    lists = grove_ids(options.grove, options.folder, texts)
    peers = {
        "tokenizers": [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)],
        "AutoTokenizer": automatic(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"],
    }
    decoded = tokenizer.decode_batch(lists, skip_special_tokens=False)
    for number, (text, ours) in enumerate(zip(texts, lists)):
        what = f"document {number}" if number < count else f"hostile string {number - count} ({text[:20]!r})"
        for peer, theirs in peers.items():
            compare(f"{what}, {peer}", ours, theirs[number])
        if decoded[number] != text:
            sys.exit(f"{what}: the ids do not decode to the text")
    tokens = sum(map(len, lists))
    for data in BROKEN + [b""]:
        ours = grove_ids_of_bytes(options.grove, options.folder, data)
        text = data.decode("utf-8", errors="replace")
        compare(f"bytes {data[:20]!r}", ours, tokenizer.encode(text, add_special_tokens=False).ids)
    print(
        f"{options.folder}: {count} documents, {len(HOSTILE)} hostile strings, {len(BROKEN)} broken ones, "
        f"{tokens} ids as tokenizers and AutoTokenizer have them"
    )


if __name__ == "__main__":
    main()
