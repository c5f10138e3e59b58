"""albert predict: answers of a fine-tuned model of each kind, pieces for [MASK], embeddings, input and output, bounded memory."""
import gzip
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import tempfile
import time
import unittest

from harness import BIN, SOURCE, ProgramTest, files_below

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")
MEGABYTES = int(os.environ.get("ALBERT_PREDICT_MEGABYTES", "12"))
ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS="1")
TEXTS = ["the harbour was quiet at dawn", "", "a boy counted them and lost count", " ", "in 2001, ships came", "\u00fc\u4e2d \"quoted\""]


def sentences(number):
    return [f"{('the day', 'a boat', 'the bread')[i % 3]} number {i} is {('good', 'bad')[i % 2]}" for i in range(number)]


def table(header, rows):
    return "".join("\t".join(map(str, row)) + "\n" for row in [header, *rows])


def lines_of(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def squad(number):
    questions = [{"id": f"q{i}", "question": "which place ?", "answers": [{"text": "york", "answer_start": 15}]} for i in range(number)]
    return json.dumps({"version": "1.1", "data": [{"title": f"t{i}", "paragraphs": [{"context": f"a boat is in   york , day {i} .", "qas": [question]}]}
                                                  for i, question in enumerate(questions)]})


# Kind: what the configuration says of the task, the name of a file, its text. Training and test read the same file.
KINDS = {
    "single": ({"type": "sequence-classification"}, "data.tsv", table(("text", "label"), [(text, i % 2) for i, text in enumerate(sentences(20))])),
    "pair": ({"type": "sequence-classification", "columns": {"text": "one", "text_pair": "two"}}, "data.tsv",
             table(("one", "two", "label"), [(text, text[::-1], "abc"[i % 3]) for i, text in enumerate(sentences(21))])),
    "multi_label": ({"type": "multi-label-classification"}, "data.jsonl",
                    lines_of({"text": text, "label": [["x"], ["x", "y"], []][i % 3]} for i, text in enumerate(sentences(20)))),
    "regression": ({"type": "regression"}, "data.tsv", table(("text", "label"), [(text, i / 7) for i, text in enumerate(sentences(20))])),
    "token": ({"type": "token-classification"}, "data.conll",
              "".join("".join(f"{word} {'B-X' if word == 'boat' else 'O'}\n" for word in text.split()) + "\n" for text in sentences(20))),
    "squad": ({"type": "question-answering", "question_answering": {"windows": {"max_question_length": 16, "stride": 16}}}, "data.json", squad(20)),
    "choice": ({"type": "multiple-choice", "columns": {"context": "context"}}, "data.jsonl",
               lines_of({"context": text, "question": "what is _ ?", "options": ["good", "bad", "late"], "answer": "AB"[i % 2]}
                        for i, text in enumerate(sentences(20)))),
}


class PredictTest(ProgramTest):
    """A pre-trained model in `base`, and fine-tuned ones, made once."""

    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="albert-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        maker = cls("run_program")
        maker.folder = cls.shared
        maker.run_program(maker.tiny("base", steps=4), env=ENVIRONMENT)
        cls.base = cls.shared / "base/final"
        cls.models = {}

    def model(self, kind):
        """The folder of a model of this kind; its predictions of its own data lie in ../predictions/test.jsonl."""
        if kind not in self.models:
            task, name, text = KINDS[kind]
            folder = self.shared / kind
            folder.mkdir()
            (folder / name).write_text(text)
            config = {"output": str(folder / "run"), "model": {"init_from": str(self.base)}, "task": task,
                      "data": {"train": {"path": str(folder / name)}, "test": {"path": str(folder / name)}, "max_length": 48},
                      "optimizer": {"learning_rate": 2e-3},
                      "training": {"duration": "3 steps", "batch_size": 8, "precision": "fp32", "device": "cpu", "intra_op_threads": 1},
                      "logging": {"tensorboard": False}}
            (folder / "config.yaml").write_text(json.dumps(config))
            self.run_program(folder / "config.yaml", program="albert-finetune", env=ENVIRONMENT)
            self.models[kind] = folder / "run/final"
        return self.models[kind]

    def predict(self, model, *arguments, text=None, expect=0, **options):
        """The result of albert predict; `text` is its standard input."""
        command = [BIN / "albert", "predict", *map(str, [model, *arguments])]
        stdin = {"input": text.encode() if isinstance(text, str) else text} if text is not None else {"stdin": subprocess.DEVNULL}
        result = subprocess.run(command, capture_output=True, timeout=120, env=ENVIRONMENT, **stdin, **options)
        self.assertEqual(result.returncode, expect, result.stderr.decode())
        return result

    def records(self, model, *arguments, text=None):
        return [json.loads(line) for line in self.predict(model, *arguments, text=text).stdout.decode().splitlines()]

    def error(self, model, *arguments, text=None, expect=3):
        lines = self.predict(model, *arguments, text=text, expect=expect).stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def assert_close(self, ours, theirs):
        """Equal but for rounding: rows of other batches are summed in another order."""
        self.assertEqual(type(ours), type(theirs))
        if isinstance(ours, float):
            self.assertAlmostEqual(ours, theirs, delta=1e-5)
        elif isinstance(ours, dict):
            self.assertEqual(list(ours), list(theirs))
            for key in ours:
                self.assert_close(ours[key], theirs[key])
        elif isinstance(ours, list):
            self.assertEqual(len(ours), len(theirs))
            for a, b in zip(ours, theirs):
                self.assert_close(a, b)
        else:
            self.assertEqual(ours, theirs)


class TaskTest(PredictTest):
    def check(self, kind, text, *arguments):
        """What standard input gives is what albert-finetune wrote for the same examples."""
        expected = [json.loads(line) for line in (self.model(kind).parents[0] / "predictions/test.jsonl").read_text().splitlines()]
        ours = self.records(self.model(kind), *arguments, text=text)
        self.assertGreater(len(ours), 0)
        self.assert_close(ours, expected)
        return ours

    def test_a_text_a_line(self):
        records = self.check("single", "".join(text + "\n" for text in sentences(20)))
        for i, record in enumerate(records):
            self.assertEqual(list(record), ["id", "label", "probabilities"])
            self.assertEqual(record["id"], str(i))
            self.assertAlmostEqual(sum(record["probabilities"].values()), 1, places=6)
            self.assertEqual(record["label"], max(record["probabilities"], key=record["probabilities"].get))

    def test_pairs_parted_by_a_tab(self):
        records = self.check("pair", "".join(f"{text}\t{text[::-1]}\n" for text in sentences(21)))
        self.assertEqual(set(records[0]["probabilities"]), {"a", "b", "c"})
        self.assertEqual(len(self.records(self.model("pair"), text="a\tb\n\n\t\nc\t")), 4)
        self.assertEqual(self.error(self.model("pair"), text="a\tb\nc\n"),
                         "error: /dev/stdin:2: expected 2 columns, got 1; correct the row, or set --invalid-rows skip")

    def test_several_labels(self):
        for record in self.check("multi_label", "".join(text + "\n" for text in sentences(20))):
            self.assertEqual(record["labels"], [label for label, p in record["probabilities"].items() if p >= 0.5])

    def test_numbers(self):
        for record in self.check("regression", "".join(text + "\n" for text in sentences(20))):
            self.assertIsInstance(record["value"], float)

    def test_words_of_a_sentence_a_line(self):
        records = self.check("token", "".join(text + "\n" for text in sentences(20)))
        for text, record in zip(sentences(20), records):
            self.assertEqual(record["words"], text.split())
            self.assertEqual(len(record["tags"]), len(record["words"]))
            self.assertTrue(all(0.5 <= p <= 1 for p in record["probabilities"]), "of two labels")
        self.assertEqual(self.records(self.model("token"), text="\n")[0], {"id": "0", "words": [], "tags": [], "probabilities": []})
        combining, = self.records(self.model("token"), text="a \u0301\n")
        self.assertEqual(combining["probabilities"][1], None, "a word without pieces")
        path = self.model("token").parents[1] / "data.conll"
        self.assert_close(self.records(self.model("token"), "--input", path), records)

    def test_questions_as_json_lines(self):
        documents = [paragraph for article in json.loads(squad(20))["data"] for paragraph in article["paragraphs"]]
        text = lines_of({"id": document["qas"][0]["id"], "question": document["qas"][0]["question"], "context": document["context"]} for document in documents)
        for record in self.check("squad", text):
            self.assertLessEqual(sum(answer["probability"] for answer in record["n_best"]), 1.00001)
        records = self.records(self.model("squad"), text=lines_of([{"question": "", "context": ""}, {"question": "who ?", "context": "a boat is in york . " * 20}]))
        self.assertEqual([record["id"] for record in records], ["0", "1"])
        self.assertEqual(records[0]["answer"], "")
        for answer in records[1]["n_best"]:
            self.assertEqual(("a boat is in york . " * 20)[answer["start"]:answer["end"]], answer["text"])
        self.assertRegex(self.error(self.model("squad"), text='{"question": "a", "context": "b"}\n{"question": "a"}\n'),
                         '^error: /dev/stdin:2: expected a key "context", got "question"')
        path = self.model("squad").parents[1] / "data.json"
        self.assert_close(self.records(self.model("squad"), "--input", path), self.check("squad", text))

    def test_choices_as_json_lines(self):
        text = lines_of({"question": "what is _ ?", "options": ["good", "bad", "late"], "context": text} for text in sentences(20))
        for record in self.check("choice", text):
            self.assertEqual(record["letter"], "ABC"[record["answer"]])
            self.assertAlmostEqual(sum(record["probabilities"]), 1, places=6)
        record, = self.records(self.model("choice"), text=lines_of([{"question": "what ?", "options": ["a", "b"]}]))
        self.assertEqual(len(record["probabilities"]), 2, "without a passage, with another number of options")
        renamed = lines_of({"q": "what is _ ?", "one": "good", "two": "bad", "three": "late", "context": text} for text in sentences(20))
        columns = [part for name in ("question=q", "options=one", "options=two", "options=three") for part in ("--column", name)]
        self.check("choice", renamed, *columns)

    def test_every_line_gets_its_answer(self):
        for number in (1, 256, 257, 700):
            lines = [TEXTS[i % len(TEXTS)] for i in range(number)]
            records = self.records(self.model("single"), text="\n".join(lines) + "\n")
            self.assertEqual([record["id"] for record in records], [str(i) for i in range(number)])
            by_text = {}
            for line, record in zip(lines, records):
                self.assert_close(record["probabilities"], by_text.setdefault(line, record["probabilities"]))
        words = self.records(self.model("token"), text="a b\n" * 300)
        self.assertEqual([record["id"] for record in words], [str(i) for i in range(300)])

    def test_batches_do_not_change_the_answers(self):
        text = "".join(text + "\n" for text in sentences(60))
        self.assert_close(self.records(self.model("single"), text=text), self.records(self.model("single"), "--batch-tokens", 1, text=text))

    def test_files_of_each_format(self):
        text = sentences(20)
        expected = self.records(self.model("single"), text="".join(line + "\n" for line in text))
        files = {"a.txt": "".join(line + "\n" for line in text), "a.log": "\r\n".join(text), "a.csv": "id,text\n" + "".join(f"{i},\"{line}\"\n" for i, line in enumerate(text)),
                 "a.tsv": table(("text",), [(line,) for line in text]), "a.jsonl": lines_of({"text": line} for line in text),
                 "a.json": json.dumps([{"text": line} for line in text])}
        for name, content in files.items():
            (self.folder / name).write_text(content)
            self.assert_close(self.records(self.model("single"), "--input", self.folder / name), expected)
        (self.folder / "a.txt.gz").write_bytes(gzip.compress(files["a.txt"].encode()))
        self.assert_close(self.records(self.model("single"), "--input", self.folder / "a.txt.gz"), expected)
        self.assert_close(self.records(self.model("single"), "--input", "-", "--format", "csv", text=files["a.csv"]), expected)
        other = "key,title\n" + "".join(f"k{i},{line}\n" for i, line in enumerate(text))
        named = self.records(self.model("single"), "--format", "csv", "--column", "text=title", "--column", "id=key", text=other)
        self.assertEqual([record["id"] for record in named], [f"k{i}" for i in range(20)])
        self.assert_close([record["probabilities"] for record in named], [record["probabilities"] for record in expected])

    def test_standard_input_goes_on_where_it_stands(self):
        path = self.folder / "in.txt"
        path.write_text("skipped\nread\n")
        with path.open("rb", buffering=0) as stream:
            os.lseek(stream.fileno(), len("skipped\n"), os.SEEK_SET)
            result = subprocess.run([BIN / "albert", "predict", self.model("single")], stdin=stream, capture_output=True, env=ENVIRONMENT)
        self.assertEqual(len(result.stdout.splitlines()), 1, result.stderr)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(b"a\nb\n")
            ours.shutdown(socket.SHUT_WR)
            result = subprocess.run([BIN / "albert", "predict", self.model("single")], stdin=theirs, capture_output=True, env=ENVIRONMENT)
        self.assertEqual(len(result.stdout.splitlines()), 2, result.stderr)

    def test_output_appears_when_it_is_whole(self):
        output = self.folder / "out.jsonl"
        text = "".join(text + "\n" for text in sentences(600))
        result = self.predict(self.model("single"), "--output", output, text=text)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(output.read_bytes(), self.predict(self.model("single"), text=text).stdout)
        self.assertEqual(stat.S_IMODE(output.stat().st_mode) & 0o077, 0)
        before = output.read_bytes()
        self.assertEqual(self.error(self.model("single"), "--output", output, text=text.encode() + b"a \xff byte\n"),
                         "error: /dev/stdin:601:3: expected UTF-8, got byte 0xff; set --encoding latin-1")
        self.assertEqual(output.read_bytes(), before)
        self.error(self.model("single"), "--output", self.folder / "new.jsonl", text=text.encode() + b"\0\n")
        self.assertEqual(files_below(self.folder), ["out.jsonl"])
        self.assertRegex(self.error(self.model("single"), "--output", self.folder / "no/such.jsonl", text="a\n", expect=4), "cannot create")
        self.assertRegex(self.error(self.model("single"), text=""), "expected at least one row, got an empty file")

    def test_errors_name_options_of_the_command_line_which_help(self):
        single = self.model("single")
        latin = "caf\u00e9 is good\n"
        self.assertRegex(self.error(single, text=latin.encode("latin-1")), "expected UTF-8, got byte 0xe9; set --encoding latin-1$")
        expected = self.records(single, text=latin)
        self.assert_close(self.records(single, "--encoding", "latin-1", text=latin.encode("latin-1")), expected)
        self.assert_close(self.records(single, "--encoding", "utf-16", text=latin.encode("utf-16")), expected)
        self.assertRegex(self.error(single, text=latin.encode("utf-16")), "expected UTF-8, got UTF-16; set --encoding utf-16$")
        ragged = b"id,text\na,good\nb,bad,worse\nc,fine\n"
        csv = ["--format", "csv", "--column", "id=id"]
        self.assertEqual(self.error(single, *csv, text=ragged),
                         "error: /dev/stdin:3: expected 2 columns, got 3; correct the row, or set --invalid-rows skip")
        result = self.predict(single, *csv, "--invalid-rows", "skip", text=ragged)
        self.assertEqual([json.loads(line)["id"] for line in result.stdout.splitlines()], ["a", "c"])
        self.assertRegex(result.stderr.decode(), "1 rows could not be read and have no answer .--invalid-rows skip.; the first of them:")
        self.assertIn("/dev/stdin:3: expected 2 columns, got 3", result.stderr.decode())
        semicolons = "text;x\ngood;1\n"
        self.assertRegex(self.error(single, "--format", "csv", text=semicolons), 'set --separator to ";", or --column$')
        self.assert_close(self.records(single, "--format", "csv", "--separator", ";", text=semicolons), self.records(single, text="good\n"))
        self.assertRegex(self.error(single, "--format", "csv", text='text\n"good\n'), "or set --quoting none$")
        self.assertEqual(len(self.records(single, "--format", "csv", "--quoting", "none", text='text\n"good\n')), 1)
        self.assertRegex(self.error(single, "--format", "csv", text="a,a,text\n1,2,good\n"), "rename one, or set --header absent$")
        self.assertEqual(len(self.records(single, "--format", "csv", "--header", "absent", "--column", "text=3", text="a,a,good\n1,2,good\n")), 2)

    def test_rows_that_are_left_out_keep_their_numbers(self):
        skip = ["--invalid-rows", "skip"]
        bad = b"a \xff byte\n"
        self.assertEqual([record["id"] for record in self.records(self.model("single"), *skip, text=b"good\n" + bad + b"bad\n")], ["0", "2"])
        self.assertEqual([record["id"] for record in self.records(self.model("token"), *skip, text=b"good\n" + bad + b"bad day\n")], ["0", "2"])
        for kind, row in (("squad", {"question": "which ?", "context": "it is york ."}), ("choice", {"question": "what ?", "options": ["a", "b"]})):
            text = lines_of([row, {**row, "question": None}, row])
            self.assertEqual([record["id"] for record in self.records(self.model(kind), *skip, text=text)], ["0", "2"], kind)
            self.assertIn("--invalid-rows skip" if kind == "squad" else "correct the row", self.error(self.model(kind), text=text))
        self.assertRegex(self.error(self.model("single"), *skip, text=bad), "expected at least one good row, got 1 that were left out")
        vectors = self.records(self.base, "--embeddings", "mean", *skip, text=b"good\n" + bad + b"bad\n")
        self.assertEqual([record["id"] for record in vectors], ["0", "2"])

    def test_what_does_not_fit_is_refused(self):
        single = self.model("single")
        for arguments, code, words in (
                (["--column", "text=a"], 2, "error: --column: needs rows with columns, the input is read as text; set --format csv, tsv or jsonl"),
                (["--format", "csv", "--column", "token=a"], 2, "error: --column: must be one of text, text_pair, id for this model, got 'token'"),
                (["--separator", ";"], 2, "error: --separator: needs csv or tsv, the input is read as text; set --format csv or tsv"),
                (["--encoding", "latin1"], 2, "error: --encoding latin1: encoding: must be one of utf-8, latin-1, utf-16, got 'latin1'; did you mean 'latin-1'?"),
                (["--format", "xml"], 2, "error: --format: must be one of auto, csv, tsv, jsonl, json, text, text_pairs, labelled_lines, conll, conllu, snips, race, got 'xml'"),
                (["--input", self.folder / "none.txt"], 3, f"error: {self.folder}/none.txt: cannot open: No such file or directory"),
                (["--fill-mask", "--embeddings", "cls"], 2, "error: --fill-mask, --embeddings: must not be given together"),
                (["--fill-mask"], 4, f"error: {single}: must be a pre-trained model with its head for masked tokens, config.json names "
                                     "AlbertForSequenceClassification; give the folder that it was fine-tuned from")):
            self.assertEqual(self.error(single, *arguments, text="a\n", expect=code), words)
        self.assertRegex(self.error(self.base, text="a\n", expect=4), "must be a fine-tuned model, config.json names AlbertForPreTraining")
        self.assertRegex(self.error(self.model("token"), "--format", "jsonl", text="{}\n", expect=2), "expected conll, conllu or snips")


class TextTest(PredictTest):
    LINES = ["the [MASK] was quiet", "", "no mask", "[MASK] and [MASK].", "a boy counted[MASK], and lost"]

    def tokenize(self, parts):
        result = subprocess.run([BIN / "albert", "tokenize", self.base], input="".join(part + "\n" for part in parts), capture_output=True, text=True)
        return [[int(i) for i in line.split()] for line in result.stdout.split("\n")[:-1]]

    def ids_of(self, line):
        """As the documentation says: the parts by themselves; what follows a mask without a blank loses a word mark that stands alone."""
        parts = line.split("[MASK]")
        mark = [i for i in self.tokenize(["."])[0]]
        ids = [2]
        for number, (part, tokens) in enumerate(zip(parts, self.tokenize(parts))):
            if number > 0:
                ids.append(4)
                if part and part[0] != " " and len(mark) == 2 and tokens[0] == mark[0]:
                    tokens = tokens[1:]
            ids += tokens
        return ids + [3]

    def check(self, *arguments, data):
        path = self.folder / "data.json"
        path.write_text(json.dumps(data))
        result = subprocess.run([PYTHON, SOURCE / "tests/integration/check_predict.py", *map(str, arguments), path], capture_output=True, text=True,
                                env=dict(ENVIRONMENT, HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES=""))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_pieces_for_masks(self):
        records = self.records(self.base, "--fill-mask", "--top-k", 3, text="\n".join(self.LINES) + "\n")
        self.assertEqual([record["id"] for record in records], ["0", "1", "2", "3", "4"])
        self.assertEqual([len(record["masks"]) for record in records], [1, 0, 0, 2, 1])
        for record in records:
            for candidates in record["masks"]:
                self.assertEqual(len(candidates), 3)
                chances = [candidate["probability"] for candidate in candidates]
                self.assertEqual(chances, sorted(chances, reverse=True))
        self.assertEqual(len(self.records(self.base, "--fill-mask", text="[MASK]\n")[0]["masks"][0]), 5)
        many = self.records(self.base, "--fill-mask", text="[MASK] [MASK] a\n" * 700)
        self.assert_close([record["masks"] for record in many], [many[0]["masks"]] * 700)
        self.assertEqual(self.error(self.base, "--fill-mask", "--top-k", 401, text="[MASK]\n", expect=2),
                         "error: --top-k: must be at most the 400 pieces of the vocabulary, got 401")
        self.assertEqual(self.error(self.base, "--fill-mask", text="a\n" + "[MASK] " * 63 + "\n"),
                         "error: /dev/stdin:2: must have its masks in the first 62 pieces, got one at piece 63; shorten the text")
        self.assertEqual(len(self.records(self.base, "--fill-mask", text="[MASK] " * 62 + "\n")[0]["masks"]), 62)

    def test_embeddings_are_lines_or_a_matrix(self):
        text = "\n".join(TEXTS * 60) + "\n"
        for pooling in ("mean", "cls"):
            records = self.records(self.model("single"), "--embeddings", pooling, text=text)
            self.assertEqual(len(records), 360)
            self.assertEqual(len(records[0]["embedding"]), 32)
            out = self.folder / "out.safetensors"
            self.assertEqual(self.predict(self.model("single"), "--embeddings", pooling, "--tensors", out, text=text).stdout, b"")
            data = out.read_bytes()
            size = int.from_bytes(data[:8], "little")
            self.assertEqual(json.loads(data[8:8 + size]), {"embeddings": {"dtype": "F32", "shape": [360, 32], "data_offsets": [0, 360 * 32 * 4]}})
            matrix = memoryview(data[8 + size:]).cast("f")
            flat = [value for record in records for value in record["embedding"]]
            self.assertEqual(len(matrix), len(flat))
            self.assertLess(max(abs(a - b) for a, b in zip(matrix, flat)), 1e-6)
        (self.folder / "out.safetensors").unlink()
        self.error(self.model("single"), "--embeddings", "cls", "--tensors", self.folder / "out.safetensors", text=text.encode() + b"\xff\n")
        self.assertEqual(files_below(self.folder), [])
        csv = "title,text\n" + "".join(f"{i},a b {i}\n" for i in range(3))
        self.assertEqual(len(self.records(self.base, "--embeddings", "cls", "--format", "csv", "--column", "text=title", text=csv)), 3)

    @unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON names no Python with transformers")
    def test_masks_are_those_of_transformers(self):
        records = self.records(self.base, "--fill-mask", "--top-k", 7, text="\n".join(self.LINES) + "\n")
        self.check("fill-mask", self.base, data=[{"ids": self.ids_of(line), "masks": record["masks"]} for line, record in zip(self.LINES, records)])

    @unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON names no Python with transformers")
    def test_embeddings_are_those_of_transformers(self):
        texts = [*TEXTS, "a long text about ships " * 40]
        ids = [[2, *tokens[:62], 3] for tokens in self.tokenize(texts)]
        for folder in (self.base, self.model("single"), self.model("squad")):
            for pooling in ("mean", "cls"):
                records = self.records(folder, "--embeddings", pooling, text="\n".join(texts) + "\n")
                self.check(pooling, folder, data=[{"ids": line, "embedding": record["embedding"]} for line, record in zip(ids, records)])


class MemoryTest(PredictTest):
    def write(self, megabytes):
        path = self.folder / f"{megabytes}.txt"
        words = (SOURCE / "data/sample").glob("*.txt")
        words = " ".join(file.read_text() for file in sorted(words)).split()
        lines = [" ".join(words[i:i + 3 + i % 17]) + "\n" for i in range(0, len(words), 7)]
        block = "".join(lines).encode()
        with path.open("wb") as stream:
            for _ in range(-(-megabytes * 1_000_000 // len(block))):
                stream.write(block)
        return path

    def peak(self, path, *arguments):
        """Most anonymous memory of the process while it predicts, in kB."""
        process = subprocess.Popen([BIN / "albert", "predict", *map(str, arguments), "--input", path, "--output", "/dev/null"], env=ENVIRONMENT,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        peak = 0
        while process.poll() is None:
            for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    peak = max(peak, int(line.split()[1]))
            time.sleep(0.005)
        self.assertEqual(process.returncode, 0, process.stderr.read())
        process.stderr.close()
        return peak

    def test_memory_does_not_grow_with_the_input(self):
        for arguments in ([self.model("single")], [self.base, "--embeddings", "mean"]):
            small = self.peak(self.write(1), *arguments)
            large = self.peak(self.write(MEGABYTES), *arguments)
            print(f"RssAnon: {small} kB for 1 MB, {large} kB for {MEGABYTES} MB")
            self.assertLess(large, 1.1 * small)


if __name__ == "__main__":
    unittest.main()
