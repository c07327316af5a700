#!/usr/bin/env python3
"""Checks that llama.cpp computes the logits of the models that Grove writes as GGUF. Exits 1, and says why, if not.

    check_gguf_export.py --grove .build/release/grove FOLDER...

Each FOLDER holds a model, ids.json and the logits of transformers (a fixture of Tests/Fixtures/models). Grove writes
it as float32, float16, bfloat16, Q8_0 and Q4_0; llama.cpp's logits must be near those of transformers, float32 within
1e-3. A model that Grove refuses to write is shown with the reason. Run it with the Python of
scripts/parity-environment --llama-cpp.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

# Largest difference over the largest logit. Blocks and halves of random weights are coarse.
TOLERANCE = {"float32": 1e-3, "float16": 1e-2, "bfloat16": 5e-2, "q8_0": 5e-2, "q4_0": 5e-1}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--grove", required=True, help="the built CLI")
    return parser.parse_args()


def llama_logits(path, rows, vocabulary):
    """llama.cpp's logits for lists of ids, by its C interface: a file without a tokenizer has no text to speak of."""
    import llama_cpp
    import numpy

    quiet = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(quiet, None)
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
    if not model:
        sys.exit(f"{path}: llama.cpp does not load it")
    settings = llama_cpp.llama_context_default_params()
    settings.n_ctx, settings.type_k, settings.type_v = 512, 0, 0
    settings.flash_attn_type = 0
    context = llama_cpp.llama_init_from_model(model, settings)
    results = []
    for row in rows:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        batch = llama_cpp.llama_batch_init(len(row), 0, 1)
        batch.n_tokens = len(row)
        for place, token in enumerate(row):
            batch.token[place], batch.pos[place] = token, place
            batch.n_seq_id[place], batch.seq_id[place][0], batch.logits[place] = 1, 0, True
        if llama_cpp.llama_decode(context, batch):
            sys.exit(f"{path}: llama.cpp cannot run it")
        pointer = llama_cpp.llama_get_logits(context)
        results.append(numpy.ctypeslib.as_array(pointer, (len(row), vocabulary)).copy())
        llama_cpp.llama_batch_free(batch)
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(model)
    return numpy.stack(results)


def check(folder, grove, work):
    """Prints a line about one model; whether it is as it should be."""
    import numpy
    from safetensors.numpy import load_file

    rows = json.loads((folder / "ids.json").read_text())
    expected = load_file(folder / "logits.safetensors")["logits"]
    found = []
    for dtype, allowed in TOLERANCE.items():
        path = work / f"{folder.name}-{dtype}.gguf"
        command = [grove, "model", "convert", str(folder), str(path), "--format", "gguf", "--dtype", dtype]
        done = subprocess.run(command + ["--without-tokenizer", "--quiet"], capture_output=True, text=True)
        if done.returncode:
            print(f"{folder.name}: not written: {(done.stderr or done.stdout).strip()}")
            return True
        logits = llama_logits(path, rows, expected.shape[-1])
        difference = float(numpy.abs(logits - expected).max() / numpy.abs(expected).max())
        found.append((dtype, difference, difference <= allowed))
    print(f"{folder.name}: " + ", ".join(f"{dtype} {difference:.1e}" for dtype, difference, _ in found))
    return all(good for _, _, good in found)


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory() as name:
        results = [check(folder, options.grove, pathlib.Path(name)) for folder in options.folders]
    if not all(results):
        sys.exit("llama.cpp's logits are not those of the models")


if __name__ == "__main__":
    main()
