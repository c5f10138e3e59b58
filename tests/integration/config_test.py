"""albert config, albert config-schema, albert new and `include:` as a user meets them."""
import json
import os
import shutil
import subprocess
import unittest

from harness import BIN, SOURCE, ProgramTest


class ConfigTest(ProgramTest):
    def albert(self, *arguments, expect=0, **options):
        return self.run_program(*arguments, program="albert", expect=expect, cwd=self.folder, **options)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def test_a_run_with_an_included_file_is_the_run_of_the_merged_file(self):
        whole = self.tiny_text(output="run", steps=2, checkpoint=2)
        training = next(line for line in whole.splitlines() if line.startswith("training:"))
        self.write("parts/base.yaml", whole.replace(training + "\n", ""))
        self.write("run.yaml", f"include: parts/base.yaml\n{training}\n")
        self.write("whole.yaml", whole)
        self.assertEqual(self.albert("config", "run.yaml").stdout, self.albert("config", "whole.yaml").stdout)
        self.run_program("run.yaml", cwd=self.folder)
        resolved = self.albert("config", "whole.yaml").stdout
        self.assertEqual((self.folder / "run/config.yaml").read_text(), resolved.split("\n", 1)[1])
        self.assertEqual(self.albert("config", "run").stdout, resolved)

    def test_origins_tell_file_and_line_default_or_set(self):
        self.write("base.yaml", "optimizer:\n  name: adamw\n")
        self.write("run.yaml", "include: base.yaml\noutput: run\ndata: {sources: [{path: t}]}\n")
        lines = self.albert("config", "run.yaml", "--origins", "--set", "training.seed=4").stdout.splitlines()
        self.assertEqual(lines[0], "# Configuration of albert-train.")
        for line in ("output: run  # run.yaml:2", "    - path: t  # run.yaml:3", "  name: adamw  # base.yaml:2", "  seed: 4  # --set",
                     "  batch_size: 256  # default"):
            self.assertIn(line, lines)
        self.write("run/config.yaml", self.albert("config", "run.yaml").stdout)
        lines = self.albert("config", "run", "--origins").stdout.splitlines()
        for line in ("output: run  # set", "  name: adamw  # set", "  seed: 1  # default"):
            self.assertIn(line, lines)

    def test_every_shipped_configuration_is_recognised(self):
        for program, folder in (("albert-train", "pretrain"), ("albert-train", "ablation"), ("albert-finetune", "finetune")):
            for path in sorted((SOURCE / "configs" / folder).glob("*.yaml")):
                self.assertEqual(self.albert("config", path).stdout.splitlines()[0], f"# Configuration of {program}.")

    def test_errors_name_the_included_file(self):
        self.write("base.yaml", "output: x\noptimizer: {learnin_rate: 1}\n")
        self.write("run.yaml", "include: base.yaml\ndata: {max_length: 4}\n")
        expected = ["error: run.yaml:2:20: data.max_length: must be in [8, 65536], got 4",
                    "error: base.yaml:2:13: optimizer.learnin_rate: unknown key; did you mean 'optimizer.learning_rate'?"]
        self.assertEqual(self.run_program("run.yaml", "--dry-run", expect=2, cwd=self.folder).stderr.splitlines(), expected)
        self.assertEqual(self.albert("config", "run.yaml", expect=2).stderr.splitlines(),
                         [*expected, "error: run.yaml: read as a configuration of albert-train"])

    def test_nothing_outside_of_the_folder_is_included(self):
        self.write("secret.yaml", "output: x\n")
        self.write("in/run.yaml", "include: ../secret.yaml\n")
        self.assertEqual(self.albert("config", "in/run.yaml", expect=2).stderr.splitlines()[0],
                         "error: in/run.yaml:1:10: include: must be a path under the folder of this file, got '../secret.yaml'")
        (self.folder / "in/link.yaml").symlink_to("../secret.yaml")
        self.write("in/run.yaml", "include: link.yaml\n")
        self.assertIn("which is a link out of it", self.albert("config", "in/run.yaml", expect=2).stderr)

    def test_an_included_pipe_does_not_hang(self):
        os.mkfifo(self.folder / "pipe.yaml")
        self.write("run.yaml", "include: pipe.yaml\n")
        self.assertIn("must name a file, got 'pipe.yaml', which is none", self.albert("config", "run.yaml", expect=2, timeout=20).stderr)

    def test_schemas_are_those_of_the_documents(self):
        for program in ("train", "finetune"):
            text = self.albert("config-schema", program).stdout
            self.assertEqual(text, (SOURCE / f"docs/schema/albert-{program}.schema.json").read_text())
            self.assertIn("output", json.loads(text)["properties"])
        self.assertEqual(self.albert("config-schema", "tran", expect=2).stderr,
                         "error: albert config-schema: PROGRAM must be train or finetune, got 'tran'; did you mean 'train'?\n")

    def test_new_writes_a_template_without_a_source_tree(self):
        program = self.folder / "albert"
        shutil.copy(BIN / "albert", program)
        names = [line.split()[0] for line in self.albert("new", "--list").stdout.splitlines()]
        shipped = sorted(path.stem for folder in ("pretrain", "finetune") for path in (SOURCE / "configs" / folder).glob("*.yaml"))
        self.assertEqual(sorted(names), shipped)
        for name, which in (("small", "train"), ("spam", "finetune")):
            subprocess.run([program, "new", name], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
            first = (self.folder / f"{name}.yaml").read_text().splitlines()[0]
            self.assertEqual(first, f"# yaml-language-server: $schema=albert-{which}.schema.json")
            self.assertIn(f"albert-{which}.", self.albert("config", f"{name}.yaml").stdout)

    def test_new_refuses_what_it_must_not_do(self):
        path = self.write("mine.yaml", "mine")
        self.assertEqual(self.albert("new", "spam", "--output", "mine.yaml", expect=2).stderr,
                         "error: mine.yaml: must not exist; choose another name by --output, or delete it\n")
        self.assertEqual(path.read_text(), "mine")
        missing = self.albert("new", expect=2).stderr
        self.assertTrue(missing.startswith("error: albert new: NAME must be given, one of albert-base-v2, "), missing)
        self.assertTrue(self.albert("new", "spma", expect=2).stderr.endswith(", got 'spma'; did you mean 'spam'?\n"))
        self.albert("new", "spam", "--output", "no/folder.yaml", expect=4)


if __name__ == "__main__":
    unittest.main()
