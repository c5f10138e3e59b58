#include "recipes/head_trial.h"

#include <albert/base/error.h>
#include <albert/data/batch_stream.h>
#include <albert/data/labelled_rows.h>
#include <albert/data/masking.h>
#include <albert/data/vocabulary.h>
#include <albert/model/device.h>
#include <albert/model/pretraining_model.h>
#include <albert/recipes/model_folder.h>
#include <albert/tasks/pretraining.h>

#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <span>

namespace albert {
namespace {

constexpr size_t kMaxPieces = 16'384;
constexpr int64_t kMaxLength = 128;
constexpr size_t kBatch = 8;
constexpr uint64_t kSeed = 1;

Tokenizer vocabulary_of_source(const ModelSource& source) {
  const auto vocabulary = source.texts.find("spiece.model");
  if (vocabulary == source.texts.end()) {
    throw IoError(fmt::format("{}: --try-heads wants a spiece.model beside the weights, got none", source.where));
  }
  const auto config = source.texts.find("tokenizer_config.json");
  const auto options = config == source.texts.end() ? TokenizerOptions{} : parse_tokenizer_options(config->second, "tokenizer_config.json");
  auto tokenizer = Tokenizer::from_bytes(vocabulary->second, options, "spiece.model");
  if (tokenizer.vocab_size() != source.config.shape.vocab_size) {
    throw IoError(fmt::format("{}: spiece.model does not belong to the model: it has {} pieces, config.json says vocab_size {}",
                              source.where, tokenizer.vocab_size(), source.config.shape.vocab_size));
  }
  return tokenizer;
}

std::vector<int32_t> read_pieces(const std::filesystem::path& path, const Tokenizer& tokenizer) {
  DataFileConfig file;
  file.path = path;
  file.format = FileFormat::text;
  LabelledRowReader reader(file, {.columns = {}, .label = LabelKind::none});
  std::vector<int32_t> pieces;
  LabelledRow row;
  while (pieces.size() < kMaxPieces && reader.next(row)) {
    const auto line = tokenizer.encode(row.text_a);
    pieces.insert(pieces.end(), line.begin(), line.end());
  }
  pieces.resize(std::min(pieces.size(), kMaxPieces));
  if (pieces.empty()) throw DataError(fmt::format("{}: wanted text, got no piece of the vocabulary", path.string()));
  return pieces;
}

/// [CLS] pieces [SEP], masked as in pre-training.
std::vector<PretrainingExample> masked_examples(const std::vector<int32_t>& pieces, const Tokenizer& tokenizer, int64_t max_length) {
  const auto& special = tokenizer.special_tokens();
  const Masker masker(MaskingConfig{}, vocabulary_of(tokenizer));
  const auto room = static_cast<size_t>(max_length - 2);
  std::vector<PretrainingExample> examples;
  for (size_t begin = 0; begin < pieces.size(); begin += room) {
    const auto part = std::span(pieces).subspan(begin, std::min(room, pieces.size() - begin));
    auto& example = examples.emplace_back();
    example.ids.push_back(special.cls);
    example.ids.insert(example.ids.end(), part.begin(), part.end());
    example.ids.push_back(special.sep);
    example.first_length = static_cast<int32_t>(example.ids.size());
    RandomStream random(kSeed, "head trial", examples.size());
    example.masked = masker.mask(example.ids, random);
  }
  return examples;
}

double masked_loss(const ModelSource& source, int64_t num_heads, const std::vector<PretrainingBatch>& batches, const StepTotals& totals,
                   const at::Device& device) {
  auto shape = source.config.shape;
  shape.num_attention_heads = num_heads;
  const auto content = pretraining_content(arrays_by_parameter(source.arrays, shape));
  PretrainingModel model(shape, content.heads());
  import_arrays(source.arrays, parameters_by_name(*model), shape, content.rules(), source.where);
  model->eval();
  model->to(device);
  model->parameters_changed();
  const at::NoGradGuard no_gradient;
  double loss = 0;
  for (const auto& batch : batches) {
    loss += pretraining_loss(*model, batch.to(device), totals, /*application_decay=*/1.0).loss.item<double>();
  }
  return loss;
}

}  // namespace

HeadTrials try_head_numbers(const ModelSource& source, const std::vector<int64_t>& numbers, const std::filesystem::path& text,
                            const std::string& device) {
  if (!source.config.architecture.ends_with("ForMaskedLM") && !source.config.architecture.ends_with("ForPreTraining")) {
    throw IoError(fmt::format("{}: --try-heads wants a model with a head for masked tokens, got {}", source.where,
                              source.config.architecture));
  }
  const auto tokenizer = vocabulary_of_source(source);
  const auto pieces = read_pieces(text, tokenizer);
  const auto examples = masked_examples(pieces, tokenizer, std::min(kMaxLength, source.config.shape.max_position_embeddings));
  std::vector<PretrainingBatch> batches;
  StepTotals totals;
  for (size_t begin = 0; begin < examples.size(); begin += kBatch) {
    batches.push_back(collate(std::span(examples).subspan(begin, std::min(kBatch, examples.size() - begin))));
    totals.targets["mlm"] += batches.back().num_masked();
  }
  totals.targets["sop"] = 0;
  HeadTrials result{.num_pieces = static_cast<int64_t>(pieces.size()), .num_masked = totals.targets["mlm"]};
  const auto resolved = resolve_device(device, "--device");
  for (const int64_t number : numbers) {
    result.trials.push_back({.num_heads = number, .loss = masked_loss(source, number, batches, totals, resolved)});
  }
  return result;
}

}  // namespace albert
