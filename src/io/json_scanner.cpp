#include "io/json_scanner.h"

#include <albert/base/error.h>
#include <albert/io/json_text.h>

#include <array>
#include <charconv>
#include <cmath>

namespace albert::io {
namespace {

/// Objects and arrays inside each other; serde_json refuses the 128th.
constexpr int kMaxDepth = 127;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Bytes of the well-formed UTF-8 sequence at the start of `text` (Unicode, table 3-7); 0 for none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto is_tail = [&](size_t i) { return byte(i) >= 0x80U && byte(i) <= 0xbfU; };
  const unsigned first = byte(0);
  if (first < 0x80U) return 1;
  if (first >= 0xc2U && first <= 0xdfU) return is_tail(1) ? 2 : 0;
  if (first >= 0xe0U && first <= 0xefU) {
    const bool is_allowed = first == 0xe0U ? byte(1) >= 0xa0U : first != 0xedU || byte(1) <= 0x9fU;
    return is_tail(1) && is_allowed && is_tail(2) ? 3 : 0;
  }
  if (first < 0xf0U || first > 0xf4U) return 0;
  const bool is_allowed = first == 0xf0U ? byte(1) >= 0x90U : first != 0xf4U || byte(1) <= 0x8fU;
  return is_tail(1) && is_allowed && is_tail(2) && is_tail(3) ? 4 : 0;
}

/// Offset of the first byte that is not UTF-8, text.size() for none.
size_t utf8_end(std::string_view text) {
  size_t position = 0;
  while (position < text.size()) {
    const size_t length = sequence_length(text.substr(position, 4));
    if (length == 0) break;
    position += length;
  }
  return position;
}

void append_utf8(std::string& text, uint32_t code_point) {
  const auto tail = [](uint32_t bits) { return static_cast<char>(0x80U | (bits & 0x3fU)); };
  if (code_point < 0x80U) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800U) {
    text += {static_cast<char>(0xc0U | (code_point >> 6U)), tail(code_point)};
  } else if (code_point < 0x10000U) {
    text += {static_cast<char>(0xe0U | (code_point >> 12U)), tail(code_point >> 6U), tail(code_point)};
  } else {
    text += {static_cast<char>(0xf0U | (code_point >> 18U)), tail(code_point >> 12U), tail(code_point >> 6U), tail(code_point)};
  }
}

/// As serde_json decides: the first 19 digits times a power of ten. Looks at each character once, whatever the number is.
bool is_out_of_range(std::string_view token) {
  constexpr size_t kShortest = 5;                         // 1e309
  constexpr uint64_t kRoom = 1'000'000'000'000'000'000U;  // below, one more digit fits
  constexpr int64_t kFar = int64_t{1} << 40U;             // more than a text has digits
  constexpr int64_t kFirstPower = 290;                    // 19 digits times less are below 1e308
  constexpr std::array kPowers{1e290, 1e291, 1e292, 1e293, 1e294, 1e295, 1e296, 1e297, 1e298, 1e299,
                               1e300, 1e301, 1e302, 1e303, 1e304, 1e305, 1e306, 1e307, 1e308};
  if (token.size() < kShortest) return false;
  uint64_t digits = 0;
  int64_t exponent = 0;
  bool is_fraction = false;
  while (!token.empty() && token.front() != 'e' && token.front() != 'E') {
    const char c = token.front();
    token.remove_prefix(1);
    is_fraction |= c == '.';
    if (!is_digit(c)) continue;
    const bool has_room = digits < kRoom;
    if (has_room) digits = 10 * digits + static_cast<uint64_t>(c - '0');
    exponent += (has_room ? 0 : 1) - (is_fraction ? 1 : 0);
  }
  if (digits == 0) return false;
  if (!token.empty()) {
    token.remove_prefix(token[1] == '+' ? 2 : 1);
    int64_t written = 0;
    const bool is_written = std::from_chars(token.data(), token.data() + token.size(), written).ec == std::errc();
    if (!is_written || written > kFar || written < -kFar) return token.front() != '-';
    exponent += written;
  }
  if (exponent < kFirstPower) return false;
  const auto power = static_cast<size_t>(exponent - kFirstPower);
  return power >= kPowers.size() || std::isinf(static_cast<double>(digits) * kPowers[power]);
}

}  // namespace

JsonScanner::JsonScanner(std::string_view text, std::string_view file, size_t max_members)
    : text_(text), file_(file), members_left_(max_members) {
  const size_t end = utf8_end(text);
  if (end == text.size()) return;
  position_ = end;
  fail_syntax();
}

void JsonScanner::fail(const std::string& text) const { throw IoError(fmt::format("{}: {}", file_, text)); }

void JsonScanner::fail_syntax() const { fail(fmt::format("wanted a JSON header, got bad JSON or UTF-8 at its byte {}", position_)); }

char JsonScanner::peek() {
  while (position_ < text_.size() && std::string_view(" \n\t\r").find(text_[position_]) != std::string_view::npos) ++position_;
  return position_ < text_.size() ? text_[position_] : '\0';
}

