#!/usr/bin/env python3
"""Compares `grove merge` with mergekit on random checkpoints, and its mixtures of experts with transformers.

    check_merge_parity.py --grove .build/release/grove [--seed 1]

Needs mergekit, transformers and torch. Merges with each deterministic method must agree to 1e-6 of float32 values around
1; the mixture must load without a missing key and, with equal experts, give the logits of the dense model. Exit code 1
if something differs.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import mergekit.config
import mergekit.merge
import mergekit.options
import torch
import transformers
import yaml
from safetensors.torch import load_file

LIMIT = 1e-6
SHAPE = {"vocab_size": 211, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 4,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64}
WIDE = {"vocab_size": 211, "n_positions": 32, "n_embd": 24, "n_layer": 4, "n_head": 4}


def make_models(work, name, config):
    model = transformers.AutoModelForCausalLM.from_config(config)
    base = {key: 0.3 * torch.randn_like(value) for key, value in model.state_dict().items()}
    for letter in ("base", "a", "b", "c"):
        scale = 0.0 if letter == "base" else 0.05
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                parameter.copy_(base[key] + scale * torch.randn_like(parameter))
        model.save_pretrained(work / f"{name}-{letter}")


def configs(work, family):
    def entry(letter, **parameters):
        return {"model": str(work / f"{family}-{letter}"), **({"parameters": parameters} if parameters else {})}

    base = str(work / f"{family}-base")
    tuned = [entry("a", weight=0.5), entry("b", weight=[0.1, 0.9]), entry("c", weight=-0.3)]
    thin = [entry("a", weight=0.5, density=0.3), entry("b", weight=0.4, density=[0.2, 0.9]), entry("c", weight=0.2)]
    yield {"merge_method": "linear", "models": [entry("a", weight=0.5), entry("b", weight=[0.1, 0.9])]}
    yield {"merge_method": "linear", "models": tuned[:2], "parameters": {"normalize": False}, "dtype": "bfloat16"}
    for method in ("task_arithmetic", "ties", "breadcrumbs", "breadcrumbs_ties"):
        yield {"merge_method": method, "base_model": base, "models": thin, "parameters": {"lambda": 0.8}}
    yield {"merge_method": "multislerp", "models": [entry("a", weight=0.5), entry("b", weight=0.8)]}
    yield {"merge_method": "multislerp", "base_model": base, "models": tuned[:2]}
    for filter_wise in (False, True):
        models = [entry("a"), entry("b"), entry("c")]
        yield {"merge_method": "model_stock", "base_model": base, "models": models, "parameters": {"filter_wise": filter_wise}}
    curve = [{"filter": "attn", "value": [0, 0.5, 0.3, 1]}, {"value": 0.4}]
    yield {"merge_method": "slerp", "base_model": base, "models": [entry("base"), entry("b")], "parameters": {"t": curve}}
    parts = [("base", 0, 3), ("a", 1, 4), ("b", 3, 4)]
    yield {
        "merge_method": "passthrough",
        "slices": [{"sources": [{**entry(letter), "layer_range": [start, end]}]} for letter, start, end in parts],
    }


def tensors(folder):
    found = {}
    for file in pathlib.Path(folder).glob("*.safetensors"):
        found.update(load_file(file))
    return found


def grove(options, *arguments):
    subprocess.run([options.grove, "merge", *arguments, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def check_merges(options, work):
    worst, count, equal = 0.0, 0, 0
    for family in ("llama", "gpt2"):
        for number, config in enumerate(configs(work, family)):
            ours, theirs = work / f"{family}-{number}-grove", work / f"{family}-{number}-mergekit"
            file = work / "merge.yaml"
            file.write_text(yaml.safe_dump(config))
            grove(options, str(file), "--out", str(ours))
            mergekit.merge.run_merge(
                mergekit.config.MergeConfiguration.model_validate(config),
                str(theirs),
                mergekit.options.MergeOptions(quiet=True, copy_tokenizer=False, write_model_card=False),
            )
            a, b = tensors(ours), tensors(theirs)
            if a.keys() != b.keys():
                sys.exit(f"{config['merge_method']}: other tensors: {sorted(a.keys() ^ b.keys())}")
            for key in a:
                if a[key].dtype != b[key].dtype or a[key].shape != b[key].shape:
                    sys.exit(f"{config['merge_method']}: {key} is {a[key].dtype} {tuple(a[key].shape)}")
                difference = (a[key].double() - b[key].double()).abs().max().item()
                if not difference <= LIMIT:
                    sys.exit(f"{config['merge_method']} of {family}: {key} differs by {difference:.1e}")
                worst, count, equal = max(worst, difference), count + 1, equal + torch.equal(a[key], b[key])
            transformers.AutoModelForCausalLM.from_pretrained(ours)
    print(f"merges: {count} tensors beside mergekit, {equal} equal bit by bit, the others to {worst:.1e}")


def check_mixture(options, work):
    ids = torch.randint(0, SHAPE["vocab_size"], (2, 19))

    def logits(folder):
        model, info = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
        )
        wrong = {key: sorted(names) for key, names in info.items() if names and key != "error_msgs"}
        if wrong:
            sys.exit(f"{folder}: {wrong}")
        with torch.no_grad():
            return model.eval()(ids).logits

    def mixture(name, experts, **more):
        file, out = work / f"{name}.yaml", work / name
        models = [{"source_model": str(work / f"llama-{letter}")} for letter in experts]
        file.write_text(yaml.safe_dump({"experts": models, **more}))
        grove(options, "moe", str(file), "--out", str(out))
        return logits(out)

    dense = logits(work / "llama-a")
    difference = (mixture("equal", "aaaa", gate_mode="random") - dense).abs().max().item()
    if not difference <= 1e-4:
        sys.exit(f"a mixture of equal experts differs from the dense model by {difference:.1e}")
    different = mixture("different", "abc", gate_mode="random")
    if not torch.isfinite(different).all():
        sys.exit("a mixture of three models has scores that are not finite")
    print(f"mixtures of experts: loaded by transformers; equal experts differ from the dense model by {difference:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grove", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        make_models(work, "llama", transformers.LlamaConfig(**SHAPE))
        make_models(work, "gpt2", transformers.GPT2Config(**WIDE))
        check_merges(options, work)
        check_mixture(options, work)


if __name__ == "__main__":
    main()
