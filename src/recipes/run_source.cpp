#include "recipes/run_source.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/hash.h>
#include <albert/convert/model_source.h>
#include <albert/io/checkpoint_directory.h>
#include <albert/io/weight_files.h>
#include <albert/tokenizer/tokenizer.h>

#include <iterator>

namespace albert {
namespace {

bool verifies(const std::filesystem::path& checkpoint) {
  try {
    (void)io::load_checkpoint(checkpoint);
    return true;
  } catch (const IoError&) {
    return false;
  }
}

/// The option that names the vocabulary.
std::optional<std::filesystem::path>& vocabulary_in(TokenizerConfig& config) {
  return config.type == TokenizerType::symbols ? config.vocabulary : config.model;
}

/// Calls done(array) behind each.
template <typename Done>
std::string digest_of(const io::NamedArrays& arrays, Done done) {
  std::string hashes;
  for (const auto& [name, array] : arrays) {
    const std::string_view bytes(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
    hashes += name + ' ' + to_hex(xxh3_64(bytes)) + '\n';
    done(array);
  }
  return to_hex(xxh3_64(hashes));
}

}  // namespace

std::optional<std::filesystem::path> begun_from(const std::filesystem::path& checkpoints, const ResumeRequest& resume) {
  if (resume.mode == ResumeRequest::Mode::never) return {};
  if (resume.mode == ResumeRequest::Mode::path) return resume.path;
  const auto by_step = io::list_checkpoints(checkpoints);
  for (auto newest = by_step.rbegin(); newest != by_step.rend(); ++newest) {
    if (verifies(newest->second)) return newest->second;
  }
  return {};
}

std::string command_that_goes_on(const ResumeRequest& resume) {
  return resume.mode == ResumeRequest::Mode::automatic ? "the same command" : "the same command without --resume";
}

std::string source_hash(const std::filesystem::path& source, bool has_begun) {
  if (is_google_checkpoint(source)) return digest_of(read_model_source(source).arrays, [](const io::ArrayView&) {});
  const auto has = [&](std::string_view name) { return std::filesystem::exists(source / name); };
  if (has_begun && !has(io::kWeightsName) && !has(io::kWeightsIndexName)) return {};
  const auto weights = io::WeightFiles::of_folder(source);
  return digest_of(weights.arrays(), [&](const io::ArrayView& array) { weights.forget(array.bytes); });
}

PretrainConfig going_on_from(PretrainConfig config, const std::filesystem::path& checkpoint) {
  for (auto* vocabulary : {&config.tokenizer.model, &config.tokenizer.vocabulary}) {
    const bool is_of_source = *vocabulary && ((*vocabulary)->parent_path() == *config.model.init_from || !std::filesystem::exists(**vocabulary));
    if (is_of_source) vocabulary->reset();
  }
  config.model.init_from = checkpoint;
  return config;
}

PretrainConfig as_named(PretrainConfig config, const PretrainConfig& given) {
  if (!given.model.init_from) return config;
  auto named = given.tokenizer;
  named.type = config.tokenizer.type;
  auto& vocabulary = vocabulary_in(config.tokenizer);
  vocabulary = vocabulary_in(named);
  const bool is_in_folder = !is_google_checkpoint(*given.model.init_from);
  if (!vocabulary && is_in_folder) vocabulary = *given.model.init_from / vocabulary_file_name(named.type);
  config.model.init_from = given.model.init_from;
  return config;
}

void require_positions(int64_t max_length, const AlbertConfig& shape, std::string_view model) {
  if (max_length <= shape.max_position_embeddings) return;
  throw ConfigError(fmt::format("data.max_length: must be at most the {0} positions of {1}, got {2}; set data.max_length: {0}",
                                shape.max_position_embeddings, model, max_length));
}

}  // namespace albert
