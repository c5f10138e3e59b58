#include "quoted.h"

#include <albert/config/suggestions.h>

#include <fmt/format.h>

#include <algorithm>

namespace albert {

std::string in_quotes(std::string_view text) {
  constexpr size_t kLongest = 40;
  const bool is_cut = text.size() > kLongest;
  if (is_cut) {
    size_t cut = kLongest;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
    text = text.substr(0, cut);
  }
  std::string shown(text);
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }, ' ');
  return fmt::format("\"{}{}\"", shown, is_cut ? "..." : "");
}

std::string listed(std::span<const std::string> names, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

std::string suggestion(std::string_view typed, std::span<const std::string> known) {
  const auto nearest = config::nearest_name(typed, known);
  return nearest ? fmt::format("did you mean \"{}\"? ", known[*nearest]) : "";
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

}  // namespace albert
