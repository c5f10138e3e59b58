// The sections of a tokenizer.json that depend on the kind of vocabulary.
#pragma once

#include <nlohmann/json.hpp>

#include "albert/tokenizer/tokenizer.h"

namespace albert {

using OrderedJson = nlohmann::ordered_json;

struct TokenizerJsonParts {
  OrderedJson normalizer;
  OrderedJson pre_tokenizer;
  OrderedJson decoder;
  OrderedJson model;
};

TokenizerJsonParts symbol_json_parts(const Tokenizer& tokenizer);
TokenizerJsonParts sentencepiece_json_parts(const Tokenizer& tokenizer);

/// What matches the pattern becomes `content`.
inline OrderedJson replace_json(const std::string& pattern, std::string_view content) {
  return {{"type", "Replace"}, {"pattern", {{"Regex", pattern}}}, {"content", content}};
}
/// Cuts at what matches; `behavior`: "Isolated", "Removed", ...
inline OrderedJson split_json(const std::string& pattern, const char* behavior) {
  return {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", behavior}, {"invert", false}};
}
/// `key`: "normalizers" or "pretokenizers".
inline OrderedJson sequence_json(const char* key, OrderedJson parts) { return {{"type", "Sequence"}, {key, std::move(parts)}}; }

/// U+2581 in front of words, and back to spaces. `prepend`: whether one stands in front of the text.
OrderedJson metaspace_json(bool prepend, bool split);

}  // namespace albert
