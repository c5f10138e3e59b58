#include "recipes/symbol_files.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/json_text.h>
#include <albert/tokenizer/tokenizer_json.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace albert {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kConfigLimitBytes = 1U << 20U;
constexpr const char* kConfigName = "tokenizer_config.json";

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

std::string config_json(const SymbolOptions& options, int64_t max_length) {
  Json json;
  json["tokenizer_class"] = "PreTrainedTokenizerFast";
  json["symbols"] = {{"word_separator", or_null(options.word_separator)},
                     {"symbol_separator", or_null(options.symbol_separator)},
                     {"punctuation", options.punctuation}};
  json["pad_token"] = "[PAD]";
  json["unk_token"] = "[UNK]";
  json["cls_token"] = "[CLS]";
  json["sep_token"] = "[SEP]";
  json["mask_token"] = "[MASK]";
  json["model_input_names"] = {"input_ids", "token_type_ids", "attention_mask"};
  json["clean_up_tokenization_spaces"] = false;
  json["model_max_length"] = max_length;
  return json.dump(2) + "\n";
}

}  // namespace

std::map<std::string, std::string> symbol_files(const Tokenizer& tokenizer, int64_t max_length) {
  return {{std::string(vocabulary_file_name(tokenizer.type())), tokenizer.vocabulary_bytes()},
          {kConfigName, config_json(tokenizer.symbol_options(), max_length)},
          {"tokenizer.json", tokenizer_json(tokenizer)}};
}

SymbolOptions read_symbol_options(const std::filesystem::path& folder) {
  const auto path = folder / kConfigName;
  return parse_symbol_options(read_file(path, kConfigLimitBytes), path.string());
}

SymbolOptions parse_symbol_options(std::string_view text, const std::string& where) {
  const auto json = io::parse_json(text, where, {.size_bytes = kConfigLimitBytes});
  const auto& symbols = json.is_object() && json.contains("symbols") ? json["symbols"] : nlohmann::json();
  const auto require = [&](const char* key, bool is_right, const char* wanted) {
    if (!is_right) throw IoError(fmt::format("{}: symbols.{}: must be {}", where, key, wanted));
  };
  const auto read = [&](const char* key) {
    const auto& value = symbols.is_object() && symbols.contains(key) ? symbols[key] : nlohmann::json(false);
    require(key, value.is_string() || value.is_null(), "text or null");
    return value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
  };
  SymbolOptions options{
      .word_separator = read("word_separator"), .symbol_separator = read("symbol_separator"), .punctuation = {}};
  const auto list = symbols.value("punctuation", nlohmann::json());
  require("punctuation",
          list.is_array() && std::all_of(list.begin(), list.end(), [](const auto& entry) { return entry.is_string(); }),
          "a list of texts");
  options.punctuation = list.get<std::vector<std::string>>();
  if (const auto error = separator_error(options)) throw IoError(fmt::format("{}: symbols.{}", where, *error));
  return options;
}

}  // namespace albert
