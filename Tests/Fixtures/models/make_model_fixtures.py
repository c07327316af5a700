#!/usr/bin/env python3
"""Makes tiny checkpoints with `transformers`, and stores what it computes with them: logits and gradients.

    scripts/parity-environment
    .deps/parity/bin/python Tests/Fixtures/models/make_model_fixtures.py

With names, only those fixtures. Each folder beside this script is a Hugging Face checkpoint (config.json,
model.safetensors in fp32) with

    ids.json               three lists of 17 token ids
    logits.safetensors     "logits" [3, 17, vocabulary]
    gradients.safetensors  (not in all) the gradient of the mean next-token cross-entropy, under each parameter's checkpoint name
    expected.json          that loss in nats a token, the parameter count, and the versions that computed them

Every parameter, norms and biases too, carries noise, so that one that is ignored or swapped changes the logits; sizes
are unusual, so that a transposed or hard-coded one cannot pass.
"""

import json
import pathlib
import shutil
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file

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


FAMILY_VOCABULARY = 67
SHARED = {"vocab_size": FAMILY_VOCABULARY, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
# Odd sizes: five heads of eight are not a width of 30, and a window of five is shorter than the texts.
SIZES = {
    **SHARED,
    "hidden_size": 30,
    "intermediate_size": 44,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "max_position_embeddings": 64,
}
# The other fixtures have no gradients: what they add to these is in the forward pass.
WITH_GRADIENTS = "llama-biases qwen3 gemma3 neox-parallel bloom opt-after phi bigcode-heads".split()
GROUPED = {**SIZES, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 8, "rms_norm_eps": 1e-5}


def scaled(kind, theta=1000.0, **fields):
    return {"rope_type": kind, "rope_theta": theta, **fields}


def llamas():
    """LLaMA with every scaling of its rotary positions, biases, and its relatives with windows and normed heads."""
    llama = transformers.LlamaConfig
    yield "llama-biases", llama(**GROUPED, attention_bias=True, mlp_bias=True, rope_parameters=rope(10_000.0))
    short = {**GROUPED, "max_position_embeddings": 8}
    llama3 = scaled(
        "llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16
    )
    yield "llama-llama3", llama(**GROUPED, rope_parameters=llama3)
    yield "llama-linear", llama(**GROUPED, rope_parameters=scaled("linear", factor=2.5))
    yield "llama-dynamic", llama(**short, rope_parameters=scaled("dynamic", factor=2.0))
    yield "llama-yarn", llama(
        **GROUPED, rope_parameters=scaled("yarn", factor=4.0, original_max_position_embeddings=16)
    )
    yarn = scaled("yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=8.0, beta_slow=0.5)
    yield "llama-yarn-mscale", llama(**GROUPED, rope_parameters={**yarn, "mscale": 0.8, "mscale_all_dim": 0.5})
    yield "mistral-window", transformers.MistralConfig(**GROUPED, sliding_window=5, rope_parameters=rope(1000.0))
    qwen2 = {k: v for k, v in GROUPED.items() if k != "head_dim"}
    qwen2["hidden_size"] = 36
    yield "qwen2", transformers.Qwen2Config(**qwen2, rope_parameters=rope(1000.0))
    yield "qwen2-window", transformers.Qwen2Config(
        **{**qwen2, "num_hidden_layers": 3}, use_sliding_window=True, sliding_window=4, max_window_layers=1, tie_word_embeddings=True,
        rope_parameters=rope(1000.0),
    )
    yield "qwen3", transformers.Qwen3Config(**GROUPED, tie_word_embeddings=True, rope_parameters=rope(1000.0))
    yield "qwen3-biases", transformers.Qwen3Config(**GROUPED, attention_bias=True, rope_parameters=rope(1000.0))
    yield "gemma3", transformers.Gemma3TextConfig(
        **{**GROUPED, "num_hidden_layers": 3}, sliding_window=5, query_pre_attn_scalar=13,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters={
            "full_attention": scaled("linear", theta=5000.0, factor=4.0),
            "sliding_attention": scaled("default", theta=300.0),
        },
    )


def others():
    """The families with LayerNorm."""
    neox = transformers.GPTNeoXConfig
    pythia = {**SIZES, "hidden_size": 36, "num_attention_heads": 3}
    yield "neox-parallel", neox(**pythia, rope_parameters=scaled("default", partial_rotary_factor=0.34))
    yield "neox-serial", neox(
        **pythia, use_parallel_residual=False, attention_bias=False, hidden_act="gelu_new",
        tie_word_embeddings=True, rope_parameters=scaled("default", partial_rotary_factor=1.0),
    )
    bloom = {**SHARED, "n_layer": 2}
    yield "bloom", transformers.BloomConfig(**bloom, hidden_size=30, n_head=6)
    yield "bloom-normed-stream", transformers.BloomConfig(
        **bloom, hidden_size=32, n_head=4, apply_residual_connection_post_layernorm=True
    )
    opt = {**SHARED, "hidden_size": 30, "ffn_dim": 44, "num_hidden_layers": 2, "num_attention_heads": 6}
    opt["max_position_embeddings"] = 40
    still = {"dropout": 0.0}
    yield "opt", transformers.OPTConfig(**opt, **still)
    yield "opt-after", transformers.OPTConfig(
        **opt, **still, do_layer_norm_before=False, word_embed_proj_dim=18, activation_function="gelu"
    )
    yield "opt-no-bias", transformers.OPTConfig(**opt, **still, enable_bias=False, tie_word_embeddings=False)
    phi = {**SIZES, "hidden_size": 48, "num_attention_heads": 4}
    yield "phi", transformers.PhiConfig(
        **phi, num_key_value_heads=2, rope_parameters=scaled("default", partial_rotary_factor=0.5)
    )
    gpt2 = {**SHARED, "n_positions": 40, "n_embd": 30, "n_layer": 2, "n_head": 6, "n_inner": 44}
    gpt2.update(attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0)
    yield "bigcode-multi-query", transformers.GPTBigCodeConfig(**gpt2, activation_function="gelu")
    yield "bigcode-heads", transformers.GPTBigCodeConfig(**gpt2, multi_query=False)
    starcoder2 = {k: v for k, v in GROUPED.items() if k not in ("head_dim", "rms_norm_eps")}
    starcoder2["hidden_size"] = 36
    yield "starcoder2-window", transformers.Starcoder2Config(
        **starcoder2, sliding_window=4, rope_parameters=rope(1000.0)
    )
    yield "starcoder2-no-bias", transformers.Starcoder2Config(
        **starcoder2, use_bias=False, tie_word_embeddings=False, rope_parameters=rope(1000.0)
    )


def not_decoders():
    """Masked models, and encoders with a decoder."""
    masked = {k: v for k, v in SIZES.items() if k != "max_position_embeddings"}
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    yield "bert", transformers.BertConfig(**masked, **still, max_position_embeddings=24, hidden_act="gelu_new")
    one = {**masked, **still, "type_vocab_size": 1, "max_position_embeddings": 24, "pad_token_id": 3}
    yield "roberta", transformers.RobertaConfig(**one)
    yield "xlm-roberta", transformers.XLMRobertaConfig(**{**one, "pad_token_id": 1}, hidden_act="relu")
    t5 = dict(
        vocab_size=FAMILY_VOCABULARY, d_model=30, d_kv=8, d_ff=44, num_heads=5, num_layers=2, num_decoder_layers=3,
        relative_attention_num_buckets=8, relative_attention_max_distance=14, dropout_rate=0.0,
    )
    yield "t5", transformers.T5Config(**t5)
    yield "t5-gated", transformers.T5Config(**t5, feed_forward_proj="gated-gelu", tie_word_embeddings=False)


def families():
    """The name, seed and model of each family's folders."""
    for number, (name, config) in enumerate([*llamas(), *others(), *not_decoders()]):
        yield name, 100 + number, config


def build(config, seed):
    """A model with noise on every parameter, and nothing random left in its forward pass."""
    torch.manual_seed(seed)
    kinds = {"t5": transformers.T5ForConditionalGeneration}
    kinds |= dict.fromkeys(["bert", "roberta", "xlm-roberta"], transformers.AutoModelForMaskedLM)
    kind = kinds.get(config.model_type, transformers.AutoModelForCausalLM)
    model = kind._from_config(config) if config.model_type == "t5" else kind.from_config(config)
    model.set_attn_implementation("eager")
    model.eval()
    if config.model_type == "t5" and not config.scale_decoder_outputs:
        # T5 v1.1 has an output matrix of its own, which this version of transformers would tie.
        model.lm_head.weight = torch.nn.Parameter(model.shared.weight.detach().clone())
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

    vocabulary = config.vocab_size
    # Families have a padding, which some of them keep apart.
    first = 0 if vocabulary == VOCABULARY else 1
    ids = torch.randint(first, vocabulary, (BATCH, LENGTH), generator=torch.Generator().manual_seed(seed))
    if config.model_type == "t5":
        decoder_ids = torch.randint(1, vocabulary, (BATCH, 11), generator=torch.Generator().manual_seed(seed + 1))
        (folder / "decoder_ids.json").write_text(json.dumps(decoder_ids.tolist()) + "\n")
        (folder / "ids.json").write_text(json.dumps(ids.tolist()) + "\n")
        logits = model(input_ids=ids, decoder_input_ids=decoder_ids).logits
        save_file({"logits": logits.detach().contiguous()}, folder / "logits.safetensors")
        if not config.scale_decoder_outputs:
            tensors = load_file(folder / "model.safetensors")
            tensors["lm_head.weight"] = model.lm_head.weight.detach().contiguous()
            save_file(tensors, folder / "model.safetensors", {"format": "pt"})
            path = folder / "config.json"
            path.write_text(json.dumps({**json.loads(path.read_text()), "tie_word_embeddings": False}, indent=2) + "\n")
        print(name)
        return
    logits = model(ids).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, vocabulary), ids[:, 1:].reshape(-1))
    loss.backward()
    (folder / "ids.json").write_text(json.dumps(ids.tolist()) + "\n")
    save_file({"logits": logits.detach().contiguous()}, folder / "logits.safetensors")
    if vocabulary == VOCABULARY or name in WITH_GRADIENTS:
        gradients = {n: p.grad.contiguous() for n, p in model.named_parameters()}  # a tied head is listed once
        if "embed_out.weight" in load_file(folder / "model.safetensors"):  # GPT-NeoX's name in checkpoints
            gradients["embed_out.weight"] = gradients.pop("lm_head.weight")
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
    wanted = sys.argv[1:]
    for fixture_name, fixture_seed, fixture_config in [*models(), *families()]:
        if wanted and fixture_name not in wanted:
            continue
        write(fixture_name, fixture_seed, fixture_config)
