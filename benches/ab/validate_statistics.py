#!/usr/bin/env python3
"""Asks scipy and statsmodels what they make of a set of numbers and writes down the answers.

The tests of jackfield-lab hold its own statistics to them. Make the file anew with

    python3 -m venv target/statistics-venv
    target/statistics-venv/bin/pip install -r benches/ab/requirements-statistics.txt
    target/statistics-venv/bin/python benches/ab/validate_statistics.py

and look at the difference: with the pinned versions there is none.
"""

import json
import pathlib
import platform

import numpy
import scipy
import statsmodels
from scipy import integrate, special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

TARGET = pathlib.Path(__file__).parents[2] / "framework/lab/tests/data/statistics.json"
random = numpy.random.default_rng(20_261_126)


def listed(values):
    return [float(value) for value in values]


def samples():
    """Differences as they come: normal, skewed, with outliers, rounded so that many are equal, with zeros, few."""
    return {
        "normal": random.normal(0.3, 1.0, 30),
        "clear": random.normal(5.0, 1.0, 25),
        "skewed": random.exponential(1.0, 40) - 0.8,
        "outliers": numpy.concatenate([random.normal(0.1, 0.2, 28), [6.0, -4.0]]),
        "ties": numpy.round(random.normal(0.2, 1.0, 30), 1),
        "zeros": numpy.concatenate([numpy.zeros(6), numpy.round(random.normal(0.4, 1.0, 18), 1)]),
        "few": random.normal(0.5, 1.0, 6),
        "few_ties": numpy.array([1.0, -1.0, 2.0, 2.0, 3.0, -2.0, 4.0, 1.0]),
        "many": random.normal(0.05, 1.0, 120),
    }


def wilcoxon(values, zero_method, side, method):
    found = stats.wilcoxon(values, zero_method=zero_method, alternative=side, method=method, correction=False)
    return float(found.pvalue)


def ranks(values):
    nonzero = values[values != 0.0]
    distinct = len(numpy.unique(numpy.abs(nonzero))) == len(nonzero)
    answer = {"normal": {}, "sign": {}, "exact": {}}
    for side in ("two-sided", "greater", "less"):
        for zeros in ("wilcox", "pratt"):
            answer["normal"][f"{zeros} {side}"] = wilcoxon(values, zeros, side, "asymptotic")
        positive = int((nonzero > 0).sum())
        answer["sign"][side] = float(stats.binomtest(positive, len(nonzero), 0.5, alternative=side).pvalue)
        if distinct and len(nonzero) == len(values) and len(values) <= 50:
            answer["exact"][f"wilcox {side}"] = wilcoxon(values, "wilcox", side, "exact")
        elif len(values) <= 12:
            every = stats.PermutationMethod(n_resamples=2 ** len(values))
            answer["exact"][f"wilcox {side}"] = wilcoxon(values, "wilcox", side, every)
    positive_ranks = stats.rankdata(numpy.abs(nonzero))[nonzero > 0].sum()
    answer["statistic"] = float(positive_ranks)
    return answer


def bca(values, statistic):
    """The interval's ends over many runs of 10,000 replicates: their mean, and how far one run strays."""
    ends = []
    for seed in range(40):
        found = stats.bootstrap(
            (values,), statistic, n_resamples=10_000, method="BCa", confidence_level=0.95, vectorized=True,
            rng=numpy.random.default_rng(seed),
        ).confidence_interval
        ends.append((found.low, found.high))
    ends = numpy.array(ends)
    return {
        "lower": float(ends[:, 0].mean()), "lower_deviation": float(ends[:, 0].std(ddof=1)),
        "upper": float(ends[:, 1].mean()), "upper_deviation": float(ends[:, 1].std(ddof=1)),
    }


def tost(values, lower, upper):
    p, (_, above, _), (_, below, _) = ttost_paired(values, numpy.zeros_like(values), lower, upper)
    return {"lower": lower, "upper": upper, "p": float(p), "above_lower": float(above), "below_upper": float(below)}


