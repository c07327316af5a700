"""Writes statistics.json: values of scipy that the tests of GroveEval/Statistics compare with.

Run: pip install scipy==1.17.* && python make_statistics_fixtures.py
"""
import json
import pathlib

import numpy
import scipy
from scipy import optimize, stats

random = numpy.random.default_rng(20240229)


def rows(function, points):
    return [[*map(float, row), float(function(*row))] for row in points]


def t_rows():
    points = [(d, t) for d in (1, 2, 4.5, 30, 1000) for t in (-40, -2.1, -0.3, 0, 0.7, 3, 12)]
    return rows(lambda d, t: stats.t.cdf(t, d), points)


def t_survival_rows():
    return rows(lambda d, t: stats.t.sf(t, d), [(d, t) for d in (1, 5, 100) for t in (0.5, 8, 60)])


def t_quantile_rows():
    return rows(lambda d, p: stats.t.ppf(p, d), [(d, p) for d in (1, 2, 9, 200) for p in (0.001, 0.2, 0.5, 0.975, 0.9999)])


def chi_rows():
    return rows(lambda d, x: stats.chi2.sf(x, d), [(d, x) for d in (1, 2, 7, 99, 1000) for x in (0.01, 1, 9, 120, 1100)])


def binomial_rows():
    points = [(n, p, k) for n in (1, 10, 500) for p in (0.1, 0.5, 0.93) for k in (0, 4, 9, 260) if k <= n]
    return rows(lambda n, p, k: stats.binom.cdf(k, n, p), points)


def normal_rows():
    return rows(lambda p: stats.norm.ppf(p), [(p,) for p in (1e-9, 0.025, 0.3, 0.5, 0.9, 0.975, 0.99999)])


def samples():
    made = []
    for count, noise in ((3, 1.0), (8, 0.5), (40, 3.0), (200, 0.2)):
        x = numpy.round(random.normal(size=count), 3)
        y = numpy.round(0.5 * x + noise * random.normal(size=count), 1)  # rounded, so that ranks have ties
        line = stats.linregress(x, y)
        difference = stats.ttest_rel(x, y)
        bounds = difference.confidence_interval(0.95)
        made.append({
            "x": x.tolist(), "y": y.tolist(), "mean": float(x.mean()), "deviation": float(x.std(ddof=1)),
            "quantile30": float(numpy.quantile(x, 0.3)),
            "pearson": [float(v) for v in stats.pearsonr(x, y)], "spearman": [float(v) for v in stats.spearmanr(x, y)],
            "pairedT": [float(difference.statistic), float(difference.pvalue), float(bounds.low), float(bounds.high)],
            "sign": float(stats.binomtest(int((x > y).sum()), int((x != y).sum())).pvalue),
            "line": [float(line.slope), float(line.intercept), float(line.stderr), float(line.pvalue)],
        })
    return made


def dispersions():
    made = []
    for counts in (random.poisson(4, 50), random.negative_binomial(2, 0.2, 50), numpy.tile([3, 4], 20)):
        statistic = float(((counts - counts.mean()) ** 2).sum() / counts.mean())
        tails = stats.chi2.cdf(statistic, len(counts) - 1), stats.chi2.sf(statistic, len(counts) - 1)
        made.append({"counts": counts.tolist(), "index": float(counts.var(ddof=1) / counts.mean()),
                     "pValue": float(min(1, 2 * min(tails)))})
    return made


def wilson_rows():
    made = []
    for successes, trials, level in ((0, 10, 0.95), (3, 7, 0.95), (10, 10, 0.9), (512, 1000, 0.99)):
        bounds = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
        made.append([successes, trials, level, float(bounds.low), float(bounds.high)])
    return made


def paired_t_power(mean, deviation, pairs):
    shift, critical = mean / deviation * pairs ** 0.5, stats.t.ppf(0.975, pairs - 1)
    return float(stats.nct.sf(critical, pairs - 1, shift) + stats.nct.cdf(-critical, pairs - 1, shift))


def power_laws():
    """Noisy laws of one and two powers; the best of many bounded searches over all parameters together."""
    random = numpy.random.default_rng(7)
    made = []
    for exponents, coefficients, offset, noise, bounds in (
            ([-0.4], [2.0], 1.5, 0.01, (-3.0, -0.02)),
            ([0.6], [-0.8], 0.1, 0.02, (0.02, 3.0)),
            ([0.3, 1.2], [1.1, -0.7], -0.2, 0.002, (0.1, 2.0)),
    ):
        x = numpy.geomspace(0.05, 2, 16).round(4)
        y = (sum(a * x ** s for a, s in zip(coefficients, exponents)) + offset
             + noise * random.normal(size=x.size)).round(5)
        count = len(exponents)

        def law(p, x):
            return sum(p[i] * x ** p[count + i] for i in range(count)) + p[-1]

        best = None
        for _ in range(40):
            start = [*random.normal(size=count), *random.uniform(*bounds, size=count), y.mean()]
            lower = [-numpy.inf] * count + [bounds[0]] * count + [-numpy.inf]
            upper = [numpy.inf] * count + [bounds[1]] * count + [numpy.inf]
            found = optimize.least_squares(lambda p: law(p, x) - y, start, bounds=(lower, upper), xtol=1e-15,
                                           ftol=1e-15, gtol=1e-15, max_nfev=20000)
            if best is None or found.cost < best.cost:
                best = found
        made.append({"x": x.tolist(), "y": y.tolist(), "terms": count, "bounds": list(bounds),
                     "squaredError": float(2 * best.cost), "atThree": float(law(best.x, 3.0))})
    return made


document = {
    "generator": f"make_statistics_fixtures.py, scipy {scipy.__version__}, numpy {numpy.__version__}, seed 20240229",
    "tCumulative": t_rows(), "tSurvival": t_survival_rows(), "tQuantile": t_quantile_rows(), "chiSurvival": chi_rows(),
    "binomialCumulative": binomial_rows(), "normalQuantile": normal_rows(),
    "samples": samples(), "dispersions": dispersions(), "wilson": wilson_rows(),
    "powerLaws": power_laws(),
    "pairedTPower": [[0.5, 1.0, 12, paired_t_power(0.5, 1.0, 12)], [2.0, 1.0, 5, paired_t_power(2.0, 1.0, 5)],
                     [0.0, 1.0, 8, 0.05]],
}
path = pathlib.Path(__file__).with_name("statistics.json")
path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in document.items()) + "\n}\n")
