"""A short run of what docs/reliability.md promises, by the scripts that make its figures: random kills, and each fault once."""
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "reliability"
BINARIES = pathlib.Path(os.environ["ALBERT_BIN"])
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS))
import faults  # noqa: E402
import oracle  # noqa: E402


class ReliabilityTest(unittest.TestCase):
    def kills(self, program):
        result = subprocess.run([sys.executable, str(SCRIPTS / "kills.py"), "--size", "tiny", "--kills", "20", "--during-saves", "5", "--program",
                                 program, "--binaries", str(BINARIES)], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr[-3000:])
        self.assertIn("0 acknowledged checkpoints lost, 0 invalid visible", result.stdout)

    def test_twenty_random_kills_of_a_pretraining(self):
        self.kills("pretraining")

    def test_twenty_random_kills_of_a_fine_tuning(self):
        self.kills("fine-tuning")

    def test_each_fault_once(self):
        generator = random.Random(11)
        with tempfile.TemporaryDirectory(prefix="albert-faults-") as name:
            folder = pathlib.Path(name)
            reference = oracle.Run(BINARIES, folder, "unbroken", oracle.TINY)
            reference.finish()
            number, run = 0, None
            for fault, strike in faults.FAULTS.items():
                if run is None:
                    number += 1
                    run = oracle.Run(BINARIES, folder, f"struck-{number}", oracle.TINY)
                is_finished = False
                with self.subTest(fault=fault):
                    try:
                        is_finished = strike(run, generator)
                    except faults.Skip as reason:
                        print(f"{fault}: {reason}")
                        continue
                    run.require_nothing_lost()
                if is_finished:
                    run.require_equal(reference)
                    run = None
            if run is not None:
                run.finish()
                run.require_equal(reference)


class OracleTest(unittest.TestCase):
    """What the promises are held against notices that they are broken."""

    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="albert-oracle-")
        self.addCleanup(place.cleanup)
        self.folder = pathlib.Path(place.name)
        self.run_ = oracle.Run(BINARIES, self.folder, "run", oracle.TINY, steps=6)
        self.run_.finish()

    def test_an_acknowledged_checkpoint_that_is_gone(self):
        self.run_.acknowledged = 7
        with self.assertRaisesRegex(AssertionError, "step 7 was acknowledged, resumable from 6"):
            self.run_.require_nothing_lost()

    def test_a_damaged_checkpoint_that_can_be_seen(self):
        path = self.run_.output / "checkpoints" / "step-00000005" / "model.safetensors"
        faults.flip(path, random.Random(1))
        with self.assertRaisesRegex(AssertionError, "not whole"):
            self.run_.require_nothing_lost()

    def test_a_run_that_is_another(self):
        other = oracle.Run(BINARIES, self.folder, "other", oracle.TINY, steps=6, batch=2)
        other.finish()
        with self.assertRaisesRegex(AssertionError, "metrics.jsonl:1: .*, wanted"):
            self.run_.require_equal(other)

    def test_weights_that_are_others(self):
        other = oracle.Run(BINARIES, self.folder, "same", oracle.TINY, steps=6)
        other.finish()
        other.require_equal(self.run_)
        faults.flip(other.output / "final" / "model.safetensors", random.Random(2))
        with self.assertRaisesRegex(AssertionError, "final weights differ"):
            other.require_equal(self.run_)


if __name__ == "__main__":
    unittest.main()
