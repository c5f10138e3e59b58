#include "config/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace albert::config {
namespace {

constexpr unsigned kContinuationMask = 0xC0;
constexpr unsigned kContinuation = 0x80;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & kContinuationMask) == kContinuation; }

}  // namespace

std::optional<CodePoint> decode_utf8(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return CodePoint{first, 1};
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return std::nullopt;
  auto value = static_cast<char32_t>(first & (0x7FU >> size));
  for (size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[i])) return std::nullopt;
    value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest.at(size) || value > 0x10FFFF || is_surrogate) return std::nullopt;
  return CodePoint{value, size};
}

std::optional<size_t> find_invalid_utf8(std::string_view text) {
  for (size_t offset = 0; offset < text.size();) {
    const auto character = decode_utf8(text.substr(offset));
    if (!character) return offset;
    offset += character->size_bytes;
  }
  return std::nullopt;
}

LineColumn line_column(std::string_view text, size_t offset) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto line = std::count(before.begin(), before.end(), '\n');
  const auto column = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_start), before.end(),
                                    [](char byte) { return !is_continuation(byte); });
  return {static_cast<size_t>(line) + 1, static_cast<size_t>(column) + 1};
}

std::string shorten(std::string_view text, size_t limit) {
  std::string result;
  for (size_t offset = 0, count = 0; offset < text.size(); ++count) {
    if (count == limit) return result + "...";
    const auto character = decode_utf8(text.substr(offset));
    if (!character) {
      result += fmt::format("\\x{:02X}", static_cast<unsigned char>(text[offset]));
      ++offset;
      continue;
    }
    const auto value = character->value;
    if (value == '\n') {
      result += "\\n";
    } else if (value == '\t') {
      result += "\\t";
    } else if (value < 0x20 || (value >= 0x7F && value < 0xA0)) {
      result += fmt::format("\\x{:02X}", static_cast<unsigned>(value));
    } else if (value == 0x2028 || value == 0x2029 || (value >= 0x202A && value <= 0x202E) ||
               (value >= 0x2066 && value <= 0x2069)) {
      result += fmt::format("\\u{:04X}", static_cast<unsigned>(value));  // line breaks and direction marks would garble the line
    } else {
      result += text.substr(offset, character->size_bytes);
    }
    offset += character->size_bytes;
  }
  return result;
}

}  // namespace albert::config
