// tokenizer.json of a vocabulary of symbols: one word-level model behind the regular expressions of symbol_patterns.
#include <utility>

#include "tokenizer/tokenizer_json_parts.h"

namespace albert {
namespace {

OrderedJson normalizer(const SymbolPatterns& patterns) {
  OrderedJson parts = OrderedJson::array();
  parts.push_back({{"type", "NFD"}});
  if (patterns.word_breaks) parts.push_back(replace_json(*patterns.word_breaks, kWordSeparatorPiece));
  if (patterns.outer_breaks) parts.push_back(replace_json(*patterns.outer_breaks, ""));
  if (patterns.word_breaks) parts.push_back({{"type", "Prepend"}, {"prepend", kWordSeparatorPiece}});
  return sequence_json("normalizers", std::move(parts));
}

OrderedJson pre_tokenizer(const SymbolPatterns& patterns) {
  if (patterns.units) return split_json(*patterns.units, "Isolated");
  OrderedJson parts = OrderedJson::array();
  if (patterns.word_breaks) parts.push_back(split_json(std::string(kWordSeparatorPiece), "Isolated"));
  parts.push_back(split_json(*patterns.symbol_breaks, "Removed"));
  return sequence_json("pretokenizers", std::move(parts));
}

OrderedJson decoder(const SymbolOptions& options) {
  if (options.symbol_separator) return {};
  if (options.word_separator) return metaspace_json(/*prepend=*/true, /*split=*/false);
  return {{"type", "Fuse"}};
}

}  // namespace

TokenizerJsonParts symbol_json_parts(const Tokenizer& tokenizer) {
  const auto& options = tokenizer.symbol_options();
  const auto patterns = symbol_patterns(parse_symbols(tokenizer.vocabulary_bytes(), options, "symbols.txt"), options);
  OrderedJson vocabulary = OrderedJson::object();
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) vocabulary[symbol_key(tokenizer.piece(id))] = id;
  return {.normalizer = normalizer(patterns),
          .pre_tokenizer = pre_tokenizer(patterns),
          .decoder = decoder(options),
          .model = {{"type", "WordLevel"}, {"vocab", std::move(vocabulary)}, {"unk_token", "[UNK]"}}};
}

}  // namespace albert
