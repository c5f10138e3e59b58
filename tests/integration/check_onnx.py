"""ONNX files of `albert convert` in onnxruntime, against transformers or the tensors of `albert predict`.

    check_onnx.py transformers FOLDER ALBERT       makes a model of each class in FOLDER, converts and compares it
    check_onnx.py tensors FILE.onnx TENSORS        TENSORS: of `albert predict MODEL --tensors`
    check_onnx.py beams FOLDER ALBERT GOLDEN       GOLDEN: what tests/model holds the beam head of ours against
"""
import pathlib
import subprocess
import sys

import numpy
import onnx
import onnxruntime
import torch
import transformers
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

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
        eager = type(model).from_pretrained(path, attn_implementation="eager").to(torch.float32).eval()
        inputs["attention_mask"][0] = 0  # no token that may be looked at: all are, alike
        with torch.no_grad():
            expected = {key: value.numpy() for key, value in eager(**inputs).items()}
        worst = numpy.maximum(worst, largest_difference(session, expected, {key: value.numpy() for key, value in inputs.items()}))
        print(f"{name} {options}: {worst:.1e}")
        assert worst < LIMIT, (name, options, worst)
        facts = session.get_modelmeta().custom_metadata_map
        assert facts == {"max_sequence_length": str(SHAPE["max_position_embeddings"]), "vocab_size": str(SHAPE["vocab_size"])}, facts


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


BEAMS = ("start_top_log_probs", "start_top_index", "end_top_log_probs", "end_top_index", "cls_logits")


def compare_beams(folder, albert, golden):
    folder = pathlib.Path(folder)
    expected, weights = load_file(golden), {}
    for name in [name for name in expected if name.startswith("weight/")]:
        weights[name.removeprefix("weight/")] = expected.pop(name)
    with safe_open(golden, "numpy") as file:
        (folder / "config.json").write_text(file.metadata()["config"])
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    subprocess.run([albert, "convert", folder, folder / "model.onnx"], check=True)
    session = session_of(folder / "model.onnx")

    def run(ids, segments, mask, p_mask):
        return dict(zip(BEAMS, session.run(BEAMS, {"input_ids": ids, "token_type_ids": segments, "attention_mask": mask, "p_mask": p_mask})))

    ids, segments, p_mask, lengths = (expected[name] for name in ("ids", "segments", "p_mask", "lengths"))
    mask = (numpy.arange(ids.shape[1]) < lengths[:, None]).astype(numpy.int64)
    results = run(ids, segments, mask, p_mask)
    starts, ends = expected["end_beams"].shape[1:]  # fewer than in the file, whose first ones they are
    assert numpy.array_equal(results["start_top_index"][:, :starts], expected["beams"]), results["start_top_index"]
    assert numpy.array_equal(results["end_top_index"][:, :starts, :ends], expected["end_beams"]), results["end_top_index"]
    for name, actual, wanted in (("starts", results["start_top_log_probs"][:, :starts], expected["beam_log_probs"]),
                                 ("ends", results["end_top_log_probs"][:, :starts, :ends], expected["end_beam_log_probs"]),
                                 ("answers", results["cls_logits"], expected["no_answer_logits"])):
        numpy.testing.assert_allclose(actual, wanted, atol=LIMIT, rtol=0, err_msg=name)  # takes -infinity where both have it

    for row, length in enumerate(lengths):  # each alone, without padding
        alone = run(*(values[row:row + 1, :length] for values in (ids, segments, mask, p_mask)))
        for name in BEAMS:
            numpy.testing.assert_allclose(alone[name][0], results[name][row], atol=LIMIT, rtol=0)
    few = run(*(values[:1, :3] for values in (ids, segments, mask)), numpy.array([[1, 0, 0]]))
    assert sorted(few["start_top_index"][0]) == [-1, -1, -1, 1, 2], few
    assert numpy.array_equal(few["start_top_log_probs"][0] == -numpy.inf, few["start_top_index"][0] == -1), few
    assert (few["end_top_index"][0, 2:] == -1).all() and (few["end_top_index"][0, :2, 2:] == -1).all(), few
    none = run(ids, segments, mask, numpy.ones_like(p_mask))
    assert (none["start_top_index"] == -1).all() and (none["end_top_index"] == -1).all() and numpy.isfinite(none["cls_logits"]).all(), none


if __name__ == "__main__":
    {"transformers": compare_with_transformers, "tensors": compare_with_tensors, "beams": compare_beams}[sys.argv[1]](*sys.argv[2:])
