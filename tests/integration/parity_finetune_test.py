"""The same training as a plain loop with transformers: 100 steps of SST-2, STS-B, XQuAD and ARC; see parity_finetune.py."""
import concurrent.futures
import os
import subprocess
import unittest

from harness import SHARED, SOURCE, ProgramTest

PYTHON = os.environ.get("ALBERT_TEST_PYTHON")
NEEDED = ("vocab/albert_en_30k_rebuilt.model", "sentiment/sst2", "pairs/STS-B", "qa/xquad.en.json", "mc/arc_easy_train.csv")


@unittest.skipUnless(PYTHON, "ALBERT_TEST_PYTHON names no Python with transformers")
@unittest.skipUnless(all((SHARED / name).exists() for name in NEEDED), "the data sets are not here")
class ParityTest(ProgramTest):
    def python(self, action):
        result = subprocess.run([PYTHON, SOURCE / "tests/integration/parity_finetune.py", action, self.folder, SHARED, SOURCE],
                                capture_output=True, text=True,
                                env=dict(os.environ, HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="", PYTHONDONTWRITEBYTECODE="1"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_losses_and_metrics_equal_a_plain_loop(self):
        self.python("make")
        configs = [self.folder / f"{name}.json" for name in ("sst-2", "sts-b", "squad", "arc")]
        with concurrent.futures.ThreadPoolExecutor(2) as workers:
            list(workers.map(lambda config: self.run_program(config, program="albert-finetune"), configs))
        print(self.python("compare"))


if __name__ == "__main__":
    unittest.main()
