#!/usr/bin/env python3
"""Checks that transformers reads a checkpoint folder as Grove does. Exits 1, and says why, if not.

    check_transformers_parity.py FOLDER --ids ids.json --logits logits.safetensors [--decoder-ids ids.json]

transformers loads FOLDER without a missing, unexpected or mismatched tensor, and its logits for the ids (a list of
equally long lists) are within 1e-4 of the tensor `logits`, in fp32. Run it with the Python of scripts/parity-environment.
"""

import argparse
import io
import json
import logging
import os
import pathlib
import sys

# Nothing may be looked up beside the folder that is checked.
os.environ["HF_HUB_OFFLINE"] = "1"
TOLERANCE = 1e-4


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--ids", type=pathlib.Path, required=True)
    parser.add_argument("--logits", type=pathlib.Path, required=True)
    parser.add_argument("--decoder-ids", type=pathlib.Path)
    return parser.parse_args()


def load_model(folder):
    """The model, or an exit if the folder's tensors are not exactly the model's."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    kind = transformers.AutoConfig.from_pretrained(folder).architectures[0]
    warnings = io.StringIO()
    handler = logging.StreamHandler(warnings)
    handler.setLevel(logging.WARNING)
    transformers.utils.logging.get_logger().addHandler(handler)
    model, info = getattr(transformers, kind).from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    problems = {what: found for what, found in info.items() if found}
    # Of T5 v1.1 this version says that it would have tied what its config says is not tied.
    told = [line for line in warnings.getvalue().splitlines() if "we will NOT tie them" not in line]
    if problems or told:
        sys.exit(f"{folder}: transformers does not load it cleanly: {problems} {told}")
    return model.eval()


def check_logits(folder, ids_path, logits_path, decoder_ids_path):
    import torch
    from safetensors.torch import load_file

    ids = torch.tensor(json.loads(ids_path.read_text()))
    ours = load_file(logits_path)["logits"]
    with torch.no_grad():
        model = load_model(folder)
        if decoder_ids_path:
            decoder_ids = torch.tensor(json.loads(decoder_ids_path.read_text()))
            theirs = model(input_ids=ids, decoder_input_ids=decoder_ids).logits
        else:
            theirs = model(ids).logits
    if ours.shape != theirs.shape:
        sys.exit(f"{logits_path}: shape {list(ours.shape)}, transformers has {list(theirs.shape)}")
    difference = (ours.float() - theirs).abs().max().item()
    if not difference <= TOLERANCE:  # also refuses NaN
        sys.exit(f"{folder}: the logits differ by {difference:.3g}, allowed is {TOLERANCE:g}")
    print(f"{folder}: {ids.numel()} positions, logits within {difference:.2g} of transformers")


def main():
    options = parse_arguments()
    check_logits(options.folder, options.ids, options.logits, options.decoder_ids)


if __name__ == "__main__":
    main()
