#include "albert/tokenizer/tokenizer_json.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer_json_parts.h"

namespace albert {
namespace {

/// [CLS] A [SEP] and [CLS] A [SEP] B [SEP], B in the second segment.
OrderedJson post_processor(const Tokenizer& tokenizer) {
  const auto special = [](const char* name, int segment) {
    return OrderedJson{{"SpecialToken", {{"id", name}, {"type_id", segment}}}};
  };
  const auto text = [](const char* name, int segment) { return OrderedJson{{"Sequence", {{"id", name}, {"type_id", segment}}}}; };
  const auto entry = [](const char* name, int32_t id) {
    return OrderedJson{{"id", name}, {"ids", OrderedJson::array({id})}, {"tokens", OrderedJson::array({name})}};
  };
  const auto& ids = tokenizer.special_tokens();
  return {
      {"type", "TemplateProcessing"},
      {"single", OrderedJson::array({special("[CLS]", 0), text("A", 0), special("[SEP]", 0)})},
      {"pair", OrderedJson::array({special("[CLS]", 0), text("A", 0), special("[SEP]", 0), text("B", 1), special("[SEP]", 1)})},
      {"special_tokens", {{"[CLS]", entry("[CLS]", ids.cls)}, {"[SEP]", entry("[SEP]", ids.sep)}}}};
}

OrderedJson added_tokens(const Tokenizer& tokenizer) {
  const auto& special = tokenizer.special_tokens();
  OrderedJson list = OrderedJson::array();
  std::vector<int32_t> ids{special.pad, special.unknown, special.cls, special.sep, special.mask};
  std::sort(ids.begin(), ids.end());
  for (const int32_t id : ids) {
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

}  // namespace

OrderedJson metaspace_json(bool prepend, bool split) {
  return {{"type", "Metaspace"},
          {"replacement", kWordSeparatorPiece},
          {"prepend_scheme", prepend ? "always" : "never"},
          {"split", split}};
}

std::string tokenizer_json(const Tokenizer& tokenizer) {
  auto parts = tokenizer.type() == TokenizerType::symbols ? symbol_json_parts(tokenizer) : sentencepiece_json_parts(tokenizer);
  const OrderedJson json{{"version", "1.0"},
                         {"truncation", nullptr},
                         {"padding", nullptr},
                         {"added_tokens", added_tokens(tokenizer)},
                         {"normalizer", std::move(parts.normalizer)},
                         {"pre_tokenizer", std::move(parts.pre_tokenizer)},
                         {"post_processor", post_processor(tokenizer)},
                         {"decoder", std::move(parts.decoder)},
                         {"model", std::move(parts.model)}};
  return json.dump() + "\n";
}

}  // namespace albert
