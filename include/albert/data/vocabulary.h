// What the data needs to know of a tokenizer.
#pragma once

#include <albert/tokenizer/tokenizer.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// The tokenizer's facts as plain values, so that stores and examples can be made (and tested) without one.
struct Vocabulary {
  int32_t size = 0;
  SpecialTokens special;
  std::vector<WordRole> word_roles;  ///< by id
  /// Ids that may stand for a predicted piece by chance; empty: all, special ones too, as in the released code.
  std::vector<int32_t> replacements;
  std::string tokenizer_hash;        ///< at most 64 characters
  /// Text to ids without special tokens; called from many threads at once.
  std::function<std::vector<int32_t>(std::string_view)> encode;
};

/// The view of a tokenizer, which must outlive the result.
Vocabulary vocabulary_of(const Tokenizer& tokenizer);

}  // namespace albert
