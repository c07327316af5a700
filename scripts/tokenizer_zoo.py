"""Small tokenizers of every kind, made with `tokenizers` and `sentencepiece` from the fixture's excerpt, and random strings.

Both the fixtures (Tests/Fixtures/tokenizer/make_zoo_fixtures.py) and scripts/check_tokenizers.py are made of them.
"""

import base64
import json
import pathlib
import random
import tempfile

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
SPACE_END = r"|\s*[\r\n]+|\s+(?!\S)|\s+"


def words_like_o200k(contraction, numbers):
    lead = r"[^\r\n\p{L}\p{N}]?"
    return (f"{lead}{UPPER}*{LOWER}+{contraction}|{lead}{UPPER}+{LOWER}*{contraction}|{numbers}"
            r"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SPACE_END)


SPLITS = {
    "cl100k": CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACE_END,
    "qwen2": CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACE_END,
    "qwen35": CONTRACTION + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + SPACE_END,
    "o200k": words_like_o200k(CONTRACTION + "?", r"\p{N}{1,3}"),
    "tekken": words_like_o200k("", r"\p{N}"),
}
DEEPSEEK = [
    r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
]
SPACES = " \t\n\r\x0b\x0c\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u200b\ufeff"


def excerpt():
    path = ROOT / "Tests/Fixtures/tokenizer/excerpt.json"
    return [document["text"] for document in json.loads(path.read_text(encoding="utf-8"))]


def isolated(*patterns):
    return [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]


def byte_level(regex=False, prefix=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)


def bytes_of(pre_tokenizer, normalizer=None, size=700, **model):
    """A byte-level BPE."""
    t = Tokenizer(models.BPE(**model))
    t.pre_tokenizer, t.decoder = pre_tokenizer, decoders.ByteLevel()
    t.train_from_iterator(excerpt(), trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
        special_tokens=["<|endoftext|>"]))
    if normalizer:
        t.normalizer = normalizer
    return t


def byte_level_zoo():
    for name, pattern in SPLITS.items():
        yield name, bytes_of(pre_tokenizers.Sequence([*isolated(pattern), byte_level()]))
    yield "deepseek", bytes_of(pre_tokenizers.Sequence([*isolated(*DEEPSEEK), byte_level()]), normalizers.Sequence([]))
    yield "starcoder", bytes_of(pre_tokenizers.Sequence([pre_tokenizers.Digits(True), byte_level(True)]))
    yield "digits", bytes_of(pre_tokenizers.Sequence([pre_tokenizers.Digits(False), byte_level(True, True)]))
    yield "punctuation", bytes_of(pre_tokenizers.Sequence([pre_tokenizers.Punctuation(), byte_level()]))
    for behavior in ("removed", "merged_with_previous", "merged_with_next", "contiguous"):
        yield f"punctuation-{behavior}", bytes_of(
            pre_tokenizers.Sequence([pre_tokenizers.Punctuation(behavior), byte_level()]))
        for inverted in (False, True):
            split = pre_tokenizers.Split("e", behavior, inverted)
            yield f"split-{behavior}{'-inverted' * inverted}", bytes_of(pre_tokenizers.Sequence([split, byte_level()]))
    yield "whitespace", bytes_of(pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), byte_level()]))
    yield "whitespace-split", bytes_of(pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), byte_level()]))
    yield "bert-split", bytes_of(pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), byte_level()]))
    for name, unknown in (("dropped", {}), ("unknown", {"unk_token": "<|endoftext|>"}),
                          ("fused", {"unk_token": "<|endoftext|>", "fuse_unk": True})):
        t = Tokenizer(models.BPE(**unknown))  # SmolLM's has no token for some bytes
        t.pre_tokenizer, t.decoder = byte_level(True), decoders.ByteLevel()
        t.train_from_iterator(excerpt(), trainers.BpeTrainer(
            vocab_size=400, limit_alphabet=60, show_progress=False, special_tokens=["<|endoftext|>"]))
        yield f"missing-bytes-{name}", t
    yield "delimiter", bytes_of(pre_tokenizers.Sequence([pre_tokenizers.CharDelimiterSplit("a"), byte_level(False, True)]))


