#!/usr/bin/env python3
"""The peers for decoding on a CPU: transformers' generate, and llama.cpp through llama-cpp-python.

    decode.py transformers --model FOLDER [--dtype fp32|bf16] [--batch 1] [--prompt 384] [--new 128]
    decode.py llama.cpp --gguf FILE [--batch 1] [--prompt 384] [--new 128]

Greedy, without a stop token, on the prompt ids (7 i + 11) mod V, the same for every text of a batch. One JSON line with
the fields of Grove's own `grove bench decode --json`. llama.cpp is called as its own programs call it: llama_decode on
a batch of tokens, with the scores read in place.
"""

import argparse
import ctypes
import json
import resource
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["transformers", "llama.cpp"])
    parser.add_argument("--model")
    parser.add_argument("--gguf")
    parser.add_argument("--dtype", default="bf16", help="fp32 or bf16; for llama.cpp what the file has, to be printed")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--prompt", type=int, default=384)
    parser.add_argument("--new", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parameters", type=int, help="what llama.cpp is said to have: it counts padding")
    return parser.parse_args()


def prompt_ids(options, vocabulary):
    return [(7 * i + 11) % vocabulary for i in range(options.prompt)]


def seconds_of(job):
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def measurement(options, engine, parameters, ready, first, rest, ids):
    return {
        "engine": engine,
        "precision": options.dtype,
        "parameters": parameters,
        "threads": options.threads,
        "batchSize": options.batch,
        "promptTokens": options.prompt,
        "newTokens": options.new,
        "readySeconds": ready,
        "firstTokenSeconds": first,
        "restSeconds": rest,
        "ids": ids,
        "peakResidentBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def measure_transformers(options):
    import torch
    import transformers

    torch.set_num_threads(options.threads)
    dtype = torch.bfloat16 if options.dtype == "bf16" else torch.float32
    opened = time.perf_counter()
    model = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype).to(options.device).eval()
    ready = time.perf_counter() - opened
    ids = torch.tensor([prompt_ids(options, model.config.vocab_size)] * options.batch, device=options.device)
    texts = None

    def generate(count):
        nonlocal texts
        texts = model.generate(
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
    new = texts[0, options.prompt :].tolist()
    parameters = sum(p.numel() for p in model.parameters())
    engine = f"transformers {transformers.__version__}"
    return measurement(options, engine, parameters, ready, first, whole - first, new)


class LlamaCpp:
    """A context with room for every text; each is a sequence of its own."""

    def __init__(self, options):
        import llama_cpp
        import numpy

        self.library, self.numpy, self.options = llama_cpp, numpy, options
        self.quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(self.quiet, None)
        llama_cpp.llama_backend_init()
        opened = time.perf_counter()
        self.model = llama_cpp.llama_model_load_from_file(
            options.gguf.encode(), llama_cpp.llama_model_default_params()
        )
        if not self.model:
            raise SystemExit(f"{options.gguf}: llama.cpp cannot load it")
        parameters = llama_cpp.llama_context_default_params()
        tokens = options.batch * (options.prompt + options.new + 8)
        parameters.n_ctx, parameters.n_batch, parameters.n_seq_max = tokens, tokens, options.batch
        parameters.n_threads = parameters.n_threads_batch = options.threads
        self.context = llama_cpp.llama_init_from_model(self.model, parameters)
        self.ready = time.perf_counter() - opened
        vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(vocabulary)
        self.batch = llama_cpp.llama_batch_init(tokens, 0, options.batch)

    def restart(self):
        self.library.llama_memory_clear(self.library.llama_get_memory(self.context), True)
        self.position = 0

    def step(self, rows):
        """Reads equally many tokens for every text, and gives the likeliest next ones."""
        batch, at, wanted = self.batch, 0, []
        for text, row in enumerate(rows):
            for offset, token in enumerate(row):
                batch.token[at], batch.pos[at] = token, self.position + offset
                batch.n_seq_id[at], batch.seq_id[at][0] = 1, text
                batch.logits[at] = offset == len(row) - 1
                if batch.logits[at]:
                    wanted.append(at)
                at += 1
        batch.n_tokens = at
        if self.library.llama_decode(self.context, batch):
            raise SystemExit("llama_decode failed")
        self.position += len(rows[0])
        return [int(self.scores(index).argmax()) for index in wanted]

    def scores(self, index):
        pointer = self.library.llama_get_logits_ith(self.context, index)
        return self.numpy.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), (self.vocabulary,))


def measure_llama_cpp(options):
    import llama_cpp

    peer = LlamaCpp(options)
    prompts = [prompt_ids(options, peer.vocabulary)] * options.batch
    new = []

    def begin():
        nonlocal last
        last = peer.step(prompts)
        new.append(last[0])

    def continue_to(count):
        nonlocal last
        while len(new) < count:
            last = peer.step([[token] for token in last])
            new.append(last[0])

    last = None
    peer.restart()
    begin()
    continue_to(4)
    peer.restart()
    new.clear()
    first = seconds_of(begin)
    rest = seconds_of(lambda: continue_to(options.new))
    parameters = options.parameters or llama_cpp.llama_model_n_params(peer.model)
    engine = f"llama.cpp, llama-cpp-python {llama_cpp.__version__}"
    return measurement(options, engine, parameters, peer.ready, first, rest, new)


def main():
    options = parse_arguments()
    if options.peer == "llama.cpp" and not options.gguf:
        raise SystemExit("llama.cpp needs --gguf FILE")
    if options.peer == "transformers" and not options.model:
        raise SystemExit("transformers needs --model FOLDER")
    measure = measure_transformers if options.peer == "transformers" else measure_llama_cpp
    print(json.dumps(measure(options)))


if __name__ == "__main__":
    main()
