#include "tokenizer/word_start.h"

#include <algorithm>

namespace albert {
namespace {

constexpr std::string_view kPunctuation = "!\"#$%&\"()*+,-./:;?@[\\]^_`{|}~";
constexpr std::string_view kKelvinSign = "\xE2\x84\xAA";  // U+212A, the only other character whose lower case is an ASCII letter

bool continues_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kPunctuation.find(c) != std::string_view::npos;
}

}  // namespace

bool is_start_piece(std::string_view piece) {
  if (piece.starts_with("\xE2\x96\x81") || piece.starts_with('<')) return true;
  if (piece.size() == 1 && kPunctuation.find(piece.front()) != std::string_view::npos) return true;
  while (!piece.empty()) {
    if (piece.starts_with(kKelvinSign)) {
      piece.remove_prefix(kKelvinSign.size());
    } else if (continues_word(piece.front())) {
      piece.remove_prefix(1);
    } else {
      return true;
    }
  }
  return false;
}

}  // namespace albert