void JsonScanner::begin(char open) {
  if (peek() != open) fail_syntax();
  if (++depth_ > kMaxDepth) {
    fail(fmt::format("wanted JSON nested at most {} deep, got more at byte {} of the header", kMaxDepth, position_));
  }
  ++position_;
  is_first_ = true;
}

bool JsonScanner::has_member(char close) {
  const char next = peek();
  if (next == close) {
    ++position_;
    --depth_;
    is_first_ = false;
    return false;
  }
  if (members_left_-- == 0) fail("wanted fewer values in the header, got more than any model needs");
  if (!is_first_) {
    if (next != ',') fail_syntax();
    ++position_;
    if (peek() == close) fail_syntax();
  }
  is_first_ = false;
  return true;
}

std::string JsonScanner::key() {
  std::string name = string();
  if (peek() != ':') fail_syntax();
  ++position_;
  return name;
}

std::string JsonScanner::string() {
  if (peek() != '"') fail_syntax();
  ++position_;
  std::string text;
  for (;;) {
    const size_t plain = position_;
    const auto is_plain = [](char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20U; };
    while (position_ < text_.size() && is_plain(text_[position_])) ++position_;
    text.append(text_.substr(plain, position_ - plain));
    if (position_ == text_.size()) fail_syntax();
    const char end = text_[position_];
    if (end != '"' && end != '\\') fail_syntax();
    ++position_;
    if (end == '"') return text;
    escape(text);
  }
}

uint32_t JsonScanner::code_unit() {
  if (text_.size() - position_ < 4) fail_syntax();
  uint32_t value = 0;
  const char* begin = text_.data() + position_;
  const auto [end, error] = std::from_chars(begin, begin + 4, value, 16);
  if (error != std::errc() || end != begin + 4) fail_syntax();
  position_ += 4;
  return value;
}

/// What follows a backslash.
void JsonScanner::escape(std::string& text) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (position_ == text_.size()) fail_syntax();
  const char letter = text_[position_];
  if (const size_t found = kLetters.find(letter); found != std::string_view::npos) {
    ++position_;
    text += kMeanings[found];
    return;
  }
  if (letter != 'u') fail_syntax();
  ++position_;
  const uint32_t first = code_unit();
  if (first < 0xd800U || first > 0xdfffU) return append_utf8(text, first);
  if (first > 0xdbffU || text_.substr(position_, 2) != "\\u") fail_syntax();
  position_ += 2;
  const uint32_t second = code_unit();
  if (second < 0xdc00U || second > 0xdfffU) fail_syntax();
  append_utf8(text, 0x10000U + ((first - 0xd800U) << 10U) + (second - 0xdc00U));
}

std::string_view JsonScanner::number() {
  peek();
  const size_t begin = position_;
  const auto next = [&] { return position_ < text_.size() ? text_[position_] : '\0'; };
  const auto digits = [&] {
    if (!is_digit(next())) fail_syntax();
    while (is_digit(next())) ++position_;
  };
  if (next() == '-') ++position_;
  if (next() == '0') {
    ++position_;
  } else {
    digits();
  }
  if (next() == '.') {
    ++position_;
    digits();
  }
  if (next() == 'e' || next() == 'E') {
    ++position_;
    if (next() == '+' || next() == '-') ++position_;
    digits();
  }
  const std::string_view token = text_.substr(begin, position_ - begin);
  if (is_out_of_range(token)) {
    fail(fmt::format("wanted a JSON header, got a number out of range at its byte {}", begin));
  }
  return token;
}

void JsonScanner::literal(std::string_view word) {
  peek();
  if (text_.substr(position_, word.size()) != word) fail_syntax();
  position_ += word.size();
}

void JsonScanner::null() { literal("null"); }

void JsonScanner::skip() {
  std::string open;  // the brackets around the current place
  do {
    const char next = peek();
    if (next == '{' || next == '[') {
      begin(next);
      open += next == '{' ? '}' : ']';
    } else if (next == '"') {
      (void)string();
    } else if (next == '-' || is_digit(next)) {
      (void)number();
    } else {
      literal(next == 't' ? "true" : next == 'f' ? "false" : "null");
    }
    while (!open.empty() && !has_member(open.back())) open.pop_back();
    if (!open.empty() && open.back() == '}') (void)key();
  } while (!open.empty());
}

void JsonScanner::finish() {
  if (peek() != '\0' || position_ != text_.size()) fail_syntax();
}

std::string JsonScanner::describe_next() {
  constexpr size_t kShown = 40;
  switch (const char next = peek()) {
    case '{': return "an object";
    case '[': return "an array";
    case '"': return "a string";
    case 'n': return "null";
    case 't': return "true";
    case 'f': return "false";
    default:
      if (next != '-' && !is_digit(next)) fail_syntax();
      return std::string(number().substr(0, kShown));
  }
}

}  // namespace albert::io
