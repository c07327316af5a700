#!/usr/bin/env python3
"""The peers for decoding on a CPU: transformers' generate, and llama.cpp through llama-cpp-python.

    decode.py transformers --model FOLDER [--dtype fp32|bf16] [--batch 1] [--prompt 128] [--new 128]
    decode.py transformers --width 384 --layers 6 --heads 6 --vocabulary 8192    a random LLaMA; --save keeps it
    decode.py llama.cpp --gguf FILE [--prompt 128] [--new 128]

Greedy, without a stop token, on the prompt ids (7 i + 11) mod V. One JSON line: prompt tokens a second, milliseconds to
the first token, new tokens a second after it. llama-cpp-python is no part of scripts/parity-requirements.txt; build it
with CMAKE_ARGS=-DGGML_NATIVE=ON.
"""

import argparse
import json
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["transformers", "llama.cpp"])
    parser.add_argument("--model")
    parser.add_argument("--gguf")
    parser.add_argument("--save")
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--dtype", choices=["fp32", "bf16"], default="bf16")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--new", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def prompt_ids(options, vocabulary):
    return [(7 * i + 11) % vocabulary for i in range(options.prompt)]


def seconds_of(job):
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def speeds(options, first, rest):
    """`first` is the time of the prompt and one token, `rest` that of the other new ones."""
    return {
        "prompt_tokens_per_s": round(options.batch * options.prompt / first, 2),
        "first_token_ms": round(first * 1e3, 2),
        "new_tokens_per_s": round(options.batch * (options.new - 1) / rest, 2),
    }


def load_transformers(options):
    import torch
    import transformers

    if options.model:
        model = transformers.AutoModelForCausalLM.from_pretrained(options.model)
    else:
        config = transformers.LlamaConfig(
            vocab_size=options.vocabulary,
            hidden_size=options.width,
            num_hidden_layers=options.layers,
            num_attention_heads=options.heads,
            num_key_value_heads=options.heads,
            intermediate_size=8 * options.width // 3,
            tie_word_embeddings=True,
        )
        model = transformers.LlamaForCausalLM(config)
        if options.save:
            model.save_pretrained(options.save)
    return model.to(torch.bfloat16 if options.dtype == "bf16" else torch.float32).eval()


def measure_transformers(options):
    import torch
    import transformers

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = load_transformers(options)
    ids = torch.tensor([prompt_ids(options, model.config.vocab_size)] * options.batch)

    def generate(count):
        model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=count,
            min_new_tokens=count,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )

    with torch.inference_mode():
        generate(4)
        first = seconds_of(lambda: generate(1))
        whole = seconds_of(lambda: generate(options.new))
    return {
        "peer": f"transformers {transformers.__version__}",
        "dtype": options.dtype,
        "batch": options.batch,
        "parameters": sum(p.numel() for p in model.parameters()),
        **speeds(options, first, whole - first),
    }


def measure_llama_cpp(options):
    import llama_cpp

    options.batch = 1
    model = llama_cpp.Llama(
        options.gguf,
        n_ctx=options.prompt + options.new + 8,
        n_threads=options.threads,
        n_threads_batch=options.threads,
        verbose=False,
    )
    ids = prompt_ids(options, model.n_vocab())
    model.eval(ids[:8])
    model.reset()
    next_id = 0

    def step(tokens):
        nonlocal next_id
        model.eval(tokens)
        next_id = model.sample(temp=0.0)

    first = seconds_of(lambda: step(ids))
    rest = seconds_of(lambda: [step([next_id]) for _ in range(options.new - 1)])
    return {"peer": f"llama.cpp {llama_cpp.__version__}", "file": options.gguf, **speeds(options, first, rest)}


def main():
    options = parse_arguments()
    if options.peer == "llama.cpp" and not options.gguf:
        raise SystemExit("llama.cpp needs --gguf FILE")
    measure = measure_transformers if options.peer == "transformers" else measure_llama_cpp
    print(json.dumps(measure(options)))


if __name__ == "__main__":
    main()
