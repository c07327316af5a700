#!/usr/bin/env python3
"""Checks that Grove and llama.cpp give the same ids with the tokenizers of GGUF files. Exits 1, with strings that differ.

    check_gguf_tokenizer.py --grove .build/release/grove [--count 20000] [--seed 1] MODEL.gguf...
    check_gguf_tokenizer.py --grove .build/release/grove --convert

Every file gets the same random strings, with special tokens recognized. Strings with U+2581 are left out: llama.cpp looks
for symbols made of spaces before it writes spaces as that character, sentencepiece and Grove afterwards. So are strings with
bytes that a byte-level vocabulary lacks: `tokenizers` and Grove merge what stands around them, llama.cpp does not. With
--convert Grove writes a small model with a sentencepiece tokenizer as a GGUF file first. Run it with the Python of
scripts/parity-environment --llama-cpp.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import real_tokenizers
import tokenizer_zoo


def grove_ids(grove, model, texts, folder):
    file = pathlib.Path(folder, "texts.jsonl")
    file.write_text("".join(json.dumps({"id": str(i), "text": text}) + "\n" for i, text in enumerate(texts)))
    command = [grove, "tokenizer", "encode", "--tokenizer", str(model), "--special", "--documents", str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return [json.loads(line)["ids"] for line in done.stdout.splitlines()]


def missing_bytes(model):
    """The bytes that a byte-level vocabulary has no token for."""
    import gguf

    fields = gguf.GGUFReader(model).fields
    if fields["tokenizer.ggml.model"].contents() != "gpt2":
        return set()
    tokens = set(fields["tokenizer.ggml.tokens"].contents())
    return {byte for byte, character in real_tokenizers.byte_alphabet().items() if character not in tokens}


def check(grove, model, texts, folder):
    import llama_cpp

    missing = missing_bytes(model)
    texts = [text for text in texts if missing.isdisjoint(text.encode())]
    peer = llama_cpp.Llama(str(model), vocab_only=True, verbose=False)
    wrong = 0
    for text, ids in zip(texts, grove_ids(grove, model, texts, folder)):
        theirs = peer.tokenize(text.encode(), add_bos=False, special=True)
        if theirs != ids:
            wrong += 1
            if wrong <= 3:
                print(f"{model.name}: {ascii(text)}\n  Grove      {ids[:40]}\n  llama.cpp  {theirs[:40]}")
    print(f"{model.name}: {len(texts)} random strings, {len(texts) - wrong} with the same ids")
    return not wrong


def converted(grove, folder):
    """A LLaMA of one layer with a sentencepiece tokenizer, which Grove writes as a GGUF file."""
    import torch
    import transformers

    data = tokenizer_zoo.train_sentencepiece(
        folder, model_type="bpe", vocab_size=900, byte_fallback=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, character_coverage=0.98)
    source, target = pathlib.Path(folder, "source"), pathlib.Path(folder, "converted.gguf")
    shape = transformers.LlamaConfig(
        vocab_size=900, hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2)
    torch.manual_seed(1)
    transformers.LlamaForCausalLM(shape).save_pretrained(source)
    (source / "tokenizer.model").write_bytes(data)
    (source / "tokenizer_config.json").write_text(json.dumps({"add_bos_token": True}))
    command = [grove, "model", "convert", str(source), str(target), "--format", "gguf", "--dtype", "float32", "--quiet"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return target


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--grove", required=True, help="the built CLI")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--convert", action="store_true", help="check a file that Grove has written, too")
    options = parser.parse_args()
    texts = [*tokenizer_zoo.random_strings(options.count, options.seed), *tokenizer_zoo.excerpt()]
    texts = [text for text in texts if "\0" not in text and "\u2581" not in text]
    with tempfile.TemporaryDirectory() as folder:
        models = options.models + ([converted(options.grove, folder)] if options.convert else [])
        if not all([check(options.grove, model, texts, folder) for model in models]):
            sys.exit("Grove and llama.cpp differ")


if __name__ == "__main__":
    main()
