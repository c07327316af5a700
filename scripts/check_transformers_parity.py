#!/usr/bin/env python3
"""Checks that transformers and tokenizers read a checkpoint folder as Grove does. Exits 1, and says why, if not.

check_transformers_parity.py FOLDER --ids ids.json --logits logits.safetensors
    transformers loads FOLDER without a missing, unexpected or mismatched tensor, and its logits for the ids (a list of
    equally long lists) are within 1e-4 of the tensor `logits`, in fp32

check_transformers_parity.py FOLDER --texts texts.json --token-ids ids.json
    FOLDER/tokenizer.json encodes each text of a JSON list to the same ids, and decodes them to the same text

The two may be asked for in one call. Run it with the Python of scripts/parity-environment.
"""

import argparse
import json
import os
import pathlib
import sys

# Nothing may be looked up beside the folder that is checked.
os.environ["HF_HUB_OFFLINE"] = "1"
TOLERANCE = 1e-4


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--ids", type=pathlib.Path)
    parser.add_argument("--logits", type=pathlib.Path)
    parser.add_argument("--texts", type=pathlib.Path)
    parser.add_argument("--token-ids", type=pathlib.Path)
    options = parser.parse_args()
    pairs = [(options.ids, options.logits), (options.texts, options.token_ids)]
    if any((a is None) != (b is None) for a, b in pairs) or all(a is None for a, _ in pairs):
        parser.error("give --ids with --logits, or --texts with --token-ids, or all four")
    return options


def load_model(folder):
    """The model, or an exit if the folder's tensors are not exactly the model's."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    problems = {what: found for what, found in info.items() if found}
    if problems:
        sys.exit(f"{folder}: transformers does not load it cleanly: {problems}")
    return model.eval()


def check_logits(folder, ids_path, logits_path):
    import torch
    from safetensors.torch import load_file

    ids = torch.tensor(json.loads(ids_path.read_text()))
    ours = load_file(logits_path)["logits"]
    with torch.no_grad():
        theirs = load_model(folder)(ids).logits
    if ours.shape != theirs.shape:
        sys.exit(f"{logits_path}: shape {list(ours.shape)}, transformers has {list(theirs.shape)}")
    difference = (ours.float() - theirs).abs().max().item()
    if not difference <= TOLERANCE:  # also refuses NaN
        sys.exit(f"{folder}: the logits differ by {difference:.3g}, allowed is {TOLERANCE:g}")
    print(f"{folder}: {ids.numel()} positions, logits within {difference:.2g} of transformers")


def check_tokens(folder, texts_path, ids_path):
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts, all_ids = json.loads(texts_path.read_text(encoding="utf-8")), json.loads(ids_path.read_text())
    if len(texts) != len(all_ids):
        sys.exit(f"{ids_path}: {len(all_ids)} lists of ids for {len(texts)} texts")
    for number, (text, ours) in enumerate(zip(texts, all_ids)):
        theirs = tokenizer.encode(text, add_special_tokens=False).ids
        if ours != theirs:
            at = next(
                (i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs))
            )
            sys.exit(f"text {number}: ids differ from number {at}: {ours[at : at + 8]}, not {theirs[at : at + 8]}")
        if tokenizer.decode(ours, skip_special_tokens=False) != text:
            sys.exit(f"text {number}: the ids do not decode to the text")
    print(f"{folder}: {len(texts)} texts, {sum(map(len, all_ids))} ids as tokenizers has them")


def main():
    options = parse_arguments()
    if options.ids:
        check_logits(options.folder, options.ids, options.logits)
    if options.texts:
        check_tokens(options.folder, options.texts, options.token_ids)


if __name__ == "__main__":
    main()
