"""Design 3.14: a run holds nothing of the text, the paths, the machine, the user or the environment that it was made with.

Every byte of every file of a run, the names of its files and all that is printed are searched for planted words.
"""
import os
import pathlib
import unittest

from finetune_harness import FinetuneTest
from harness import SOURCE
from isolation import with_host_name

# What is planted where. None is a part of another, or stands in the sample text.
TEXT, LABELLED, TEXT_FOLDER, TEXT_NAME, OUTPUT_PATH, HOST, USER, VALUE = (
    "xylophonicquartz", "zephyrobsidian", "vexedmarzipan", "pickledtrombone", "jumbledkiosk", "quirkywombat", "fjordvandal", "glyphbuzzard")
# Where paths may stand. The resolved configuration is the user's own file: it names his text and his output, so that it runs again. The token
# store, which is the text itself as numbers, tells its files apart by their names without folders (docs/formats-token-store.md).
ALLOWED = {"config.yaml": {TEXT_FOLDER, TEXT_NAME, OUTPUT_PATH}, "tokens.store": {TEXT_NAME}}


class SecretsTest(FinetuneTest):
    def setUp(self):
        super().setUp()
        self.environment = dict(os.environ, SOME_TOKEN=VALUE, USER=USER, LOGNAME=USER, HOME=f"/home/{USER}")
        self.prefix = with_host_name(HOST)
        if self.prefix is None:
            print("the system allows no namespace: the name of the host is not planted")

    def run_with_secrets(self, *arguments, **options):
        return self.run_program(*arguments, env=self.environment, prefix=self.prefix or (), **options)

    def text_with_secrets(self):
        folder = self.folder / f"{TEXT_FOLDER}-texts"
        folder.mkdir()
        for sample in (SOURCE / "data" / "sample").glob("*.txt"):
            (folder / sample.name).write_text(sample.read_text())
        (folder / f"{TEXT_NAME}.txt").write_text(f"The word {TEXT} is planted here. " * 5 + "It must not be printed anywhere.\n")
        return folder / "*.txt"

    def leaks(self, output, *results):
        """Lines that say which secret stands where."""
        places = [(f"standard {stream} of {result.args[-1]}", getattr(result, name).encode())
                  for result in results for stream, name in (("output", "stdout"), ("error", "stderr"))]
        for path in sorted(output.rglob("*")):
            name = str(path.relative_to(output))
            places.append((f"the name of {name}", name.encode()))
            places.append((name, os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""))
        found = []
        for place, content in places:
            secrets = {TEXT, LABELLED, TEXT_FOLDER, TEXT_NAME, OUTPUT_PATH, HOST, USER, VALUE} - ALLOWED.get(pathlib.Path(place).name, set())
            found += [f"{secret} in {place}" for secret in sorted(secrets) if secret.encode() in content.lower()]
        return found

    def test_pretraining(self):
        output = self.folder / OUTPUT_PATH / "run"
        config = self.tiny(output=output, text=self.text_with_secrets())
        prepared = self.run_with_secrets(config, "--prepare-only")
        begun = self.run_with_secrets(config, "--set", "training.duration=8 steps")
        (output / "checkpoints/step-00000008/model.safetensors").write_bytes(b"damaged")
        resumed = self.run_with_secrets(config)
        self.assertIn("step-00000008 is damaged", resumed.stderr)
        finished = self.run_with_secrets(config)
        self.assertEqual(self.leaks(output, prepared, begun, resumed, finished), [])
        self.assertIn("model   run/final\n", finished.stdout)
        relative = self.run_with_secrets(config, "--output", f"{OUTPUT_PATH}/run", cwd=self.folder)
        self.assertIn(f"model   {OUTPUT_PATH}/run/final\n", relative.stdout, "a relative path is the user's own")
        planted = (output / "config.yaml").read_text()
        self.assertIn(TEXT_FOLDER, planted)
        self.assertIn(OUTPUT_PATH, planted)

    def test_finetuning(self):
        output = self.folder / OUTPUT_PATH / "run"
        config = self.finetuning("single", "tuned", output=str(output), training={"duration": "2 epochs"}, evaluation={"every": "1 epochs"},
                                 checkpoint={"every": "1 epochs"}, logging={"tensorboard": True})
        data = self.folder / f"{TEXT_FOLDER}-data"
        (self.folder / "tuned-data").rename(data)
        config.write_text(config.read_text().replace("tuned-data", data.name))
        for path in data.iterdir():
            path.write_text(path.read_text().replace("today", LABELLED))
        trained = self.run_with_secrets(config, program="albert-finetune")
        self.assertEqual(self.leaks(output, trained), [])

    def test_a_planted_secret_is_found(self):
        """The search itself: each place where a secret may stand."""
        output = self.folder / "run"
        (output / "final").mkdir(parents=True)
        (output / "final" / "model.bin").write_bytes(b"\0\xff" + TEXT.encode() + b"\0")
        (output / f"events.{HOST}").write_text("")
        (output / "config.yaml").write_text(f"{TEXT_FOLDER} {VALUE}")
        (output / "latest").symlink_to(f"/{OUTPUT_PATH}")
        printed = self.run_program("tokenize", USER, program="albert", expect=None)
        self.assertEqual(self.leaks(output, printed), [f"{USER} in standard error of {USER}", f"{VALUE} in config.yaml",
                                                      f"{HOST} in the name of events.{HOST}", f"{TEXT} in final/model.bin", f"{OUTPUT_PATH} in latest"])


if __name__ == "__main__":
    unittest.main()
