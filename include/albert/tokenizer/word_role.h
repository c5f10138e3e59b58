// What a piece is to the words of a text: masking takes whole words.
#pragma once

#include <cstdint>

namespace albert {

/// `separates`: stands between words, so it is never predicted, and no word crosses it. `alone`: a word by itself (punctuation).
enum class WordRole : uint8_t { continues, starts, alone, separates };

}  // namespace albert
