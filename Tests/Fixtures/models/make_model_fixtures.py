#!/usr/bin/env python3
"""Makes tiny checkpoints with `transformers`, and stores what it computes with them: logits and gradients.

    scripts/parity-environment
    .deps/parity/bin/python Tests/Fixtures/models/make_model_fixtures.py

Each folder beside this script is a Hugging Face checkpoint (config.json, model.safetensors in fp32) with

    ids.json               three lists of 17 token ids
    logits.safetensors     "logits" [3, 17, vocabulary]
    gradients.safetensors  the gradient of the mean next-token cross-entropy, under each parameter's checkpoint name
    expected.json          that loss in nats a token, the parameter count, and the versions that computed them

Every parameter, norms and biases too, carries noise, so that one that is ignored or swapped changes the logits; sizes
are unusual, so that a transposed or hard-coded one cannot pass.
"""

import json
import pathlib
import shutil

import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
BATCH, LENGTH, VOCABULARY = 3, 17, 131

LLAMA = {
    "vocab_size": VOCABULARY,
    "hidden_size": 48,
    "intermediate_size": 88,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def rope(theta):
    return {"rope_type": "default", "rope_theta": theta}


def models():
    """The name, seed and model of each folder."""
    llama, gpt2 = transformers.LlamaConfig, transformers.GPT2Config
    yield "llama-tied", 11, llama(**LLAMA, tie_word_embeddings=True, rope_parameters=rope(10_000.0))
    untied = {**LLAMA, "intermediate_size": 72, "rms_norm_eps": 1e-6}
    yield "llama-untied", 12, llama(**untied, tie_word_embeddings=False, rope_parameters=rope(500.0))
    # Four heads of ten make a projection of 40 from a width of 48: head_dim is not width / heads.
    wide = {**LLAMA, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 10}
    yield "llama-head-dim", 13, llama(**wide, tie_word_embeddings=True, rope_parameters=rope(10_000.0))
    yield (
        "gpt2-tied",
        14,
        gpt2(vocab_size=VOCABULARY, n_positions=40, n_embd=36, n_layer=2, n_head=6, bos_token_id=1, eos_token_id=2),
    )


def build(config, seed):
    """A model with noise on every parameter, and nothing random left in its forward pass."""
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model


def write_older_config(folder):
    """Rewrites config.json in the keys of transformers 4, which most published checkpoints still have."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
    config["torch_dtype"] = config.pop("dtype")
    config["rope_scaling"] = None
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def write(name, seed, config):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model = build(config, seed)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if name == "llama-untied":
        write_older_config(folder)

    ids = torch.randint(0, VOCABULARY, (BATCH, LENGTH), generator=torch.Generator().manual_seed(seed))
    logits = model(ids).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, VOCABULARY), ids[:, 1:].reshape(-1))
    loss.backward()
    (folder / "ids.json").write_text(json.dumps(ids.tolist()) + "\n")
    save_file({"logits": logits.detach().contiguous()}, folder / "logits.safetensors")
    gradients = {n: p.grad.contiguous() for n, p in model.named_parameters()}  # a tied head is listed once
    save_file(gradients, folder / "gradients.safetensors")
    expected = {
        "loss_nats": loss.item(),
        "parameters": sum(p.numel() for p in model.parameters()),
        "seed": seed,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{name}: loss {loss.item():.6f}, {expected['parameters']} parameters, {size} bytes")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    for fixture_name, fixture_seed, fixture_config in models():
        write(fixture_name, fixture_seed, fixture_config)
