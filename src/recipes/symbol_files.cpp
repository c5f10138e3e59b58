#include "recipes/symbol_files.h"

#include <albert/base/error.h>
#include <albert/io/json_text.h>

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

Json split(const std::string& pattern, const char* behavior) {
  return {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", behavior}, {"invert", false}};
}

Json replace(const std::string& pattern, std::string_view content) {
  return {{"type", "Replace"}, {"pattern", {{"Regex", pattern}}}, {"content", content}};
}

Json sequence(const char* key, Json parts) { return {{"type", "Sequence"}, {key, std::move(parts)}}; }

Json normalizer(const SymbolPatterns& patterns) {
  Json parts = Json::array();
  parts.push_back({{"type", "NFD"}});
  if (patterns.word_breaks) parts.push_back(replace(*patterns.word_breaks, kWordSeparatorPiece));
  if (patterns.outer_breaks) parts.push_back(replace(*patterns.outer_breaks, ""));
  if (patterns.word_breaks) parts.push_back({{"type", "Prepend"}, {"prepend", kWordSeparatorPiece}});
  return sequence("normalizers", std::move(parts));
}

Json pre_tokenizer(const SymbolPatterns& patterns) {
  if (patterns.units) return split(*patterns.units, "Isolated");
  Json parts = Json::array();
  if (patterns.word_breaks) parts.push_back(split(std::string(kWordSeparatorPiece), "Isolated"));
  parts.push_back(split(*patterns.symbol_breaks, "Removed"));
  return sequence("pretokenizers", std::move(parts));
}

/// [CLS] A [SEP] and [CLS] A [SEP] B [SEP], B in the second segment.
Json post_processor(const Tokenizer& tokenizer) {
  const auto special = [](const char* name, int segment) { return Json{{"SpecialToken", {{"id", name}, {"type_id", segment}}}}; };
  const auto text = [](const char* name, int segment) { return Json{{"Sequence", {{"id", name}, {"type_id", segment}}}}; };
  const auto entry = [](const char* name, int32_t id) {
    return Json{{"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}};
  };
  const auto& ids = tokenizer.special_tokens();
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({special("[CLS]", 0), text("A", 0), special("[SEP]", 0)})},
          {"pair", Json::array({special("[CLS]", 0), text("A", 0), special("[SEP]", 0), text("B", 1), special("[SEP]", 1)})},
          {"special_tokens", {{"[CLS]", entry("[CLS]", ids.cls)}, {"[SEP]", entry("[SEP]", ids.sep)}}}};
}

Json added_tokens(const Tokenizer& tokenizer) {
  Json list = Json::array();
  for (int32_t id = 0; id <= tokenizer.special_tokens().mask; ++id) {
    list.push_back({{"id", id},
                    {"content", tokenizer.piece(id)},
                    {"single_word", false},
                    {"lstrip", false},
                    {"rstrip", false},
                    {"normalized", false},
                    {"special", true}});
  }
  return list;
}

std::string tokenizer_json(const Tokenizer& tokenizer) {
  const auto& options = tokenizer.symbol_options();
  const auto patterns = symbol_patterns(parse_symbols(tokenizer.vocabulary_bytes(), options, "symbols.txt"), options);
  Json vocabulary = Json::object();
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) vocabulary[symbol_key(tokenizer.piece(id))] = id;
  Json decoder;
  if (options.word_separator && !options.symbol_separator) {
    decoder = {{"type", "Metaspace"}, {"replacement", kWordSeparatorPiece}, {"prepend_scheme", "always"}, {"split", false}};
  } else if (!options.symbol_separator) {
    decoder = {{"type", "Fuse"}};
  }
  const Json json{{"version", "1.0"},
                  {"truncation", nullptr},
                  {"padding", nullptr},
                  {"added_tokens", added_tokens(tokenizer)},
                  {"normalizer", normalizer(patterns)},
                  {"pre_tokenizer", pre_tokenizer(patterns)},
                  {"post_processor", post_processor(tokenizer)},
                  {"decoder", std::move(decoder)},
                  {"model", {{"type", "WordLevel"}, {"vocab", std::move(vocabulary)}, {"unk_token", "[UNK]"}}}};
  return json.dump(2) + "\n";
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
  const auto json = io::read_json(path, {.size_bytes = kConfigLimitBytes});
  const auto& symbols = json.is_object() && json.contains("symbols") ? json["symbols"] : nlohmann::json();
  const auto require = [&](const char* key, bool is_right, const char* wanted) {
    if (!is_right) throw IoError(fmt::format("{}: symbols.{}: must be {}", path.string(), key, wanted));
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
  if (const auto error = separator_error(options)) throw IoError(fmt::format("{}: symbols.{}", path.string(), *error));
  return options;
}

}  // namespace albert
