"""Texts, vocabularies and folders that a run meets in the wild: the broken ones give one clear line and the right exit code, and leave
nothing half-written; the odd but good ones are read. Expected texts: broken_inputs.txt ("name: exit code: text", FOLDER stands for the
test's folder)."""
import gzip
import os
import re
import subprocess
import unittest

from harness import SOURCE, ProgramTest, files_below

SENTENCES = ("The harbour was quiet at dawn. Gulls stood on the wall and waited for the boats. When the first sail came round the point, "
             "the whole row of them rose at once. A boy counted them and lost count at forty. His father laughed and threw a fish. ")
EXPECTED = {}
for line in (SOURCE / "tests/integration/broken_inputs.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        name, code, text = line.split(": ", 2)
        EXPECTED[name] = (int(code), text)


def documents(leave_out=0):
    """The sample texts, a blank line between documents; `leave_out` drops as many at the end."""
    files = sorted((SOURCE / "data/sample").glob("*.txt"))
    return "\n\n".join(file.read_text().strip() for file in files[:len(files) - leave_out]) + "\n"


class InputsTest(ProgramTest):
    covered = set()

    def config_for(self, content=None, name="run", **changes):
        text = self.folder / "text.txt"
        if content is not None:
            text.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self.tiny(name, text=changes.pop("text", text), steps=2, **changes)

    def refuse(self, case, config, *arguments, leftovers=(), **options):
        InputsTest.covered.add(case)
        code, text = EXPECTED[case]
        result = self.run_program(config, *arguments, expect=code, **options)
        lines = [line for line in result.stderr.splitlines() if " info " not in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], self.pattern(text), case)
        run = self.folder / "run"
        present = set(files_below(run)) if run.exists() else set()
        allowed = {"tokenizer", "tokenizer/spiece.model", "tokenizer/options.yaml", *leftovers}
        self.assertLessEqual(present, allowed, f"{case} left something behind")

    def pattern(self, text):
        """The whole line, with the placeholders of broken_inputs.txt filled in."""
        escaped = re.escape("error: " + text.replace("FOLDER", str(self.folder)))
        return "^" + escaped.replace(re.escape("<*>"), "[0-9a-f]+") + "$"

    # Broken text.

    def test_missing_file(self):
        self.refuse("missing_file", self.config_for())

    def test_all_wrong_paths_are_listed(self):
        config = self.config_for()
        sources = f"data.sources=[{{path: {self.folder / 'a.txt'}}}, {{path: {config}}}, {{path: '{self.folder / '*.none'}'}}]"
        for arguments in ([], ["--dry-run"]):
            result = self.run_program(config, "--set", sources, *arguments, expect=3)
            errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
            self.assertEqual([line.split(":")[1].strip() for line in errors], ["data.sources[0].path", "data.sources[2].path"], result.stderr)

    def test_pattern_without_match(self):
        self.refuse("pattern_without_match", self.config_for(text=self.folder / "none" / "*.txt"))

    def test_folder_in_place_of_a_file(self):
        self.refuse("folder", self.config_for(text=self.folder))

    def test_empty_file(self):
        self.refuse("empty_file", self.config_for(""))

    def test_blank_lines_only(self):
        self.refuse("blank_lines", self.config_for("\n \n\t\n" * 1000))

    def test_binary_file(self):
        self.refuse("binary", self.config_for(bytes(range(256)) * 40))

    def test_invalid_utf8(self):
        self.refuse("invalid_utf8", self.config_for(documents().encode() + b"A broken \xff byte.\n"))

    def test_nul_byte(self):
        self.refuse("nul", self.config_for(documents().encode() + b"A \0 byte.\n"))

    def test_utf16(self):
        self.refuse("utf16", self.config_for(documents().encode("utf-16")))

    def test_truncated_gzip(self):
        packed = self.folder / "text.txt.gz"
        packed.write_bytes(gzip.compress(documents().encode())[:-200])
        self.refuse("truncated_gzip", self.config_for(text=packed))

    def test_unreadable_file(self):
        if os.geteuid() == 0:
            self.refuse("unreadable", self.config_for("x", text="/proc/self/mem"))
        else:
            config = self.config_for(documents())
            (self.folder / "text.txt").chmod(0)
            self.refuse("unreadable_by_mode", config)

    def test_broken_jsonl(self):
        text = '{"text": "' + "One good line. " * 30 + '"}\n{"text": oops}\n'
        config = self.config_for(text)
        self.refuse("broken_jsonl", config, "--set", f"data.sources=[{{path: {self.folder / 'text.txt'}, format: jsonl}}]")

    def test_no_document_long_enough(self):
        self.refuse("too_short", self.config_for("".join(word + "\n\n" for word in documents().split())), "--set", "tokenizer.vocab_size=100", leftovers=("store", "store/tokens.store"))

    # Vocabulary.

    def test_vocabulary_larger_than_its_text(self):
        self.refuse("vocabulary_too_large", self.config_for(documents()), "--set", "tokenizer.vocab_size=30000")

    def test_broken_vocabulary(self):
        (self.folder / "spiece.model").write_bytes(b"\x0a\xff\xff\xff\xff\x0f not a model")
        self.refuse("broken_vocabulary", self.config_for(documents()), "--set", f"tokenizer.model={self.folder / 'spiece.model'}")

    def test_missing_vocabulary(self):
        self.refuse("missing_vocabulary", self.config_for(documents()), "--set", f"tokenizer.model={self.folder / 'spiece.model'}")

    def test_store_of_another_tokenizer(self):
        self.run_program(self.tiny("first", steps=2), "--prepare-only")
        config = self.tiny(steps=2)
        self.refuse("other_tokenizer", config, "--set", f"data.store={self.folder / 'first/store'}", "--set", "tokenizer.vocab_size=300")

    def test_store_of_other_text(self):
        config = self.config_for(documents())
        self.run_program(config, "--prepare-only")
        (self.folder / "text.txt").write_text(documents(leave_out=1))
        self.refuse("other_text", config, leftovers=("store", "store/tokens.store"))

    def test_damaged_store(self):
        config = self.config_for(documents())
        self.run_program(config, "--prepare-only")
        path = self.folder / "run/store/tokens.store"
        data = bytearray(path.read_bytes())
        data[400] ^= 1
        path.write_bytes(data)
        self.refuse("damaged_store", config, leftovers=("store", "store/tokens.store"))

    # Output.

    def test_output_is_a_file(self):
        (self.folder / "run").write_text("x")
        InputsTest.covered.add("output_is_a_file")
        code, text = EXPECTED["output_is_a_file"]
        result = self.run_program(self.tiny(), expect=code)
        self.assertRegex(result.stderr.strip(), self.pattern(text))

    def test_read_only_output(self):
        mount = self.folder / "ro"
        mount.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", mount], capture_output=True).returncode != 0:
            self.skipTest("cannot mount a read-only file system here")
        self.addCleanup(subprocess.run, ["umount", mount], check=True)
        self.refuse("read_only_output", self.tiny(output=mount / "run"))

    def test_damaged_checkpoints_only(self):
        config = self.config_for(documents())
        self.run_program(config)
        for path in (self.folder / "run/checkpoints").glob("step-*/model.safetensors"):
            data = bytearray(path.read_bytes())
            data[-1] ^= 1
            path.write_bytes(data)
        result = self.run_program(config, expect=4)
        errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(errors), 1, result.stderr)
        self.assertIn("wanted a checkpoint that is not damaged, got 1 that are; delete the folder to start again", errors[0])
        self.assertIn("model.safetensors", result.stderr)

    # Odd, but good.

    def test_bom_crlf_no_final_newline_and_a_long_line(self):
        plain = documents()
        self.run_program(self.config_for(plain, name="plain"), "--prepare-only")
        tokenizer = self.folder / "plain/tokenizer/spiece.model"
        reference = (self.folder / "plain/store/tokens.store").read_bytes()
        for name, content in (("bom", b"\xef\xbb\xbf" + plain.encode()), ("crlf", plain.replace("\n", "\r\n").encode()),
                              ("newline", plain.rstrip("\n").encode())):
            self.run_program(self.config_for(content, name=name), "--prepare-only", "--set", f"tokenizer.model={tokenizer}")
            store = (self.folder / name / "store/tokens.store").read_bytes()
            self.assertEqual(self.ids_of(store), self.ids_of(reference), name)
        long_line = (SENTENCES * (100_000_000 // len(SENTENCES))).encode()
        result = self.run_program(self.config_for(long_line, name="long"), "--prepare-only", "--set", f"tokenizer.model={tokenizer}", timeout=300)
        self.assertIn("were cut", result.stderr)

    def test_replace_and_skip_count_what_they_do(self):
        content = documents().encode() + b"\nA broken \xff byte and \xe2\x82 another.\n\nA good line follows here.\n"
        for policy, words in (("replace", "2 parts"), ("skip", "1 lines")):
            result = self.run_program(self.config_for(content, name=policy), "--prepare-only", "--set", f"data.invalid_utf8={policy}")
            self.assertIn(words, result.stderr)

    @staticmethod
    def ids_of(store):
        """The section of ids: offset and size are the first pair of numbers at byte 88 (docs/formats-token-store.md)."""
        offset, size = (int.from_bytes(store[at:at + 8], "little") for at in (88, 96))
        return store[offset:offset + size]

    @classmethod
    def tearDownClass(cls):
        optional = {"unreadable", "unreadable_by_mode", "read_only_output"}
        missing = set(EXPECTED) - cls.covered - optional
        assert not missing, f"broken_inputs.txt has cases that no test ran: {missing}"


if __name__ == "__main__":
    unittest.main()
