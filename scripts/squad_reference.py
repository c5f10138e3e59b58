"""SQuAD's two official scripts, written out in plain Python from their rules, and questions that are hard on them.

scripts/make_metric_goldens.py imports it. Python's own str and re are part of the rules, so this cannot be anything but Python.
"""

import random
import re
import string
from collections import Counter


def normalize(text):
    text = "".join(character for character in text.lower() if character not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text, flags=re.UNICODE).split())


def words(text):
    return normalize(text).split() if text else []


def overlap_f1(prediction, gold):
    shared = sum((Counter(prediction) & Counter(gold)).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / len(prediction), shared / len(gold)
    return 2 * precision * recall / (precision + recall)


def f1_v1(gold, prediction):
    return overlap_f1(normalize(prediction).split(), normalize(gold).split())


def f1_v2(gold, prediction):
    gold, prediction = words(gold), words(prediction)
    if not gold or not prediction:
        return float(gold == prediction)
    return overlap_f1(prediction, gold)


def exact(gold, prediction):
    return float(normalize(gold) == normalize(prediction))


def evaluate_v1(questions, predictions):
    sums = [0.0, 0.0]
    for question, golds in questions.items():
        if question in predictions:
            sums[0] += max(exact(gold, predictions[question]) for gold in golds)
            sums[1] += max(f1_v1(gold, predictions[question]) for gold in golds)
    return {"exact_match": 100 * sums[0] / len(questions), "f1": 100 * sums[1] / len(questions), "total": len(questions)}


def raw_scores(questions, predictions):
    scores = {}
    for question, golds in questions.items():
        golds = [gold for gold in golds if normalize(gold)] or [""]
        if question in predictions:
            prediction = predictions[question]
            scores[question] = (max(exact(gold, prediction) for gold in golds), max(f1_v2(gold, prediction) for gold in golds))
    return scores


def percent(scores):
    return {"exact_match": 100 * sum(s[0] for s in scores) / len(scores), "f1": 100 * sum(s[1] for s in scores) / len(scores),
            "total": len(scores)}


def best_threshold(questions, predictions, scores, no_answer, which):
    score = best = sum(not golds for golds in questions.values())
    threshold = 0.0
    for question in sorted(no_answer, key=lambda question: no_answer[question]):
        if question not in scores:
            continue
        if questions[question]:
            score += scores[question][which]
        elif predictions[question]:
            score -= 1
        if score > best:
            best, threshold = score, no_answer[question]
    return 100 * best / len(scores), threshold


def evaluate_v2(questions, predictions, no_answer, limit):
    raw = raw_scores(questions, predictions)
    final = {}
    for question, score in raw.items():
        wrong_or_right = float(not questions[question])
        final[question] = (wrong_or_right,) * 2 if no_answer[question] > limit else score
    result = {"all": percent(list(final.values()))}
    if len(final) == len(questions):  # else the official script ends with a KeyError
        for key, answerable in (("has_answer", True), ("no_answer", False)):
            chosen = [final[question] for question, golds in questions.items() if bool(golds) == answerable]
            if chosen:
                result[key] = percent(chosen)
    for key, which in (("exact", 0), ("f1", 1)):
        result[f"best_{key}"], result[f"best_{key}_threshold"] = best_threshold(questions, predictions, raw, no_answer, which)
    return result


NASTY_WORDS = [
    *"the The THE a A an An theatre another banana breathe lathe U.S. 1,000 a. the, a_b _ the-end !!! ...".split(),
    *"Denver Broncos 1812 king of river I STRASSE".split(),
    *"\u201cthe\u201d \u2014 \u2026 caf\u00e9 cafe\u0301 the\u0301 a\u0308 \u00df \u1e9e \u0130stanbul \u0131 \u01c5".split(),
    *"\u03a3\u039f\u03a6\u039f\u03a3 \u039f\u0394\u039f\u03a3 \u03a3 \u00bd \u2167 \u0661\u0662 \u4e2d\u6587 the\u4e2d \ud7a3".split(),
    *["\U00010400", "\U0001f600", "a\U0001f600", "the\u200bend"],
    *["A\u00a0THE", "\u3000the\u2003", "a\u1680b", "\x1cthe\x1f", "\x85an", "\u2028"],
]


def random_answer(rng):
    if rng.random() < 0.05:
        return rng.choice(["", " ", "the", "a an the", "!?", "\u2003", "\u2026"])
    return rng.choice([" ", "  ", " ", "\t"]).join(rng.choice(NASTY_WORDS) for _ in range(rng.randint(1, 4)))


def near(rng, answer):
    """An answer that shares words with another."""
    parts = answer.split(" ")
    rng.shuffle(parts)
    return " ".join(parts[: rng.randint(1, len(parts))] + ([rng.choice(NASTY_WORDS)] if rng.random() < 0.3 else []))


def random_predictions(rng, questions, empty_share):
    predictions = {}
    for question, golds in questions.items():
        if rng.random() < empty_share:
            predictions[question] = ""
        elif golds:
            predictions[question] = rng.choice([str, str.upper, lambda text: near(rng, text)])(rng.choice(golds))
        else:
            predictions[question] = random_answer(rng)
    return predictions


def case_v2(rng, name, *, threshold, unanswerable=0.5, missing=0.0, digits=4):
    """Questions with predictions and probabilities of "no answer" rounded to `digits`: 1 makes many ties, 0 nothing but ties."""
    questions = {}
    for i in range(45):
        count = 0 if rng.random() < unanswerable else rng.randint(1, 4)
        questions[f"q{i}"] = [random_answer(rng) for _ in range(count)]
    predictions = random_predictions(rng, questions, 0.2)
    kept = [question for question in predictions if rng.random() >= missing]
    rng.shuffle(kept)  # ties keep this order
    predictions = {question: predictions[question] for question in kept}
    no_answer = {}
    for question in kept:
        probability = min(1.0, max(0.0, rng.gauss(0.35 if questions[question] else 0.65, 0.25)))
        no_answer[question] = round(probability, digits) if digits else 0.25
    return {
        "name": name,
        "gold": questions,
        "predictions": [[question, predictions[question], no_answer[question]] for question in kept],
        "threshold": threshold,
        **evaluate_v2(questions, predictions, no_answer, threshold),
    }


def goldens():
    rng = random.Random(46)
    answers = [random_answer(rng) for _ in range(70)]
    pairs = []
    for answer in answers:
        other = rng.choice([near(rng, answer), random_answer(rng)])
        pairs.append({"prediction": other, "answer": answer, "exact": exact(answer, other), "f1_v1": f1_v1(answer, other),
                      "f1_v2": f1_v2(answer, other)})

    questions = {f"q{i}": [random_answer(rng) for _ in range(rng.randint(1, 4))] for i in range(50)}
    predictions = {key: text for key, text in random_predictions(rng, questions, 0.05).items() if rng.random() < 0.9}
    cases_v1 = [{"gold": questions, "predictions": list(predictions.items()), **evaluate_v1(questions, predictions)}]

    cases_v2 = [
        case_v2(rng, "continuous probabilities", threshold=1.0),
        case_v2(rng, "tied probabilities", threshold=0.5, digits=1),
        case_v2(rng, "missing predictions", threshold=0.7, unanswerable=0.3, missing=0.2),
        case_v2(rng, "all have answers", threshold=0.9, unanswerable=0.0),
        case_v2(rng, "none has an answer", threshold=0.4, unanswerable=1.0),
        case_v2(rng, "one probability for all", threshold=0.5, digits=0),
    ]
    return {"normalized": [[answer, normalize(answer)] for answer in answers], "pairs": pairs, "v1": cases_v1, "v2": cases_v2}
