#!/usr/bin/env python3
"""The peer for finding domains: scikit-learn's TfidfVectorizer and TruncatedSVD, set up as in c-BTM.

    clustering.py --text FILE.jsonl

A line of FILE is a JSON object whose "text" is a document. One JSON line comes out, with the fields of Grove's own
`grove bench cluster --json`. Texts are in memory before the clock starts.
"""

import argparse
import json
import time
import warnings

import sklearn
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction import text
from sklearn.feature_extraction.text import TfidfVectorizer


class FoldingVectorizer(TfidfVectorizer):
    """Numbers become one token, which is a stop word."""

    def build_tokenizer(self):
        tokenize = super().build_tokenizer()
        return lambda document: ["#NUMBER" if token[0].isdigit() else token for token in tokenize(document)]


def main():
    warnings.filterwarnings("ignore", message="Your stop_words may be inconsistent")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", required=True)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with open(options.text, encoding="utf-8", newline="\n") as file:
        texts = [json.loads(line)["text"] for line in file]
    stop_words = list(text.ENGLISH_STOP_WORDS.union(["#NUMBER"]))
    seconds = []
    for _ in range(options.repeats):
        began = time.perf_counter()
        matrix = FoldingVectorizer(stop_words=stop_words).fit_transform(texts)
        projection = TruncatedSVD(n_components=100, random_state=0)
        projection.fit(matrix)
        seconds.append(time.perf_counter() - began)
    report = {
        "engine": f"scikit-learn {sklearn.__version__}",
        "seconds": seconds,
        "documents": int((matrix.getnnz(axis=1) > 0).sum()),
        "terms": matrix.shape[1],
        "weights": int(matrix.nnz),
        "variance": float((projection.singular_values_**2).sum()),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
