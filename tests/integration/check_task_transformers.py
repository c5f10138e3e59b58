"""Compares the predictions of fine-tuned folders with what transformers' own classes give for the same ids.

    check_task_transformers.py JOBS.json

JOBS.json: for each folder its kind, the texts of the examples, their ids and pieces, and the lines of predictions."""
import json
import sys

import torch
import transformers

TOLERANCE = 1e-5
CLS, SEP = 2, 3


def load(folder):
    name, = json.loads(open(f"{folder}/config.json", encoding="utf-8").read())["architectures"]
    model, info = getattr(transformers, name).from_pretrained(folder, output_loading_info=True, attn_implementation="eager")
    problems = {key: value for key, value in info.items() if value}
    if problems:
        sys.exit(f"{folder}: loading is not clean: {problems}")
    return model.eval()


def sequence(*segments):
    ids, types = [CLS], [0]
    for i, segment in enumerate(segments):
        ids += [*segment, SEP]
        types += [i] * (len(segment) + 1)
    return {"input_ids": torch.tensor([ids]), "token_type_ids": torch.tensor([types])}


def classify(model, texts, pieces, line):
    logits = model(**sequence(*(pieces[text][0] for text in texts))).logits[0]
    if "value" in line:
        return [(line["value"], logits[0].item())]
    is_multi = model.config.problem_type == "multi_label_classification"
    expected = logits.sigmoid() if is_multi else logits.softmax(0)
    return [(line["probabilities"][model.config.id2label[i]], value.item()) for i, value in enumerate(expected)]


def tag(model, words, pieces, line):
    ids = [pieces[word][0] for word in words]
    logits = model(**sequence(sum(ids, []))).logits[0]
    firsts = [1 + sum(map(len, ids[:i])) for i in range(len(words))]
    if [model.config.id2label[i.item()] for i in logits[firsts].argmax(-1)] != line["tags"]:
        sys.exit(f"other tags: {line}")
    return []


def choose(model, options, pieces, line):
    inputs = [sequence([], pieces[option][0]) for option in options]
    width = max(item["input_ids"].size(1) for item in inputs)
    padded = {name: torch.stack([torch.nn.functional.pad(item[name][0], (0, width - item[name].size(1))) for item in inputs])[None]
              for name in ("input_ids", "token_type_ids")}
    mask = torch.stack([(torch.arange(width) < item["input_ids"].size(1)).long() for item in inputs])[None]
    return list(zip(line["probabilities"], model(**padded, attention_mask=mask).logits[0].softmax(0).tolist()))


def answer(model, texts, pieces, line):
    """Each answer of the list: the best pair of positions with its text, and the softmax over the list."""
    question, context = (pieces[text] for text in texts)
    output = model(**sequence(question[0], context[0]))
    start, end = output.start_logits[0].double(), output.end_logits[0].double()
    begins, ends, position = [], [], -1  # of the pieces in the context: a word mark is a blank, the first one stands for nothing
    for piece in context[1]:
        mark = piece.startswith("\u2581")
        begins.append(position + (1 if mark else 0))
        position += len(piece)
        ends.append(position)
    first = len(question[0]) + 2
    starts, stops = ({position - first for position in scores.topk(min(20, len(scores))).indices.tolist()} for scores in (start, end))
    best = {}
    for i, begin in enumerate(begins):
        for j in range(i, min(i + 30, len(ends))):
            if i not in starts or j not in stops:
                continue
            score = (start[first + i] + end[first + j]).item()
            stop = begin + len(texts[1][begin:ends[j]].rstrip())  # the last piece may be a bare word mark
            best[begin, stop] = max(best.get((begin, stop), -1e9), score)
    scores = torch.tensor([best[candidate["start"], candidate["end"]] for candidate in line["n_best"]], dtype=torch.double)
    for candidate in line["n_best"]:
        if texts[1][candidate["start"]:candidate["end"]] != candidate["text"]:
            sys.exit(f"not the text of its range: {candidate}")
    pairs = list(zip((candidate["probability"] for candidate in line["n_best"]), scores.softmax(0).tolist()))
    if "no_answer_score" in line:
        pairs.append((line["no_answer_score"], (start[0] + end[0] - scores[0]).item()))
    return pairs


CHECKS = {"token": tag, "choice": choose, "squad": answer, "squad2": answer}


def main():
    for job in json.load(open(sys.argv[1], encoding="utf-8")):
        model = load(job["model"])
        check = CHECKS.get(job["kind"], classify)
        if len(job["texts"]) != len(job["predictions"]):
            sys.exit(f"{job['kind']}: {len(job['predictions'])} predictions for {len(job['texts'])} examples")
        pairs = []
        with torch.no_grad():
            for texts, line in zip(job["texts"], job["predictions"]):
                pairs += check(model, texts, job["pieces"], line)
        # Of numbers beyond 1 (scores, values) relatively.
        error = max((abs(a - b) / max(1.0, abs(b)) for a, b in pairs), default=0.0)
        print(f"{job['kind']:<12} {type(model).__name__:<32} {len(pairs):>5} numbers, largest difference {error:.1e}")
        if not error < TOLERANCE or (job["kind"] != "token" and len(pairs) < 15):
            sys.exit(f"{job['kind']}: differs by {TOLERANCE} or more, or has too few numbers")


if __name__ == "__main__":
    main()
