"""Where Grove and a peer start together: a Hugging Face checkpoint, and batches.safetensors with the batch of every step.

The one tensor of batches.safetensors is "batches", int64 [steps, batch, context + 1].
"""

import json
import pathlib

import torch
from safetensors.torch import load_file, save_file

# Keys of config.json and the options of train.py that they set.
KEYS = {
    "llama": {
        "hidden_size": "width",
        "num_hidden_layers": "layers",
        "num_attention_heads": "heads",
        "num_key_value_heads": "key_value_heads",
        "intermediate_size": "feed_forward",
        "max_position_embeddings": "context",
        "vocab_size": "vocabulary",
    },
    "gpt2": {
        "n_embd": "width",
        "n_layer": "layers",
        "n_head": "heads",
        "n_inner": "feed_forward",
        "n_positions": "context",
        "vocab_size": "vocabulary",
    },
}
FIXED = {
    "llama": {"architectures": ["LlamaForCausalLM"], "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu"},
    "gpt2": {
        "architectures": ["GPT2LMHeadModel"],
        "layer_norm_epsilon": 1e-5,
        "activation_function": "gelu_new",
    },
}


def read_options(folder, options):
    """Takes the shape of the model and the batch size from the folder; gives the batches."""
    config = json.loads((pathlib.Path(folder) / "config.json").read_text())
    options.block = config["model_type"]
    for key, name in KEYS[options.block].items():
        setattr(options, name, config[key])
    if options.block == "gpt2":
        options.key_value_heads = options.heads
    options.untied = not config["tie_word_embeddings"]
    for key, value in FIXED[options.block].items():
        if config.get(key) != value:
            raise SystemExit(f"{folder}/config.json: {key} is {config.get(key)}, the peer has {value}")
    batches = load_file(pathlib.Path(folder) / "batches.safetensors")["batches"]
    options.batch = batches.shape[1]
    return batches


def stored_tensors(model, options):
    """Each tensor's name in a checkpoint, and the part of a parameter that it is, as a view.

    LLaMA stores fused matrices apart; GPT-2 stores matrices as [in, out].
    """
    o, llama = options, options.block == "llama"
    yield ("model.embed_tokens.weight" if llama else "transformer.wte.weight"), model.embedding.weight
    if not llama:
        yield "transformer.wpe.weight", model.position.weight
    for number, block in enumerate(model.blocks):
        if llama:
            prefix, width = f"model.layers.{number}.", o.width // o.heads
            parts = block.qkv.weight.split([n * width for n in (o.heads, o.key_value_heads, o.key_value_heads)])
            yield from zip((f"{prefix}self_attn.{x}_proj.weight" for x in "qkv"), parts)
            yield f"{prefix}self_attn.o_proj.weight", block.out.weight
            yield from zip((f"{prefix}mlp.{x}_proj.weight" for x in ("gate", "up")), block.up.weight.chunk(2))
            yield f"{prefix}mlp.down_proj.weight", block.down.weight
            yield f"{prefix}input_layernorm.weight", block.norm1.weight
            yield f"{prefix}post_attention_layernorm.weight", block.norm2.weight
        else:
            prefix = f"transformer.h.{number}."
            linears = {"attn.c_attn": block.qkv, "attn.c_proj": block.out, "mlp.c_fc": block.up, "mlp.c_proj": block.down}
            for name, part in linears.items():
                yield f"{prefix}{name}.weight", part.weight.t()
                yield f"{prefix}{name}.bias", part.bias
            for name, part in {"ln_1": block.norm1, "ln_2": block.norm2}.items():
                yield f"{prefix}{name}.weight", part.weight
                yield f"{prefix}{name}.bias", part.bias
    last = "model.norm" if llama else "transformer.ln_f"
    yield f"{last}.weight", model.norm.weight
    if not llama:
        yield f"{last}.bias", model.norm.bias
    if o.untied:
        yield "lm_head.weight", model.head.weight


def load(folder, model, options):
    """Puts the weights of the folder into the model; every tensor must be used, and none be missing."""
    stored = load_file(pathlib.Path(folder) / "model.safetensors")
    with torch.no_grad():
        for name, part in stored_tensors(model, options):
            part.copy_(stored.pop(name))
    if stored:
        raise SystemExit(f"{folder}: the peer has no place for {sorted(stored)}")


def save(folder, model, options, batches):
    """Writes a folder that Grove and this peer can start from."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_type": options.block, "tie_word_embeddings": not options.untied, **FIXED[options.block]}
    config |= {key: getattr(options, name) for key, name in KEYS[options.block].items()}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tensors = {name: part.detach().contiguous().clone() for name, part in stored_tensors(model, options)}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    save_file({"batches": batches}, folder / "batches.safetensors")
