"""Each fine-tuned folder loads in transformers as its class, without a missing or unexpected key, and gives the probabilities that
albert-finetune --predict wrote."""
import json
import os
import subprocess
import unittest

from finetune_harness import KINDS, SOURCE, FinetuneTest

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")


@unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON names no Python with transformers")
class TransformersTest(FinetuneTest):
    def pieces(self, model, texts):
        """[ids, pieces] of each text, by `albert tokenize`."""
        path = self.folder / "texts.txt"
        path.write_text("".join(text + "\n" for text in texts))
        result = []
        for arguments in ((), ("--pieces",)):
            with path.open() as stdin:
                lines = self.run_program("tokenize", model, *arguments, program="albert", stdin=stdin).stdout.split("\n")[:-1]
            self.assertEqual(len(lines), len(texts))
            result.append([line.split() for line in lines])
        return {text: [[int(value) for value in ids], pieces] for text, ids, pieces in zip(texts, *result)}

    def texts_of(self, kind, path):
        """The texts of each example of a prediction file: segments, words, options."""
        lines = path.read_text().splitlines()
        if kind in ("single", "regression"):
            return [[line] for line in lines[1:]]
        if kind == "multi_label":
            return [[json.loads(line)["text"]] for line in lines]
        if kind == "token":
            return [sentence.split("\n") for sentence in path.read_text().strip().split("\n\n")]
        if kind == "choice":
            records = [json.loads(line) for line in lines]
            return [[f"{record['question']} {option}" for option in record["options"]] for record in records]
        return [[paragraph["qas"][0]["question"], paragraph["context"]] for article in json.loads(path.read_text())["data"]
                for paragraph in article["paragraphs"]]

    def test_every_kind(self):
        jobs = []
        for kind in ("single", "multi_label", "regression", "token", "squad", "squad2", "choice"):
            config = self.finetuning(kind, kind, training={"duration": "2 epochs"})
            self.finetune(config)
            model = self.folder / kind / "final"
            texts = self.texts_of(kind, self.folder / f"{kind}-data" / f"predict{KINDS[kind].extension}")
            jobs.append({"kind": kind, "model": str(model), "texts": texts, "pieces": self.pieces(model, sorted({t for row in texts for t in row})),
                         "predictions": self.predictions(kind)})
        path = self.folder / "jobs.json"
        path.write_text(json.dumps(jobs))
        result = subprocess.run([PYTHON, SOURCE / "tests/integration/check_task_transformers.py", path], capture_output=True, text=True,
                                env=dict(os.environ, HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="", OMP_NUM_THREADS="1"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        print(result.stdout.strip())


if __name__ == "__main__":
    unittest.main()
