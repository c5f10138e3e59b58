#include "recipes/symbol_files.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/hash.h>
#include <albert/base/replacing_folder.h>
#include <albert/convert/model_source.h>
#include <albert/io/json_text.h>
#include <albert/io/safetensors.h>
#include <albert/recipes/model_folder.h>
#include <albert/tokenizer/tokenizer_json.h>

#include <nlohmann/json.hpp>

namespace albert {
namespace {

constexpr uint64_t kConfigLimitBytes = 1U << 20U;

/// What transformers looks for, and which vocabulary the ids belong to.
io::SafetensorsMetadata metadata_of(const ModelFolder& files) {
  io::SafetensorsMetadata metadata{{"format", "pt"}};
  for (const auto& [type, name] : enum_names(config::EnumTag<TokenizerType>{})) {
    const auto vocabulary = files.texts.find(std::string(vocabulary_file_name(type)));
    if (vocabulary != files.texts.end()) metadata[tokenizer_metadata_key(type)] = sha256_hex(vocabulary->second);
  }
  return metadata;
}

}  // namespace

const char* tokenizer_metadata_key(TokenizerType type) { return type == TokenizerType::symbols ? "symbols_sha256" : "spiece_model_sha256"; }

void require_own_vocabulary(const std::filesystem::path& folder, const Tokenizer& tokenizer, const AlbertConfig& shape,
                            const io::SafetensorsMetadata& metadata) {
  const auto name = vocabulary_file_name(tokenizer.type());
  if (tokenizer.vocab_size() != shape.vocab_size) {
    throw IoError(fmt::format("{}: {} does not belong to the model: it has {} pieces, config.json says vocab_size {}", folder.string(), name,
                              tokenizer.vocab_size(), shape.vocab_size));
  }
  const auto written = metadata.find(tokenizer_metadata_key(tokenizer.type()));
  if (written != metadata.end() && written->second != sha256_hex(tokenizer.vocabulary_bytes())) {
    throw IoError(fmt::format("{}: {} does not belong to the model: model.safetensors was written with another one", folder.string(), name));
  }
}

TokenizerOptions read_tokenizer_options(const std::filesystem::path& folder) {
  const auto path = folder / "tokenizer_config.json";
  return std::filesystem::exists(path) ? parse_tokenizer_options(read_file(path, kConfigLimitBytes), path.string()) : TokenizerOptions{};
}

std::optional<Tokenizer> read_tokenizer(const std::filesystem::path& folder) {
  const auto pieces = folder / vocabulary_file_name(TokenizerType::sentencepiece);
  const auto symbols = folder / vocabulary_file_name(TokenizerType::symbols);
  const bool has_symbols = std::filesystem::exists(symbols);
  if (!std::filesystem::exists(pieces)) {
    return has_symbols ? std::optional(Tokenizer::load_symbols(symbols, read_symbol_options(folder))) : std::nullopt;
  }
  if (has_symbols) throw IoError(fmt::format("{}: must have one vocabulary, got spiece.model and symbols.txt; delete the one that is not the model's", folder.string()));
  return Tokenizer::load(pieces, read_tokenizer_options(folder));
}

std::map<std::string, std::string> tokenizer_files(const Tokenizer& tokenizer, int64_t max_length) {
  if (tokenizer.type() == TokenizerType::symbols) return symbol_files(tokenizer, max_length);
  return {{"spiece.model", tokenizer.vocabulary_bytes()},
          {"tokenizer_config.json", write_tokenizer_config_json({.lower_case = tokenizer.options().lower_case,
                                                                 .keep_accents = tokenizer.options().keep_accents,
                                                                 .max_length = max_length})},
          {"tokenizer.json", tokenizer_json(tokenizer)}};
}

ModelFolder model_folder(PretrainingModelImpl& model, const Tokenizer* tokenizer) {
  ModelFolder files;
  for (const auto& [name, tensor] : published_tensors(parameters_by_name(model), model.config())) files.weights.add(name, tensor);
  PublishedConfig config{.shape = model.config(), .special_ids = {}, .architecture = pretraining_architecture(model.config(), model.heads()),
                         .labels = {}, .problem_type = {}};
  if (tokenizer != nullptr) {
    const auto& special = tokenizer->special_tokens();
    config.special_ids = {.pad = special.pad, .cls = special.cls, .sep = special.sep};
    files.texts = tokenizer_files(*tokenizer, model.config().max_position_embeddings);
  }
  files.texts["config.json"] = write_config_json(config);
  return files;
}

void write_model_folder(const std::filesystem::path& folder, const ModelFolder& files) {
  ReplacingFolder written(folder);
  io::write_safetensors(written.path() / "model.safetensors", files.weights.arrays(), metadata_of(files));
  written.write(files.texts);
  written.commit();
}

void require_model_files(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  if (!std::filesystem::exists(folder)) throw IoError(fmt::format("{}: not a model folder: there is no such folder", folder.string()));
  for (const auto& name : names) {
    if (std::filesystem::exists(folder / name)) continue;
    const auto last = folder / "final";
    const auto cure = std::filesystem::exists(last / name) ? fmt::format("; the model of this run is {}", last.string()) : std::string();
    throw IoError(fmt::format("{}: not a model folder: {} is missing{}", folder.string(), name, cure));
  }
}

Tokenizer require_tokenizer(const std::filesystem::path& folder) {
  auto tokenizer = read_tokenizer(folder);
  if (!tokenizer) require_model_files(folder, {"spiece.model"});  // throws
  ALBERT_CHECK(tokenizer.has_value(), "a vocabulary appeared while it was looked for");
  return *std::move(tokenizer);
}

LoadedModel load_model_folder(const std::filesystem::path& folder) {
  require_model_files(folder, {"config.json"});
  const auto source = read_model_source(folder);
  require_consistent(source);
  LoadedModel loaded;
  loaded.config = source.config;
  loaded.content = pretraining_content(arrays_by_parameter(source.arrays, loaded.config.shape));
  loaded.model = PretrainingModel(loaded.config.shape, loaded.content.heads());
  import_arrays(source.arrays, parameters_by_name(*loaded.model), loaded.config.shape, loaded.content.rules(), source.where);
  loaded.model->eval();
  loaded.model->parameters_changed();

  loaded.tokenizer = read_tokenizer(folder);
  if (loaded.tokenizer) require_own_vocabulary(folder, *loaded.tokenizer, loaded.config.shape, source.metadata);
  return loaded;
}

}  // namespace albert
