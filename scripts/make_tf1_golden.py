#!/usr/bin/env python3
"""Checkpoints as Google's ALBERT code writes them, written by TensorFlow itself, and the tensors that they must become.

    python scripts/make_tf1_golden.py tests/golden/tf1

Needs tensorflow (tensorflow-cpu will do), numpy and cramjam, in an environment of its own: nothing else of this project does.
Variables have the names and shapes of google-research/albert (modeling.py, run_pretraining.py, run_classifier.py,
squad_utils.py); the values are random. `expected.safetensors` holds them under the names of Hugging Face, with kernels transposed; the
pairs of names are written out here and share no line with the C++ code.
"""

import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import struct
import sys
import tarfile
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import cramjam
import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1

# As in the published archives, the keys that no code reads included.
CONFIG = {
    "attention_probs_dropout_prob": 0,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0,
    "embedding_size": 3,
    "hidden_size": 4,
    "initializer_range": 0.02,
    "intermediate_size": 6,
    "max_position_embeddings": 10,
    "num_attention_heads": 2,
    "num_hidden_layers": 4,
    "num_hidden_groups": 1,
    "net_structure_type": 0,
    "layers_to_keep": [],
    "gap_size": 0,
    "num_memory_blocks": 0,
    "inner_group_num": 1,
    "down_scale_factor": 1,
    "type_vocab_size": 2,
    "vocab_size": 24,
}


def linear(google, published, rows, columns):
    """A kernel [rows, columns] and its bias."""
    return [
        (f"{google}/kernel", (rows, columns), f"{published}.weight"),
        (f"{google}/bias", (columns,), f"{published}.bias"),
    ]


def layer_norm(google, published, size):
    return [(f"{google}/beta", (size,), f"{published}.bias"), (f"{google}/gamma", (size,), f"{published}.weight")]


def encoder(config):
    """(name of the variable, shape, published name) of the encoder with its pooler."""
    e, h, i = config["embedding_size"], config["hidden_size"], config["intermediate_size"]
    rows = [
        ("bert/embeddings/word_embeddings", (config["vocab_size"], e), "albert.embeddings.word_embeddings.weight"),
        ("bert/embeddings/token_type_embeddings", (config["type_vocab_size"], e), "albert.embeddings.token_type_embeddings.weight"),
        ("bert/embeddings/position_embeddings", (config["max_position_embeddings"], e), "albert.embeddings.position_embeddings.weight"),
    ]
    rows += layer_norm("bert/embeddings/LayerNorm", "albert.embeddings.LayerNorm", e)
    rows += linear("bert/encoder/embedding_hidden_mapping_in", "albert.encoder.embedding_hidden_mapping_in", e, h)
    for group in range(config["num_hidden_groups"]):
        for inner in range(config["inner_group_num"]):
            google = f"bert/encoder/transformer/group_{group}/inner_group_{inner}"
            ours = f"albert.encoder.albert_layer_groups.{group}.albert_layers.{inner}"
            for part in ("query", "key", "value"):
                rows += linear(f"{google}/attention_1/self/{part}", f"{ours}.attention.{part}", h, h)
            rows += linear(f"{google}/attention_1/output/dense", f"{ours}.attention.dense", h, h)
            rows += layer_norm(f"{google}/LayerNorm", f"{ours}.attention.LayerNorm", h)
            rows += linear(f"{google}/ffn_1/intermediate/dense", f"{ours}.ffn", h, i)
            rows += linear(f"{google}/ffn_1/intermediate/output/dense", f"{ours}.ffn_output", i, h)
            rows += layer_norm(f"{google}/LayerNorm_1", f"{ours}.full_layer_layer_norm", h)
    return rows + linear("bert/pooler/dense", "albert.pooler", h, h)


def masked_lm(config):
    e, h = config["embedding_size"], config["hidden_size"]
    return [
        *linear("cls/predictions/transform/dense", "predictions.dense", h, e),
        *layer_norm("cls/predictions/transform/LayerNorm", "predictions.LayerNorm", e),
        ("cls/predictions/output_bias", (config["vocab_size"],), "predictions.bias"),
    ]


def outputs(google, published, count, config):
    """Google's heads keep [outputs, hidden], as torch does."""
    return [
        (f"{google}output_weights", (count, config["hidden_size"]), f"{published}.weight"),
        (f"{google}output_bias", (count,), f"{published}.bias"),
    ]


def beam_head(config):
    h = config["hidden_size"]
    return [
        *linear("start_logits/dense", "start_logits.dense", h, 1),
        *linear("end_logits/dense_0", "end_logits.dense_0", 2 * h, h),
        *layer_norm("end_logits/LayerNorm", "end_logits.LayerNorm", h),
        *linear("end_logits/dense_1", "end_logits.dense_1", h, 1),
        *linear("answer_class/dense_0", "answer_class.dense_0", 2 * h, h),
        ("answer_class/dense_1/kernel", (h, 1), "answer_class.dense_1.weight"),
    ]


