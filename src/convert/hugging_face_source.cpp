#include "convert/source_formats.h"

#include <albert/base/file.h>
#include <albert/io/json_text.h>
#include <albert/io/weight_files.h>

#include <albert/base/error.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace albert {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConfigName = "config.json";
constexpr uint64_t kTextLimitBytes = uint64_t{64} << 20U;

/// What stands beside the weights and belongs to the model: vocabularies, how text is prepared, our description of a task.
constexpr std::array<std::string_view, 8> kTexts{"spiece.model",         "symbols.txt",       "vocab.txt",         "tokenizer.json",
                                                 "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "task.yaml"};

/// Keys that say what is told elsewhere, or nothing of the model: the class, the type of the weights, the writer, our own switches.
constexpr std::array<std::string_view, 8> kToldElsewhere{"architectures",        "dtype",               "torch_dtype",
                                                         "transformers_version", "tie_word_embeddings", "feed_forward_dropout",
                                                         "sentence_order_dropout", "num_labels"};
constexpr std::string_view kDecoder = "predictions.decoder.weight";
constexpr std::string_view kInverse = "label2id";  // of id2label, which is told

std::string shown(const nlohmann::json& value) { return value.is_structured() ? "another" : value.dump(); }

/// How the configuration that is written differs from the one that was read.
void note_config(std::string_view text, const PublishedConfig& config, SourceNotes& notes) {
  const auto read = io::parse_json(text, kConfigName);
  const auto written = io::parse_json(write_config_json(config), kConfigName);
  const auto is_told = [](std::string_view key) { return std::ranges::find(kToldElsewhere, key) != kToldElsewhere.end(); };
  for (const auto& [key, value] : read.items()) {
    const bool says_something = !value.is_null() && value != false;
    if (!written.contains(key) && !is_told(key) && says_something) notes.skipped.push_back(fmt::format("{} of config.json (unknown here)", key));
  }
  for (const auto& [key, value] : written.items()) {
    const auto found = read.find(key);
    // Untied, the output layer is written from the embedding all the same: a decoder of its own is a contradiction, none is told here.
    const bool is_untied = key == "tie_word_embeddings" && found != read.end() && *found == false;
    if ((is_told(key) && !is_untied) || (found != read.end() && *found == value)) continue;
    if (found == read.end()) {
      if (key == kInverse) continue;
      notes.filled.push_back(fmt::format("{} {}", key, value.is_structured() ? "LABEL_0, ..." : value.dump()));
    } else {
      const auto to = key == kInverse ? "the inverse of id2label" : shown(value);
      notes.changed.push_back(fmt::format("{} from {} to {}", key, shown(*found), to));
    }
  }
}

SourceNotes notes_of(const FoundParameters& found, const ModelSource& source) {
  SourceNotes notes;
  for (const auto& [name, parameter] : found.renamed) notes.renamed.emplace_back(name, published_name(parameter, source.config.shape));
  for (const auto& name : found.buffers) notes.skipped.push_back(fmt::format("{} (a constant)", name));
  for (const auto& same : found.doubles) {
    const auto is_this = [&](const std::string& text) { return text.starts_with(same.name + " ("); };
    if (std::ranges::any_of(source.contradictions, is_this)) continue;
    notes.skipped.push_back(fmt::format("{} (a second name of {})", same.name, published_name(same.parameter, source.config.shape)));
  }
  return notes;
}

bool has_decoder(const io::NamedArrays& arrays, const AlbertConfig& shape) {
  return std::ranges::any_of(arrays, [&](const auto& item) { return parameter_name(item.first, shape) == kDecoder; });
}

}  // namespace

bool is_hugging_face_folder(const fs::path& path) {
  return fs::exists(path / kConfigName) || fs::exists(path / io::kWeightsName) || fs::exists(path / io::kWeightsIndexName);
}

ModelSource read_hugging_face_folder(const fs::path& folder) {
  const auto config_path = folder / kConfigName;
  if (!fs::exists(config_path)) {
    throw IoError(fmt::format("{}: not a model folder: config.json is missing", folder.string()));
  }
  const auto weights = io::WeightFiles::of_folder(folder);
  const std::string config_text = read_file(config_path, kTextLimitBytes);
  ModelSource source{.kind = "Hugging Face folder", .where = weights.path().string()};
  source.config = read_config_json(config_text, config_path.string());
  source.owners = weights.owners();
  source.metadata = weights.metadata();

  const auto found = find_parameters(weights.arrays(), source.config.shape);
  for (const auto& [name, array] : found.arrays) source.arrays.emplace(name, *array);
  source.contradictions = contradictions(found);
  if (!source.config.is_tied && !has_decoder(weights.arrays(), source.config.shape)) source.lacks_decoder = true;
  source.notes = notes_of(found, source);
  note_config(config_text, source.config, source.notes);
  for (const auto name : kTexts) {
    if (!fs::is_regular_file(folder / name)) continue;
    source.texts.emplace(name, read_file(folder / name, kTextLimitBytes));
    source.places.emplace(name, (folder / name).string());
  }
  return source;
}

}  // namespace albert
