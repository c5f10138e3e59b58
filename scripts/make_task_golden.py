#!/usr/bin/env python3
"""Makes tests/golden/model/task_*.safetensors from the reference implementation (Hugging Face transformers and PyTorch).

    python3 scripts/make_task_golden.py [--output tests/golden/model]

A case is a random model with the head of a task in fp32, dropout 0, eager attention, and a batch whose real ids are never 0. A
file holds, beside config.json's text in its metadata:
    weight/NAME, gradient/NAME                        every parameter; gradients of the loss
    ids, segments [batch, length], lengths [batch]    padded input
    logits, end_logits, loss                          as the model's class gives them; targets under the names of that class
Question answering on padded sequences: the padding's logits are set to -infinity before the loss (the class includes padding in
its softmax, which no packed batch can). Google's head of SQuAD 2.0, which transformers lacks, is AlbertModel with plain linears
below, after google-research/albert squad_utils.py.
task_losses.safetensors: losses of torch.nn on random scores with class weights, label smoothing and weights of positives, and their
gradients by the scores.
"""
import argparse
import hashlib
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from transformers import AlbertConfig, AlbertModel, BertConfig

from make_golden import make_batch, make_model

TINY = dict(vocab_size=24, hidden_size=16, num_attention_heads=2, intermediate_size=32, max_position_embeddings=12,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_hidden_layers=2, layer_norm_eps=1e-12)
ALBERT = dict(TINY, embedding_size=8, classifier_dropout_prob=0.0)
BERT = dict(TINY, classifier_dropout=0.0, hidden_act="gelu")
EQUAL, PADDED, CHOICES = [9, 9, 9], [12, 1, 7, 3, 9], [12, 5, 7, 9, 11, 6]
NUM_CHOICES = 3
BEAMS = (3, 2)
FORBIDDEN = -1e30


class AlbertForBeamQuestionAnswering(nn.Module):
    """Scores of starts, of ends given a start, and of "no answer"."""

    def __init__(self, config):
        super().__init__()
        width = config.hidden_size
        self.albert = AlbertModel(config, add_pooling_layer=False)
        self.start_logits = nn.ModuleDict({"dense": nn.Linear(width, 1)})
        self.end_logits = nn.ModuleDict({"dense_0": nn.Linear(2 * width, width),
                                         "LayerNorm": nn.LayerNorm(width, eps=config.layer_norm_eps),
                                         "dense_1": nn.Linear(width, 1)})
        self.answer_class = nn.ModuleDict({"dense_0": nn.Linear(2 * width, width), "dense_1": nn.Linear(width, 1, bias=False)})

    @staticmethod
    def log_softmax(scores, allowed, real):
        return functional.log_softmax(scores.masked_fill(~allowed, FORBIDDEN).masked_fill(~real, -torch.inf), dim=-1)

    def ends(self, hidden, start, allowed, real):
        start_state = hidden[torch.arange(len(start)), start][:, None].expand_as(hidden)
        joined = torch.tanh(self.end_logits["dense_0"](torch.cat([hidden, start_state], -1)))
        scores = self.end_logits["dense_1"](self.end_logits["LayerNorm"](joined)).squeeze(-1)
        return self.log_softmax(scores, allowed, real)

    def forward(self, ids, segments, real, p_mask, starts):
        hidden = self.albert(input_ids=ids, attention_mask=real.long(), token_type_ids=segments).last_hidden_state
        start_log_probs = self.log_softmax(self.start_logits["dense"](hidden).squeeze(-1), ~p_mask, real)
        start_state = torch.einsum("bl,blh->bh", start_log_probs.exp(), hidden)
        joined = torch.tanh(self.answer_class["dense_0"](torch.cat([start_state, hidden[:, 0]], -1)))
        no_answer = self.answer_class["dense_1"](joined).squeeze(-1)
        return hidden, start_log_probs, self.ends(hidden, starts, ~p_mask, real), no_answer


def best(log_probs, count):
    """The best positions; -1 and -infinity where fewer are allowed."""
    values, positions = log_probs.topk(count, dim=-1)
    allowed = values > FORBIDDEN / 10
    return values.masked_fill(~allowed, -torch.inf), positions.masked_fill(~allowed, -1)


