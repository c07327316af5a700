"""Writes cluster.json: what scikit-learn and scipy compute for the clusterer's parts.

    python make_cluster_fixtures.py        # with the versions that the file names

Everything is drawn from the seed; the same versions give the same bytes.
"""

import json
import sys
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction import text
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import normalized_mutual_info_score

SEED = 20240607
random = np.random.default_rng(SEED)


class FoldingVectorizer(TfidfVectorizer):
    """Numbers become one token, as in c-BTM."""

    def build_tokenizer(self):
        tokenize = super().build_tokenizer()
        return lambda document: ["#NUMBER" if token[0].isdigit() else token for token in tokenize(document)]


DOCUMENTS = [
    "The cat sat on the mat; the CAT saw 3 rats, 17th-century rats and x86 rats.",
    "Ein Hund lief über die Straße. STRASSE, Straße, ÜBER!",
    "Кошка сидит на окне. КОШКА и Собака_2 бегут; Собака_2 лает.",
    "ΟΔΥΣΣΕΥΣ και Ὀδυσσεύς: ΣΟΦΟΣ ΣΑΣ Σ σας ΑΣ5 ΑΣβ",
    "고양이가 창가에 앉아 있다 고양이가 본다",
    "हिन्दी में लिखा हुआ पाठ",
    "日本語のテキスト、漢字とかな。日本語のテキスト",
    "don't can't it's e-mail foo_bar __init__ _x a b ab a1 1a ①x ²y ½z Ⅷ ⅷ xⅧ",
    "İstanbul IŞIK Dİ İİ ǅungla ﬁne ẞ ß",
    "caf\u00e9 cafe\u0301 na\u00efve \u200dzero\u200dwidth soft\u00adhyphen",
    "",
    "the of and to",
    "😀 emoji😀emoji \U0001d400\U0001d401 \U00010400\U00010401 \U00020000\U00020001",
    "cat cat cat dog dog rat mat mat sat",
    "über straße кошка собака_2 cat dog",
]
stop_words = list(text.ENGLISH_STOP_WORDS.union(["#NUMBER"]))
vectorizer = FoldingVectorizer(stop_words=stop_words)
matrix = vectorizer.fit_transform(DOCUMENTS)
limited = FoldingVectorizer(stop_words=stop_words, max_features=8)
counts = np.asarray((matrix > 0).sum(axis=0)).ravel()
analyze = vectorizer.build_analyzer()

tfidf = {
    "documents": DOCUMENTS,
    "words": [[word for word in analyze(document)] for document in DOCUMENTS],
    "terms": list(vectorizer.get_feature_names_out()),
    "idf": vectorizer.idf_.tolist(),
    "rows": [
        {"terms": matrix[row].indices[np.argsort(matrix[row].indices)].tolist(),
         "weights": matrix[row].data[np.argsort(matrix[row].indices)].tolist()}
        for row in range(matrix.shape[0])
    ],
}

# A matrix of unit rows whose singular values fall slowly, as those of texts do.
row_count, term_count, rank = 120, 80, 12
dense = random.random((row_count, term_count)) * (random.random((row_count, term_count)) < 0.15)
dense[np.arange(row_count), random.integers(0, term_count, row_count)] += 1
dense /= np.linalg.norm(dense, axis=1, keepdims=True)
svd = TruncatedSVD(n_components=rank, algorithm="arpack", random_state=SEED).fit(dense)
order = np.argsort(-svd.singular_values_)
sparse = scipy.sparse.csr_matrix(dense)
decomposition = {
    "terms": term_count,
    "rank": rank,
    "rows": [
        {"terms": sparse[row].indices.tolist(), "weights": sparse[row].data.tolist()} for row in range(row_count)
    ],
    "singularValues": svd.singular_values_[order].tolist(),
    "components": svd.components_[order].tolist(),
}


def balanced(points, clusters):
    """Costs to centres, and the optimum over assignments to clusters of equal sizes."""
    centres = random.normal(size=(clusters, 2))
    costs = ((points[:, None] - centres[None]) ** 2).sum(-1).astype(np.float32)
    sizes = [(len(points) + clusters - 1 - cluster) // clusters for cluster in range(clusters)]
    repeated = np.repeat(costs.astype(np.float64), sizes, axis=1)
    rows, columns = linear_sum_assignment(repeated)
    return {"costs": costs.ravel().tolist(), "sizes": sizes, "optimum": float(repeated[rows, columns].sum())}


assignments = [balanced(random.normal(size=(count, 2)), clusters)
               for count, clusters in [(7, 3), (40, 4), (101, 10), (200, 7), (64, 64)]]
grid = random.integers(0, 3, (60, 2)).astype(float)  # many equal costs
assignments.append(balanced(grid, 6))

groups = np.concatenate([random.normal(size=(30, 3)) * 0.1 + centre for centre in np.eye(3)])
groups /= np.linalg.norm(groups, axis=1, keepdims=True)
means = KMeans(n_clusters=3, n_init=10, random_state=SEED).fit(groups)
labels = random.integers(0, 4, 90)
kmeans = {
    "points": groups.ravel().tolist(),
    "dimensions": 3,
    "clusters": 3,
    "centres": means.cluster_centers_[np.lexsort(means.cluster_centers_.T)].tolist(),
    "inertia": float(means.inertia_),
    "labels": labels.tolist(),
    "assignment": means.labels_.tolist(),
    "nmi": float(normalized_mutual_info_score(labels, means.labels_)),
}

result = {
    "generator": "make_cluster_fixtures.py",
    "seed": SEED,
    "versions": {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__,
                 "scikit-learn": sklearn.__version__},
    "tfidf": tfidf,
    "limitedTerms": list(limited.fit(DOCUMENTS).get_feature_names_out()),
    "decomposition": decomposition,
    "assignments": assignments,
    "kmeans": kmeans,
}
Path(__file__).with_name("cluster.json").write_text(json.dumps(result, ensure_ascii=False) + "\n")