class Model:
    """Variables in a graph of their own, with values."""

    def __init__(self, seed, dtype=np.float32):
        self.random = np.random.default_rng(seed)
        self.dtype = dtype
        self.values = {}
        self.expected = {}

    def add(self, rows, prefix=""):
        for name, shape, published in rows:
            value = self.random.standard_normal(shape).astype(self.dtype)
            self.values[prefix + name] = value
            self.expected[published] = np.ascontiguousarray(value.T if name.endswith("/kernel") else value)
        return self

    def add_slots(self):
        for name in list(self.values):
            for slot in ("adam_m", "adam_v"):
                self.values[f"{name}/{slot}"] = self.random.standard_normal(self.values[name].shape).astype(np.float32)
        self.values["global_step"] = np.int64(125000)
        return self

    def save(self, prefix, partitioner=None):
        with tf1.Graph().as_default(), tf1.Session() as session:
            for name, value in self.values.items():
                tf1.get_variable(name, initializer=tf.constant(value), partitioner=partitioner)
            session.run(tf1.global_variables_initializer())
            tf1.train.Saver().save(session, str(prefix), write_meta_graph=False, write_state=False)

    def save_in_shards(self, prefix, count):
        """What Saver(sharded=True) does where the variables lie on several parameter servers."""
        parts = [f"{prefix}_temp/part-{shard:05}-of-{count:05}" for shard in range(count)]
        names = sorted(self.values)
        for shard, part in enumerate(parts):
            mine = names[shard::count]
            tf.raw_ops.SaveV2(prefix=part, tensor_names=mine, shape_and_slices=[""] * len(mine), tensors=[self.values[n] for n in mine])
        tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=str(prefix), delete_old_dirs=True)

    def write_expected(self, path):
        names = {np.dtype(np.float32): "F32", np.dtype(np.float16): "F16", np.dtype(tf.bfloat16.as_numpy_dtype): "BF16"}
        header, data = {}, b""
        for name, value in sorted(self.expected.items()):
            begin, data = len(data), data + value.tobytes()
            header[name] = {"dtype": names[value.dtype], "shape": list(value.shape), "data_offsets": [begin, len(data)]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def masked_crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    return bytes([*out, value])


def take_varint(data, position):
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def compress_table(table):
    """The same table with compressed blocks: TensorFlow can read such an index but does not write one. One data block is wanted."""
    footer = table[-48:]
    position, handles = 0, []
    for _ in range(2):
        offset, position = take_varint(footer, position)
        size, position = take_varint(footer, position)
        handles.append((offset, size))
    (meta_offset, meta_size), (index_offset, index_size) = handles
    out = bytearray()

    def add(block):
        compressed = bytes(cramjam.snappy.compress_raw(block)) + b"\x01"
        handle = varint(len(out)) + varint(len(compressed) - 1)
        out.extend(compressed + struct.pack("<I", masked_crc32c(compressed)))
        return handle

    data = add(table[: meta_offset - 5])
    meta = add(table[meta_offset : meta_offset + meta_size])
    index = table[index_offset : index_offset + index_size]
    shared, at = take_varint(index, 0)
    added, at = take_varint(index, at)
    size, at = take_varint(index, at)
    assert shared == 0 and at + added + size == len(index) - 8, "one data block"
    key = index[at : at + added]
    index = add(varint(0) + varint(added) + varint(len(data)) + key + data + struct.pack("<II", 0, 1))
    out.extend((meta + index).ljust(40, b"\0") + footer[-8:])
    return bytes(out)


def vocabulary(size):
    """A SentencePiece model of ALBERT's kind with `size` pieces: the special ones, U+2581 and letters."""

    def number(field, value):
        return varint(field << 3) + varint(value)

    def text(field, data):
        return varint(field << 3 | 2) + varint(len(data)) + data

    normal, unknown, control = 1, 2, 3
    special = [("<pad>", control), ("<unk>", unknown), ("[CLS]", control), ("[SEP]", control), ("[MASK]", control)]
    letters = ["\u2581", *map(chr, range(ord("a"), ord("z")))]
    pieces = [(piece, 0.0, kind) for piece, kind in special]
    pieces += [(piece, -1.0 - rank, normal) for rank, piece in enumerate(letters[: size - len(special)])]
    model = b"".join(text(1, text(1, piece.encode()) + b"\x15" + struct.pack("<f", score) + number(3, kind)) for piece, score, kind in pieces)
    trainer = number(3, 1) + number(40, 1) + number(41, 2**64 - 1) + number(42, 2**64 - 1) + number(43, 0)
    return model + text(2, trainer) + text(3, text(1, b"identity"))


def add_to_tar(archive, name, data):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def make_archive(folder, target):
    """As the published ones: albert_base/model.ckpt-best.index, ..., albert_base/30k-clean.model."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        top = tarfile.TarInfo("albert_tiny")
        top.type = tarfile.DIRTYPE
        archive.addfile(top)
        add_to_tar(archive, "albert_tiny/model.ckpt-best.meta", b"a graph")
        for file in sorted(folder.iterdir()):
            if file.name != "expected.safetensors":
                add_to_tar(archive, f"albert_tiny/{file.name}", file.read_bytes())
        add_to_tar(archive, "albert_tiny/30k-clean.vocab", b"<pad>\t0\n")
    target.write_bytes(gzip.compress(raw.getvalue(), mtime=0))


def new_case(out, name, config):
    folder = out / name
    folder.mkdir()
    if config:
        (folder / "albert_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return folder


def make_pretraining(out):
    folder = new_case(out, "pretraining", CONFIG)
    model = Model(1).add(encoder(CONFIG)).add(masked_lm(CONFIG))
    model.add(outputs("cls/seq_relationship/", "sop_classifier.classifier", 2, CONFIG))
    model.add_slots().save(folder / "model.ckpt-best")
    model.write_expected(folder / "expected.safetensors")
    (folder / "30k-clean.model").write_bytes(vocabulary(CONFIG["vocab_size"]))
    make_archive(folder, out / "albert_tiny.tar.gz")

    compressed = new_case(out, "snappy", None)
    (compressed / "model.ckpt.index").write_bytes(compress_table((folder / "model.ckpt-best.index").read_bytes()))
    # TensorFlow reads it too.
    shutil.copy(folder / "model.ckpt-best.data-00000-of-00001", compressed / "model.ckpt.data-00000-of-00001")
    reader = tf.train.load_checkpoint(str(compressed / "model.ckpt"))
    assert sorted(reader.get_variable_to_shape_map()) == sorted(model.values)
    (compressed / "model.ckpt.data-00000-of-00001").unlink()


def make_groups(out):
    config = CONFIG | {"num_hidden_groups": 2, "inner_group_num": 2, "hidden_act": "relu"}
    folder = new_case(out, "groups_in_shards", config)
    model = Model(2).add(encoder(config)).add(masked_lm(config))
    model.save_in_shards(folder / "model.ckpt-7", 3)
    model.write_expected(folder / "expected.safetensors")


def make_hub(out):
    """The layout of a TF-Hub module: assets/, variables/, every name behind module/, no sentence-order head."""
    folder = new_case(out, "hub", None)
    (folder / "assets").mkdir()
    (folder / "variables").mkdir()
    (folder / "assets" / "albert_config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    model = Model(3).add(encoder(CONFIG), "module/").add(masked_lm(CONFIG), "module/")
    with tempfile.TemporaryDirectory() as scratch:
        with tf1.Graph().as_default(), tf1.Session() as session:
            for name, value in model.values.items():
                tf1.get_variable(name, initializer=tf.constant(value))
            session.run(tf1.global_variables_initializer())
            builder = tf1.saved_model.Builder(f"{scratch}/module")
            builder.add_meta_graph_and_variables(session, [])
            builder.save()
        for file in pathlib.Path(scratch, "module", "variables").iterdir():
            shutil.copy(file, folder / "variables" / file.name)
    model.write_expected(folder / "expected.safetensors")


def make_heads(out):
    heads = {
        "classifier": outputs("", "classifier", 3, CONFIG),
        "squad": outputs("cls/squad/", "qa_outputs", 2, CONFIG),
        "squad_beam": beam_head(CONFIG),
    }
    for seed, (name, rows) in enumerate(heads.items(), 10):
        folder = new_case(out, name, CONFIG)
        model = Model(seed).add(encoder(CONFIG)).add(rows)
        model.save(folder / "model.ckpt-best")
        model.write_expected(folder / "expected.safetensors")


def make_types(out):
    for seed, dtype in enumerate((tf.float16, tf.bfloat16), 20):
        folder = new_case(out, dtype.name, CONFIG)
        model = Model(seed, dtype.as_numpy_dtype).add(encoder(CONFIG))
        model.save(folder / "model.ckpt")
        model.write_expected(folder / "expected.safetensors")


def make_refused(out):
    """Checkpoints of TensorFlow that hold no such model."""
    partitioned = new_case(out, "partitioned", None)
    model = Model(30).add([("bert/embeddings/word_embeddings", (24, 4), "")])
    model.save(partitioned / "model.ckpt", tf1.fixed_size_partitioner(2))
    double = new_case(out, "float64", None)
    Model(31, np.float64).add([("bert/pooler/dense/bias", (8,), "")]).save(double / "model.ckpt")
    objects = new_case(out, "objects", None)
    tf.train.Checkpoint(weight=tf.Variable([1.0, 2.0])).write(str(objects / "ckpt"))


def main():
    out = pathlib.Path(sys.argv[1])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for make in (make_pretraining, make_groups, make_hub, make_heads, make_types, make_refused):
        make(out)
    files = sorted(path for path in out.rglob("*") if path.is_file())
    provenance = {
        "command": "python3 scripts/make_tf1_golden.py",
        "python": sys.version.split()[0],
        "tensorflow": tf.__version__,
        "sha256": {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }
    (out / "PROVENANCE.json").write_text(json.dumps(provenance, indent=2) + "\n")


main()
