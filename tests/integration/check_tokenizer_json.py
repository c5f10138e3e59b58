"""The tokenizer of a folder as transformers loads it: special tokens, pairs, masks, text from ids; and its ids fit the model.

    check_tokenizer_json.py FOLDER ALBERT
"""
import subprocess
import sys

from transformers import AlbertForPreTraining, AutoTokenizer, PreTrainedTokenizerFast

folder, albert = sys.argv[1:]
text, other = "In 2001, he came home - half-life 3.0!", "“Why?” said Émile."


def ours(line):
    result = subprocess.run([albert, "tokenize", folder], input=line + "\n", capture_output=True, encoding="utf-8", check=True)
    return [int(i) for i in result.stdout.split()]


for tokenizer in (AutoTokenizer.from_pretrained(folder), PreTrainedTokenizerFast.from_pretrained(folder)):
    special = [tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id]
    assert special == [0, 1, 2, 3, 4], special
    pair = tokenizer(text, other)
    a, b = ours(text), ours(other)
    assert pair["input_ids"] == [2, *a, 3, *b, 3], (pair["input_ids"], a, b)
    assert pair["token_type_ids"] == [0] * (len(a) + 2) + [1] * (len(b) + 1), pair["token_type_ids"]
    assert tokenizer("he came [MASK] home", add_special_tokens=False)["input_ids"] == [*ours("he came"), 4, *ours("home")]
    assert tokenizer.decode(tokenizer("he came home", add_special_tokens=False)["input_ids"]) == "he came home"
    model = AlbertForPreTraining.from_pretrained(folder)
    batch = tokenizer([text, other], padding=True, return_tensors="pt")
    assert model(**batch).prediction_logits.shape[-1] == len(tokenizer) == model.config.vocab_size
    assert tokenizer.model_max_length == model.config.max_position_embeddings
