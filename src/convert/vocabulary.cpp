#include <albert/base/error.h>
#include <albert/convert/vocabulary.h>
#include <albert/io/json_text.h>
#include <albert/tokenizer/tokenizer.h>
#include <albert/tokenizer/tokenizer_json.h>

#include <nlohmann/json.hpp>

namespace albert {
namespace {

constexpr size_t kConfigLimitBytes = size_t{1} << 20U;
constexpr const char* kPieces = "spiece.model";
constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char* kFast = "tokenizer.json";

nlohmann::json parse_config(std::string_view text, const std::string& where) {
  return io::parse_json(text, where, {.size_bytes = kConfigLimitBytes});
}

/// transformers writes a number beyond all lengths where there is no limit.
int64_t max_length_of(const nlohmann::json& config, int64_t positions) {
  const auto found = config.is_object() ? config.find("model_max_length") : config.end();
  const bool is_length = config.is_object() && found != config.end() && found->is_number_integer();
  const int64_t length = is_length ? found->get<int64_t>() : positions;
  return length >= 1 && length < positions ? length : positions;
}

}  // namespace

TokenizerOptions parse_tokenizer_options(std::string_view text, const std::string& where) {
  TokenizerOptions options;
  const auto json = parse_config(text, where);
  const auto read = [&](const char* key, bool& value) {
    if (!json.is_object() || !json.contains(key)) return;
    if (!json[key].is_boolean()) throw IoError(fmt::format("{}: {}: must be true or false", where, key));
    value = json[key].get<bool>();
  };
  read("do_lower_case", options.lower_case);
  read("keep_accents", options.keep_accents);
  return options;
}

std::vector<std::string> complete_vocabulary(ModelSource& source) {
  const auto pieces = source.texts.find(kPieces);
  if (pieces == source.texts.end()) return {};
  const auto config = source.texts.find(kConfig);
  const bool has_config = config != source.texts.end();
  const auto options = has_config ? parse_tokenizer_options(config->second, source.place_of(kConfig)) : TokenizerOptions{};
  const auto tokenizer = Tokenizer::from_bytes(pieces->second, options, source.place_of(kPieces));
  if (source.texts.contains(kFast)) return {};
  const auto stated = has_config ? parse_config(config->second, source.place_of(kConfig)) : nlohmann::json();
  source.texts[kFast] = tokenizer_json(tokenizer);
  source.texts[kConfig] =
      write_tokenizer_config_json({.lower_case = options.lower_case,
                                   .keep_accents = options.keep_accents,
                                   .max_length = max_length_of(stated, source.config.shape.max_position_embeddings)});
  return {kFast, kConfig};
}

}  // namespace albert
