#!/usr/bin/env python3
"""Writes sentencepiece.json beside itself: small .model files of every kind, strings, and what the library makes of them.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3
    python3 Tests/Fixtures/tokenizer/make_sentencepiece_fixtures.py

The models stand there in Base64; ids and decoded texts as one SHA-256 for each block of strings.
"""
import base64, hashlib, json, pathlib, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent.parent / "scripts"))
import sentencepiece
import tokenizer_zoo as zoo

SEED, COUNT, BLOCK = 17, 1000, 50
RULES = "".join(f"{p:X}\t{q}\n" for p, q in [
    (0x0A, "20"), (0x09, "20"), (0x0D, "20"), (0x3000, "20"), (0xA0, "20"), (0xFEFF, ""), (0x2460, "31"), (0xFB01, "66 69"),
    (0x337F, "682A 5F0F 4F1A 793E"), (0xBD, "31 2F 32"), (0x130, "69"), (0x2003, "20")]) + "65 301\tE9\n61 301 323\t61\n"
KINDS = {
    "unigram": dict(model_type="unigram", vocab_size=300),
    "unigram-bytes": dict(model_type="unigram", vocab_size=500, byte_fallback=True),
    "unigram-plain": dict(model_type="unigram", vocab_size=300, add_dummy_prefix=False, remove_extra_whitespaces=False),
    "unigram-symbols": dict(model_type="unigram", vocab_size=300, user_defined_symbols=["==", "ab", "<s>x", "е"]),
    "unigram-suffix": dict(model_type="unigram", vocab_size=300, treat_whitespace_as_suffix=True),
    "bpe": dict(model_type="bpe", vocab_size=400),
    "bpe-bytes": dict(model_type="bpe", vocab_size=600, byte_fallback=True, remove_extra_whitespaces=False, split_digits=True),
    "bpe-symbols": dict(model_type="bpe", vocab_size=400, user_defined_symbols=["==", "ab", "\u2581\u2581", "е"]),
    "bpe-identity": dict(model_type="bpe", vocab_size=400, normalization_rule_name="identity", add_dummy_prefix=False),
}
texts = list(zoo.random_strings(COUNT, SEED))
results = []
for name, options in KINDS.items():
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder, "rules.tsv")
        rules.write_text(RULES, encoding="utf-8")
        if "normalization_rule_name" not in options:
            options["normalization_rule_tsv"] = str(rules)
        data = zoo.train_sentencepiece(folder, character_coverage=0.98, **options)
    model = zoo.proto(data)
    model.trainer_spec.input[:] = []
    model.trainer_spec.model_prefix = ""
    model.normalizer_spec.normalization_rule_tsv = ""
    data = model.SerializeToString()
    processor = sentencepiece.SentencePieceProcessor(model_proto=data)
    lists = [processor.encode(text) for text in texts]
    lines = [",".join(map(str, ids)) + "\n" + processor.decode(ids) + "\n" for ids in lists]
    results.append({"name": name, "model": base64.b64encode(data).decode(), "first": lists[:20],
        "digests": [hashlib.sha256("".join(lines[i : i + BLOCK]).encode()).hexdigest() for i in range(0, COUNT, BLOCK)]})
(HERE / "sentencepiece.json").write_text(json.dumps({
    "generator": f"make_sentencepiece_fixtures.py, sentencepiece {sentencepiece.__version__}, seed {SEED}", "block": BLOCK,
    "strings": texts, "models": results}, separators=(",", ":")) + "\n", encoding="utf-8")
