#!/usr/bin/env python3
"""Compares Grove with llama.cpp on a GGUF file: logits, and greedy continuations of 20 prompts. Exits 1 if not equal.

    check_gguf_parity.py MODEL.gguf --grove .build/release/grove

llama.cpp continues each prompt with its most probable tokens; Grove scores the same tokens. Where Grove's most
probable token is another one, the two must be a near-tie in llama.cpp's own logits. llama.cpp multiplies blocks with
activations that it rounds to 8 bits, Grove with float32, so the logits of a quantised file differ by that. Of the same
weights as float32 (--exact: Grove writes them, llama.cpp reads them) they are within 5e-3 of the largest; what is left
is GELU, which llama.cpp looks up in a table of float16. Run it with the Python of
scripts/parity-environment --llama-cpp.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

# Logits within this of the largest for float32 weights; a tie within half a nat.
EXACT, NEAR_TIE = 5e-3, 0.5
PROMPTS = [
    "The capital of France is",
    "Once upon a time, in a village by the sea,",
    "def fibonacci(n):\n",
    "Water boils at a temperature of",
    "The three branches of the United States government are",
    "To make a good cup of tea, you should",
    "Photosynthesis is the process by which",
    "1, 1, 2, 3, 5, 8, 13,",
    "In 1969, the first man to walk on the moon",
    "The opposite of hot is",
    "Dear Sir or Madam,\n\nI am writing to",
    "A prime number is a number that",
    "La capitale de l'Italie est",
    "The largest planet in our solar system",
    "import numpy as np\n\ndef mean(x):\n    return",
    "She opened the door and saw",
    "The quick brown fox jumps over the lazy",
    "Question: What is 12 times 12?\nAnswer:",
    "The theory of evolution was proposed by",
    "For breakfast I usually have eggs, toast and",
]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--grove", required=True, help="the built CLI")
    parser.add_argument("--tokens", type=int, default=32, help="of each continuation")
    parser.add_argument("--exact", action="store_true", help="compare the weights as float32")
    return parser.parse_args()


def reference(path, count):
    """For each prompt: its ids with llama.cpp's continuation, how many are the prompt's, and the logits at all."""
    import llama_cpp
    import numpy

    # Keys and values in float32, as Grove has them.
    model = llama_cpp.Llama(
        str(path), n_ctx=512, logits_all=True, verbose=False, type_k=0, type_v=0, flash_attn=False, n_threads=2
    )
    cases = []
    for prompt in PROMPTS:
        ids = model.tokenize(prompt.encode(), special=False)
        start = len(ids)
        model.reset()
        model.eval(ids)
        for _ in range(count):
            ids = ids + [int(numpy.argmax(model.scores[len(ids) - 1]))]
            model.eval(ids[-1:])
        cases.append((prompt, ids, start, model.scores[: len(ids)].copy()))
    return cases


def grove_logits(grove, path, rows, folder):
    """Grove's logits for lists of ids; shorter lists are filled up at the end, which no earlier position sees."""
    from safetensors.numpy import load_file

    longest = max(map(len, rows))
    (folder / "ids.json").write_text(json.dumps([row + [0] * (longest - len(row)) for row in rows]))
    command = [grove, "model", "logits", str(path), "--ids", str(folder / "ids.json")]
    done = subprocess.run(command + ["--out", str(folder / "logits.safetensors")], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr or done.stdout)
    return load_file(folder / "logits.safetensors")["logits"]


def near_ties(case, ours):
    """Positions of the continuation with another most probable token, and how far apart llama.cpp has the two."""
    prompt, ids, start, theirs = case
    found = []
    for place in range(start - 1, len(ids) - 1):
        choice = int(ours[place].argmax())
        if choice != ids[place + 1]:
            gap = float(theirs[place].max() - theirs[place][choice])
            found.append((prompt, place + 1, ids[place + 1], choice, gap))
    return found


def compare(path, options, folder):
    import numpy

    cases = reference(path, options.tokens)
    largest, squares, positions, same, ties = 0.0, 0.0, 0, 0, []
    for first in range(0, len(cases), 5):
        group = cases[first : first + 5]
        logits = grove_logits(options.grove, path, [ids for _, ids, _, _ in group], folder)
        for case, ours in zip(group, logits):
            _, ids, start, theirs = case
            difference = numpy.abs(ours[: len(ids)] - theirs) / numpy.abs(theirs).max()
            largest = max(largest, float(difference.max()))
            squares += float((difference**2).mean(axis=1).sum())
            positions += len(ids)
            found = near_ties(case, ours)
            same += not found
            ties += found
    return largest, (squares / positions) ** 0.5, positions, same, ties


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory() as name:
        folder, path = pathlib.Path(name), options.model
        if options.exact:
            path = folder / "exact.gguf"
            command = [options.grove, "model", "convert", str(options.model), str(path), "--format", "gguf"]
            subprocess.run(command + ["--dtype", "float32", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        largest, typical, positions, same, ties = compare(path, options, folder)
    kind = "as float32" if options.exact else "as stored"
    print(
        f"{options.model.name} {kind}: {positions} positions, logits within {largest:.2g} of the largest "
        f"(root mean square {typical:.2g}); {same} of {len(PROMPTS)} greedy continuations of {options.tokens} the same"
    )
    for prompt, place, theirs, ours, gap in ties:
        print(f"  {prompt!r}: at {place} llama.cpp takes {theirs}, Grove {ours}, {gap:.3g} nats apart in llama.cpp")
    if not all(tie[-1] <= NEAR_TIE for tie in ties) or (options.exact and not largest <= EXACT):
        sys.exit(f"{options.model}: Grove and llama.cpp differ by more than that")


if __name__ == "__main__":
    main()
