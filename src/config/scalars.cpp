#include "config/scalars.h"

#include "config/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace albert::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The parts of a decimal number: sign, digits before and after the point, exponent.
struct Decimal {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;
};

std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = text.substr(0, static_cast<size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take_sign(std::string_view& text) {
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  const bool negative = text.front() == '-';
  text.remove_prefix(1);
  return negative;
}

/// [+-] digits [. digits] [e [+-] digits], at least one digit before the exponent; nullopt for anything else.
std::optional<Decimal> split_decimal(std::string_view text) {
  Decimal number;
  number.negative = take_sign(text);
  number.whole = take_digits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    number.fraction = take_digits(text);
  }
  if (number.whole.empty() && number.fraction.empty()) return std::nullopt;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    const bool negative = take_sign(text);
    const auto digits = take_digits(text);
    if (digits.empty()) return std::nullopt;
    constexpr int64_t kFar = 1'000'000;  // beyond every number that a double holds
    int64_t exponent = 0;
    for (const char digit : digits) exponent = std::min(kFar, exponent * 10 + (digit - '0'));
    number.exponent = negative ? -exponent : exponent;
  }
  if (!text.empty()) return std::nullopt;
  return number;
}

std::string quoted(std::string_view text) { return fmt::format("'{}'", shorten(text)); }

/// "0,5", "3,14": one comma that cannot part thousands.
bool is_decimal_comma(std::string_view digits) {
  const auto comma = digits.find(',');
  if (comma == std::string_view::npos || digits.find_first_of("_'.,", comma + 1) != std::string_view::npos) return false;
  constexpr size_t kGroup = 3;
  return digits.substr(0, comma) == "0" || digits.size() - comma - 1 != kGroup;
}

/// Spellings that other readers of YAML take for a number, each in its own way.
Complaint check_spelling(std::string_view text, std::string_view wanted) {
  std::string_view digits = text;
  take_sign(digits);
  if (digits.size() >= 2 && digits[0] == '0' &&
      (is_digit(digits[1]) || digits[1] == 'o' || digits[1] == 'x' || digits[1] == 'b' || digits[1] == 'X' || digits[1] == 'O' ||
       digits[1] == 'B')) {
    return fmt::format("must be {}, got {}; write it in decimal without a leading 0", wanted, quoted(text));
  }
  const bool only_grouped_digits = text.size() > 1 && is_digit(digits.empty() ? ' ' : digits.front()) &&
                                   digits.find_first_not_of("0123456789_,'.eE+-") == std::string_view::npos;
  if (only_grouped_digits && text.find_first_of("_,'") != std::string_view::npos) {
    std::string cure(text);
    if (const auto comma = cure.find(','); is_decimal_comma(digits)) cure[comma] = '.';
    std::erase_if(cure, [](char c) { return c == '_' || c == ',' || c == '\''; });
    return fmt::format("must be {}, got {}; write it as {}", wanted, quoted(text), shorten(cure));
  }
  return std::nullopt;
}

/// The exact value, when it is whole and fits.
enum class WholeResult { ok, fractional, too_large };
WholeResult to_whole(const Decimal& number, int64_t& value) {
  std::string digits = std::string(number.whole) + std::string(number.fraction);
  int64_t scale = number.exponent - static_cast<int64_t>(number.fraction.size());
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++scale;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) {
    value = 0;
    return WholeResult::ok;
  }
  if (scale < 0) return WholeResult::fractional;
  constexpr int64_t kMostDigits = 19;
  if (scale > kMostDigits) return WholeResult::too_large;
  digits = (number.negative ? "-" : "") + digits + std::string(static_cast<size_t>(scale), '0');
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} ? WholeResult::ok : WholeResult::too_large;
}

}  // namespace

Complaint read_integer(std::string_view text, int64_t& value) {
  constexpr std::string_view kWanted = "a whole number";
  if (auto complaint = check_spelling(text, kWanted)) return complaint;
  const auto number = split_decimal(text);
  if (!number) return fmt::format("must be {}, got {}", kWanted, quoted(text));
  int64_t parsed = 0;
  switch (to_whole(*number, parsed)) {
    case WholeResult::ok:
      break;
    case WholeResult::fractional:
      return fmt::format("must be {}, got {}", kWanted, quoted(text));
    case WholeResult::too_large:
      return fmt::format("must be {} of 64 bits (below 9.2e18), got {}", kWanted, quoted(text));
  }
  value = parsed;
  return std::nullopt;
}

Complaint read_real(std::string_view text, double& value) {
  constexpr std::string_view kWanted = "a number";
  if (auto complaint = check_spelling(text, kWanted)) return complaint;
  if (!split_decimal(text)) return fmt::format("must be {}, got {}", kWanted, quoted(text));
  const auto digits = text.front() == '+' ? text.substr(1) : text;
  double parsed = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
  if (error != std::errc{} || !std::isfinite(parsed)) {
    return fmt::format("must be {} within the range of 64-bit floating point, got {}", kWanted, quoted(text));
  }
  value = parsed;
  return std::nullopt;
}

Complaint read_boolean(std::string_view text, bool& value) {
  if (text == "true" || text == "false") {
    value = text == "true";
    return std::nullopt;
  }
  std::string lower(text.substr(0, 8));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const bool means_true = lower == "true" || lower == "yes" || lower == "on" || lower == "y" || lower == "1";
  const bool means_false = lower == "false" || lower == "no" || lower == "off" || lower == "n" || lower == "0";
  const auto cure = means_true ? "; write true" : means_false ? "; write false" : "";
  return fmt::format("must be true or false, got {}{}", quoted(text), cure);
}

Complaint check_range(const Range& range, double value, std::string_view shown) {
  const bool low_ok = range.minimum_open ? value > range.minimum : value >= range.minimum;
  const bool high_ok = range.maximum_open ? value < range.maximum : value <= range.maximum;
  if (low_ok && high_ok) return std::nullopt;
  const bool has_low = std::isfinite(range.minimum);
  const bool has_high = std::isfinite(range.maximum);
  std::string wanted;
  if (has_low && has_high) {
    wanted = fmt::format("in {}{}, {}{}", range.minimum_open ? '(' : '[', range.minimum, range.maximum,
                         range.maximum_open ? ')' : ']');
  } else if (has_low) {
    wanted = fmt::format("{} {}", range.minimum_open ? "more than" : "at least", range.minimum);
  } else {
    wanted = fmt::format("{} {}", range.maximum_open ? "less than" : "at most", range.maximum);
  }
  return fmt::format("must be {}, got {}", wanted, shorten(shown));
}

std::string describe_range(const Range& range) {
  const bool has_low = std::isfinite(range.minimum);
  const bool has_high = std::isfinite(range.maximum);
  if (has_low && has_high) {
    return fmt::format("{}{}, {}{}", range.minimum_open ? '(' : '[', range.minimum, range.maximum,
                       range.maximum_open ? ')' : ']');
  }
  if (has_low) return fmt::format("{} {}", range.minimum_open ? ">" : ">=", range.minimum);
  if (has_high) return fmt::format("{} {}", range.maximum_open ? "<" : "<=", range.maximum);
  return "";
}

}  // namespace albert::config
