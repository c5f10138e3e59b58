"""The same fine-tuning as a plain loop with transformers: makes model folders and files, trains, compares with albert-finetune's runs.

    parity_finetune.py make FOLDER SHARED_DATA SOURCE      # FOLDER/NAME: model, NAME.json (configuration of albert-finetune)
    parity_finetune.py compare FOLDER SHARED_DATA SOURCE

Tokens come from scripts/tokenizer_reference.py (Google's rules on the sentencepiece package): transformers' own tokenizer of a
spiece.model differs. transformers' question answering includes padding in its softmax; the loop masks it, as a packed batch has none."""
import csv
import json
import pathlib
import shutil
import sys

import sentencepiece
import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from transformers import AlbertConfig, AlbertForMultipleChoice, AlbertForQuestionAnswering, AlbertForSequenceClassification
from transformers import get_linear_schedule_with_warmup

STEPS, WARMUP, LEARNING_RATE, EPSILON, DECAY = 100, 10, 1e-3, 1e-6, 0.01
TOLERANCE = 1e-3
CLS, SEP = 2, 3


class Tokens:
    def __init__(self, path, source):
        sys.path.insert(0, str(source / "scripts"))
        import tokenizer_reference
        self.reference = tokenizer_reference
        self.processor = sentencepiece.SentencePieceProcessor()
        self.processor.Load(str(path))

    def pieces(self, text):
        return self.reference.encode_pieces(self.processor, self.reference.preprocess(text, lower_case=True, keep_accents=False))

    def ids(self, text):
        return [self.processor.PieceToId(piece) for piece in self.pieces(text)]


def joined(first, second=None):
    ids, types = [CLS, *first, SEP], [0] * (len(first) + 2)
    return (ids, types) if second is None else (ids + [*second, SEP], types + [1] * (len(second) + 1))


def cut_pair(first, second, room):
    first, second = list(first), list(second)
    while len(first) + len(second) > room:
        (first if len(first) > len(second) else second).pop()
    return first, second


class Sentiment:
    """SST-2: one sentence, two classes."""
    name, model_class, batch, max_length, metrics = "sst-2", AlbertForSequenceClassification, 16, 64, ("accuracy",)
    config = {"num_labels": 2, "id2label": {0: "0", 1: "1"}, "label2id": {"0": 0, "1": 1}}
    extra = {}

    source, first_line = ("sentiment/sst2/train.tsv", "sentiment/sst2/test.tsv"), 0

    def files(self, shared, folder):
        """Of the training file as much as is used."""
        train = folder / f"{self.name}-train{pathlib.Path(self.source[0]).suffix}"
        if not train.exists():
            lines = (shared / self.source[0]).read_text(encoding="utf-8").split("\n")
            train.write_text("\n".join(lines[self.first_line:self.first_line + STEPS * self.batch + 20]) + "\n", encoding="utf-8")
        return {"train": train, "validation": shared / self.source[1]}

    def examples(self, path, tokens, limit=None):
        for line in path.read_text(encoding="utf-8").split("\n")[1:limit and limit + 1]:
            if line:
                text, label = line.split("\t")
                yield {"inputs": [joined(tokens.ids(text)[:self.max_length - 2])], "label": int(label)}

    def loss(self, logits, batch):
        return functional.cross_entropy(logits, torch.tensor([example["label"] for example in batch]))

    def measure(self, logits, examples):
        return {"accuracy": sum(row.argmax().item() == example["label"] for row, example in zip(logits, examples)) / len(examples)}


class Similarity(Sentiment):
    """STS-B: a pair, a number."""
    name, batch, max_length, metrics = "sts-b", 16, 128, ("pearson", "spearman")
    config = {"num_labels": 1, "problem_type": "regression"}

    source = "pairs/STS-B/train.tsv", "pairs/STS-B/dev.tsv"

    def examples(self, path, tokens, limit=None):
        header, *lines = path.read_text(encoding="utf-8").split("\n")
        columns = [header.split("\t").index(name) for name in ("sentence1", "sentence2", "score")]
        for line in lines[:limit]:
            if line:
                a, b, score = (line.split("\t")[column] for column in columns)
                yield {"inputs": [joined(*cut_pair(tokens.ids(a), tokens.ids(b), self.max_length - 3))], "label": float(score)}

    def loss(self, logits, batch):
        return functional.mse_loss(logits.squeeze(1), torch.tensor([example["label"] for example in batch]))

    def measure(self, logits, examples):
        def ranks(values):
            """The mean rank of equal values."""
            less = (values[:, None] > values[None]).sum(1)
            return less + ((values[:, None] == values[None]).sum(1) - 1) / 2
        found, gold = torch.cat(logits).double().flatten(), torch.tensor([example["label"] for example in examples]).double()
        pearson = lambda a, b: torch.corrcoef(torch.stack([a.double(), b.double()]))[0, 1].item()
        return {"pearson": pearson(found, gold), "spearman": pearson(ranks(found), ranks(gold))}


