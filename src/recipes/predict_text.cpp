// What a pre-trained model says about single texts: pieces for [MASK], and embeddings.
#include "recipes/predict_common.h"

#include <albert/base/error.h>
#include <albert/data/labelled_rows.h>
#include <albert/io/tensor_rows.h>
#include <albert/model/device.h>
#include <albert/recipes/model_folder.h>
#include <albert/tasks/batch_sampler.h>
#include <albert/tasks/finetuning.h>

#include <ATen/ATen.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <span>
#include <utility>

namespace albert {
namespace {

/// Masks that are scored at once: each has a row of logits as long as the vocabulary.
constexpr int64_t kMasksPerBatch = 256;
/// U+2581, which begins a word in SentencePiece.

struct TextModel {
  std::filesystem::path folder{};
  LoadedModel loaded{};
  at::Device device{at::kCPU};
  size_t max_length = 0;

  [[nodiscard]] const Tokenizer& tokenizer() const { return *loaded.tokenizer; }
};

TextModel load_text_model(const PredictOptions& options) {
  TextModel model{.folder = options.model, .device = resolve_device(options.device, "--device")};
  model.loaded = load_model_folder(options.model);
  if (!model.loaded.tokenizer) {
    throw IoError(fmt::format("{}: must have a vocabulary (spiece.model or symbols.txt) to read text; put the model's vocabulary into the folder", options.model.string()));
  }
  model.max_length = static_cast<size_t>(model.loaded.config.shape.max_position_embeddings);
  model.loaded.model->to(model.device);
  model.loaded.model->parameters_changed();
  return model;
}

/// Calls use(rows) for parts of the input's rows.
template <typename Use>
void for_each_part(const PredictInput& input, Use use) {
  LabelledRowReader reader(input.file, {.columns = input.columns, .label = LabelKind::none});
  std::vector<LabelledRow> rows;
  LabelledRow row;
  while (reader.next(row)) {
    rows.push_back(std::move(row));
    if (static_cast<int64_t>(rows.size()) < kRowsPerPart) continue;
    use(rows);
    rows.clear();
  }
  if (!rows.empty()) use(rows);
  warn_of_skipped(reader.skipped(), input);
}

/// One text as the encoder reads it. TaskInstance is what batches are made of.
TaskInstance to_instance(std::vector<int32_t> ids) {
  const auto length = static_cast<int64_t>(ids.size());
  TaskInstance instance;
  instance.sequences.push_back({.ids = std::move(ids), .second_segment = length});
  return instance;
}

EncoderInput make_input(const std::vector<TaskInstance>& instances, std::span<const int64_t> indices, const at::Device& device) {
  return make_task_batch(instances, indices, TaskObjective::single_label, BatchTargets::without).to(device).input;
}

std::vector<std::vector<int64_t>> batches_of(const std::vector<TaskInstance>& instances, int64_t max_tokens) {
  std::vector<int64_t> lengths;
  for (const auto& instance : instances) lengths.push_back(instance.num_tokens());
  return cut_by_tokens(lengths, max_tokens);
}

void require_finite(const at::Tensor& values, const std::filesystem::path& model) {
  if (at::isfinite(values).all().item<bool>()) return;
  throw NumericError(fmt::format("{}: wanted finite numbers from the model, got others; its weights are damaged", model.string()));
}

/// A text with its masks.
struct MaskedText {
  std::vector<int32_t> ids{};
  std::vector<int64_t> masks{};  ///< positions in ids
};

MaskedText tokenize_masked(const Tokenizer& tokenizer, std::string_view text) {
  const auto& special = tokenizer.special_tokens();
  MaskedText result{.ids = tokenizer.encode_masked(text)};
  result.ids.insert(result.ids.begin(), special.cls);
  result.ids.push_back(special.sep);
  for (size_t i = 0; i < result.ids.size(); ++i) {
    if (result.ids[i] == special.mask) result.masks.push_back(static_cast<int64_t>(i));
  }
  return result;
}

/// Cuts the text to the model's longest sequence, which must hold all masks.
void cut(MaskedText& text, const TextModel& model, const std::string& where) {
  if (text.ids.size() <= model.max_length) return;
  const auto limit = static_cast<int64_t>(model.max_length) - 1;
  if (!text.masks.empty() && text.masks.back() >= limit) {
    throw DataError(fmt::format("{}: must have its masks in the first {} pieces, got one at piece {}; shorten the text", where, limit - 1,
                                text.masks.back()));
  }
  text.ids.resize(model.max_length);
  text.ids.back() = model.tokenizer().special_tokens().sep;
}

struct Candidate {
  int64_t id = 0;
  double probability = 0;
};
/// By text and mask, most probable first.
using Candidates = std::vector<std::vector<std::vector<Candidate>>>;

/// Adds the candidates of the masks of the texts `chosen`.
void score_masks(TextModel& model, const std::vector<TaskInstance>& instances, const std::vector<MaskedText>& texts, std::span<const int64_t> chosen,
                 int64_t top_k, Candidates& candidates) {
  const auto input = make_input(instances, chosen, model.device);
  std::vector<int64_t> positions;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const int64_t begin = input.sequence_offsets[static_cast<int64_t>(i)].item<int64_t>();
    for (const int64_t mask : texts[static_cast<size_t>(chosen[i])].masks) positions.push_back(begin + mask);
  }
  if (positions.empty()) return;
  const auto output = model.loaded.model(input, at::tensor(positions, at::kLong).to(model.device));
  require_finite(output.mlm_logits, model.folder);
  const auto [values, ids] = at::softmax(output.mlm_logits.to(at::kDouble), -1).topk(top_k, -1);  // [masked, top_k]
  const auto probabilities = values.to(at::kCPU).contiguous();
  const auto pieces = ids.to(at::kCPU).contiguous();
  const auto* probability = probabilities.const_data_ptr<double>();
  const auto* piece = pieces.const_data_ptr<int64_t>();
  for (const int64_t text : chosen) {
    for (size_t m = 0; m < texts[static_cast<size_t>(text)].masks.size(); ++m) {
      auto& list = candidates[static_cast<size_t>(text)].emplace_back();
      for (int64_t k = 0; k < top_k; ++k) list.push_back({.id = *piece++, .probability = *probability++});
    }
  }
}

/// Parts of a batch with at most kMasksPerBatch masks, but one text at least.
std::vector<std::span<const int64_t>> cut_by_masks(std::span<const int64_t> batch, const std::vector<MaskedText>& texts) {
  const auto masks_of = [&](size_t i) { return static_cast<int64_t>(texts[static_cast<size_t>(batch[i])].masks.size()); };
  std::vector<std::span<const int64_t>> parts;
  for (size_t begin = 0; begin < batch.size();) {
    int64_t masks = masks_of(begin);
    size_t end = begin + 1;
    while (end < batch.size() && masks + masks_of(end) <= kMasksPerBatch) masks += masks_of(end++);
    parts.push_back(batch.subspan(begin, end - begin));
    begin = end;
  }
  return parts;
}

Candidates fill_masks(TextModel& model, const std::vector<LabelledRow>& rows, const PredictOptions& options, const std::string& file, int64_t top_k) {
  std::vector<MaskedText> texts;
  std::vector<TaskInstance> instances;
  for (const auto& row : rows) {
    auto& text = texts.emplace_back(tokenize_masked(model.tokenizer(), row.text_a));
    cut(text, model, fmt::format("{}:{}", file, row.line));
    instances.push_back(to_instance(text.ids));
  }
  Candidates candidates(rows.size());
  for (const auto& batch : batches_of(instances, options.batch_tokens)) {
    for (const auto& part : cut_by_masks(batch, texts)) score_masks(model, instances, texts, part, top_k, candidates);
  }
  return candidates;
}

std::string mask_lines(const std::vector<LabelledRow>& rows, const Candidates& candidates, const Tokenizer& tokenizer) {
  std::string lines;
  for (size_t i = 0; i < rows.size(); ++i) {
    nlohmann::ordered_json record{{"id", rows[i].id}, {"masks", nlohmann::ordered_json::array()}};
    for (const auto& mask : candidates[i]) {
      auto& list = record["masks"].emplace_back(nlohmann::ordered_json::array());
      for (const auto& [id, probability] : mask) {
        list.push_back({{"piece", tokenizer.piece(static_cast<int32_t>(id))}, {"id", id}, {"probability", probability}});
      }
    }
    lines += record.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  }
  return lines;
}

/// [batch, hidden] fp32 on the CPU.
at::Tensor pooled(const at::Tensor& hidden, const at::Tensor& offsets, EmbeddingPooling pooling) {
  const auto first = offsets.slice(0, 0, -1);
  if (pooling == EmbeddingPooling::cls) return hidden.index_select(0, first.to(hidden.device())).to(at::kCPU, at::kFloat).contiguous();
  const auto lengths = offsets.diff();
  const auto sequence = at::repeat_interleave(lengths).to(hidden.device());  // [tokens]
  auto sums = at::zeros({lengths.size(0), hidden.size(1)}, hidden.options().dtype(at::kFloat));
  sums.index_add_(0, sequence, hidden.to(at::kFloat));
  return (sums / lengths.to(hidden.device()).unsqueeze(1)).to(at::kCPU).contiguous();
}

/// [rows, hidden].
at::Tensor embed(TextModel& model, const std::vector<LabelledRow>& rows, const PredictOptions& options, EmbeddingPooling pooling) {
  const auto& special = model.tokenizer().special_tokens();
  std::vector<TaskInstance> instances;
  for (const auto& row : rows) {
    auto ids = model.tokenizer().encode(row.text_a);
    ids.resize(std::min(ids.size(), model.max_length - 2));
    ids.insert(ids.begin(), special.cls);
    ids.push_back(special.sep);
    instances.push_back(to_instance(std::move(ids)));
  }
  const auto none = at::empty({0}, at::TensorOptions(at::kLong).device(model.device));
  auto result = at::empty({static_cast<int64_t>(rows.size()), model.loaded.config.shape.hidden_size}, at::kFloat);
  for (const auto& chosen : batches_of(instances, options.batch_tokens)) {
    const auto input = make_input(instances, chosen, model.device);
    const auto vectors = pooled(model.loaded.model->albert()(input).last_hidden, input.sequence_offsets, pooling);
    result.index_copy_(0, at::tensor(chosen, at::kLong), vectors);
  }
  require_finite(result, options.model);
  return result;
}

}  // namespace

