#!/usr/bin/env python3
"""Writes the tokenizer fixtures beside itself: an excerpt, a tokenizer trained on it, strings, and what `tokenizers` makes of them.

    pip install tokenizers==0.23.3 zstandard
    python3 Tests/Fixtures/tokenizer/make_tokenizer_fixtures.py Examples/demo

The excerpt takes the first documents of each domain of the demo corpus; their sources and licences stand in the corpus.
"""
import copy, glob, hashlib, io, json, os, random, sys
import tokenizers, zstandard
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SEED, VOCABULARY, RANDOM_STRINGS, BLOCK, EXCERPT_BYTES = 7, 2048, 2000, 100, 7000
HERE = os.path.dirname(os.path.abspath(__file__))
CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPACES = " \t\n\r\x0b\x0c\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u200b\ufeff"


def excerpt(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl.zst"))):
        taken = 0
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(open(path, "rb")), encoding="utf-8"):
            text = json.loads(line)["text"][:2000]
            yield {"domain": os.path.basename(path).split(".")[0], "text": text}
            taken += len(text.encode())
            if taken >= EXCERPT_BYTES:
                break


def train(texts):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    t.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=VOCABULARY, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"], show_progress=False))
    return t


def variants():
    """Fields that replace those of the trained tokenizer: (name, top-level fields, fields of the model, added tokens)."""
    def split(pattern):
        return {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}

    def byte_level(prefix, regex):
        return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}

    def added(content, *flags):
        names = ["single_word", "lstrip", "rstrip", "normalized", "special"]
        return {"content": content, **{name: name in flags for name in names}}

    flags = [added("..", "lstrip", "special"), added("==", "rstrip", "single_word", "special"),
             added("ab", "single_word", "normalized"), added("abc", "lstrip", "rstrip"), added("한", "single_word"),
             added("e", "rstrip", "normalized"), added(" 1", "normalized"), added("'s", "single_word", "lstrip", "normalized"),
             added("\u0301x", "normalized"), added("<|", "special")]
    yield {"name": "gpt2", "root": {}, "model": {}, "added": []}
    yield {"name": "cl100k", "root": {"pre_tokenizer": split(CL100K)}, "model": {}, "added": []}
    yield {"name": "qwen2", "root": {"pre_tokenizer": split(CL100K.replace("{1,3}", ""))}, "model": {}, "added": []}
    yield {"name": "whole", "root": {"pre_tokenizer": byte_level(False, False)}, "model": {}, "added": []}
    yield {"name": "ignore_merges", "root": {}, "model": {"ignore_merges": True}, "added": []}
    yield {"name": "prefix_space", "root": {"pre_tokenizer": byte_level(True, True)}, "model": {}, "added": []}
    yield {"name": "added_tokens", "root": {"pre_tokenizer": byte_level(True, True)}, "model": {}, "added": flags}


def apply(base, variant):
    j = copy.deepcopy(base)
    j.update(variant["root"])
    j["model"].update(variant["model"])
    for offset, token in enumerate(variant["added"]):
        j["added_tokens"].append({"id": VOCABULARY + offset, **token})
    return Tokenizer.from_str(json.dumps(j))


