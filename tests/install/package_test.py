"""The folder that scripts/package.sh makes, where there is nothing else. Standard library only.

    ALBERT_BUILD=FOLDER LIBTORCH=FOLDER ALBERT_BIN=FOLDER package_test.py
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import SOURCE, ProgramTest  # noqa: E402: found by the line above
from isolation import in_chroot  # noqa: E402

BUILD = pathlib.Path(os.environ["ALBERT_BUILD"])
PROGRAMS = ("albert", "albert-finetune", "albert-train")


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="albert-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        made = cls.root / "made"
        result = subprocess.run([SOURCE / "scripts/package.sh", "--build", BUILD, "--output", made], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
        cls.package = cls.root / "moved"
        made.rename(cls.package)

    def run_in(self, prefix, *command, **options):
        result = subprocess.run([*prefix, *map(str, command)], capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
        self.assertEqual(result.returncode, 0, f"{command}\n{result.stdout}\n{result.stderr}")
        return result.stdout

    def test_trains_and_predicts_in_an_empty_chroot_without_network(self):
        """No shell, no Python, no C library, no /proc, /dev or /tmp: the package, the text and the configuration are all there is."""
        prefix = in_chroot(self.root)
        if prefix is None:
            self.skipTest("neither root nor a user namespace: no chroot")
        text = self.root / "text"
        text.mkdir()
        for sample in (SOURCE / "data" / "sample").glob("*.txt"):
            shutil.copy(sample, text)
        # With dropout LibTorch opens /dev/urandom, though our masks have seeds of their own.
        (self.root / "tiny.yaml").write_text(ProgramTest.tiny_text(output="/run", text="/text/*.txt", dropout=0.0))
        (self.root / "masked.txt").write_text("The harbour is [MASK].\n")
        self.assertEqual({path.name for path in self.root.iterdir()}, {"moved", "text", "tiny.yaml", "masked.txt"})
        self.run_in(prefix, "/moved/bin/albert-train", "/tiny.yaml", env={})
        answer = self.run_in(prefix, "/moved/bin/albert", "predict", "/run/final", "--fill-mask", "--input", "/masked.txt", env={})
        self.assertEqual(len(answer.splitlines()), 1)
        self.run_in(prefix, "/moved/bin/albert-finetune", "--version", env={})

    def test_starts_by_a_link_and_by_path(self):
        (self.root / "links").mkdir()
        self.addCleanup(shutil.rmtree, self.root / "links")
        (self.root / "links" / "albert").symlink_to("../moved/bin/albert")
        for command, options in ((self.root / "links/albert", {}), ("albert", {"env": {"PATH": str(self.package / "bin")}}),
                                 ("./albert", {"cwd": self.package / "bin"}), ("bin/albert", {"cwd": self.package})):
            # `env` looks the program up and hands the path on as a shell does.
            self.assertIn("albert ", self.run_in(["/usr/bin/env"], command, "--version", **options))

    def test_takes_no_library_from_outside(self):
        """Other libraries of the same names in LD_LIBRARY_PATH do not matter; the programs also start by the system's own loader."""
        bad = self.root / "bad"
        bad.mkdir()
        self.addCleanup(shutil.rmtree, bad)
        for library in (self.package / "lib").glob("*.so*"):
            (bad / library.name).write_text("not a library")
        for program in PROGRAMS:
            for folder in ("bin", "libexec"):
                self.run_in([], self.package / folder / program, "--version", env={"LD_LIBRARY_PATH": str(bad)})

    def test_says_where_everything_comes_from(self):
        listed = {line.split("\t")[0] for line in (self.package / "share/licences/FILES").read_text().splitlines()[1:]}
        shipped = {path.name for path in (self.package / "lib").rglob("*.so*")}
        self.assertEqual(listed, shipped)
        self.assertIn("libtorch_cpu.so", shipped)
        for name in ("albert", "libc6", "torch/LICENSE"):
            self.assertTrue((self.package / "share/licences" / name).is_file(), name)
        self.run_in([], "sha256sum", "--quiet", "-c", "SHA256SUMS", cwd=self.package)

    def test_holds_no_path_of_the_machine_that_made_it(self):
        paths = [str(BUILD), str(SOURCE), os.environ["LIBTORCH"], str(self.root)]
        for path in self.package.rglob("*"):
            # LibTorch's own libraries and Debian's hold the paths of the machines that made them.
            if path.is_file() and path.parent.name not in ("lib", "glibc"):
                content = path.read_bytes()
                self.assertEqual([name for name in paths if name.encode() in content], [], path.relative_to(self.package))

    def test_the_apptainer_file_names_what_is_there(self):
        """Apptainer itself is not needed: the parts of the file that can be wrong without it."""
        lines = (self.package / "albert.def").read_text().splitlines()
        headers = [line for line in lines if line and not line.startswith(("#", " ", "%"))]
        self.assertEqual(headers, ["Bootstrap: scratch"])
        sections = {}
        for line in lines[lines.index(headers[0]) + 1:]:
            if line.startswith("%"):
                section = sections.setdefault(line, [])
            elif line.strip():
                section.append(line.split())
        self.assertEqual(set(sections), {"%files", "%environment", "%labels"}, "other sections run a shell, and there is none")
        copied = {source: target for source, target in sections["%files"]}
        self.assertEqual(set(copied), {path.name for path in self.package.iterdir() if path.is_dir()})
        for source, target in copied.items():
            self.assertEqual(target, f"/opt/albert/{source}", "the programs find their libraries beside their own folder")


if __name__ == "__main__":
    unittest.main()
