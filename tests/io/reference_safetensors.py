"""What the reference library (PyPI safetensors) makes of files, for safetensors_reference_test.cpp. Needs no torch.

    reference_safetensors.py craft FOLDER      writes NAME.safetensors and, as the library reads it, NAME.expected
    reference_safetensors.py compare FILE      FILE: records of ours, each a file and how our reader reads it; exits 1 when the library differs

How a file is read is a listing: for each array, by name, "name|dtype|shape|" and its bytes; "refused" when it is not taken.
"""
import json
import pathlib
import struct
import sys

import safetensors

LARGEST_DIMENSION = 2**63 - 1  # the two caps of ours that small files can reach
LARGEST_RANK = 64


def listing(data):
    try:
        arrays = safetensors.deserialize(data)
    except safetensors.SafetensorError:
        return b"refused"
    if any(len(a["shape"]) > LARGEST_RANK or max(a["shape"], default=0) > LARGEST_DIMENSION for _, a in arrays):
        return b"refused"
    lines = [(name.encode(), a["dtype"].encode(), ",".join(map(str, a["shape"])).encode(), bytes(a["data"])) for name, a in arrays]
    return b"".join(b"|".join(line) + b"\n" for line in sorted(lines))


def file_of(header, data=b"", length=None):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def entry(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def header_of(entries):
    return json.dumps(entries, separators=(",", ":"))


WIDTHS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
          "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64,
          "U64": 64}


