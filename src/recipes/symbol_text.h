// Which symbols a text has, and which of them a vocabulary lacks.
#pragma once

#include <albert/data/data_config.h>
#include <albert/data/masking.h>
#include <albert/tokenizer/tokenizer.h>
#include <albert/tokenizer/tokenizer_config.h>

#include <cstdint>
#include <string>
#include <vector>

namespace albert {

/// What a pass over a text counts.
struct SymbolCensus {
  struct Unknown {
    std::string symbol;  ///< in NFD
    int64_t count = 0;
    std::string place;  ///< of the first: "FILE:LINE", the file without its folder
  };
  int64_t num_symbols = 0;  ///< unknown ones too, separators of words not
  int64_t num_words = 0;
  int64_t num_unknown = 0;
  std::vector<Unknown> unknown;  ///< most frequent first; at most kMaxSymbols different ones
  [[nodiscard]] double unknown_share() const;
  [[nodiscard]] double mean_word() const;  ///< symbols
};

/// Reads the whole text. Throws as CorpusReader.
SymbolCensus count_symbols(const DataConfig& data, const Tokenizer& tokenizer);

/// "U+0303 12 times, first at ipa.txt:7" of the most frequent unknown symbols.
std::vector<std::string> describe_unknown(const SymbolCensus& census);

/// Throws DataError where more symbols are unknown than tokenizer.max_unknown allows, and where words are so long that no mask
/// fits over one.
void require_symbols(const SymbolCensus& census, const TokenizerConfig& tokenizer, const MaskingConfig& masking,
                     int64_t max_length);

/// A symbols.txt of all symbols of the text that stand there at least min_count times, and of tokenizer.punctuation; by code
/// point. Throws DataError where there are none, or more than kMaxSymbols.
std::string collect_symbols(const DataConfig& data, const TokenizerConfig& tokenizer);

}  // namespace albert
