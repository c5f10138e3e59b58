// Section `tokenizer` of the configuration: which vocabulary, or how to make one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "albert/base/duration.h"
#include "albert/config/fields.h"
#include "albert/tokenizer/normalizer.h"
#include "albert/tokenizer/symbols.h"

namespace albert {

/// The options of one type must be at their defaults with the other.
struct TokenizerConfig {
  TokenizerType type = TokenizerType::sentencepiece;
  // type: sentencepiece
  std::optional<std::filesystem::path> model;
  int64_t vocab_size = 30000;
  ByteSize sample_bytes{.bytes = uint64_t{200} << 20U};
  double character_coverage = 0.99995;
  bool lower_case = true;
  bool keep_accents = false;
  // type: symbols
  std::optional<std::filesystem::path> vocabulary;
  std::optional<std::string> word_separator = " ";
  std::optional<std::string> symbol_separator;
  std::vector<std::string> punctuation;
  int64_t min_count = 1;
  double max_unknown = 0.001;

  [[nodiscard]] TokenizerOptions options() const { return {.lower_case = lower_case, .keep_accents = keep_accents}; }
  [[nodiscard]] SymbolOptions symbol_options() const {
    return {.word_separator = word_separator, .symbol_separator = symbol_separator, .punctuation = punctuation};
  }
  void validate(config::Issues& issues) const;
};
template <config::Self<TokenizerConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"type",
              "what the pieces are: of words, by SentencePiece; or the symbols of an inventory, one id each (docs/symbols.md)"},
        c.type);
  visit(Field{"model", "a spiece.model to use; null: train a vocabulary on the data"}, c.model);
  visit(Field{"vocab_size", "number of pieces of a vocabulary that is trained, 13 special ones included",
              config::range(100, 1'000'000)},
        c.vocab_size);
  visit(
      Field{
          "sample_bytes",
          "text that the vocabulary is trained on, drawn by sentence from all of the data; needs about 25 times as much memory"},
      c.sample_bytes);
  visit(Field{"character_coverage",
              "share of the characters of the text that get a piece of their own; the rest is <unk> (ALBERT: 0.99995)",
              config::range(0.98, 1.0)},
        c.character_coverage);
  visit(Field{"lower_case", "lower-case the text, as ALBERT does"}, c.lower_case);
  visit(Field{"keep_accents", "keep accents and other combining marks, which ALBERT drops"}, c.keep_accents);
  visit(Field{"vocabulary", "symbols: a text file with one symbol a line; null: all symbols of the data, by code point"},
        c.vocabulary);
  visit(Field{"word_separator", "symbols: what stands between words; white space: any run of it; null: each symbol is a word"},
        c.word_separator);
  visit(
      Field{"symbol_separator", "symbols: what stands between the symbols of a word; null: nothing, the longest symbol is taken"},
      c.symbol_separator);
  visit(Field{"punctuation", "symbols: those that are words by themselves, so that no mask takes them with a word"},
        c.punctuation);
  visit(Field{"min_count", "symbols: how often a symbol must stand in the data to enter a vocabulary that is made from them",
              config::range(1, 1e12)},
        c.min_count);
  visit(Field{"max_unknown", "symbols: share of the symbols of the data that may be missing from the vocabulary; more is refused",
              config::range(0.0, 1.0)},
        c.max_unknown);
}

}  // namespace albert
