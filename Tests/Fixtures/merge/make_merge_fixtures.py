#!/usr/bin/env python3
"""Makes tiny checkpoints and merges them with mergekit: what `grove merge` must give for the same YAML.

    python3 -m venv V && V/bin/pip install mergekit==0.1.5 torch==2.13.0 transformers==5.23.0
    V/bin/python Tests/Fixtures/merge/make_merge_fixtures.py

Beside this script:

    models/NAME/           checkpoints in fp32; "llama-*" and "gpt2-*" share a base, "words-*" differ in their tokens
    cases/NAME.yaml        a merge; its models are named as models/NAME
    cases/NAME.safetensors the tensors that mergekit wrote
    masked.safetensors     a base, two models, a mask for each, and what mergekit makes of them under these masks
    expected.json          the versions, the seed, and what mergekit says about the configs
"""

import json
import pathlib
import shutil
import tempfile

import mergekit.sparsify
import tokenizers
import torch
import transformers
import yaml
from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.merge_methods import registry
from mergekit.merge_methods.base import TensorGroup
from mergekit.options import MergeOptions
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
SEED = 23
LLAMA = {
    "vocab_size": 29,
    "hidden_size": 16,
    "intermediate_size": 20,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 32,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GPT2 = {"vocab_size": 29, "n_positions": 16, "n_embd": 12, "n_layer": 2, "n_head": 2, "bos_token_id": 1, "eos_token_id": 2}


def save(model, name):
    folder = HERE / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    return folder


def family(config, name, count):
    """A base and models that differ from it by a twentieth of its size, as models that were tuned do."""
    torch.manual_seed(SEED)
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    save(model, f"{name}-base")
    base = {key: value.clone() for key, value in model.state_dict().items()}
    for letter in "abc"[:count]:
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                parameter.copy_(base[key] + 0.05 * torch.randn_like(parameter))
        save(model, f"{name}-{letter}")


def words_model(name, words, special, tied):
    """A model of one layer with a tokenizer of whole words."""
    vocabulary = {word: place for place, word in enumerate(words)}
    config = transformers.LlamaConfig(
        **{**LLAMA, "vocab_size": len(words), "num_hidden_layers": 1, "hidden_size": 8, "intermediate_size": 12},
        tie_word_embeddings=tied,
    )
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    folder = save(model, name)
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token=special))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([special])
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token=special)
    fast.save_pretrained(folder)


def words_models():
    torch.manual_seed(SEED)
    shared = ["<unk>", "ant", "bee", "cat", "dog", "elk"]
    words_model("words-base", shared + ["fox", "gnu"], "<unk>", tied=False)
    words_model("words-a", ["<unk>", "bee", "ant", "hen", "cat", "dog", "ibis", "elk", "jay"], "<unk>", tied=False)
    words_model("words-b", ["<unk>", "elk", "jay", "dog", "koi", "ant"], "<unk>", tied=False)


def models(prefix, *names, **parameters):
    return [{"model": f"models/{prefix}-{n}", **({"parameters": p} if p else {})} for n, p in zip(names, parameters.pop("each", [None] * len(names)))]


def weighted(prefix, weights, **more):
    return [
        {"model": f"models/{prefix}-{letter}", "parameters": {"weight": weight, **more}}
        for letter, weight in zip("abc", weights)
    ]


def slices(*parts):
    return [{"sources": [{"model": f"models/{m}", "layer_range": [a, b]}]} for m, a, b in parts]


