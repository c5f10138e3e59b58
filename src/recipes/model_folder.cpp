#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/hash.h>
#include <albert/io/json_text.h>
#include <albert/io/safetensors.h>
#include <albert/recipes/model_folder.h>

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace albert {
namespace {

constexpr uint64_t kConfigLimitBytes = 1U << 20U;

/// What transformers looks for, and which vocabulary the ids belong to.
io::SafetensorsMetadata metadata_of(const ModelFolder& files) {
  io::SafetensorsMetadata metadata{{"format", "pt"}};
  const auto vocabulary = files.texts.find("spiece.model");
  if (vocabulary != files.texts.end()) metadata[kTokenizerMetadata] = sha256_hex(vocabulary->second);
  return metadata;
}

}  // namespace

void require_own_vocabulary(const std::filesystem::path& folder, const Tokenizer& tokenizer, const AlbertConfig& shape,
                            const io::SafetensorsMetadata& metadata) {
  if (tokenizer.vocab_size() != shape.vocab_size) {
    throw IoError(fmt::format("{}: spiece.model does not belong to the model: it has {} pieces, config.json says vocab_size {}", folder.string(),
                              tokenizer.vocab_size(), shape.vocab_size));
  }
  const auto written = metadata.find(kTokenizerMetadata);
  if (written != metadata.end() && written->second != sha256_hex(tokenizer.model_bytes())) {
    throw IoError(fmt::format("{}: spiece.model does not belong to the model: model.safetensors was written with another one", folder.string()));
  }
}

TokenizerOptions read_tokenizer_options(const std::filesystem::path& folder) {
  const auto path = folder / "tokenizer_config.json";
  TokenizerOptions options;
  if (!std::filesystem::exists(path)) return options;
  const auto json = io::read_json(path, {.size_bytes = kConfigLimitBytes});
  const auto read = [&](const char* key, bool& value) {
    if (!json.is_object() || !json.contains(key)) return;
    if (!json[key].is_boolean()) throw IoError(fmt::format("{}: {}: must be true or false", path.string(), key));
    value = json[key].get<bool>();
  };
  read("do_lower_case", options.lower_case);
  read("keep_accents", options.keep_accents);
  return options;
}

std::map<std::string, std::string> tokenizer_files(const Tokenizer& tokenizer, int64_t max_length) {
  return {{"spiece.model", tokenizer.model_bytes()},
          {"tokenizer_config.json", write_tokenizer_config_json({.lower_case = tokenizer.options().lower_case,
                                                                 .keep_accents = tokenizer.options().keep_accents,
                                                                 .max_length = max_length})}};
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
  const auto parent = folder.has_parent_path() ? folder.parent_path() : std::filesystem::path(".");
  make_directories(parent);
  auto temporary = folder;
  temporary += fmt::format(".tmp-{}", ::getpid());
  std::filesystem::remove_all(temporary);
  make_directories(temporary);
  try {
    io::write_safetensors(temporary / "model.safetensors", files.weights.arrays(), metadata_of(files));
    for (const auto& [name, text] : files.texts) {
      FileWriter writer(temporary / name);
      writer.write(text);
      writer.commit();
    }
    sync_directory(temporary);
    // rename() does not replace a folder that has files: the old one steps aside first and is deleted last.
    auto old = folder;
    old += fmt::format(".old-{}", ::getpid());
    std::error_code none;
    std::filesystem::rename(folder, old, none);
    std::error_code error;
    std::filesystem::rename(temporary, folder, error);
    if (error) throw IoError(fmt::format("{}: cannot rename into place: {}", folder.string(), error.message()));
    sync_directory(parent);
    std::filesystem::remove_all(old, none);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(temporary, ignored);
    throw;
  }
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

LoadedModel load_model_folder(const std::filesystem::path& folder) {
  const auto config_path = folder / "config.json";
  const auto weights_path = folder / "model.safetensors";
  require_model_files(folder, {"config.json", "model.safetensors"});
  LoadedModel loaded;
  loaded.config = read_config_json(read_file(config_path, kConfigLimitBytes), config_path.string());
  const auto file = io::SafetensorsFile::open(weights_path);
  const auto& arrays = file.arrays();

  loaded.content = pretraining_content(arrays_by_parameter(arrays, loaded.config.shape));
  loaded.model = PretrainingModel(loaded.config.shape, loaded.content.heads());
  import_arrays(arrays, parameters_by_name(*loaded.model), loaded.config.shape, loaded.content.rules(), weights_path.string());
  loaded.model->eval();
  loaded.model->parameters_changed();

  const auto vocabulary = folder / "spiece.model";
  if (std::filesystem::exists(vocabulary)) {
    loaded.tokenizer = Tokenizer::load(vocabulary, read_tokenizer_options(folder));
    require_own_vocabulary(folder, *loaded.tokenizer, loaded.config.shape, file.metadata());
  }
  return loaded;
}

}  // namespace albert