void predict_masks(const PredictOptions& options, int64_t top_k, std::ostream& out) {
  auto model = load_text_model(options);
  if (!model.loaded.content.has_mlm_head) {
    throw IoError(fmt::format("{}: must be a pre-trained model with its head for masked tokens, config.json names {}; give the folder that it was "
                              "fine-tuned from", options.model.string(),
                              model.loaded.config.architecture.empty() ? "no class" : model.loaded.config.architecture));
  }
  if (top_k > model.loaded.config.shape.vocab_size) {
    throw ConfigError(fmt::format("--top-k: must be at most the {} pieces of the vocabulary, got {}", model.loaded.config.shape.vocab_size, top_k));
  }
  const auto input = text_input(options);
  const at::NoGradGuard no_gradient;
  std::optional<PredictOutput> output;
  for_each_part(input, [&](const std::vector<LabelledRow>& rows) {
    const auto candidates = fill_masks(model, rows, options, input.file.path.string(), top_k);
    if (!output) output.emplace(options.output, out);
    output->write(mask_lines(rows, candidates, model.tokenizer()));
  });
  output->commit();
}

void predict_embeddings(const PredictOptions& options, const EmbeddingOptions& embedding, std::ostream& out) {
  auto model = load_text_model(options);
  const auto input = text_input(options);
  const at::NoGradGuard no_gradient;
  std::optional<PredictOutput> lines;
  std::optional<io::TensorRows> matrix;
  for_each_part(input, [&](const std::vector<LabelledRow>& rows) {
    const auto vectors = embed(model, rows, options, embedding.pooling);
    const auto width = static_cast<size_t>(vectors.size(1));
    const std::span<const float> values(vectors.const_data_ptr<float>(), static_cast<size_t>(vectors.numel()));
    if (embedding.tensors) {
      if (!matrix) matrix.emplace(*embedding.tensors, "embeddings", vectors.size(1));
      matrix->add(values);
      return;
    }
    if (!lines) lines.emplace(options.output, out);
    std::string text;
    for (size_t i = 0; i < rows.size(); ++i) {
      text += fmt::format("{{\"id\":{},\"embedding\":[{}]}}\n", nlohmann::json(rows[i].id).dump(), fmt::join(values.subspan(i * width, width), ","));
    }
    lines->write(text);
  });
  if (matrix) matrix->commit();
  if (lines) lines->commit();
}

}  // namespace albert