def normalizer_zoo():
    """Byte-level tokenizers without merges to speak of show a normalizer's text."""
    map_ = normalizers.Precompiled(character_map("nmt_nfkc"))
    fold = normalizers.Precompiled(character_map("nfkc_cf"))
    made = {
        "nfc": normalizers.NFC(), "nfd": normalizers.NFD(), "nfkc": normalizers.NFKC(), "nfkd": normalizers.NFKD(),
        "lowercase": normalizers.Lowercase(), "strip-accents": normalizers.StripAccents(), "nmt": normalizers.Nmt(),
        "strip": normalizers.Strip(), "strip-left": normalizers.Strip(right=False),
        "replace": normalizers.Replace("a", "<>"), "replace-spaces": normalizers.Replace(Regex(" {2,}"), "▁"),
        "replace-white": normalizers.Replace(Regex(r"\s+"), " "), "prepend": normalizers.Prepend("▁"),
        "precompiled": map_, "precompiled-fold": fold,
        "bert": normalizers.BertNormalizer(), "bert-cased": normalizers.BertNormalizer(lowercase=False),
        "bert-accents": normalizers.BertNormalizer(strip_accents=False),
        "bert-none": normalizers.BertNormalizer(False, False, True, False),
        "albert": normalizers.Sequence([
            normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(),
            normalizers.StripAccents(), normalizers.Lowercase(), map_, normalizers.Replace(Regex(" {2,}"), " ")]),
    }
    for name, normalizer in made.items():
        yield f"normalizer-{name}", bytes_of(byte_level(), normalizer, size=257)


def train_sentencepiece(folder, **options):
    import sentencepiece

    text = pathlib.Path(folder, "text.txt")
    lines = [line for document in excerpt() for line in document.split("\n") if line.strip()]
    text.write_text("\n".join(lines), encoding="utf-8")
    settings = dict(vocab_size=500, model_type="unigram", hard_vocab_limit=False, minloglevel=2, num_threads=1) | options
    sentencepiece.SentencePieceTrainer.train(input=str(text), model_prefix=folder + "/m", **settings)
    return pathlib.Path(folder, "m.model").read_bytes()


def proto(data):
    from sentencepiece import sentencepiece_model_pb2 as messages

    return messages.ModelProto.FromString(data)


def character_map(name):
    with tempfile.TemporaryDirectory() as folder:
        return proto(train_sentencepiece(folder, normalization_rule_name=name)).normalizer_spec.precompiled_charsmap


def unigram_zoo():
    with tempfile.TemporaryDirectory() as folder:
        plain = proto(train_sentencepiece(folder))
    with tempfile.TemporaryDirectory() as folder:
        fallback = proto(train_sentencepiece(folder, byte_fallback=True, vocab_size=700))

    def make(model, pre_tokenizer, normalizer=None, byte_fallback=False):
        t = Tokenizer(models.Unigram([(p.piece, p.score) for p in model.pieces], model.trainer_spec.unk_id, byte_fallback))
        t.normalizer = normalizer or normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
        t.pre_tokenizer = pre_tokenizer
        t.add_special_tokens(["<s>", "</s>"])
        return t

    t = make(plain, pre_tokenizers.Metaspace())
    t.decoder = decoders.Metaspace()
    t.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B:1 </s>:1", special_tokens=[("</s>", t.token_to_id("</s>"))])
    yield "t5", t
    t = make(plain, pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]))
    t.decoder = decoders.Metaspace()
    yield "xlm-roberta", t
    t = make(plain, pre_tokenizers.Metaspace(prepend_scheme="first"), normalizers.Sequence([
        normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]))
    t.decoder = decoders.Metaspace(prepend_scheme="first")
    yield "unigram-first", t
    t = make(fallback, pre_tokenizers.Metaspace(split=False, prepend_scheme="never"), byte_fallback=True)
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    yield "unigram-bytes", t


def llama_decoder(strip=True):
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    return decoders.Sequence(steps + [decoders.Strip(" ", 1, 0)] * strip)