def crafted():
    """(name, bytes): one for every type, and one for every rule of the format from both sides."""
    for dtype, bits in WIDTHS.items():
        size = 8 * bits // 8
        yield f"type {dtype}", file_of(header_of({"x": entry(dtype, (2, 4), (0, size))}), bytes(range(size)))
    data = bytes(range(16))
    good = json.dumps(entry())

    def one(name, text, size=8, **more):
        return name, file_of(text, data[:size], **more)

    yield one("empty header", "{}", 0)
    yield one("no header", "", 0)
    yield "seven bytes", b"1234567"
    yield one("length over the cap", "{}", 0, length=100_000_001)
    yield one("length over the file", "{}", 0, length=3)
    yield one("length of 2^64-1", "{}", 0, length=2**64 - 1)
    yield one("white space around", " \n\t\r{}\r\n ", 0)
    yield one("byte order mark", "\ufeff{}", 0)
    yield one("text after", "{}x", 0)
    yield one("NUL after", "{}\0", 0)
    yield one("a list", "[]", 0)
    yield one("trailing comma", '{"a":%s,}' % good)
    yield one("comment", '{"a":%s/**/}' % good)
    yield one("name not UTF-8", b'{"\xff":%s}' % good.encode())
    yield one("name half a pair", '{"\\ud800":%s}' % good)
    yield one("name with a raw newline", '{"a\nb":%s}' % good)
    yield one("empty name", '{"":%s}' % good)
    yield one("escaped names", '{"\\u0061\\ud83d\\ude00":{"\\u0064type":"F3\\u0032","shape":[2],"data_offsets":[0,8]}}')
    yield one("equal names", '{"a":%s,"\\u0061":%s}' % (json.dumps(entry("U8", (3,), (50, 53))), good))
    yield one("equal names, the last is bad", '{"a":%s,"a":{}}' % good)
    yield one("metadata", '{"__metadata__":{"k":"v"},"a":%s}' % good)
    yield one("metadata null", '{"__metadata__":null}', 0)
    yield one("metadata a list", '{"__metadata__":[]}', 0)
    yield one("metadata of a number", '{"__metadata__":{"k":1}}', 0)
    yield one("metadata twice", '{"__metadata__":{},"__metadata__":{}}', 0)
    yield one("metadata key twice", '{"__metadata__":{"k":"1","k":"2"}}', 0)
    yield one("array null", '{"a":null}', 0)
    yield one("array a list", '{"a":["F32",[2],[0,8]]}')
    yield one("array a list of four", '{"a":["F32",[2],[0,8],0]}')
    yield one("unknown key", header_of({"a": entry(strides=[1, {"x": -2.5e3}])}))
    yield one("unknown key out of range", '{"a":{"x":1e400,%s}' % good[1:])
    for depth in (125, 126):
        yield one(f"unknown key {depth} deep", '{"a":{"x":%s,%s}' % ("[" * depth + "]" * depth, good[1:]))
    for key in ("dtype", "shape", "data_offsets"):
        yield one(f"no {key}", header_of({"a": {k: v for k, v in entry().items() if k != key}}))
    yield one("dtype twice", '{"a":{"dtype":"F32",%s}' % good[1:])
    yield one("dtype unknown", header_of({"a": entry("F33")}))
    yield one("dtype in lower case", header_of({"a": entry("f32")}))
    yield one("dtype in long", header_of({"a": entry({"F32": None})}))
    yield one("dtype in long with content", header_of({"a": entry({"F32": {}})}))
    yield one("dtype a number", header_of({"a": entry(17)}))
    yield one("half a byte", header_of({"a": entry("F4", (3,), (0, 2))}), 2)
    yield one("six bits that fit", header_of({"a": entry("F6_E3M2", (4,), (0, 3))}), 3)
    yield one("six bits that do not", header_of({"a": entry("F6_E3M2", (3,), (0, 3))}), 3)
    for text in ("-1", "2.0", "2e0", "-0", '"2"', "null", "true", "[2]", "02", "9223372036854775808", "18446744073709551616"):
        yield one(f"dimension {text}".replace('"', "'"), '{"a":{"dtype":"F32","shape":[%s],"data_offsets":[0,8]}}' % text)
    yield one("no dimension", header_of({"a": entry("F64", (), (0, 8))}))
    yield one("dimension 0", header_of({"a": entry("F64", (0, 5), (0, 0))}), 0)
    yield one("product overflows", header_of({"a": entry(shape=(2**32, 2**32))}))
    yield one("product overflows before a 0", header_of({"a": entry(shape=(2**62, 4, 0), offsets=(0, 0))}), 0)
    yield one("0 before what would overflow", header_of({"a": entry(shape=(0, 2**62, 4), offsets=(0, 0))}), 0)
    yield one("bits overflow", header_of({"a": entry(shape=(2**62 + 2,))}))
    yield one("too few bytes", header_of({"a": entry(shape=(3,))}))
    yield one("too many bytes", header_of({"a": entry(shape=(1,))}))
    for text in ("[0]", "[0,8,8]", "{}", "[-8,0]", "[0,8.0]", "[8,0]", "[18446744073709551608,18446744073709551615]", "[8,16]"):
        yield one(f"offsets {text}", '{"a":{"dtype":"F32","shape":[2],"data_offsets":%s}}' % text)
    for name, a, b, size in (("two", (0, 8), (8, 16), 16), ("two in the other order", (8, 16), (0, 8), 16), ("a hole", (0, 8), (9, 17), 16),
                             ("an overlap", (0, 8), (4, 12), 12), ("the same bytes twice", (0, 8), (0, 8), 8)):
        yield one(name, header_of({"a": entry(offsets=a), "b": entry(offsets=b)}), size)
    yield one("cut short", header_of({"a": entry()}), 7)
    yield one("one byte too many", header_of({"a": entry()}), 9)
    yield one("data without arrays", "{}", 4)
    yield one("not aligned", header_of({"a": entry("U8", (1,), (0, 1)), "b": entry(offsets=(1, 9))}), 9)


def craft(folder):
    folder = pathlib.Path(folder)
    for name, data in crafted():
        stem = name.replace("/", "_")
        (folder / f"{stem}.safetensors").write_bytes(data)
        (folder / f"{stem}.expected").write_bytes(listing(data))


def compare(path):
    data = pathlib.Path(path).read_bytes()
    position = count = taken = different = 0
    while position < len(data):
        sizes = struct.unpack_from("<QQ", data, position)
        position += 16
        file = data[position:position + sizes[0]]
        ours = data[position + sizes[0]:position + sum(sizes)]
        position += sum(sizes)
        theirs = listing(file)
        count += 1
        taken += theirs != b"refused"
        if ours != theirs:
            different += 1
            print(f"differs: {file!r}\n  ours   {ours!r}\n  theirs {theirs!r}")
    print(f"{count} files, {taken} of them taken, {different} read differently")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit({"craft": craft, "compare": compare}[sys.argv[1]](sys.argv[2]))
