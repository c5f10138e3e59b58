#include "tokenizer/piece_ranges.h"

#include <algorithm>

#include "tokenizer/unigram.h"

namespace albert {

std::vector<Letter> letters_of(std::string_view surface, std::span<const ByteRange> origins) {
  std::vector<Letter> letters;
  letters.reserve(surface.size());
  for (size_t i = 0; i < surface.size();) {
    if (surface.substr(i).starts_with(kSpaceSymbol)) {
      i += kSpaceSymbol.size();
    } else {
      letters.push_back({.byte = surface[i], .origin = origins[i]});
      ++i;
    }
  }
  return letters;
}

std::optional<ByteRange> cover(std::span<const Letter> letters) {
  while (!letters.empty() && letters.front().byte == ' ') letters = letters.subspan(1);
  while (!letters.empty() && letters.back().byte == ' ') letters = letters.first(letters.size() - 1);
  if (letters.empty()) return std::nullopt;
  return ByteRange{.begin = letters.front().origin.begin, .end = letters.back().origin.end};
}

std::vector<ByteRange> place_pieces(std::span<const std::optional<ByteRange>> found) {
  constexpr int32_t kNone = -1;
  std::vector<ByteRange> ranges(found.size());
  int32_t next_begin = kNone;
  for (size_t i = found.size(); i-- > 0;) {
    if (found[i]) next_begin = found[i]->begin;
    ranges[i] = found[i].value_or(ByteRange{.begin = next_begin, .end = next_begin});
  }
  int32_t last_end = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i]) {
      last_end = found[i]->end;
    } else {
      const int32_t begin = ranges[i].begin == kNone ? last_end : ranges[i].begin;
      ranges[i] = {.begin = begin, .end = std::max(begin, last_end)};
    }
  }
  return ranges;
}

}  // namespace albert
