"""Compares what `albert predict` says of texts with transformers on the same ids."""
import json
import sys

import torch
from transformers import AlbertForMaskedLM, AlbertModel

MASK = 4


def check_masks(folder, texts):
    model = AlbertForMaskedLM.from_pretrained(folder, attn_implementation="eager").eval()
    worst = 0
    for text in texts:
        positions = [i for i, token in enumerate(text["ids"]) if token == MASK]
        if len(positions) != len(text["masks"]):
            sys.exit(f"{len(positions)} masks, got answers for {len(text['masks'])}")
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([text["ids"]])).logits[0].double()
        for position, candidates in zip(positions, text["masks"]):
            best = logits[position].log_softmax(-1).topk(len(candidates))
            ours = torch.tensor([candidate["probability"] for candidate in candidates], dtype=torch.double).log()
            worst = max(worst, (ours - best.values).abs().max().item())
            if [candidate["id"] for candidate in candidates] != best.indices.tolist():
                sys.exit(f"other pieces: {candidates}, transformers has {best.indices.tolist()}")
    return worst


def check_embeddings(folder, texts, pooling):
    model = AlbertModel.from_pretrained(folder, attn_implementation="eager").eval()
    worst = 0
    for text in texts:
        with torch.no_grad():
            hidden = model(input_ids=torch.tensor([text["ids"]])).last_hidden_state[0]
        theirs = hidden.mean(0) if pooling == "mean" else hidden[0]
        ours = torch.tensor(text["embedding"])
        worst = max(worst, ((ours - theirs).norm() / theirs.norm()).item())
    return worst


if __name__ == "__main__":
    mode, model_folder, data = sys.argv[1:]
    content = json.load(open(data, encoding="utf-8"))
    error = check_masks(model_folder, content) if mode == "fill-mask" else check_embeddings(model_folder, content, mode)
    print(f"{error:.1e}")
    if not error < 1e-5:
        sys.exit(f"differ by {error:.1e}, wanted less than 1e-5")