def cases():
    llama, gpt2 = "models/llama-base", "models/gpt2-base"
    three = [0.5, 0.3, 0.4]
    yield "linear", {"merge_method": "linear", "models": weighted("llama", three)}
    yield "linear-sum", {
        "merge_method": "linear",
        "models": weighted("llama", three),
        "parameters": {"normalize": False},
        "dtype": "float32",
        "out_dtype": "bfloat16",
    }
    yield "linear-gpt2", {"merge_method": "linear", "models": weighted("gpt2", [1.0, 2.0]), "dtype": "float32"}
    yield "task-arithmetic", {"merge_method": "task_arithmetic", "base_model": llama, "models": weighted("llama", three)}
    yield "ties", {
        "merge_method": "ties",
        "base_model": llama,
        "models": weighted("llama", [0.5, 0.3, -0.4], density=0.4),
        "parameters": {"lambda": 0.7, "int8_mask": True},
    }
    yield "ties-gpt2", {
        "merge_method": "ties",
        "base_model": gpt2,
        "models": weighted("gpt2", [0.6, 0.5], density=0.3),
        "parameters": {"normalize": False, "rescale": True},
    }
    yield "breadcrumbs", {
        "merge_method": "breadcrumbs",
        "base_model": llama,
        "models": weighted("llama", three, density=0.6, gamma=0.1),
    }
    yield "breadcrumbs-ties", {
        "merge_method": "breadcrumbs_ties",
        "base_model": llama,
        "models": weighted("llama", three, density=0.7, gamma=0.05),
    }
    yield "slerp", {
        "merge_method": "slerp",
        "base_model": llama,
        "models": [{"model": llama}, {"model": "models/llama-a"}],
        "parameters": {
            "t": [
                {"filter": "self_attn", "value": [0, 0.3, 1]},
                {"filter": "mlp", "value": [1, 0.7]},
                {"value": 0.5},
            ]
        },
    }
    yield "multislerp", {"merge_method": "multislerp", "models": weighted("llama", three)}
    yield "multislerp-base", {"merge_method": "multislerp", "base_model": llama, "models": weighted("llama", three)}
    yield "model-stock", {
        "merge_method": "model_stock",
        "base_model": llama,
        "models": [{"model": f"models/llama-{letter}"} for letter in "abc"],
    }
    yield "model-stock-rows", {
        "merge_method": "model_stock",
        "base_model": gpt2,
        "models": [{"model": f"models/gpt2-{letter}"} for letter in "ab"],
        "parameters": {"filter_wise": True},
    }
    yield "gradient", {
        "merge_method": "task_arithmetic",
        "base_model": llama,
        "models": [
            {"model": "models/llama-a", "parameters": {"weight": [0, 0.5, 1]}},
            {"model": "models/llama-b", "parameters": {"weight": [{"filter": "o_proj", "value": [1, 0]}, {"value": 0.25}]}},
        ],
    }
    yield "frankenmerge", {
        "merge_method": "passthrough",
        "slices": slices(("llama-base", 0, 2), ("llama-a", 1, 3), ("llama-b", 2, 3)),
        "dtype": "float32",
    }
    scaled = slices(("gpt2-a", 0, 2), ("gpt2-b", 0, 2))
    scaled[1]["sources"][0]["parameters"] = {"scale": [{"filter": "c_proj", "value": 0.5}, {"value": 1.0}]}
    yield "frankenmerge-gpt2", {"merge_method": "passthrough", "slices": scaled}
    yield "slices-linear", {
        "merge_method": "linear",
        "slices": [
            {
                "sources": [
                    {"model": "models/llama-a", "layer_range": [0, 2], "parameters": {"weight": 0.25}},
                    {"model": "models/llama-b", "layer_range": [1, 3], "parameters": {"weight": [1, 3]}},
                ]
            },
            {"sources": [{"model": "models/llama-c", "layer_range": [2, 3]}], "parameters": {"weight": 1.0}},
        ],
    }
    words = {"merge_method": "linear", "base_model": "models/words-base", "models": [
        {"model": "models/words-base", "parameters": {"weight": 0.5}},
        {"model": "models/words-a", "parameters": {"weight": 0.3}},
        {"model": "models/words-b", "parameters": {"weight": 0.2}},
    ]}
    yield "union", {**words, "tokenizer_source": "union"}
    yield "base-tokens", {**words, "tokenizer_source": "base"}
    yield "named-tokens", {**words, "tokenizer_source": "models/words-a"}
    yield "tokenizer", {
        **words,
        "tokenizer": {
            "source": "union",  # with "base", mergekit fails at tokens that the base lacks
            "pad_to_multiple_of": 8,
            "tokens": {
                "hen": {"source": "models/words-a"},
                "dog": {"source": {"kind": "model_token", "model": "models/words-b", "token": "koi"}, "force": True},
                "new": {"source": {"kind": "zero"}},
            },
        },
    }


def by_token(tensors, folder):
    """New tokens get their ids in the order of a hash map: rows are stored in the order of the tokens' texts."""
    vocabulary = transformers.AutoTokenizer.from_pretrained(folder).get_vocab()
    order = [place for _, place in sorted(vocabulary.items())]
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        rest = list(range(len(order), tensors[name].shape[0]))
        tensors[name] = tensors[name][order + rest].contiguous()
    return sorted(vocabulary)


def merged(name, config):
    text = yaml.safe_dump(config, sort_keys=False)
    (HERE / "cases" / f"{name}.yaml").write_text(text)
    local = text.replace("models/", f"{HERE}/models/")
    with tempfile.TemporaryDirectory() as out:
        run_merge(MergeConfiguration.model_validate(yaml.safe_load(local)), out, MergeOptions(quiet=True, device="cpu"))
        tensors = {}
        for file in pathlib.Path(out).glob("*.safetensors"):
            tensors.update(load_file(file))
        written = json.loads((pathlib.Path(out) / "config.json").read_text())
        keep = ("vocab_size", "num_hidden_layers", "n_layer", "dtype")
        facts = {key: written[key] for key in keep if key in written}
        if any(key.startswith("tokenizer") for key in config):
            facts["tokens"] = by_token(tensors, out)
    save_file(tensors, HERE / "cases" / f"{name}.safetensors")
    return facts


def masked():
    """The methods with random masks, under masks that are stored: what is left is exact."""
    generator = torch.Generator().manual_seed(SEED)
    shape = (7, 24)
    base = torch.randn(shape, generator=generator)
    tuned = [base + 0.1 * torch.randn(shape, generator=generator) for _ in range(2)]
    masks = [(torch.rand(shape, generator=generator) < 0.4).float() for _ in range(2)]
    tensors = {"base": base, "a": tuned[0], "b": tuned[1], "mask.a": masks[0], "mask.b": masks[1]}
    original = torch.bernoulli
    for method in ("dare_linear", "dare_ties", "della", "della_linear"):
        queue = list(masks)
        torch.bernoulli = lambda *_args, **_kwargs: queue.pop(0)
        group = TensorGroup.from_tensors([base, *tuned], base_index=0)
        (result,) = registry.get(method)((group,), parameters={"weight": [0.7, 0.6], "density": [0.4, 0.4]})
        tensors[method] = result.contiguous()
    torch.bernoulli = original
    save_file(tensors, HERE / "masked.safetensors")


def main():
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    for folder in ("models", "cases"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
    family(transformers.LlamaConfig(**LLAMA, tie_word_embeddings=False), "llama", 3)
    family(transformers.GPT2Config(**GPT2), "gpt2", 2)
    words_models()
    expected = {
        "mergekit": "0.1.5",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "seed": SEED,
        "cases": {name: merged(name, config) for name, config in cases()},
    }
    masked()
    (HERE / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
    size = sum(f.stat().st_size for f in HERE.rglob("*") if f.is_file())
    print(f"{len(expected['cases'])} cases, {size} bytes")


if __name__ == "__main__":
    main()
