"""Compares a model folder of ours, loaded by transformers, with the tensors that `albert predict` wrote."""
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AlbertForPreTraining


def load(folder):
    model, info = AlbertForPreTraining.from_pretrained(folder, output_loading_info=True, attn_implementation="eager")
    problems = {key: value for key, value in info.items() if value}
    if problems:
        sys.exit(f"loading the folder is not clean: {problems}")
    return model.eval()


def make_input(folder, path):
    """Random ids without 0 (transformers gives id 0 no gradient), of different lengths."""
    model = load(folder)
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([7, 64, 1, 33])
    ids = torch.randint(1, model.config.vocab_size, (4, 64), generator=generator)
    segments = torch.randint(0, 2, (4, 64), generator=generator)
    for row, length in enumerate(lengths):
        ids[row, length:] = 0
        segments[row, length:] = 0
    save_file({"ids": ids, "segments": segments, "lengths": lengths}, path)


def relative(a, b):
    return ((a.double() - b.double()).norm() / b.double().norm()).item()


def compare(folder, path):
    model = load(folder)
    ours = load_file(path)
    mask = (torch.arange(ours["ids"].shape[1]) < ours["lengths"][:, None]).long()
    with torch.no_grad():
        theirs = model(input_ids=ours["ids"], token_type_ids=ours["segments"], attention_mask=mask, output_hidden_states=True)
        pooled = model.albert(input_ids=ours["ids"], token_type_ids=ours["segments"], attention_mask=mask).pooler_output
    real = mask.bool()
    errors = {f"hidden_states.{i}": relative(ours[f"hidden_states.{i}"][real], hidden[real]) for i, hidden in enumerate(theirs.hidden_states)}
    errors["prediction_logits"] = relative(ours["prediction_logits"][real], theirs.prediction_logits[real])
    errors["sop_logits"] = relative(ours["sop_logits"], theirs.sop_logits)
    errors["pooled"] = relative(ours["pooled"], pooled)
    print({name: f"{error:.1e}" for name, error in errors.items()})
    bad = {name: error for name, error in errors.items() if not error < 1e-5}
    if bad:
        sys.exit(f"differ by 1e-5 or more: {bad}")


if __name__ == "__main__":
    {"make-input": make_input, "compare": compare}[sys.argv[1]](*sys.argv[2:])
