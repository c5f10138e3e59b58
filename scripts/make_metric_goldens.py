#!/usr/bin/env python3
"""Golden values for the metrics of src/eval, from the implementations that the field reports with.

    pip install scikit-learn scipy seqeval
    python scripts/make_metric_goldens.py tests/golden/eval

Classification and multi-label scores come from scikit-learn, correlations and Student's quantiles from scipy, quantiles from numpy,
entities from seqeval, and the classes of characters from Python itself. SQuAD's two scripts are no package: scripts/squad_reference.py
writes their rules out. No line is shared with the C++ code. The same seeds make the same files.
"""

import importlib.metadata
import json
import math
import pathlib
import platform
import random
import re
import sys
import unicodedata
import warnings

import numpy as np
import squad_reference
from scipy import stats
from seqeval.metrics import accuracy_score as token_accuracy
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB2, IOBES, Entities
from sklearn import metrics as sk

warnings.filterwarnings("ignore")  # scores without a denominator, and correlations of constants, are part of the goldens


def number(value):
    """JSON has no NaN."""
    value = float(value)
    return None if math.isnan(value) else value


def numbers(values):
    return [number(value) for value in values]


# ---- classification ------------------------------------------------------------------------------------------------------------


def classification_case(name, num_classes, expected, predicted):
    labels = list(range(num_classes))
    precision, recall, f1, _ = sk.precision_recall_fscore_support(expected, predicted, labels=labels, zero_division=0)
    return {
        "name": name,
        "num_classes": num_classes,
        "expected": [int(label) for label in expected],
        "predicted": [int(label) for label in predicted],
        "confusion": sk.confusion_matrix(expected, predicted, labels=labels).tolist(),
        "accuracy": number(sk.accuracy_score(expected, predicted)),
        "precision": numbers(precision),
        "recall": numbers(recall),
        "f1": numbers(f1),
        "macro_f1": number(sk.f1_score(expected, predicted, average="macro", zero_division=0)),
        "micro_f1": number(sk.f1_score(expected, predicted, average="micro", zero_division=0)),
        "weighted_f1": number(sk.f1_score(expected, predicted, average="weighted", zero_division=0)),
        "matthews": number(sk.matthews_corrcoef(expected, predicted)),
    }


def classification():
    rng = np.random.default_rng(41)
    cases = []
    for num_classes, count, skill in [(2, 60, 0.8), (2, 40, 0.1), (3, 90, 0.6), (7, 150, 0.5), (12, 40, 0.3)]:
        expected = rng.integers(0, num_classes, count)
        predicted = np.where(rng.random(count) < skill, expected, rng.integers(0, num_classes, count))
        cases.append(classification_case(f"random, {num_classes} classes", num_classes, expected, predicted))
    expected = rng.choice([0, 2, 5], 50, p=[0.8, 0.15, 0.05])
    cases.append(classification_case("classes that never occur", 8, expected, rng.choice([0, 2, 6], 50)))
    cases.append(classification_case("constant predictions", 2, [0, 1, 1, 0, 1], [1] * 5))
    cases.append(classification_case("constant answers", 3, [2] * 6, [2, 1, 2, 0, 2, 2]))
    cases.append(classification_case("one class on both sides", 2, [1, 1], [1, 1]))
    cases.append(classification_case("all right", 4, [0, 1, 2, 3, 0], [0, 1, 2, 3, 0]))
    cases.append(classification_case("all wrong", 2, [0, 1, 0, 1], [1, 0, 1, 0]))
    cases.append(classification_case("no class in common", 4, [0, 1, 0], [2, 3, 3]))
    return cases


def multilabel_case(name, expected, predicted):
    precision, recall, f1, _ = sk.precision_recall_fscore_support(expected, predicted, average=None, zero_division=0)
    return {
        "name": name,
        "expected": ["".join(map(str, row)) for row in expected],
        "predicted": ["".join(map(str, row)) for row in predicted],
        "exact_match": number(sk.accuracy_score(expected, predicted)),
        "precision": numbers(precision),
        "recall": numbers(recall),
        "f1": numbers(f1),
        "micro_f1": number(sk.f1_score(expected, predicted, average="micro", zero_division=0)),
        "macro_f1": number(sk.f1_score(expected, predicted, average="macro", zero_division=0)),
    }


def multilabel():
    rng = np.random.default_rng(42)
    cases = []
    for labels, count, share in [(2, 30, 0.5), (5, 60, 0.3), (9, 40, 0.1)]:
        expected = (rng.random((count, labels)) < share).astype(int)
        predicted = expected ^ (rng.random((count, labels)) < 0.15).astype(int)
        cases.append(multilabel_case(f"random, {labels} labels", expected, predicted))
    expected = (rng.random((20, 4)) < 0.5).astype(int)
    expected[:, 2] = 0
    predicted = expected.copy()
    predicted[:, 1] = 0
    cases.append(multilabel_case("a label that never occurs and one that is never predicted", expected, predicted))
    cases.append(multilabel_case("nothing anywhere", np.zeros((3, 2), int), np.zeros((3, 2), int)))
    return cases


