"""ONNX files of `albert convert` in onnxruntime, against transformers or the tensors of `albert predict`.

    check_onnx.py transformers FOLDER ALBERT       makes a model of each class in FOLDER, converts and compares it
    check_onnx.py tensors FILE.onnx TENSORS        TENSORS: of `albert predict MODEL --tensors`
"""
import pathlib
import subprocess
import sys

import numpy
import onnx
import onnxruntime
import torch
import transformers
from safetensors.numpy import load_file

LIMIT = 1e-4
SHAPE = dict(vocab_size=50, hidden_size=16, num_hidden_layers=4, num_attention_heads=4, intermediate_size=24, max_position_embeddings=20,
             initializer_range=0.3)
HEADS = {"Model": {}, "ForPreTraining": {}, "ForMaskedLM": {}, "ForSequenceClassification": dict(num_labels=5), "ForTokenClassification": dict(num_labels=4),
         "ForQuestionAnswering": {}, "ForMultipleChoice": {}}
# Class, what differs from SHAPE, the type of the weights.
CASES = [
    *((f"{family}{head}", options, torch.float32) for head, options in HEADS.items() for family in ("Albert", "Bert")),
    ("AlbertForSequenceClassification", dict(num_labels=1, problem_type="regression"), torch.float32),
    ("AlbertForSequenceClassification", dict(num_labels=3, problem_type="multi_label_classification"), torch.float32),
    ("AlbertModel", dict(hidden_act="gelu"), torch.float32),
    ("AlbertModel", dict(hidden_act="relu"), torch.float32),
    ("AlbertModel", dict(num_hidden_groups=2, inner_group_num=2), torch.float32),
    ("AlbertForMaskedLM", dict(num_hidden_groups=4), torch.bfloat16),
    ("AlbertForTokenClassification", dict(layer_norm_eps=1e-2), torch.float16),
]


def session_of(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(item.domain, item.version) for item in model.opset_import] == [("", 17)], model.opset_import
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def inputs_of(shape, seed):
    """Random ids, both segments; padding of another length in each row."""
    generator = torch.Generator().manual_seed(seed)
    ids, types = torch.randint(1, SHAPE["vocab_size"], shape, generator=generator), torch.randint(0, 2, shape, generator=generator)
    lengths = torch.randint(1, shape[-1] + 1, shape[:-1], generator=generator)
    mask = (torch.arange(shape[-1]) < lengths[..., None]).long()
    return {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": types * mask}


def largest_difference(session, expected, inputs):
    results = dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs)))
    assert results.keys() == expected.keys(), (results.keys(), expected.keys())
    for name, values in expected.items():
        assert results[name].shape == values.shape, (name, results[name].shape, values.shape)
    return numpy.max([numpy.abs(results[name] - values).max() for name, values in expected.items()])  # NaN stays NaN, unlike with max()


def compare_with_transformers(folder, albert):
    for number, (name, options, dtype) in enumerate(CASES):
        torch.manual_seed(number)
        make = transformers.AlbertConfig if name.startswith("Albert") else transformers.BertConfig
        shape = {**SHAPE, **({"embedding_size": 8} if name.startswith("Albert") else {}), **options}
        model = getattr(transformers, name)(make(**shape)).to(dtype).eval()
        path = pathlib.Path(folder) / f"{number}"
        model.save_pretrained(path)
        subprocess.run([albert, "convert", path, path / "model.onnx"], check=True)
        session, model = session_of(path / "model.onnx"), model.to(torch.float32)
        worst = 0.0
        for seed, rows in enumerate(((1, 1), (3, 7), (2, 20))):
            rows = (rows[0], 3, rows[1]) if name.endswith("MultipleChoice") else rows
            inputs = inputs_of(rows, seed)
            with torch.no_grad():
                expected = {key: value.numpy() for key, value in model(**inputs).items()}
            worst = numpy.maximum(worst, largest_difference(session, expected, {key: value.numpy() for key, value in inputs.items()}))
        print(f"{name} {options}: {worst:.1e}")
        assert worst < LIMIT, (name, options, worst)
    nothing = session.run(None, {key: numpy.zeros((1, 3), numpy.int64) for key in inputs})  # no token that may be looked at
    assert numpy.isfinite(nothing[0]).all(), nothing


def compare_with_tensors(path, tensors):
    ours = load_file(tensors)
    mask = (numpy.arange(ours["ids"].shape[1]) < ours["lengths"][:, None]).astype(numpy.int64)
    session = session_of(path)
    results = dict(zip([output.name for output in session.get_outputs()],
                       session.run(None, {"input_ids": ours["ids"], "attention_mask": mask, "token_type_ids": ours["segments"]})))
    assert results.keys() == {"prediction_logits", "sop_logits"}, results.keys()
    real = mask.astype(bool)
    worst = numpy.maximum(numpy.abs(results["prediction_logits"][real] - ours["prediction_logits"][real]).max(), numpy.abs(results["sop_logits"] - ours["sop_logits"]).max())
    print(f"{path}: {worst:.1e}")
    assert worst < LIMIT, worst


if __name__ == "__main__":
    {"transformers": compare_with_transformers, "tensors": compare_with_tensors}[sys.argv[1]](*sys.argv[2:])
