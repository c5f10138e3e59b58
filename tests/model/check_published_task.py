"""Loads task folders that the C++ test wrote as the class that their config.json names, and compares scores and labels:
python check_published_task.py FOLDER...

Exit 0 when transformers reports no missing and no unexpected key, logits agree, and labels and problem type are those of labels.json.
"""
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import load_file


def check(folder):
    expected = load_file(folder / "expected.safetensors")
    architecture = json.loads((folder / "config.json").read_text())["architectures"][0]
    model, info = getattr(transformers, architecture).from_pretrained(folder, output_loading_info=True, attn_implementation="eager")
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    ids, segments = expected["ids"], expected["segments"]
    if "MultipleChoice" in architecture:
        ids, segments = ids[None], segments[None]
    with torch.no_grad():
        output = model.eval()(input_ids=ids, token_type_ids=segments)
    actual = {"logits": output.start_logits, "end_logits": output.end_logits} if "end_logits" in expected else {"logits": output.logits}
    for name, tensor in actual.items():
        wanted = expected[name]
        error = ((tensor.flatten() - wanted.flatten()).norm() / wanted.norm()).item()
        assert tensor.numel() == wanted.numel() and error < 1e-5, f"{folder.name}: {name} differs by {error}"
    wanted = json.loads((folder / "labels.json").read_text())
    if wanted["labels"]:
        assert [model.config.id2label[i] for i in range(model.config.num_labels)] == wanted["labels"], model.config.id2label
        assert model.config.label2id == {label: i for i, label in enumerate(wanted["labels"])}, model.config.label2id
    assert (model.config.problem_type or "") == wanted["problem_type"], model.config.problem_type


for argument in sys.argv[1:]:
    check(pathlib.Path(argument))