# ---- correlation and statistics ------------------------------------------------------------------------------------------------


def correlation_case(name, x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    return {
        "name": name,
        "x": x.tolist(),
        "y": y.tolist(),
        "pearson": number(stats.pearsonr(x, y).statistic),
        "spearman": number(stats.spearmanr(x, y).statistic),
    }


def correlation():
    rng = np.random.default_rng(43)
    x = rng.normal(size=50)
    scores = np.round(rng.uniform(0, 5, 80) * 5) / 5  # as STS-B: many ties
    return [
        correlation_case("noisy", x, 0.7 * x + rng.normal(size=50)),
        correlation_case("ties on one side", scores, scores + rng.normal(size=80)),
        correlation_case("ties on both sides", scores, np.round(scores + rng.normal(size=80))),
        correlation_case("falling", [1, 2, 3, 4], [10, 7, 3, -100]),
        correlation_case("monotonous, not linear", x, np.exp(3 * x)),
        correlation_case("large mean", 1e9 + x, 1e9 + 0.5 * x + 0.1 * rng.normal(size=50)),
        correlation_case("large values", 1e300 * x, 1e300 * (x + rng.normal(size=50))),
        correlation_case("small values", 1e-300 * x, 1e-300 * (x + rng.normal(size=50))),
        correlation_case("two pairs", [1, 2], [5, 3]),
        correlation_case("constant", [0.1] * 7, range(7)),
        correlation_case("both constant", [3, 3, 3], [0.1, 0.1, 0.1]),
    ]


def statistics():
    rng = np.random.default_rng(44)
    values = sorted(rng.normal(size=37).tolist())
    runs = []
    for scores in ([0.91, 0.905, 0.93], [88.1, 87.9, 12.0, 88.4, 88.0], [1.0, 1.0, 1.0, 1.0], rng.normal(90, 1, 10).tolist()):
        low, high = stats.t.interval(0.95, len(scores) - 1, np.mean(scores), stats.sem(scores))
        runs.append({
            "scores": scores,
            "median": number(np.median(scores)),
            "mean": number(np.mean(scores)),
            "standard_deviation": number(np.std(scores, ddof=1)),
            # scipy says NaN where all scores are equal; the limit, and the width that we want to see, is 0.
            "half_width": 0.0 if np.ptp(scores) == 0 else number((high - low) / 2),
        })
    levels = (0.5, 0.9, 0.95, 0.99)
    return {
        "student": [[n, level, number(stats.t.ppf((1 + level) / 2, n))] for n in (1, 2, 3, 4, 5, 8, 9, 30, 101) for level in levels],
        "values": values,
        "quantiles": [[p, number(np.quantile(values, p))] for p in (0, 0.025, 0.1, 0.25, 0.5, 0.77, 0.975, 1)],
        "runs": runs,
    }


# ---- entities ------------------------------------------------------------------------------------------------------------------


def entity_scores(expected, predicted, average, **mode):
    return [score(expected, predicted, average=average, zero_division=0, **mode) for score in (precision_score, recall_score, f1_score)]


def averages(expected, predicted, **mode):
    return {average: numbers(entity_scores(expected, predicted, average, **mode)) for average in ("micro", "macro", "weighted")}


def by_type(types, expected, predicted, **mode):
    """precision, recall and F1 of each type."""
    columns = entity_scores(expected, predicted, None, **mode)
    return {name: numbers(column[i] for column in columns) for i, name in enumerate(types)}


def lenient_scores(expected, predicted):
    types = sorted({entity[0] for entity in get_entities(expected)} | {entity[0] for entity in get_entities(predicted)})
    return {
        "entities": [[[kind, begin, end + 1] for kind, begin, end in get_entities(tags)] for tags in predicted],
        **averages(expected, predicted),
        "by_type": by_type(types, expected, predicted),
    }


def strict_scores(expected, predicted, scheme):
    kept = {"mode": "strict", "scheme": scheme}
    both = Entities(expected, scheme), Entities(predicted, scheme)
    types = sorted(both[0].unique_tags | both[1].unique_tags)
    return {
        "entities": [[[e.tag, e.start, e.end] for e in sentence] for sentence in both[1].entities],
        **averages(expected, predicted, **kept),
        "by_type": by_type(types, expected, predicted, **kept),
    }


def other_letters(sentences):
    """BILOU as IOBES, which seqeval's default mode knows."""
    return [[tag.translate({ord("L"): "E", ord("U"): "S"}) if tag[1:2] in ("", "-") and tag[0] in "LU" else tag for tag in tags]
            for tags in sentences]


def iobes_to_bilou(sentences):
    return [[{"E": "L", "S": "U"}.get(tag[0], tag[0]) + tag[1:] for tag in tags] for tags in sentences]


def entity_case(name, expected, predicted, schemes):
    case = {"name": name, "expected": [" ".join(tags) for tags in expected], "predicted": [" ".join(tags) for tags in predicted]}
    case["accuracy"] = number(token_accuracy(expected, predicted))
    case["lenient"] = lenient_scores(other_letters(expected), other_letters(predicted))
    for key, scheme in schemes.items():
        case[key] = strict_scores(expected, predicted, scheme)
    return case


def random_tags(rng, length, prefixes, types):
    return ["O" if rng.random() < 0.35 else f"{rng.choice(prefixes)}-{rng.choice(types)}" for _ in range(length)]


def disturbed(rng, sentences, prefixes, types):
    return [[tag if rng.random() < 0.8 else random_tags(rng, 1, prefixes, types)[0] for tag in tags] for tags in sentences]


def entities():
    rng = random.Random(45)
    cases = []
    # Random prefixes: I after O, touching entities, a change of type inside, E without B, and all the rest.
    for name, prefixes, schemes in [("random BIO", "BI", {"strict_iob2": IOB2}), ("random IOB1, mostly I", "IIIB", {"strict_iob2": IOB2}),
                                    ("random IOBES", "BIES", {"strict_iobes": IOBES})]:
        types = ["PER", "LOC", "creative-work"]
        expected = [random_tags(rng, rng.randint(1, 12), prefixes, types) for _ in range(40)]
        cases.append(entity_case(name, expected, disturbed(rng, expected, prefixes, types), schemes))
    types = ["PER", "ORG"]
    expected = [random_tags(rng, rng.randint(1, 9), "BIES", types) for _ in range(30)]
    bilou = iobes_to_bilou(expected), iobes_to_bilou(disturbed(rng, expected, "BIES", types))
    cases.append(entity_case("random BILOU", *bilou, {"strict_iobes": BILOU}))

    iob2 = {"strict_iob2": IOB2}
    cases.append(entity_case("the README of seqeval", [["O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]],
                             [["O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]], iob2))
    cases.append(entity_case("sentences end an entity", [["B-A", "I-A"], ["I-A", "O"]], [["B-A", "I-A"], ["I-A", "I-A"]], iob2))
    cases.append(entity_case("no type", [["B", "I", "O", "B"]], [["B", "I", "O", "I"]], iob2))
    cases.append(entity_case("types that differ after the second hyphen", [["B-a-b", "I-a-c", "O"]], [["B-a-b", "I-a-b", "B-a-c"]], iob2))
    cases.append(entity_case("hyphens around the type", [["B--A", "I-A", "B-A-"]], [["B-A", "I-A", "I-A-"]], iob2))
    cases.append(entity_case("nothing predicted", [["B-A", "I-A"]], [["O", "O"]], iob2))
    cases.append(entity_case("nothing expected", [["O", "O"]], [["B-A", "I-A"]], iob2))
    return cases


# ---- characters ----------------------------------------------------------------------------------------------------------------


def ranges_where(holds):
    """[first, last] of each run of code points."""
    result = []
    for code in range(sys.maxunicode + 1):
        if 0xD800 <= code < 0xE000 or not holds(chr(code)):
            continue
        if result and result[-1][1] == code - 1:
            result[-1][1] = code
        else:
            result.append([code, code])
    return result


def python_text():
    changed = [c for c in map(chr, (*range(0xD800), *range(0xE000, sys.maxunicode + 1))) if c.lower() != c]
    sigmas = """Σ AΣ AΣB ΣA A.Σ AΣ.B ÁΣ 1Σ 中Σ ΟΔΟΣ AΣΣ AΣ'Σ ʰΣ a\u00adΣ A\u0301Σ\u0301 A\u0301Σ\u0301B""".split()
    sigmas.append("ΟΔΟΣ ΟΔΟΣ")
    word = re.compile(r"\w", re.UNICODE)
    return {
        "unicode": unicodedata.unidata_version,
        "upper": " ".join(changed),
        "lower": " ".join(changed).lower(),
        "sigmas": [[text, text.lower()] for text in sigmas],
        "spaces": [code for first, last in ranges_where(str.isspace) for code in range(first, last + 1)],
        "words": ranges_where(lambda character: word.match(character) is not None),
    }


GOLDENS = {
    "classification": (classification, "scikit-learn"),
    "multilabel": (multilabel, "scikit-learn"),
    "correlation": (correlation, "scipy"),
    "statistics": (statistics, "scipy"),
    "entities": (entities, "seqeval"),
    "squad": (squad_reference.goldens, None),
    "python_text": (python_text, None),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (make, package) in GOLDENS.items():
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        if package:
            versions[package] = importlib.metadata.version(package)
        made_by = {"command": "python scripts/make_metric_goldens.py tests/golden/eval", "versions": versions}
        text = json.dumps({"made_by": made_by, "values": make()}, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
