#include "tokenizer/unigram.h"

#include <fmt/format.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "albert/base/error.h"

namespace albert {
namespace {

constexpr float kUnknownPenalty = 10.0F;      // under the worst normal piece (SentencePiece's kUnkPenalty)
constexpr float kScoreResetThreshold = 1e5F;  // sums are started anew beyond this, so that long texts keep their precision
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// What SentencePiece 0.2 adds for a user-defined piece: more than any probability, and more for a longer one.
float user_defined_score(size_t length_bytes) { return static_cast<float>(0.1 * (static_cast<double>(length_bytes) - 1)); }

size_t character_length(char first) {
  const auto byte = static_cast<uint8_t>(first);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// The first character if it is valid UTF-8, else nothing.
std::string_view first_character(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  size_t length = 0;
  UChar32 c = 0;
  U8_NEXT(bytes, length, text.size(), c);
  return c < 0 ? std::string_view{} : text.substr(0, length);
}

}  // namespace

/// The best path that ends at a byte of the text.
struct Unigram::Best {
  float score = 0;
  int32_t start = -1;  // of its last piece; -1: not reached
  int32_t id = 0;
};

Unigram::Unigram(const ParsedModel& model)
    : unknown_id_(model.special_tokens.unknown),
      charsmap_(model.charsmap),
      add_dummy_prefix_(model.add_dummy_prefix),
      remove_extra_whitespaces_(model.remove_extra_whitespaces),
      space_(model.escape_whitespaces ? kSpaceSymbol : " ") {
  std::vector<DoubleArray::Key> keys;
  std::vector<DoubleArray::Key> user_defined;
  float worst = std::numeric_limits<float>::max();
  for (const Piece& piece : model.pieces) {
    const auto id = static_cast<int32_t>(pieces_.size());
    pieces_.emplace_back(piece.text);
    const bool is_user_defined = piece.type == PieceType::user_defined;
    scores_.push_back(is_user_defined ? user_defined_score(piece.text.size()) : piece.score);
    if (piece.type == PieceType::normal) worst = std::min(worst, piece.score);
    if (piece.type == PieceType::normal || is_user_defined) keys.emplace_back(piece.text, id);
    if (is_user_defined) user_defined.emplace_back(piece.text, id);
  }
  unknown_score_ = worst - kUnknownPenalty;
  trie_ = DoubleArray(std::move(keys));
  user_defined_ = DoubleArray(std::move(user_defined));
  by_text_.resize(pieces_.size());
  std::iota(by_text_.begin(), by_text_.end(), 0);
  std::sort(by_text_.begin(), by_text_.end(), [&](int32_t a, int32_t b) { return piece(a) < piece(b); });
  for (int byte = 0; model.byte_fallback && byte < 256; ++byte) byte_ids_.push_back(piece_to_id(fmt::format("<0x{:02X}>", byte)));
  for (size_t c = 0; c < 128; ++c) {
    const char text = static_cast<char>(c);
    const uint32_t node = user_defined_.child(DoubleArray::kRoot, text);
    const bool is_symbol_start = node != DoubleArray::kRoot;
    bool is_longer = false;
    for (int next = 1; is_symbol_start && next < 256; ++next)
      is_longer = is_longer || user_defined_.child(node, static_cast<char>(next)) != 0;
    kept_always_[c] = is_symbol_start && !is_longer && text != ' ';
    kept_before_ascii_[c] = !is_symbol_start && text != ' ' && !charsmap_.concerns_ascii(text);
  }
}

int32_t Unigram::piece_to_id(std::string_view text) const {
  const auto found =
      std::lower_bound(by_text_.begin(), by_text_.end(), text, [&](int32_t id, std::string_view t) { return piece(id) < t; });
  return found != by_text_.end() && piece(*found) == text ? *found : unknown_id_;
}

/// Calls `follow(count, begin, end)` when `count` bytes were added that stand for [begin, end) of the text.
template <typename Follow>
std::string Unigram::normalize(std::string_view text, const Follow& follow) const {
  std::string result;
  result.reserve(text.size() + text.size() / 2 + kSpaceSymbol.size());
  if (add_dummy_prefix_ && !text.empty()) {
    result += space_;
    follow(space_.size(), 0, 0);
  }
  bool after_space = remove_extra_whitespaces_;
  const auto append = [&](std::string_view part, size_t begin, size_t length) {
    while (after_space && part.starts_with(' ')) part.remove_prefix(1);
    if (part.empty()) return;
    const size_t old_size = result.size();
    for (const char c : part) {
      if (c == ' ') {
        result += space_;
      } else {
        result += c;
      }
    }
    follow(result.size() - old_size, begin, begin + length);
    after_space = remove_extra_whitespaces_ && part.back() == ' ';
  };
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 128 &&
        (kept_always_[byte] || (kept_before_ascii_[byte] && (i + 1 == text.size() || static_cast<uint8_t>(text[i + 1]) < 128)))) {
      result += text[i];
      follow(1, i, i + 1);
      ++i;
      after_space = false;
      continue;
    }
    const std::string_view rest = text.substr(i);
    if (const size_t length = user_defined_.longest_prefix(rest); length > 0) {
      append(rest.substr(0, length), i, length);
      i += length;
    } else if (const auto match = charsmap_.longest_match(rest); match.length > 0) {
      append(match.replacement, i, match.length);
      i += match.length;
    } else {
      const std::string_view character = first_character(rest);
      const size_t length_bytes = std::max<size_t>(character.size(), 1);
      append(character.empty() ? kReplacement : character, i, length_bytes);
      i += length_bytes;
    }
  }
  while (remove_extra_whitespaces_ && result.ends_with(space_)) result.resize(result.size() - space_.size());
  return result;
}