def chosen_strings():
    yield from ["", "a", " ", "\n", "\0", "'", "'s", "'S", "é", "\u017f", "'\u017f!", "\U0010ffff", "\ufffd", "\ufeffa"]
    for plane in range(17):
        yield "".join(chr(plane * 0x10000 + offset) for offset in (0x20, 0x391, 0x4E00, 0xABCD, 0xFFFD, 0xFFFF))
    yield "👩\u200d👩\u200d👧\u200d👦 family 👍🏽👍🏿 🇩🇪🇫🇷 ❤️\u200d🔥 1️⃣"
    yield "e\u0301 e\u0301\u0323 o\u0308\u0304 क्षि ที่นี่ 한국어 각 ﷺ"
    yield "a\r\nb\rc\n\nd\r\n\r\n  e \r\n"
    yield from ["".join(c + "x" for c in SPACES), "".join(c + c + " x" for c in SPACES), SPACES, "x" + SPACES, SPACES + "x"]
    yield "1 12 123 1234 12345 ١٢٣٤ १२३४ ①②③④ ⅧⅨ ½¼ 𝟙𝟚𝟛𝟜 ᠑᠒ 一二三四 3.14159 1,000,000"
    yield "I'm you're he's we've they'll I'd don't DON'T I'M You'Re '' ''s 'sx 'llama 'LLama 're're o'clock 's'"
    yield from [c * n for c in ("a", " ", "\n", "=", "é", "한") for n in (2, 3, 7, 22, 23, 64, 65, 200)]
    yield from ["<|endoftext|>", "a<|endoftext|>b", "<|endoftext|><|endoftext|>", "<|endoftext|", " <|endoftext|> ", "<<|endoftext|>"]
    yield from [" == ", "a==b", "== x", "  ..  x", ". . .. ...", "ab abc abcd ab.", "xab ab", "  abc  d", "한국 한 국", "we e  e x",
                "\u3000..", "é'sé 's 's", "a 1 12", "e\u0301x", "\u0301x ab\u0301"]
    yield "def f(x):\n    return {\n        'a': [1, 2.5e-3, -7],\n\t}  # done\n\n\n"
    yield "Antidisestablishmentarianism Donaudampfschifffahrtsgesellschaftskapitän Рентгеноэлектрокардиографического"


def random_strings():
    r = random.Random(SEED)

    def character():
        while True:
            point = r.randrange(r.choice([0x80, 0x800, 0x10000, 0x110000]))
            if not 0xD800 <= point < 0xE000:
                return chr(point)

    pools = [character, lambda: r.choice("abcdefghijklmnopqrstuvwxyzABCDE"), lambda: r.choice(SPACES), lambda: " ",
             lambda: r.choice("0123456789٠١٢०१②Ⅷ½"),
             lambda: r.choice(["'s", "'t", "'RE", "'ve", "'m", "'ll", "'D", "'\u017f", "'", "\u2019s", " 's"]),
             lambda: r.choice(["👩\u200d👧", "e\u0301", "한국", "ру\u0301", "<|endoftext|>", "<|end", "..", "==", "\u0300", "ab", "abc"])]
    for _ in range(RANDOM_STRINGS):
        chosen = r.sample(pools, r.randrange(1, len(pools) + 1))
        yield "".join(r.choice(chosen)() for _ in range(r.randrange(24)))


def malformed():
    r = random.Random(SEED)
    fixed = ["80", "ff", "c080", "e28241", "eda080", "f0908041", "f4908080", "f09f98", "61c3", "e0a061", "f8888080", "20e228a1", "c3c3a9"]
    yield from (bytes.fromhex(x) for x in fixed)
    for _ in range(200):
        yield bytes(r.choice((r.randrange(256), r.randrange(0x80, 0x100), 0x20, 0xE2, 0x82)) for _ in range(r.randrange(1, 12)))


def digest(lists):
    return hashlib.sha256("".join(",".join(map(str, ids)) + "\n" for ids in lists).encode()).hexdigest()


def save(name, value):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=True, separators=(",", ":"))
        f.write("\n")


documents = list(excerpt(sys.argv[1]))
save("excerpt.json", documents)
trained = train(d["text"] for d in documents)
trained.save(os.path.join(HERE, "tokenizer.json"))
base = json.loads(trained.to_str())
chosen, drawn = list(dict.fromkeys(chosen_strings())), list(random_strings())
results = []
for variant in variants():
    t = apply(base, variant)

    def ids(texts):
        return [t.encode(text, add_special_tokens=False).ids for text in texts]

    blocks = [digest(ids(drawn[start:start + BLOCK])) for start in range(0, len(drawn), BLOCK)]
    domains = {name: digest(ids(d["text"] for d in documents if d["domain"] == name)) for name in {d["domain"] for d in documents}}
    results.append({**variant, "chosen": ids(chosen), "drawn": blocks, "domains": dict(sorted(domains.items()))})
broken = list(malformed())
save("expected.json", {
    "generator": f"make_tokenizer_fixtures.py, tokenizers {tokenizers.__version__}, seed {SEED}", "block": BLOCK,
    "chosen": chosen, "drawn": drawn, "variants": results,
    "malformed": [b.hex() for b in broken],
    "malformed_ids": [trained.encode(b.decode("utf-8", "replace"), add_special_tokens=False).ids for b in broken]})
