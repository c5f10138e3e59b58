"""Design 3.14: no program needs a network, or opens a connection that the configuration does not ask for."""
import errno
import subprocess
import sys
import unittest

from finetune_harness import FinetuneTest
from isolation import unshare


class NetworkTest(FinetuneTest):
    """In a namespace of its own, where even the loop-back device is down."""

    def setUp(self):
        super().setUp()
        self.prefix = unshare("-n")
        if self.prefix is None:
            self.skipTest("the system allows no network namespace")

    def test_the_namespace_has_no_network(self):
        attempt = "import socket; print(socket.socket().connect_ex(('127.0.0.1', 9)))"
        result = subprocess.run([*self.prefix, sys.executable, "-c", attempt], capture_output=True, text=True, check=True)
        self.assertEqual(int(result.stdout), errno.ENETUNREACH)

    def test_pretraining_and_prediction(self):
        self.run_program(self.tiny(), prefix=self.prefix)
        final = self.folder / "run" / "final"
        text = self.folder / "masked.txt"
        text.write_text("The harbour is [MASK].\n")
        answers = self.run_program("predict", final, "--fill-mask", "--input", text, program="albert", prefix=self.prefix)
        self.assertEqual(len(answers.stdout.splitlines()), 1)
        self.run_program("inspect", self.folder / "run", program="albert", prefix=self.prefix)

    def test_finetuning_and_prediction(self):
        config = self.finetuning("single", training={"duration": "1 epochs"})
        self.run_program(config, program="albert-finetune", prefix=self.prefix)
        file = self.folder / "run-data" / "predict.tsv"
        answers = self.run_program("predict", self.folder / "run" / "final", "--input", file, program="albert", prefix=self.prefix)
        self.assertEqual(len(answers.stdout.splitlines()), 15)


if __name__ == "__main__":
    unittest.main()
