#!/usr/bin/env python3
"""Writes zoo.json beside itself: small tokenizers of every kind, strings, and what `tokenizers` makes of them.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3
    python3 Tests/Fixtures/tokenizer/make_zoo_fixtures.py

The tokenizers are those of scripts/tokenizer_zoo.py. A byte-level one is written as the fields that it puts in the place of
those of tokenizer.json, the others whole. The character map is one of some hundred rules; scripts/check_tokenizers.py
checks the full ones. Ids and decoded texts stand there as one SHA-256 for each block of strings.
"""
import base64, hashlib, json, pathlib, sys, tempfile, unicodedata

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent.parent / "scripts"))
import sentencepiece, tokenizers
import tokenizer_zoo as zoo
from tokenizers import Tokenizer

SEED, COUNT, BLOCK = 11, 1000, 50
FIELDS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")


def small_map(name):
    """Rules of all kinds: spaces, controls, compatibility forms, and letters with a mark as one text and as two."""
    points = [*range(0xC0, 0x180), *range(0x2000, 0x2010), *range(0x2460, 0x2474), *range(0xFB00, 0xFB07),
              *range(0xFF01, 0xFF20), *range(0xFF71, 0xFF80), 0x3000, 0x337F, 0xFEFF, 0x0D, 0x0A, 0x09]
    rules = {chr(p): unicodedata.normalize("NFKC", chr(p)) for p in points}
    rules |= {unicodedata.normalize("NFD", k): v for k, v in rules.items()}
    rules |= {"\r\n": " ", "\r": " ", "\n": " ", "\t": " ", "\ufeff": "", "\uff76\uff9e": "\u30ac"}
    if name == "nfkc_cf":
        rules |= {chr(p): chr(p + 32) for p in range(0x41, 0x5B)}
    lines = [f"{' '.join(f'{ord(c):X}' for c in k)}\t{' '.join(f'{ord(c):X}' for c in v)}\n"
             for k, v in rules.items() if k != v]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "rules.tsv")
        path.write_text("".join(lines), encoding="utf-8")
        return zoo.proto(TRAIN(folder, normalization_rule_tsv=str(path))).normalizer_spec.precompiled_charsmap


TRAIN = zoo.train_sentencepiece
zoo.character_map = small_map
MAP = base64.b64encode(small_map("nmt_nfkc")).decode()


def slim(normalizer):
    """The unigram models' normalizers get the small map, too."""
    if isinstance(normalizer, dict):
        if normalizer.get("type") == "Precompiled" and len(normalizer["precompiled_charsmap"]) > 3 * len(MAP):
            return {**normalizer, "precompiled_charsmap": MAP}
        return {k: slim(v) for k, v in normalizer.items()}
    return [slim(x) for x in normalizer] if isinstance(normalizer, list) else normalizer


base = json.loads((HERE / "tokenizer.json").read_text(encoding="utf-8"))
texts = list(zoo.random_strings(COUNT, SEED))
results = []
for name, tokenizer in zoo.all_of_them():
    document = json.loads(tokenizer.to_str())
    document["normalizer"] = slim(document["normalizer"])
    entry = {"name": name, "fields": {field: document[field] for field in FIELDS}}
    is_byte_level = document["decoder"] and document["decoder"]["type"] == "ByteLevel"
    if document["model"]["type"] == "BPE" and is_byte_level and not name.startswith("missing-bytes"):
        document = {**base, **entry["fields"]}
    else:
        entry["fields"] |= {"model": document["model"], "added_tokens": document["added_tokens"]}
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.encode_special_tokens = True
    lists = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    decoded = tokenizer.decode_batch(lists, skip_special_tokens=False)
    lines = [",".join(map(str, ids)) + "\n" + text + "\n" for ids, text in zip(lists, decoded)]
    entry["digests"] = [hashlib.sha256("".join(lines[i : i + BLOCK]).encode()).hexdigest() for i in range(0, COUNT, BLOCK)]
    first, second = (tokenizer.encode(text, add_special_tokens=False).ids for text in ("ab", "cd e"))
    framed, pair = tokenizer.encode("ab"), tokenizer.encode("ab", "cd e")
    entry["framed"] = {"texts": [first, second], "single": framed.ids, "pair": pair.ids, "types": pair.type_ids}
    results.append(entry)
(HERE / "zoo.json").write_text(json.dumps({
    "generator": f"make_zoo_fixtures.py, tokenizers {tokenizers.__version__}, sentencepiece {sentencepiece.__version__}, "
                 f"seed {SEED}", "block": BLOCK, "strings": texts, "tokenizers": results,
}, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")