def bpe_zoo():
    """BPE on characters, as conversions of sentencepiece models have it."""
    mark = normalizers.Replace(" ", "▁")

    def train(pre_tokenizer, normalizer, bytes_first, **model):
        t = Tokenizer(models.BPE(**model))
        t.pre_tokenizer, t.normalizer = pre_tokenizer, normalizer
        special = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] * bytes_first
        affixes = {key: model[key] for key in ("continuing_subword_prefix", "end_of_word_suffix") if key in model}
        t.train_from_iterator(excerpt(), trainers.BpeTrainer(
            vocab_size=600, special_tokens=special, limit_alphabet=150, show_progress=False, **affixes))
        j = json.loads(t.to_str())
        j["added_tokens"] = j["added_tokens"][:3]  # the bytes are pieces, not texts to look for
        return Tokenizer.from_str(json.dumps(j))

    split = pre_tokenizers.Split(" ", "merged_with_previous")
    t = train(pre_tokenizers.Metaspace(), None, True, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    t.pre_tokenizer, t.normalizer = None, normalizers.Sequence([normalizers.Prepend("▁"), mark])
    t.decoder = llama_decoder()
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    yield "llama2", t
    t = Tokenizer.from_str(t.to_str())
    t.normalizer, t.pre_tokenizer = None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    yield "llama2-metaspace", t
    t = train(split, None, True, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    t.normalizer, t.decoder = mark, llama_decoder(False)
    yield "gemma", t
    t = train(pre_tokenizers.Whitespace(), None, False, unk_token="<unk>", fuse_unk=True)
    yield "bpe-fused", t
    t = train(pre_tokenizers.Whitespace(), None, False, unk_token="<unk>")
    yield "bpe-unfused", t
    t = train(pre_tokenizers.Whitespace(), normalizers.Lowercase(), False, unk_token="<unk>", end_of_word_suffix="</w>")
    t.decoder = decoders.BPEDecoder()
    yield "bpe-suffix", t
    t = train(pre_tokenizers.Whitespace(), None, False, continuing_subword_prefix="##")
    t.decoder = decoders.WordPiece()
    yield "bpe-prefix", t


def wordpiece_zoo():
    for name, lowercase in (("bert-uncased", True), ("bert-cased", False)):
        t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
        t.normalizer, t.pre_tokenizer = normalizers.BertNormalizer(lowercase=lowercase), pre_tokenizers.BertPreTokenizer()
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        t.train_from_iterator(excerpt(), trainers.WordPieceTrainer(
            vocab_size=600, limit_alphabet=200, special_tokens=special, show_progress=False))
        t.decoder = decoders.WordPiece(cleanup=lowercase)
        t.post_processor = (processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)) if lowercase
                            else processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2)))
        yield name, t


def all_of_them():
    for zoo in (byte_level_zoo, normalizer_zoo, unigram_zoo, bpe_zoo, wordpiece_zoo):
        yield from zoo()


def random_strings(count, seed):
    """Strings of many scripts, marks, spaces, numbers, contractions and special tokens' texts."""
    r = random.Random(seed)

    def character():
        while True:
            point = r.randrange(r.choice([0x80, 0x800, 0x3000, 0x10000, 0x110000]))
            if not 0xD800 <= point < 0xE000:
                return chr(point)

    words = " ".join(excerpt()).split()
    pools = [
        character, lambda: r.choice("abcdefghijklmnopqrstuvwxyzABCDE"), lambda: r.choice(SPACES), lambda: " ",
        lambda: r.choice("0123456789٠١٢०१②Ⅷ½"), lambda: r.choice(words), lambda: r.choice(words) + " ",
        lambda: r.choice(["'s", "'t", "'RE", "'ve", "'m", "'ll", "'D", "'\u017f", "'", "\u2019s", " 's", "``", "''"]),
        lambda: r.choice(["👩\u200d👧", "e\u0301", "한국", "ру\u0301", "<|endoftext|>", "<s>", "</s>", "<unk>", "<0x41>",
                          "[UNK]", "..", "==", "\u0300", "ab", "▁", "▁▁", "\r\n", "a\u0301\u0323", "\u1100\u1161\u11a8",
                          "\u1161", "\u11a8", "가\u11a8", "\u0345\u0301", "İ", "ß", "Σ", "ﬁ", "①", "㍿", "ｶﾞ", "\u0600a"]),
        lambda: chr(r.choice([0x300, 0x4E00, 0xAC00, 0x900, 0xE00, 0x600, 0x1F600, 0x3040, 0xFF00, 0x1D400, 0x2000])
                    + r.randrange(0x70)),
        lambda: r.choice("!\"#$%&()*+,-./:;<=>?@[]^_`{|}~¡«§“”、。"),
    ]
    for _ in range(count):
        chosen = r.sample(pools, r.randrange(1, len(pools) + 1))
        yield "".join(r.choice(chosen)() for _ in range(r.randrange(24)))
