#include "tokenizer/utf8.h"

#include <fmt/format.h>
#include <unicode/utf8.h>

#include <array>
#include <cstdint>
#include <iterator>

namespace albert {

bool is_valid_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  for (size_t i = 0; i < text.size();) {
    UChar32 c = 0;
    U8_NEXT(bytes, i, text.size(), c);
    if (c < 0) return false;
  }
  return true;
}

std::string utf8_of(char32_t character) {
  std::array<uint8_t, U8_MAX_LENGTH> bytes{};
  size_t length = 0;
  U8_APPEND_UNSAFE(bytes.data(), length, static_cast<uint32_t>(character));
  return {reinterpret_cast<const char*>(bytes.data()), length};
}

char32_t last_code_point(std::string_view text) {
  size_t start = text.size();
  while (start > 0 && text.size() - start < U8_MAX_LENGTH && (text[--start] & 0xC0) == 0x80) {
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  UChar32 c = 0xFFFD;
  if (start < text.size()) U8_NEXT_OR_FFFD(bytes, start, text.size(), c);
  return start == text.size() ? static_cast<char32_t>(c) : U'\uFFFD';
}

std::string quote_bytes(std::string_view bytes) {
  constexpr size_t kShown = 40;
  std::string result = "\"";
  for (const char c : bytes.substr(0, kShown)) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      result += c;
    } else {
      fmt::format_to(std::back_inserter(result), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return result + (bytes.size() > kShown ? "...\"" : "\"");
}

}  // namespace albert
