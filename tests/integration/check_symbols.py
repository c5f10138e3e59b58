"""Ids of tokenizers of symbols in transformers against ours; and that model and tokenizer work together there.

    check_symbols.py LINES.json RUN ...      each with final/ and ours.json, the ids of the lines
"""
import json
import pathlib
import sys

from transformers import AlbertForPreTraining, AutoTokenizer


def check(run, lines):
    folder, ours = run / "final", json.loads((run / "ours.json").read_text())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert len(lines) == len(ours), (len(lines), len(ours))
    theirs = tokenizer(lines, add_special_tokens=False)["input_ids"]
    for line, a, b in zip(lines, ours, theirs):
        assert a == b, f"{run.name}: {line!r}: {a} here, {b} in transformers"
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in ours)
    assert 0 < unknown < sum(map(len, ours)), "the texts must have known and unknown symbols"
    special = [tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id]
    assert special == [0, 1, 2, 3, 4], special
    pair = tokenizer("hə", "tʃ")
    assert pair["input_ids"].count(tokenizer.sep_token_id) == 2 and pair["token_type_ids"][-1] == 1, pair
    model = AlbertForPreTraining.from_pretrained(folder)
    batch = tokenizer(["hə", "tʃə hoʊ"], padding=True, return_tensors="pt")
    assert model(**batch).prediction_logits.shape[-1] == len(tokenizer) == model.config.vocab_size, "embedding and vocabulary have one size"
    print(f"{run.name}: {len(lines)} texts, {sum(map(len, ours))} ids, {unknown} unknown: equal")


for path in sys.argv[2:]:
    check(pathlib.Path(path), json.loads(pathlib.Path(sys.argv[1]).read_text()))
