#include "tokenizer/pattern_text.h"

#include <fmt/format.h>

#include <cstdint>

namespace albert {
namespace {

bool is_ascii_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string escape_pattern(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool is_plain = static_cast<unsigned char>(c) >= 0x80 || is_ascii_letter_or_digit(c);
    if (!is_plain) result += '\\';
    result += c;
  }
  return result;
}

std::string class_pattern(const std::vector<char32_t>& characters) {
  std::string result = "[";
  for (size_t begin = 0; begin < characters.size();) {
    size_t last = begin;
    while (last + 1 < characters.size() && characters[last + 1] == characters[last] + 1) ++last;
    result += fmt::format("\\x{{{:x}}}", static_cast<uint32_t>(characters[begin]));
    if (last > begin) result += fmt::format("-\\x{{{:x}}}", static_cast<uint32_t>(characters[last]));
    begin = last + 1;
  }
  return result + "]";
}

}  // namespace albert