def mean_e_value(values, prior_variance):
    """The Bayes factor by numerical integration of noncentral t densities over the prior of the effect."""
    n = len(values)
    t = values.mean() / (values.std(ddof=1) / numpy.sqrt(n))
    prior = stats.norm(0.0, numpy.sqrt(prior_variance))
    value, _ = integrate.quad(
        lambda effect: stats.nct.pdf(t, n - 1, effect * numpy.sqrt(n)) * prior.pdf(effect),
        -12, 12, limit=500, points=[0.0, float(t / numpy.sqrt(n))], epsabs=0.0, epsrel=1e-10,
    )
    return float(value / stats.t.pdf(t, n - 1))


def sign_e_value(positive, negative):
    whole = positive + negative
    return float(numpy.exp(
        whole * numpy.log(2) + special.betaln(positive + 0.5, negative + 0.5) - special.betaln(0.5, 0.5)))


def adjusted(p_values):
    return {
        "p": listed(p_values),
        "holm": listed(multipletests(p_values, method="holm")[1]),
        "benjamini_hochberg": listed(multipletests(p_values, method="fdr_bh")[1]),
    }


def main():
    drawn = {name: numpy.round(values, 6) for name, values in samples().items()}
    probabilities = [1e-12, 1e-6, 0.001, 0.025, 0.2, 0.5, 0.6, 0.975, 0.999999]
    points = [-8.0, -2.5, -1.0, -0.1, 0.0, 0.3, 1.96, 6.0]
    answers = {
        "made_by": {
            "python": platform.python_version().rsplit(".", 1)[0], "numpy": numpy.__version__,
            "scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
        },
        "distributions": {
            "normal_cdf": [[x, float(stats.norm.cdf(x))] for x in points],
            "normal_quantile": [[p, float(stats.norm.ppf(p))] for p in probabilities],
            "student_cdf": [[x, f, float(stats.t.cdf(x, f))] for x in points for f in (1.0, 4.0, 29.0, 500.0)],
            "student_quantile": [[p, f, float(stats.t.ppf(p, f))] for p in probabilities for f in (2.0, 29.0)],
            "fair_coin_cdf": [
                [k, n, float(stats.binom.cdf(k, n, 0.5))]
                for k, n in ((0, 5), (2, 5), (3, 5), (10, 30), (18, 30), (450, 1000), (520, 1000))
            ],
        },
        "quantiles": {
            name: [[q, float(numpy.quantile(values, q))] for q in (0.0, 0.05, 0.25, 0.5, 0.95, 0.99, 1.0)]
            for name, values in drawn.items()
        },
        "samples": {name: listed(values) for name, values in drawn.items()},
        "student_interval": {
            name: listed(stats.ttest_1samp(values, 0.0).confidence_interval(0.95)) for name, values in drawn.items()
        },
        "ranks": {name: ranks(values) for name, values in drawn.items()},
        "bca_mean": {name: bca(values, numpy.mean) for name, values in drawn.items()},
        "bca_median": {name: bca(drawn[name], numpy.median) for name in ("normal", "skewed", "many")},
        "tost": {
            name: [tost(values, -0.5, 0.5), tost(values, -0.1, 1.2)]
            for name, values in drawn.items()
        },
        "adjusted": [
            adjusted([0.01, 0.04, 0.03, 0.005]),
            adjusted([0.2]),
            adjusted([0.5, 0.5, 0.0001, 0.02, 0.02, 0.9, 1.0, 0.049]),
            adjusted(listed(numpy.round(random.uniform(0, 0.2, 25), 6))),
        ],
        "mean_e_value": {
            name: [[g, mean_e_value(values, g)] for g in (0.25, 1.0)] for name, values in drawn.items()
        },
        "sign_e_value": [[a, b, sign_e_value(a, b)] for a, b in ((0, 0), (1, 0), (5, 5), (20, 4), (180, 90))],
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(answers, indent=1) + "\n")
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
