// What a kind of tokenizer is: Tokenizer holds one of these. A new kind: one file that derives from it, one function of
// Tokenizer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "albert/tokenizer/tokenizer.h"

namespace albert {

/// The functions are those of Tokenizer. Immutable once it is made.
class TokenizerAlgorithm {
 public:
  TokenizerAlgorithm() = default;
  TokenizerAlgorithm(const TokenizerAlgorithm&) = delete;
  TokenizerAlgorithm& operator=(const TokenizerAlgorithm&) = delete;
  virtual ~TokenizerAlgorithm() = default;

  [[nodiscard]] virtual std::vector<int32_t> encode(std::string_view text) const = 0;
  [[nodiscard]] virtual Encoding encode_with_offsets(std::string_view text) const = 0;
  [[nodiscard]] virtual std::vector<std::string> encode_as_pieces(std::string_view text) const = 0;
  [[nodiscard]] virtual std::vector<int32_t> encode_masked(std::string_view text) const = 0;
  /// Ids in [0, vocab_size).
  [[nodiscard]] virtual std::string decode(const std::vector<int32_t>& ids) const = 0;
  [[nodiscard]] virtual int32_t vocab_size() const = 0;
  [[nodiscard]] virtual std::string_view piece(int32_t id) const = 0;
  [[nodiscard]] virtual WordRole word_role(int32_t id) const = 0;

  TokenizerType type = TokenizerType::sentencepiece;
  TokenizerOptions options;
  SymbolOptions symbol_options;
  SpecialTokens special_tokens;
  std::string hash;
  std::string vocabulary_bytes;
};

}  // namespace albert
