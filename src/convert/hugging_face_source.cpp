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

/// Keys that the configuration we write lacks; one that is null or false says nothing.
std::vector<std::string> unread_keys(std::string_view text, const PublishedConfig& config) {
  const auto read = io::parse_json(text, kConfigName);
  const auto written = io::parse_json(write_config_json(config), kConfigName);
  std::vector<std::string> keys;
  for (const auto& item : read.items()) {
    const bool is_known = written.contains(item.key()) || item.key() == "torch_dtype";
    const bool says_something = !item.value().is_null() && item.value() != false;
    if (!is_known && says_something) keys.push_back(fmt::format("{} of config.json (unknown here)", item.key()));
  }
  return keys;
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
  source.notes = notes_of(found, source);
  for (auto& key : unread_keys(config_text, source.config)) source.notes.skipped.push_back(std::move(key));
  for (const auto name : kTexts) {
    if (!fs::is_regular_file(folder / name)) continue;
    source.texts.emplace(name, read_file(folder / name, kTextLimitBytes));
    source.places.emplace(name, (folder / name).string());
  }
  return source;
}

}  // namespace albert