std::vector<Unigram::Best> Unigram::search(std::string_view text) const {
  std::vector<Best> best(text.size() + 1);
  size_t reached = 0;
  const auto offer = [&](size_t end, float score, size_t start, int32_t id) {
    reached = std::max(reached, end);
    Best& old = best[end];
    if (old.start == -1 || score > old.score) old = {.score = score, .start = static_cast<int32_t>(start), .id = id};
  };
  for (size_t start = 0; start < text.size();) {
    if (std::abs(best[start].score) > kScoreResetThreshold) {
      const float offset = best[start].score;
      for (size_t i = start; i <= reached; ++i) {
        if (i == start || best[i].start != -1) best[i].score -= offset;
      }
    }
    const float till_here = best[start].score;
    const size_t length = std::min(character_length(text[start]), text.size() - start);
    bool has_character = false;
    uint32_t node = DoubleArray::kRoot;
    for (size_t end = start; end < text.size();) {
      node = trie_.child(node, text[end++]);
      if (node == DoubleArray::kRoot) break;
      const int32_t id = trie_.value(node);
      if (id == DoubleArray::kNoValue) continue;
      offer(end, till_here + scores_[static_cast<size_t>(id)], start, id);
      has_character = has_character || end - start == length;
    }
    if (!has_character) offer(start + length, till_here + unknown_score_, start, unknown_id_);
    start += length;
  }
  return best;
}

void Unigram::add_unknown(std::string_view surface, bool after_unknown, std::vector<Segment>& segments) const {
  if (!byte_ids_.empty()) {
    for (size_t i = 0; i < surface.size(); ++i)
      segments.push_back({.id = byte_ids_[static_cast<uint8_t>(surface[i])], .surface = surface.substr(i, 1)});
  } else if (after_unknown) {
    std::string_view& before = segments.back().surface;
    before = {before.data(), before.size() + surface.size()};
  } else {
    segments.push_back({.id = unknown_id_, .surface = surface});
  }
}

void Unigram::segment(std::string_view text, Result& result) const {
  result.normalized = normalize(text, [](size_t, size_t, size_t) {});
  result.origins.clear();
  segment_normalized(result);
}

void Unigram::segment_and_follow(std::string_view text, Result& result) const {
  result.origins.clear();
  result.normalized = normalize(text, [&](size_t count, size_t begin, size_t end) {
    result.origins.insert(result.origins.end(), count, {.begin = static_cast<int32_t>(begin), .end = static_cast<int32_t>(end)});
  });
  result.origins.resize(result.normalized.size());  // spaces at the end are taken away again
  segment_normalized(result);
}

void Unigram::segment_normalized(Result& result) const {
  result.segments.clear();
  const std::string_view normalized = result.normalized;
  if (normalized.size() > INT32_MAX)
    throw DataError(fmt::format("text: has {} bytes after normalisation, more than 2 GiB", normalized.size()));
  const std::vector<Best> best = search(normalized);
  std::vector<size_t> ends;
  ends.reserve(normalized.size() / 3 + 1);
  for (size_t end = normalized.size(); end > 0; end = static_cast<size_t>(best[end].start)) ends.push_back(end);
  result.segments.reserve(ends.size());
  bool after_unknown = false;
  for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
    const Best& last = best[*end];
    const auto start = static_cast<size_t>(last.start);
    const std::string_view surface = normalized.substr(start, *end - start);
    const bool is_unknown = last.id == unknown_id_;
    if (is_unknown) {
      add_unknown(surface, after_unknown, result.segments);
    } else {
      result.segments.push_back({.id = last.id, .surface = surface});
    }
    after_unknown = is_unknown;
  }
}

}  // namespace albert
