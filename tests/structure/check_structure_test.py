"""Each check of check_structure.py refuses what it must, and accepts a tree that is as it should be."""

import tempfile
import unittest
from pathlib import Path

import check_structure


class CheckStructure(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write("include/albert/base/error.h", "// Errors of this project and their codes.\n#pragma once\n#include <string>\n")
        self.write("include/albert/model/albert.h", "// The encoder and its layers.\n#pragma once\n#include <albert/base/error.h>\n")
        self.write("src/model/attention.h", "#pragma once\n")
        self.write("src/model/albert.cpp", "#include <albert/model/albert.h>\n#include <model/attention.h>\n#include <ATen/ATen.h>\n")
        self.write("README.md", "See `src/model/albert.cpp`, `base/error.h`, [the source](src/model) and `scripts/<name>.sh`.\n")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def texts(self, check):
        return [f"{file.relative_to(self.root)}:{number}: {text}" for file, number, text in check_structure.CHECKS[check](self.root)]

    def expect(self, check, *parts):
        texts = self.texts(check)
        self.assertEqual(len(texts), len(parts), texts)
        for text, part in zip(texts, parts):
            self.assertIn(part, text)

    def test_accepts_a_good_tree(self):
        for check in check_structure.CHECKS:
            self.assertEqual(self.texts(check), [], check)

    def test_refuses_an_include_against_the_table(self):
        self.write("src/optim/lamb.cpp", "#include <vector>\n#include <albert/model/albert.h>\n")
        self.expect("includes", "src/optim/lamb.cpp:2: optim may not include model; it may include base, config, io, cuda")

    def test_refuses_a_private_header_of_another_folder(self):
        self.write("src/tasks/task.cpp", '#include "model/attention.h"\n')
        self.expect("includes", "model/attention.h is a private header of model; include a header of include/albert/model")

    def test_refuses_an_unknown_folder(self):
        self.write("src/misc/helpers.cpp", "#include <vector>\n")
        self.expect("includes", "folder 'misc' is not in the include table")

    def test_refuses_a_public_header_that_includes_by_relative_path(self):
        self.write("include/albert/model/heads.h", '// Heads of the encoder.\n#pragma once\n#include "albert.h"\n')
        self.expect("includes", 'public headers include by full path, got "albert.h"')

    def test_refuses_tensors_in_parsers_but_not_in_the_batch(self):
        self.write("include/albert/data/batch.h", "// Packed batches of examples.\n#pragma once\n#include <ATen/core/Tensor.h>\n")
        self.write("src/io/safetensors.cpp", "#include <ATen/ATen.h>\n")
        self.expect("third_party", "src/io/safetensors.cpp:1: ATen/ATen.h in io; parsers and the command line know nothing of tensors")

    def test_refuses_sentencepiece_outside_the_tokenizer(self):
        self.write("src/tokenizer/tokenizer.cpp", "#include <sentencepiece_processor.h>\n")
        self.write("src/data/corpus.cpp", "#include <sentencepiece_processor.h>\n")
        self.expect("third_party", "src/data/corpus.cpp:1")

    def test_refuses_the_header_of_everything(self):
        self.write("tests/model/albert_test.cpp", "#include <torch/torch.h>\n")
        self.expect("third_party", "tests/model/albert_test.cpp:1: torch/torch.h costs")

    def test_refuses_a_header_without_purpose(self):
        self.write("include/albert/base/file.h", "#pragma once\n")
        self.expect("headers", "a header opens with its purpose")

    def test_refuses_a_long_file_without_reason(self):
        self.write("src/model/big.cpp", "int x;\n" * 501)
        self.expect("file_size", "src/model/big.cpp:501: at most 500 lines")
        self.write("tests/structure/long_files.txt", "src/model/big.cpp: a table that is read in one piece\n")
        self.expect("file_size")
        self.write("tests/structure/long_files.txt", "src/model/big.cpp: long\n")
        self.expect("file_size", "a reason is wanted")

    def test_refuses_a_reason_that_is_no_longer_needed(self):
        self.write("tests/structure/long_files.txt", "src/model/albert.cpp: it used to be long, once\nsrc/gone.cpp: it was there before\n")
        self.expect("file_size", "has 3 lines and needs no reason", "src/gone.cpp does not exist")

    def test_refuses_paths_of_a_machine(self):
        for text in ("cd /" + "root/project", 'open("/' + 'work/data.txt")', "# see /" + "home/anna/notes"):
            self.write("scripts/run.sh", text + "\n")
            self.expect("machine_paths", "is a path of one machine")
        for text in ("docs/work/x", "~/work/", "https://example.org/home/anna", "build/root/x", "${HOME}/work/y"):
            self.write("scripts/run.sh", text + "\n")
            self.expect("machine_paths")

    def test_refuses_documents_that_name_what_is_not_there(self):
        self.write("docs/architecture.md", "`src/model/albert.{cpp,h}` and `model/gone.h`\n[decision](decisions/0001.md)\n```\nscripts/gone.sh\n```\n")
        self.expect(
            "documents",
            "docs/architecture.md:1: names src/model/albert.h, which does not exist",
            "docs/architecture.md:1: names model/gone.h",
            "docs/architecture.md:2: links to decisions/0001.md",
            "docs/architecture.md:4: names scripts/gone.sh",
        )


if __name__ == "__main__":
    unittest.main()
