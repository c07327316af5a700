#!/usr/bin/env python3
"""Writes a Hugging Face LLaMA as a GGUF file for llama.cpp: the same weights, without a tokenizer.

    gguf_model.py --model FOLDER --type F32|BF16|Q8_0 --out FILE.gguf

Matrices have the type, norms are float32. Prints one JSON line with the file's name.
"""

import argparse
import json
import pathlib

import gguf
import numpy
import torch
from safetensors.torch import load_file


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--type", choices=["F32", "BF16", "Q8_0"], required=True)
    parser.add_argument("--out", required=True)
    return parser.parse_args()


def interleaved(weight, heads):
    """llama.cpp turns neighbouring pairs of a head; Hugging Face turns its halves."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def main():
    options = parse_arguments()
    config = json.loads((options.model / "config.json").read_text())
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    head_width = config.get("head_dim") or config["hidden_size"] // heads
    writer = gguf.GGUFWriter(options.out, "llama")
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(groups)
    writer.add_rope_dimension_count(head_width)
    writer.add_rope_freq_base(config.get("rope_theta") or config.get("rope_parameters", {}).get("rope_theta", 10000.0))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_tokenizer_model("no_vocab")
    kind = gguf.GGMLQuantizationType[options.type]
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    for name, tensor in load_file(options.model / "model.safetensors").items():
        values = tensor.to(torch.float32).numpy()
        if name.endswith("q_proj.weight"):
            values = interleaved(values, heads)
        elif name.endswith("k_proj.weight"):
            values = interleaved(values, groups)
        target = names.get_name(name, try_suffixes=(".weight",))
        if target is None:
            raise SystemExit(f"{name} has no name in GGUF")
        values = numpy.ascontiguousarray(values)
        if values.ndim == 1 or kind == gguf.GGMLQuantizationType.F32:
            writer.add_tensor(target, values)
        else:
            writer.add_tensor(target, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(json.dumps({"file": options.out}))


if __name__ == "__main__":
    main()
