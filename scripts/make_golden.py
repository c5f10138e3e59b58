#!/usr/bin/env python3
"""Makes tests/golden/model/*.safetensors from the reference implementation (Hugging Face transformers).

    python3 scripts/make_golden.py [--output tests/golden/model]
    python3 scripts/make_golden.py --live FOLDER     # one case at base shape, not committed (tests/model/live_parity_test.cpp)

Each case is a random model in fp32, dropout 0, eager attention, and a padded batch whose real ids are never 0 (transformers'
padding_idx). A file holds, beside config.json's text in its metadata:
    weight/NAME, gradient/NAME                        every parameter; gradients of mlm_loss + sop_loss
    ids, segments [batch, length], lengths [batch]    padded input
    masked_positions [masked] (into batch * length), masked_targets [masked], sop_labels [batch]
    hidden_states.K [batch, length, hidden]           K = 0: after the mapping; then one per block application
    pooled, mlm_logits [masked, vocab], sop_logits, mlm_loss, sop_loss
"""
import argparse
import hashlib
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import AlbertConfig, AlbertForPreTraining, BertConfig, BertForPreTraining

TINY = dict(vocab_size=48, hidden_size=32, num_attention_heads=4, intermediate_size=64, max_position_embeddings=16,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_hidden_layers=4, layer_norm_eps=1e-12)
ALBERT = dict(TINY, embedding_size=16, classifier_dropout_prob=0.0)
EQUAL, PADDED = [11, 11, 11], [12, 1, 7, 3, 9]

CASES = {
    "one_group": (AlbertConfig, dict(ALBERT, num_hidden_groups=1), EQUAL),
    "two_groups": (AlbertConfig, dict(ALBERT, num_hidden_groups=2), EQUAL),
    "two_inner_layers": (AlbertConfig, dict(ALBERT, inner_group_num=2, num_hidden_layers=3), EQUAL),
    "unshared": (AlbertConfig, dict(ALBERT, num_hidden_groups=4), EQUAL),
    "padded": (AlbertConfig, dict(ALBERT, num_hidden_groups=2, inner_group_num=2, hidden_act="gelu"), PADDED),
    "relu": (AlbertConfig, dict(ALBERT, num_hidden_layers=2, hidden_act="relu"), PADDED),
    "bert": (BertConfig, dict(TINY, num_hidden_layers=3, hidden_act="gelu"), PADDED),
}
BASE = (AlbertConfig, dict(vocab_size=30000, embedding_size=128, hidden_size=768, num_attention_heads=12, intermediate_size=3072,
                           num_hidden_layers=12, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
                           classifier_dropout_prob=0.0), [64, 40])


def make_model(config, model_class=None):
    torch.manual_seed(1)
    config._attn_implementation = "eager"
    model_class = model_class or (AlbertForPreTraining if isinstance(config, AlbertConfig) else BertForPreTraining)
    model = model_class(config)
    with torch.no_grad():  # initial biases are 0 and LayerNorm weights 1: that would hide mistakes
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            elif config.hidden_size < 256:  # livelier than the initial 0.02: attention is not uniform and errors show
                parameter.mul_(8)
    return model.train()


def make_batch(config, lengths):
    batch, length = len(lengths), max(lengths)
    generator = torch.Generator().manual_seed(2)
    real = torch.arange(length)[None, :] < torch.tensor(lengths)[:, None]
    ids = torch.randint(1, config.vocab_size, (batch, length), generator=generator) * real
    halves = (torch.tensor(lengths) + 1) // 2
    segments = (torch.arange(length)[None, :] >= halves[:, None]).long() * real
    chosen = (torch.rand(batch, length, generator=generator) < 0.3) & real
    chosen[0, 1] = True
    positions = chosen.flatten().nonzero().flatten()
    targets = torch.randint(0, config.vocab_size, (len(positions),), generator=generator)
    return dict(ids=ids, segments=segments, lengths=torch.tensor(lengths), masked_positions=positions, masked_targets=targets,
                sop_labels=torch.arange(batch) % 2), real


def run(config, lengths):
    model = make_model(config)
    batch, real = make_batch(config, lengths)
    captured = []
    is_albert = isinstance(config, AlbertConfig)
    if is_albert:
        blocks = [layer for group in model.albert.encoder.albert_layer_groups for layer in group.albert_layers]
        model.albert.encoder.embedding_hidden_mapping_in.register_forward_hook(lambda m, i, o: captured.append(o))
    else:
        blocks = list(model.bert.encoder.layer)
        model.bert.embeddings.register_forward_hook(lambda m, i, o: captured.append(o))
    for block in blocks:
        block.register_forward_hook(lambda m, i, o: captured.append(o[0] if isinstance(o, tuple) else o))
    encoder = model.albert if is_albert else model.bert
    output = encoder(input_ids=batch["ids"], attention_mask=real.long(), token_type_ids=batch["segments"])
    captured_states, pooled = list(captured), output.pooler_output
    if is_albert:
        logits, sop_logits = model.predictions(output.last_hidden_state), model.sop_classifier(pooled)
    else:
        logits, sop_logits = model.cls(output.last_hidden_state, pooled)
    mlm_logits = logits.flatten(0, 1)[batch["masked_positions"]]
    mlm_loss = torch.nn.functional.cross_entropy(mlm_logits, batch["masked_targets"])
    sop_loss = torch.nn.functional.cross_entropy(sop_logits, batch["sop_labels"])
    (mlm_loss + sop_loss).backward()
    tensors = dict(batch, pooled=pooled, mlm_logits=mlm_logits, sop_logits=sop_logits, mlm_loss=mlm_loss, sop_loss=sop_loss)
    tensors |= {f"hidden_states.{k}": state for k, state in enumerate(captured_states)}
    for name, parameter in model.named_parameters():
        tensors[f"weight/{name}"] = parameter
        tensors[f"gradient/{name}"] = parameter.grad
    tensors = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    return model, tensors


def save(path, case):
    make_config, options, lengths = case
    config = make_config(**options)
    model, tensors = run(config, lengths)
    config.architectures = [type(model).__name__]
    save_file(tensors, path, metadata={"config": config.to_json_string(use_diff=False)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "tests/golden/model")
    parser.add_argument("--live", type=pathlib.Path)
    arguments = parser.parse_args()
    torch.set_num_threads(2 if arguments.live else 1)
    if arguments.live:
        save(arguments.live / "base.safetensors", BASE)
        return
    arguments.output.mkdir(parents=True, exist_ok=True)
    hashes = {}
    for name, case in CASES.items():
        path = arguments.output / f"{name}.safetensors"
        save(path, case)
        hashes[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    provenance = {"command": "python3 scripts/make_golden.py", "python": sys.version.split()[0], "torch": torch.__version__,
                  "transformers": transformers.__version__, "sha256": hashes}
    (arguments.output / "PROVENANCE.json").write_text(json.dumps(provenance, indent=2) + "\n")


if __name__ == "__main__":
    main()
