#include "utf8.h"

#include <cstring>

namespace albert {
namespace {

struct Lead {
  uint8_t length;  // 0: cannot begin a character
  uint8_t low;     // range of the second byte
  uint8_t high;
};

constexpr Lead lead_of(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};  // no surrogates
  if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};  // not above U+10FFFF
  return {0, 0, 0};
}

/// Bytes of the sequence at `text` that fit together, and whether they are a whole character.
size_t sequence_length(std::string_view text, bool& is_whole) {
  const Lead lead = lead_of(static_cast<unsigned char>(text[0]));
  is_whole = false;
  if (lead.length == 0) return 1;
  for (size_t i = 1; i < lead.length; ++i) {
    if (i == text.size()) return i;
    const auto byte = static_cast<unsigned char>(text[i]);
    const unsigned low = i == 1 ? lead.low : 0x80U;
    const unsigned high = i == 1 ? lead.high : 0xBFU;
    if (byte < low || byte > high) return i;
  }
  is_whole = true;
  return lead.length;
}

/// True when the eight bytes are all ASCII and none is NUL.
bool plain_word(const char* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  constexpr uint64_t kHigh = 0x8080808080808080ULL;
  constexpr uint64_t kOnes = 0x0101010101010101ULL;
  return ((word | (word - kOnes)) & kHigh) == 0;
}

}  // namespace

size_t valid_text_prefix(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    if (i + 8 <= text.size() && plain_word(text.data() + i)) {
      i += 8;
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0) return i;
    if (byte < 0x80) {
      ++i;
      continue;
    }
    bool is_whole = false;
    const size_t length = sequence_length(text.substr(i), is_whole);
    if (!is_whole) return i;
    i += length;
  }
  return i;
}

size_t ill_formed_length(std::string_view text) {
  if (text[0] == '\0') return 1;
  bool is_whole = false;
  return sequence_length(text, is_whole);
}

int64_t append_repaired(std::string_view text, std::string& out) {
  int64_t replaced = 0;
  while (!text.empty()) {
    const size_t valid = valid_text_prefix(text);
    out.append(text.substr(0, valid));
    text.remove_prefix(valid);
    if (text.empty()) break;
    out.append("\xEF\xBF\xBD");
    ++replaced;
    text.remove_prefix(ill_formed_length(text));
  }
  return replaced;
}

size_t cut_at_blank(std::string_view text, size_t limit) {
  const size_t blank = text.find_last_of(" \t", limit - 1);
  // A blank in the first half only would leave tiny parts behind: then the cut is inside the word.
  if (blank != std::string_view::npos && blank + 1 > limit / 2) return blank + 1;
  size_t cut = limit;
  for (int i = 0; i < 3 && cut > 1 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U; ++i) --cut;
  return cut;
}

}  // namespace albert
