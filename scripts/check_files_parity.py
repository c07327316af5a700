#!/usr/bin/env python3
"""Checks that others read what a demo of Grove left on the disk. Exits 1, and says where, if not.

    check_files_parity.py DEMO --corpus Examples/demo

Token shards: a reader that was written from Megatron's description alone finds every document of the corpus in the
shards, with the ids that `tokenizers` gives and the end-of-text token. TensorBoard: the event files hold the
losses of metrics.jsonl, read by the `tensorboard` package.
Run it with the Python of scripts/parity-environment.
"""

import argparse
import collections
import json
import pathlib
import sys

from check_tokenizer_parity import documents

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/corpus"))
import read_shard  # noqa: E402


def check_shards(demo, corpus):
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(demo / "data/tokenizer.json"))
    end = tokenizer.token_to_id("<|endoftext|>")
    tokenizer.encode_special_tokens = True
    _, _, texts = zip(*documents(corpus))
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    expected = collections.Counter((*encoding.ids, end) for encoding in encodings)
    found = collections.Counter()
    indexes = sorted((demo / "data").rglob("*.idx"))
    for index in indexes:
        found.update(tuple(tokens) for tokens in read_shard.read(str(index.with_suffix(""))))
    if found != expected:
        missing, extra = expected - found, found - expected
        sys.exit(f"{missing.total()} documents are not in the shards, {extra.total()} are not in the corpus")
    print(f"{demo}: {len(indexes)} shards, all {found.total()} documents as tokenizers encodes them")


def check_events(demo):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = demo / "forest/seed"
    events = next(run.rglob("*tfevents*")).parent
    accumulator = EventAccumulator(str(events), size_guidance={"scalars": 0})
    accumulator.Reload()
    with open(run / "metrics.jsonl", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    expected = {line["step"]: line["lossNats"] for line in lines if "lossNats" in line}
    tag = next(tag for tag in accumulator.Tags()["scalars"] if "loss" in tag)
    found = {event.step: event.value for event in accumulator.Scalars(tag)}
    same = found.keys() == expected.keys() and all(
        abs(found[step] - loss) <= 1e-6 * abs(loss) for step, loss in expected.items()
    )
    if not expected or not same:
        sys.exit(f"{events}: {tag} has {len(found)} steps, metrics.jsonl has {len(expected)}, or the losses differ")
    print(f"{demo}: TensorBoard reads the losses of all {len(found)} steps")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=pathlib.Path)
    parser.add_argument("--corpus", required=True)
    options = parser.parse_args()
    check_shards(options.demo, options.corpus)
    check_events(options.demo)


if __name__ == "__main__":
    main()
