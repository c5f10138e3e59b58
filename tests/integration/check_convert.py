"""Models of transformers for convert_test.py, and what transformers says of the converted ones.

    check_convert.py make FOLDER         one folder for each class and variation, and ids.safetensors
    check_convert.py compare JOBS.json   [[source, converted, tensors of `albert predict`], ...]: both load cleanly and give the same
"""
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file

TOLERANCE = 1e-5
LENGTHS = [7, 24, 1, 13]
VOCABULARY = 60
ALBERT = dict(vocab_size=VOCABULARY, embedding_size=8, hidden_size=16, num_hidden_layers=4, num_attention_heads=4, intermediate_size=32,
              max_position_embeddings=24)
BERT = dict(vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=32, max_position_embeddings=24)
LABELS = dict(id2label={0: "a", 1: "b", 2: "c"}, label2id={"a": 0, "b": 1, "c": 2})
CLASSES = {
    "AlbertModel": {}, "AlbertForPreTraining": {}, "AlbertForMaskedLM": dict(hidden_act="gelu"),
    "AlbertForSequenceClassification": dict(num_hidden_groups=2, inner_group_num=2, **LABELS), "AlbertForTokenClassification": LABELS,
    "AlbertForQuestionAnswering": {}, "AlbertForMultipleChoice": {},
    "BertModel": {}, "BertForPreTraining": {}, "BertForMaskedLM": {}, "BertForSequenceClassification": LABELS,
    "BertForTokenClassification": LABELS, "BertForQuestionAnswering": {}, "BertForMultipleChoice": {},
}


def new_model(name):
    is_bert = name.startswith("Bert")
    config = (transformers.BertConfig if is_bert else transformers.AlbertConfig)(**{**(BERT if is_bert else ALBERT), **CLASSES[name]})
    torch.manual_seed(1)
    model = getattr(transformers, name)(config)
    generator = torch.Generator().manual_seed(len(name))
    with torch.no_grad():
        for parameter in model.parameters():  # biases and LayerNorm, too
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def rewrite(folder, change, metadata=None):
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata or {"format": "pt"})


def old_names(tensors):
    """As transformers 2 wrote AlbertForMaskedLM and AlbertModel: no prefix, TensorFlow's names of LayerNorm, buffers, aliases."""
    result = {}
    for name, tensor in tensors.items():
        short = name.removeprefix("albert.")
        if "LayerNorm." in short or "layer_norm." in short:
            short = short.replace(".weight", ".gamma").replace(".bias", ".beta")
        result[short] = tensor
    result["embeddings.position_ids"] = torch.arange(24)[None]
    if "predictions.bias" in result:
        result["predictions.decoder.bias"] = result.pop("predictions.bias")
        result["predictions.decoder.weight"] = result["embeddings.word_embeddings.weight"].clone()
    return result


def make(folder):
    folder = pathlib.Path(folder)
    for name in CLASSES:
        new_model(name).save_pretrained(folder / name)
    new_model("AlbertForPreTraining").save_pretrained(folder / "sharded", max_shard_size="6KB")
    new_model("AlbertForPreTraining").to(torch.bfloat16).save_pretrained(folder / "bfloat16")
    new_model("AlbertForMaskedLM").save_pretrained(folder / "old")
    rewrite(folder / "old", old_names)
    pretrained = new_model("AlbertForPreTraining")
    pretrained.save_pretrained(folder / "hub")  # as the published folders: a pooler, no sentence-order head
    rewrite(folder / "hub", lambda tensors: {k: v for k, v in tensors.items() if not k.startswith("sop_")})
    config = json.loads((folder / "hub/config.json").read_text())
    config.update(architectures=["AlbertForMaskedLM"], net_structure_type=0, gap_size=0, down_scale_factor=1)
    (folder / "hub/config.json").write_text(json.dumps(config))
    pretrained.save_pretrained(folder / "pickle")
    (folder / "pickle/model.safetensors").unlink()
    torch.save(pretrained.state_dict(), folder / "pickle/pytorch_model.bin")
    pretrained.save_pretrained(folder / "untied")
    rewrite(folder / "untied", lambda tensors: {**tensors, "predictions.decoder.weight": torch.ones(VOCABULARY, 8)})

    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(1, VOCABULARY, (len(LENGTHS), 24), generator=generator)
    segments = torch.randint(0, 2, ids.shape, generator=generator)
    for row, length in enumerate(LENGTHS):
        ids[row, length:] = 0
        segments[row, length:] = 0
    save_file({"ids": ids, "segments": segments, "lengths": torch.tensor(LENGTHS)}, folder / "ids.safetensors")


def load(folder, name=None, allowed=()):
    name = name or json.loads((pathlib.Path(folder) / "config.json").read_text())["architectures"][0]
    model, info = getattr(transformers, name).from_pretrained(folder, output_loading_info=True, attn_implementation="eager", dtype=torch.float32)
    problems = {key: [item for item in value if not str(item).startswith(allowed)] for key, value in info.items() if value}
    if any(problems.values()):
        sys.exit(f"{folder}: loading as {name} is not clean: {problems}")
    return model.eval()


def relative(a, b):
    return ((a.double() - b.double()).norm() / b.double().norm()).item()


def outputs(model, tensors, mask):
    inputs = dict(input_ids=tensors["ids"], token_type_ids=tensors["segments"], attention_mask=mask)
    if "MultipleChoice" in type(model).__name__:
        inputs = {key: value[None] for key, value in inputs.items()}
    with torch.no_grad():
        return model(**inputs, output_hidden_states=True)


def compare(path):
    for source, converted, file in json.loads(pathlib.Path(path).read_text()):
        tensors = load_file(file)
        mask = (torch.arange(tensors["ids"].shape[1]) < tensors["lengths"][:, None]).long()
        real = mask.bool()
        # transformers ignores a pooler that its class does not read, and says so.
        theirs, ours = load(source, allowed=("albert.pooler.",)), load(converted, allowed=("albert.pooler.",))
        expected, again = outputs(theirs, tensors, mask), outputs(ours, tensors, mask)
        for key, value in expected.items():
            values = zip(value, again[key]) if isinstance(value, tuple) else [(value, again[key])]
            if not all(torch.equal(a, b) for a, b in values):
                sys.exit(f"{converted}: {key} differs from the source's")
        errors = [relative(tensors[f"hidden_states.{i}"][real], hidden.view(len(LENGTHS), -1, hidden.shape[-1])[real])
                  for i, hidden in enumerate(expected.hidden_states)]
        names = {"prediction_logits": "prediction_logits", "seq_relationship_logits": "sop_logits", "sop_logits": "sop_logits"}
        if type(ours).__name__.endswith("ForMaskedLM"):
            names["logits"] = "prediction_logits"
        for key, own in names.items():
            if key in expected:
                mine, logits = tensors[own], expected[key]
                errors.append(relative(mine[real], logits[real]) if logits.dim() == 3 else relative(mine, logits))
        print(f"{pathlib.Path(converted).name:<36} {type(ours).__name__:<32} {len(errors)} tensors, largest error {max(errors):.1e}")
        if not all(error < TOLERANCE for error in errors):  # NaN is not
            sys.exit(f"{converted}: differs by {TOLERANCE} or more")


if __name__ == "__main__":
    {"make": make, "compare": compare}[sys.argv[1]](sys.argv[2])