class Science(Sentiment):
    """ARC: four options; left out are rows whose options were lost and those whose answer is a fifth one."""
    name, model_class, batch, max_length, metrics = "arc", AlbertForMultipleChoice, 4, 64, ("accuracy",)
    config = {}
    extra = {"invalid_rows": "skip"}

    source, first_line = ("mc/arc_easy_train.csv", "mc/arc_easy_dev.csv"), 1000  # row 1139 has the answer E

    def examples(self, path, tokens, limit=None):
        rows = csv.reader(path.open(encoding="utf-8", newline=""))
        kept = [row for row in rows if any(row[1:5]) and row[5] in "ABCD1234"][:limit]
        for question, *options, answer in kept:
            texts = [question.replace("_", option) if "_" in question else f"{question} {option}" for option in options if option]
            inputs = [joined([], tokens.ids(text)[-(self.max_length - 3):]) for text in texts]
            padding = [joined([], [])] * (len(options) - len(inputs))  # some rows have lost their last option
            yield {"inputs": inputs + padding, "options": len(inputs), "label": "ABCD".find(answer) if answer in "ABCD" else int(answer) - 1}


class Answers:
    """XQuAD: questions of one window over ASCII passages, in which pieces and characters are easily aligned."""
    name, model_class, batch, max_length, metrics = "squad", AlbertForQuestionAnswering, 4, 256, ("exact_match", "f1")
    config, extra = {}, {}

    def files(self, shared, folder):
        return {"train": folder / "squad-train.json", "validation": folder / "squad-validation.json"}

    def write_files(self, shared, folder, tokens):
        kept = []
        for article in json.loads((shared / "qa/xquad.en.json").read_text(encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                context = paragraph["context"]
                if not context.isascii() or context != " ".join(context.split()):
                    continue
                room = self.max_length - 3 - len(tokens.ids(context))
                questions = [question for question in paragraph["qas"] if len(tokens.ids(question["question"])) <= min(room, 64)]
                if questions:
                    kept.append({"context": context, "qas": questions})
        for name, part in (("train", kept[:-12]), ("validation", kept[-12:])):
            (folder / f"squad-{name}.json").write_text(json.dumps({"version": "1.1", "data": [{"title": "", "paragraphs": part}]}))

    def examples(self, path, tokens, limit=None):
        found = []
        for article in json.loads(path.read_text())["data"]:
            for paragraph in article["paragraphs"]:
                context = paragraph["context"]
                pieces = tokens.pieces(context)
                assert "".join(pieces) == "\u2581" + context.lower().replace(" ", "\u2581"), context
                begins, ends, position = [], [], -1
                for piece in pieces:
                    begins.append(position + piece.startswith("\u2581"))
                    position += len(piece)
                    ends.append(position)
                for question in paragraph["qas"]:
                    asked, answer = tokens.ids(question["question"]), question["answers"][0]
                    first = answer["answer_start"]
                    last = first + len(answer["text"])
                    touched = [i for i in range(len(pieces)) if ends[i] > first and begins[i] < last and begins[i] < ends[i]]
                    offset = len(asked) + 2
                    found.append({"inputs": [joined(asked, [tokens.processor.PieceToId(piece) for piece in pieces])], "id": question["id"],
                                  "label": (offset + touched[0], offset + touched[-1]), "context": context, "begins": begins, "ends": ends,
                                  "offset": offset, "golds": [gold["text"] for gold in question["answers"]]})
        return found[:limit]

    def loss(self, logits, batch):
        targets = torch.tensor([example["label"] for example in batch])
        return (functional.cross_entropy(logits[..., 0], targets[:, 0]) + functional.cross_entropy(logits[..., 1], targets[:, 1])) / 2

    def decode(self, logits, example):
        length = len(example["inputs"][0][0])
        start, end = ([score.item() for score in logits[:length, column]] for column in (0, 1))
        best = lambda scores: sorted(range(length), key=lambda i: (-scores[i], i))[:20]
        inside = range(example["offset"], length - 1)
        spans = [(start[i] + end[j], i, j) for i in best(start) for j in best(end) if i in inside and j in inside and i <= j < i + 30]
        for _, i, j in sorted(spans, key=lambda span: (-span[0], span[1:])):
            text = example["context"][example["begins"][i - example["offset"]]:example["ends"][j - example["offset"]]].strip()
            if text:
                return text
        return ""

    def measure(self, logits, examples):
        import squad_reference
        scores = squad_reference.evaluate_v1({example["id"]: example["golds"] for example in examples},
                                             {example["id"]: self.decode(row, example) for row, example in zip(logits, examples)})
        return {name: scores[name] for name in self.metrics}


TASKS = (Sentiment(), Similarity(), Answers(), Science())


def collate(batch):
    inputs = [torch.tensor(item) for example in batch for item in example["inputs"]]
    ids, types = (pad_sequence([item[row] for item in inputs], batch_first=True) for row in (0, 1))
    real = pad_sequence([torch.ones(item.size(1), dtype=torch.long) for item in inputs], batch_first=True)
    return ids, types, real


def scores_of(task, model, batch):
    ids, types, real = collate(batch)
    if task.model_class is AlbertForMultipleChoice:
        ids, types, real = (rows.view(len(batch), -1, rows.size(1)) for rows in (ids, types, real))
    output = model(input_ids=ids, token_type_ids=types, attention_mask=real)
    if task.model_class is AlbertForQuestionAnswering:
        return torch.stack([output.start_logits, output.end_logits], -1).masked_fill(~real.bool()[..., None], -torch.inf)
    if task.model_class is AlbertForMultipleChoice:
        counts = torch.tensor([example["options"] for example in batch])
        return output.logits.masked_fill(torch.arange(output.logits.size(1)) >= counts[:, None], -torch.inf)
    return output.logits


def train(task, folder, tokens, shared):
    model = task.model_class.from_pretrained(folder / task.name / "model", attn_implementation="eager").train()
    named = list(model.named_parameters())
    is_plain = lambda name: any(part in name for part in ("bias", "LayerNorm", "layer_norm"))
    groups = [{"params": [value for name, value in named if is_plain(name) == plain], "weight_decay": 0.0 if plain else DECAY}
              for plain in (False, True)]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, eps=EPSILON)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    files = task.files(shared, folder)
    examples = list(task.examples(files["train"], tokens, STEPS * task.batch))
    if len(examples) < STEPS * task.batch:
        sys.exit(f"{task.name}: {len(examples)} examples are not one epoch")
    losses = []
    for step in range(STEPS):
        batch = examples[step * task.batch:(step + 1) * task.batch]
        loss = task.loss(scores_of(task, model, batch), batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    model.eval()
    held_out = list(task.examples(files["validation"], tokens))
    logits, total = [], 0.0
    with torch.no_grad():
        for first in range(0, len(held_out), 32):
            batch = held_out[first:first + 32]
            scores = scores_of(task, model, batch)
            logits += list(scores)
            total += task.loss(scores, batch).item() * len(batch)
    return losses, {**task.measure(logits, held_out), "loss": total / len(held_out)}


def make(folder, shared, source):
    vocabulary = shared / "vocab/albert_en_30k_rebuilt.model"
    tokens = Tokens(vocabulary, source)
    Answers().write_files(shared, folder, tokens)
    for task in TASKS:
        torch.manual_seed(5)
        config = AlbertConfig(vocab_size=30000, embedding_size=32, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
                              intermediate_size=256, max_position_embeddings=256, initializer_range=0.1, hidden_dropout_prob=0.0,
                              attention_probs_dropout_prob=0.0, classifier_dropout_prob=0.0, pad_token_id=0, bos_token_id=CLS, eos_token_id=SEP,
                              **task.config)
        model = folder / task.name / "model"
        task.model_class(config).save_pretrained(model)
        shutil.copyfile(vocabulary, model / "spiece.model")
        files = {role: {"path": str(path), **task.extra} for role, path in task.files(shared, folder).items()}
        settings = {"output": str(folder / task.name / "run"), "task": {"name": task.name},
                    "model": {"init_from": str(model), "head": "keep", "dropout": 0.0, "classifier_dropout": 0.0},
                    "data": {**files, "max_length": task.max_length},
                    "optimizer": {"learning_rate": LEARNING_RATE, "epsilon": EPSILON, "weight_decay": DECAY, "bias_correction": True},
                    "schedule": {"name": "linear", "decay_from": "warmup_end", "warmup": f"{WARMUP} steps"},
                    "training": {"duration": f"{STEPS} steps", "batch_size": task.batch, "shuffle": False, "group_by_length": False,
                                 "gradient_clip": 1.0, "precision": "fp32", "device": "cpu", "intra_op_threads": 1},
                    "evaluation": {"every": f"{STEPS} steps"}, "checkpoint": {"every": f"{STEPS} steps"},
                    "logging": {"every": "1 steps", "tensorboard": False}}
        (folder / f"{task.name}.json").write_text(json.dumps(settings))


def compare(folder, shared, source):
    tokens = Tokens(shared / "vocab/albert_en_30k_rebuilt.model", source)
    problems = []
    for task in TASKS:
        losses, metrics = train(task, folder, tokens, shared)
        run = folder / task.name / "run"
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        ours = [line["loss"] for line in lines if line["split"] == "train"]
        error = max(abs(a - b) for a, b in zip(losses, ours))
        found = json.loads((run / "results.json").read_text())["runs"][0]["validation"]
        found = {name: found[name] for name in metrics}
        print(f"{task.name:<6} {len(ours)} steps, loss {losses[0]:.4f} to {losses[-1]:.4f}, largest difference {error:.1e}; {metrics} and {found}")
        if len(ours) != STEPS or not error < TOLERANCE:
            problems.append(f"{task.name}: losses of {len(ours)} steps differ by up to {error}")
        # A rank correlation, or an answer on the edge, may change with the last bits of the scores.
        if any(abs(metrics[name] - found[name]) > 1e-4 * max(1.0, abs(metrics[name])) for name in metrics):
            problems.append(f"{task.name}: {metrics} there, {found} here")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"make": make, "compare": compare}[sys.argv[1]](*map(pathlib.Path, sys.argv[2:]))
