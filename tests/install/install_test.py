"""cmake --install, and a project of somebody else that finds the installed libraries and trains with them. Standard library only.

    ALBERT_BUILD=FOLDER LIBTORCH=FOLDER install_test.py      FOLDER: a build of everything; the LibTorch that it was built with
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["ALBERT_BUILD"])
LIBTORCH = os.environ["LIBTORCH"]
HERE = pathlib.Path(__file__).resolve().parent


def run(*command, expect=0, **options):
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
    assert result.returncode == expect, f"{command}\n{result.stdout}\n{result.stderr}"
    return result


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="albert-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        run("cmake", "--install", BUILD, "--prefix", cls.folder / "first")
        # What is installed may be moved.
        cls.prefix = (cls.folder / "first").rename(cls.folder / "prefix")

    def configure(self, name, *options, **changes):
        environment = {key: value for key, value in os.environ.items() if key != "LIBTORCH"}
        return run("cmake", "-S", HERE / "project", "-B", self.folder / name, f"-DCMAKE_PREFIX_PATH={self.prefix}", *options,
                   env=environment, **changes)

    def test_an_outside_project_trains_two_steps(self):
        self.configure("project", f"-DLIBTORCH={LIBTORCH}")
        run("cmake", "--build", self.folder / "project")
        first, second, third = map(float, run(self.folder / "project" / "two_steps", env={}).stdout.split())
        self.assertLess(second, first)
        self.assertLess(third, second)

    def test_another_libtorch_is_refused(self):
        """The libraries fit the LibTorch that they were compiled with, and no other."""
        other = self.folder / "libtorch"
        (other / "include").mkdir(parents=True)
        for name in ("ATen", "c10"):
            (other / "include" / name).symlink_to(f"{LIBTORCH}/include/{name}")
        (other / "lib").symlink_to(f"{LIBTORCH}/lib")
        header = other / "include/torch/headeronly/version.h"
        header.parent.mkdir(parents=True)
        header.write_text("#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n")
        result = self.configure("refused", f"-DLIBTORCH={other}", expect=1)
        message = " ".join(result.stderr.split())
        self.assertRegex(message, r"albert was built with LibTorch 2\.\d+, got 2\.11 in \S+/libtorch; name the same version by -DLIBTORCH=")

    def test_the_programs_run_from_where_they_are(self):
        for program in ("albert", "albert-train", "albert-finetune"):
            self.assertIn("albert", run(self.prefix / "bin" / program, "--version", env={}, cwd="/").stdout)

    def test_nothing_refers_to_the_build(self):
        for path in self.prefix.rglob("*"):
            if path.suffix in (".cmake", ".h"):
                self.assertNotIn(str(BUILD), path.read_text(), path)


if __name__ == "__main__":
    unittest.main()
