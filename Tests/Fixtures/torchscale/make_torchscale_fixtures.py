#!/usr/bin/env python3
"""Makes tiny decoders with `torchscale`, the code of the authors of DeepNorm, Sub-LN and xPos, and stores their logits.

    pip install torch==2.13.0 safetensors numpy
    pip install --no-deps torchscale==0.3.0
    python Tests/Fixtures/torchscale/make_torchscale_fixtures.py

Each folder is a checkpoint of Grove's own family with ids.json, three lists of 17 token ids, and logits.safetensors,
"logits" [3, 17, vocabulary]. Every parameter carries noise. Rows of queries and keys are put from pairs of neighbours,
which torchscale turns, into halves, which Grove turns.
"""

import json
import pathlib
import sys
import types

import torch
from safetensors.torch import save_file

# Only sharded training and mixtures of experts need these.
for name, members in {
    "fairscale": [], "fairscale.nn": ["checkpoint_wrapper", "wrap"], "timm": [], "timm.models": [],
    "timm.models.layers": ["drop_path"],
}.items():
    module = types.ModuleType(name)
    for member in members:
        setattr(module, member, None)
    sys.modules.setdefault(name, module)

from torchscale.architecture.config import DecoderConfig  # noqa: E402
from torchscale.architecture.decoder import Decoder  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BATCH, LENGTH, VOCABULARY, WIDTH, HEADS, LAYERS, HIDDEN = 3, 17, 53, 40, 5, 3, 56
XPOS = {"xpos_rel_pos": True, "xpos_scale_base": 8}
MODELS = {
    "sub-ln-xpos": ({"subln": True, **XPOS}, {"norm": {"placement": "within"}}),
    "deepnorm": ({"deepnorm": True}, {"norm": {"placement": "deep"}}),
    "pre-ln-xpos-embedding-norm": (
        {"subln": False, "layernorm_embedding": True, **XPOS}, {"norm": {"placement": "before", "embedding": "yes"}}),
}


def halves(tensor):
    """The rows of each head with all first members of a pair before all second ones."""
    heads = tensor.reshape(HEADS, WIDTH // HEADS // 2, 2, -1)
    return heads.transpose(1, 2).reshape(tensor.shape).contiguous()


def names(state, turned):
    fixed = {
        "embed_tokens.weight": "model.embed_tokens.weight", "output_projection.weight": "lm_head.weight",
        "layernorm_embedding": "model.embed_norm", "layer_norm": "model.norm",
    }
    parts = {
        "self_attn.out_proj": "self_attn.o_proj", "self_attn.inner_attn_ln": "self_attn.inner_norm",
        "self_attn_layer_norm": "input_layernorm", "final_layer_norm": "post_attention_layernorm",
        "ffn.fc1": "mlp.up_proj", "ffn.fc2": "mlp.down_proj", "ffn.ffn_layernorm": "mlp.inner_norm",
    }
    for name, tensor in state.items():
        if name.endswith("xpos.scale"):
            continue
        if name.startswith("layers."):
            _, index, rest = name.split(".", 2)
            part, kind = rest.rsplit(".", 1)
            if turned and part in ("self_attn.q_proj", "self_attn.k_proj"):
                tensor = halves(tensor)
            yield f"model.layers.{index}.{parts.get(part, part)}.{kind}", tensor.contiguous()
        elif name in fixed:
            yield fixed[name], tensor.contiguous()
        else:
            part, kind = name.rsplit(".", 1)
            yield f"{fixed[part]}.{kind}", tensor.contiguous()


def make(seed, name, arguments, own):
    torch.manual_seed(seed)
    config = DecoderConfig(
        decoder_embed_dim=WIDTH, decoder_attention_heads=HEADS, decoder_ffn_embed_dim=HIDDEN, decoder_layers=LAYERS,
        vocab_size=VOCABULARY, **arguments)
    model = Decoder(config, embed_tokens=torch.nn.Embedding(VOCABULARY, WIDTH)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
    ids = torch.randint(0, VOCABULARY, (BATCH, LENGTH))
    with torch.no_grad():
        logits, _ = model(ids)
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    turned = arguments.get("xpos_rel_pos", False)
    grove = {
        "family": "grove", "vocabularySize": VOCABULARY, "contextLength": 32, "width": WIDTH, "layers": LAYERS,
        "attention": {"heads": HEADS, "keyValueHeads": HEADS, "bias": "all"}, "feedForwardWidth": HIDDEN,
        "feedForward": {"form": "plain", "activation": "gelu", "bias": "yes"}, "tiedEmbeddings": False,
        "positions": {"kind": "xpos", "decayLength": 8} if turned else {"kind": "none"},
        "norm": {"kind": "layer", **own["norm"]},
    }
    written = {"architectures": ["GroveForCausalLM"], "model_type": "grove", "eos_token_id": 0, "grove": grove}
    (folder / "config.json").write_text(json.dumps(written, indent=2) + "\n")
    (folder / "ids.json").write_text(json.dumps(ids.tolist()) + "\n")
    save_file(dict(names(model.state_dict(), turned)), folder / "model.safetensors")
    save_file({"logits": logits}, folder / "logits.safetensors")
    print(f"{name}: logits from {logits.min():.2f} to {logits.max():.2f}")


if __name__ == "__main__":
    for seed, (name, (arguments, own)) in enumerate(MODELS.items()):
        make(seed, name, arguments, own)
