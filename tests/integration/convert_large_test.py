"""albert convert on weights of the published sizes: to the bit there and back, in bounded memory and time. Prints what it measured."""
import json
import os
import random
import shutil
import subprocess
import time
import unittest

from harness import BIN, ProgramTest

SIZES = {"base": (12, 768, 12, 3072), "xxlarge": (12, 4096, 64, 16384)}
VOCABULARY, EMBEDDING, POSITIONS = 30000, 128, 512
LAYER = "albert.encoder.albert_layer_groups.0.albert_layers.0."


def shapes(hidden, intermediate, architecture):
    def linear(name, inner, outer):
        return {f"{name}.weight": [outer, inner], f"{name}.bias": [outer]}

    def norm(name, size):
        return {f"{name}.weight": [size], f"{name}.bias": [size]}

    embeddings = {"word": VOCABULARY, "position": POSITIONS, "token_type": 2}
    result = {f"albert.embeddings.{name}_embeddings.weight": [size, EMBEDDING] for name, size in embeddings.items()}
    result |= norm("albert.embeddings.LayerNorm", EMBEDDING) | linear("albert.encoder.embedding_hidden_mapping_in", EMBEDDING, hidden)
    for part in ("query", "key", "value", "dense"):
        result |= linear(f"{LAYER}attention.{part}", hidden, hidden)
    result |= norm(f"{LAYER}attention.LayerNorm", hidden) | norm(f"{LAYER}full_layer_layer_norm", hidden)
    result |= linear(f"{LAYER}ffn", hidden, intermediate) | linear(f"{LAYER}ffn_output", intermediate, hidden)
    pooler = linear("albert.pooler", hidden, hidden)
    words = linear("predictions.dense", hidden, EMBEDDING) | norm("predictions.LayerNorm", EMBEDDING) | {"predictions.bias": [VOCABULARY]}
    heads = {
        "AlbertForPreTraining": pooler | words | linear("sop_classifier.classifier", hidden, 2),
        "AlbertForMaskedLM": words,
        "AlbertModel": pooler,
        "AlbertForSequenceClassification": pooler | linear("classifier", hidden, 2),
        "AlbertForMultipleChoice": pooler | linear("classifier", hidden, 1),
        "AlbertForTokenClassification": linear("classifier", hidden, 2),
        "AlbertForQuestionAnswering": linear("qa_outputs", hidden, 2),
        "AlbertForBeamQuestionAnswering": linear("start_logits.dense", hidden, 1) | linear("end_logits.dense_0", 2 * hidden, hidden)
        | norm("end_logits.LayerNorm", hidden) | linear("end_logits.dense_1", hidden, 1) | linear("answer_class.dense_0", 2 * hidden, hidden)
        | {"answer_class.dense_1.weight": [1, hidden]},
    }
    result |= heads[architecture]
    return {name.removeprefix("albert."): shape for name, shape in result.items()} if architecture == "AlbertModel" else result


CLASSES = ("AlbertForPreTraining", "AlbertForMaskedLM", "AlbertModel", "AlbertForSequenceClassification", "AlbertForMultipleChoice",
           "AlbertForTokenClassification", "AlbertForQuestionAnswering", "AlbertForBeamQuestionAnswering")


class LargeTest(ProgramTest):
    def write_model(self, folder, size, architecture):
        """Random bits, in the order of transformers: one type, so by name."""
        layers, hidden, heads, intermediate = size
        folder.mkdir()
        entries, end = {"__metadata__": {"format": "pt"}}, 0
        for name, shape in sorted(shapes(hidden, intermediate, architecture).items()):
            begin, end = end, end + 4 * shape[0] * (shape[1] if len(shape) == 2 else 1)
            entries[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
        header = json.dumps(entries, separators=(",", ":")).encode()
        header += b" " * (-len(header) % 8)
        with open(folder / "model.safetensors", "wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            chunk = random.Random(1).randbytes(1 << 20)
            for begin in range(0, end, len(chunk)):
                file.write(begin.to_bytes(8, "little") + chunk[8:min(len(chunk), end - begin)])
        (folder / "config.json").write_text(json.dumps({
            "model_type": "albert", "architectures": [architecture], "num_hidden_layers": layers, "hidden_size": hidden,
            "num_attention_heads": heads, "intermediate_size": intermediate, "vocab_size": VOCABULARY, "embedding_size": EMBEDDING}))

    def measured(self, source, target):
        """Seconds of the clock and of the processors, and the peak of the resident memory, mapped files included, of a conversion."""
        begin = time.monotonic()
        process = subprocess.Popen([BIN / "albert", "convert", source, target], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

    def check(self, name, architecture):
        source, ours, again = (self.folder / f"{name}-{architecture}-{step}" for step in ("source", "ours", "again"))
        self.write_model(source, SIZES[name], architecture)
        file_bytes = (source / "model.safetensors").stat().st_size
        for begin, end in ((source, ours), (ours, again)):
            seconds, processor_seconds, memory = self.measured(begin, end)
            print(f"{name} {architecture}: {file_bytes / 1e6:.0f} MB in {seconds:.1f} s ({processor_seconds:.1f} s of processors), peak {memory / 1e6:.0f} MB")
            subprocess.run(["cmp", begin / "model.safetensors", end / "model.safetensors"], check=True)
            # LibTorch's own libraries take about 120 MB, which count for a small model only.
            self.assertLess(memory, max(2 * file_bytes, 250e6))
            self.assertLess(seconds, 10)
        for folder in (source, ours, again):
            shutil.rmtree(folder)

    def test_base_there_and_back(self):
        for architecture in CLASSES:
            self.check("base", architecture)

    def test_xxlarge_there_and_back(self):
        for architecture in CLASSES:
            self.check("xxlarge", architecture)


if __name__ == "__main__":
    unittest.main()