def batch_of(config, lengths):
    batch, real = make_batch(config, lengths)
    return {name: batch[name] for name in ("ids", "segments", "lengths")}, real


def positions_in(lengths):
    """A start and an end inside each sequence."""
    lengths = torch.tensor(lengths)
    return lengths // 3, (2 * lengths) // 3


def finish(model, loss, tensors):
    loss.backward()
    tensors["loss"] = loss
    for name, parameter in model.named_parameters():
        tensors[f"weight/{name}"], tensors[f"gradient/{name}"] = parameter, parameter.grad
    return {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}


def run_class(model_class, config, lengths, targets):
    """A class of transformers that computes its own loss."""
    model = make_model(config, model_class)
    tensors, real = batch_of(config, lengths)
    inputs = [tensors["ids"], real.long(), tensors["segments"]]
    if "Choice" in model_class.__name__:
        inputs = [tensor.view(-1, NUM_CHOICES, tensor.size(-1)) for tensor in inputs]
    output = model(*inputs, **targets)
    tensors |= dict(targets)
    if hasattr(output, "end_logits"):
        tensors |= dict(logits=output.start_logits, end_logits=output.end_logits)
    else:
        tensors["logits"] = output.logits
    return finish(model, output.loss, tensors)


def run_padded_answering(model_class, config, lengths):
    model = make_model(config, model_class)
    tensors, real = batch_of(config, lengths)
    output = model(input_ids=tensors["ids"], attention_mask=real.long(), token_type_ids=tensors["segments"])
    starts, ends = positions_in(lengths)
    logits, end_logits = (scores.masked_fill(~real, -torch.inf) for scores in (output.start_logits, output.end_logits))
    loss = (functional.cross_entropy(logits, starts) + functional.cross_entropy(end_logits, ends)) / 2
    tensors |= dict(logits=output.start_logits, end_logits=output.end_logits, start_positions=starts, end_positions=ends)
    return finish(model, loss, tensors)


def run_beams(model_class, config, lengths):
    model = make_model(config, model_class)
    tensors, real = batch_of(config, lengths)
    starts, ends = positions_in(lengths)
    columns = torch.arange(real.size(1))[None, :]
    p_mask = (columns > 0) & (columns % 4 == 3) & (columns != starts[:, None]) & (columns != ends[:, None])
    unanswerable = (torch.arange(len(lengths)) % 2).float()
    hidden, start_log_probs, end_log_probs, no_answer = model(tensors["ids"], tensors["segments"], real, p_mask, starts)
    loss = 0.5 * (functional.nll_loss(start_log_probs, starts) + functional.nll_loss(end_log_probs, ends))
    loss = loss + 0.5 * functional.binary_cross_entropy_with_logits(no_answer, unanswerable)
    beam_log_probs, beams = best(start_log_probs, BEAMS[0])
    found = [best(model.ends(hidden, beams[:, i].clamp(min=0), ~p_mask, real), BEAMS[1]) for i in range(BEAMS[0])]
    lost = beams[:, :, None] < 0
    end_beam_log_probs = torch.stack([values for values, _ in found], 1).masked_fill(lost, -torch.inf)
    end_beams = torch.stack([positions for _, positions in found], 1).masked_fill(lost, -1)
    tensors |= dict(logits=start_log_probs, end_logits=end_log_probs, no_answer_logits=no_answer, p_mask=p_mask.long(),
                    start_positions=starts, end_positions=ends, unanswerable=unanswerable, beam_log_probs=beam_log_probs,
                    beams=beams, end_beam_log_probs=end_beam_log_probs, end_beams=end_beams)
    return finish(model, loss, tensors)


def token_labels(lengths, num_labels):
    """Some tokens of each sequence, the rest and the padding ignored."""
    columns = torch.arange(max(lengths))[None, :]
    labels = (columns + torch.arange(len(lengths))[:, None]) % num_labels
    return labels.masked_fill((columns >= torch.tensor(lengths)[:, None]) | (columns % 3 == 2), -100)


