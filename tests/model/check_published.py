"""Loads model folders that the C++ test wrote and compares logits: python check_published.py FOLDER...

Exit 0 when transformers reports no missing and no unexpected key and logits agree.
"""
import pathlib
import sys

import torch
from safetensors.torch import load_file
from transformers import AlbertForMaskedLM, AlbertForPreTraining, BertForPreTraining

CLASSES = {c.__name__: c for c in (AlbertForPreTraining, AlbertForMaskedLM, BertForPreTraining)}


def check(folder):
    expected = load_file(folder / "expected.safetensors")
    architecture = (folder / "class.txt").read_text()
    model, info = CLASSES[architecture].from_pretrained(folder, output_loading_info=True, attn_implementation="eager")
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    with torch.no_grad():
        output = model.eval()(input_ids=expected["ids"], token_type_ids=expected["segments"])
    logits = output.prediction_logits if hasattr(output, "prediction_logits") else output.logits
    actual = {"mlm_logits": logits.flatten(0, 1)}
    if "sop_logits" in expected:
        actual["sop_logits"] = output.sop_logits if hasattr(output, "sop_logits") else output.seq_relationship_logits
    for name, tensor in actual.items():
        error = ((tensor - expected[name]).norm() / expected[name].norm()).item()
        assert error < 1e-5, f"{folder.name}: {name} differs by {error}"


for argument in sys.argv[1:]:
    check(pathlib.Path(argument))
