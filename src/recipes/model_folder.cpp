#include "recipes/symbol_files.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/hash.h>
#include <albert/base/replacing_folder.h>
#include <albert/convert/model_source.h>
#include <albert/io/safetensors.h>
#include <albert/recipes/model_folder.h>
#include <albert/tokenizer/model_check.h>
#include <albert/tokenizer/tokenizer_json.h>

namespace albert {
namespace {

constexpr std::string_view kTokenizerConfig = "tokenizer_config.json";

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

std::optional<Tokenizer> tokenizer_of(const ModelSource& source) {
  const auto find = [&](TokenizerType type) { return source.texts.find(std::string(vocabulary_file_name(type))); };
  const auto pieces = find(TokenizerType::sentencepiece);
  const auto symbols = find(TokenizerType::symbols);
  const bool has_pieces = pieces != source.texts.end();
  const bool has_symbols = symbols != source.texts.end();
  if (has_pieces && has_symbols) {
    throw IoError(fmt::format("{}: must have one vocabulary, got spiece.model and symbols.txt; delete the one that is not the model's",
                              std::filesystem::path(source.place_of(pieces->first)).parent_path().string()));
  }
  if (!has_pieces && !has_symbols) return std::nullopt;
  const auto config = source.texts.find(std::string(kTokenizerConfig));
  const auto config_text = config == source.texts.end() ? std::string_view("{}") : std::string_view(config->second);
  const auto where = source.place_of(std::string(kTokenizerConfig));
  if (has_symbols) return Tokenizer::from_symbols(symbols->second, parse_symbol_options(config_text, where), source.place_of(symbols->first));
  return Tokenizer::from_bytes(pieces->second, parse_tokenizer_options(config_text, where), source.place_of(pieces->first));
}

std::optional<Tokenizer> read_tokenizer(const std::filesystem::path& folder) {
  ModelSource files;
  for (const auto name : {vocabulary_file_name(TokenizerType::sentencepiece), vocabulary_file_name(TokenizerType::symbols), kTokenizerConfig}) {
    const auto path = folder / name;
    files.places.emplace(name, path.string());
    if (std::filesystem::exists(path)) files.texts.emplace(name, read_file(path, kMaxModelBytes));
  }
  return tokenizer_of(files);
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

ModelSource open_model(const std::filesystem::path& path) {
  const bool is_file = std::filesystem::exists(path) && !std::filesystem::is_directory(path);
  if (!is_file && !is_google_checkpoint(path)) require_model_files(path, {"config.json"});
  auto source = read_model_source(path);
  require_consistent(source);
  return source;
}

LoadedModel load_model_folder(const std::filesystem::path& path) {
  const auto source = open_model(path);
  LoadedModel loaded;
  loaded.config = source.config;
  loaded.content = pretraining_content(arrays_by_parameter(source.arrays, loaded.config.shape));
  loaded.model = PretrainingModel(loaded.config.shape, loaded.content.heads());
  import_arrays(source.arrays, parameters_by_name(*loaded.model), loaded.config.shape, loaded.content.rules(), source.where);
  loaded.model->eval();
  loaded.model->parameters_changed();

  loaded.tokenizer = tokenizer_of(source);
  if (loaded.tokenizer) require_own_vocabulary(path, *loaded.tokenizer, loaded.config.shape, source.metadata);
  return loaded;
}

}  // namespace albert