def cases():
    spans = dict(zip(("start_positions", "end_positions"), positions_in(EQUAL)))
    generator = torch.Generator().manual_seed(3)
    values = torch.randn(len(PADDED), 4, generator=generator)
    yield "sequence", run_class, transformers.AlbertForSequenceClassification, AlbertConfig(
        **ALBERT, num_labels=3), PADDED, dict(labels=torch.tensor([2, 0, -100, 1, 2]))
    yield "multi_label", run_class, transformers.AlbertForSequenceClassification, AlbertConfig(
        **ALBERT, num_labels=4, problem_type="multi_label_classification"), PADDED, dict(labels=(values > 0).float())
    yield "regression", run_class, transformers.AlbertForSequenceClassification, AlbertConfig(
        **ALBERT, num_labels=1, problem_type="regression"), PADDED, dict(labels=2.5 + values[:, 0])
    yield "token", run_class, transformers.AlbertForTokenClassification, AlbertConfig(
        **ALBERT, num_labels=5), PADDED, dict(labels=token_labels(PADDED, 5))
    yield "question_answering", run_class, transformers.AlbertForQuestionAnswering, AlbertConfig(**ALBERT), EQUAL, spans
    yield "question_answering_padded", run_padded_answering, transformers.AlbertForQuestionAnswering, AlbertConfig(
        **ALBERT, inner_group_num=2), PADDED
    yield "multiple_choice", run_class, transformers.AlbertForMultipleChoice, AlbertConfig(
        **ALBERT), CHOICES, dict(labels=torch.tensor([1, 2]))
    yield "question_answering_beam", run_beams, AlbertForBeamQuestionAnswering, AlbertConfig(**ALBERT), PADDED
    yield "bert_sequence", run_class, transformers.BertForSequenceClassification, BertConfig(
        **BERT), PADDED, dict(labels=torch.tensor([1, 0, 0, 1, 1]))
    yield "bert_question_answering", run_padded_answering, transformers.BertForQuestionAnswering, BertConfig(**BERT), PADDED


def loss_case(tensors, name, scores, loss):
    tensors[f"{name}/loss"] = loss
    tensors[f"{name}/gradient"], = torch.autograd.grad(loss, scores)


def losses():
    """Means as torch.nn takes them; the targets, scores and weights beside them."""
    generator = torch.Generator().manual_seed(4)
    scores = (3 * torch.randn(7, 4, generator=generator)).requires_grad_()
    targets = torch.tensor([0, 3, -100, 1, 1, 2, 0])
    class_weights = torch.tensor([0.2, 1.0, 3.5, 0.7])
    presence = (torch.rand(7, 4, generator=generator) < 0.4).float()
    values = torch.randn(7, 4, generator=generator)
    tensors = dict(scores=scores, targets=targets, class_weights=class_weights, presence=presence, values=values)
    for name, options in dict(plain={}, weighted=dict(weight=class_weights), smoothed=dict(label_smoothing=0.1),
                              weighted_smoothed=dict(weight=class_weights, label_smoothing=0.3)).items():
        loss_case(tensors, name, scores, nn.CrossEntropyLoss(**options)(scores, targets))
    loss_case(tensors, "binary", scores, nn.BCEWithLogitsLoss()(scores, presence))
    loss_case(tensors, "binary_weighted", scores, nn.BCEWithLogitsLoss(pos_weight=class_weights)(scores, presence))
    loss_case(tensors, "squared_error", scores, nn.MSELoss()(scores, values))
    return {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "tests/golden/model")
    output = parser.parse_args().output
    torch.set_num_threads(1)
    output.mkdir(parents=True, exist_ok=True)
    hashes = {}

    def save(name, tensors, metadata):
        path = output / f"task_{name}.safetensors"
        save_file(tensors, path, metadata=metadata)
        hashes[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()

    for name, make, model_class, config, *arguments in cases():
        config.architectures = [model_class.__name__]
        save(name, make(model_class, config, *arguments), {"config": config.to_json_string(use_diff=False)})
    save("losses", losses(), None)
    provenance = {"command": "python3 scripts/make_task_golden.py", "python": sys.version.split()[0], "torch": torch.__version__,
                  "transformers": transformers.__version__, "sha256": hashes}
    (output / "TASK_PROVENANCE.json").write_text(json.dumps(provenance, indent=2) + "\n")


if __name__ == "__main__":
    main()
