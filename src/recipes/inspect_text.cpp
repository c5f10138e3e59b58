#include "recipes/inspect_facts.h"

#include <albert/train/progress.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace albert::inspection {
namespace {

/// Entries of a list that are shown; JSON has them all.
constexpr size_t kShownEntries = 20;
constexpr size_t kShownBytes = 200;

/// Foreign files name tensors and labels: nothing in them may steer a terminal.
std::string printable(std::string_view text) {
  std::string shown;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters, too: C2 80 to C2 9F.
    const bool is_c1 = byte == 0xC2U && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0U;
    if (shown.size() >= kShownBytes && (byte & 0xC0U) != 0x80U) return shown + "...";
    shown += byte < 0x20U || byte == 0x7FU || is_c1 ? '?' : text[i];
    if (is_c1) ++i;
  }
  return shown;
}

std::string with_separators(uint64_t number) {
  if (number < 1000) return std::to_string(number);
  return fmt::format("{},{:03}", with_separators(number / 1000), number % 1000);
}

bool is_size(std::string_view key) { return key.ends_with("_bytes"); }

/// "size_bytes" is shown as "size", in MB.
std::string label_of(std::string_view key) {
  if (key == "seconds") return "time";
  if (is_size(key)) key.remove_suffix(std::string_view("_bytes").size());
  std::string label = printable(key);
  std::ranges::replace(label, '_', ' ');
  return label;
}

std::string number_text(std::string_view key, const Facts& value) {
  const auto is_whole = value.is_number_integer();
  if (key == "seconds") return format_duration(value.get<double>());
  if (is_size(key)) return fmt::format("{:.2f} MB", value.get<double>() / 1e6);
  if (!is_whole) return fmt::format("{:.6g}", value.get<double>());
  if (key == "seed") return value.dump();
  if (value.is_number_unsigned()) return with_separators(value.get<uint64_t>());
  const auto number = value.get<int64_t>();
  if (number >= 0) return with_separators(static_cast<uint64_t>(number));
  return fmt::format("-{}", with_separators(uint64_t{0} - static_cast<uint64_t>(number)));
}

std::string joined(const std::vector<std::string>& parts, size_t total) {
  if (total == 0) return "none";
  const auto more = total > parts.size() ? fmt::format(" and {} more", with_separators(total - parts.size())) : std::string();
  return fmt::format("{}{}", fmt::join(parts, ", "), more);
}

std::string value_text(std::string_view key, const Facts& value);

/// Inside of another value: in brackets, so that its end is seen.
std::string inner_text(std::string_view key, const Facts& value) {
  if (value.is_array()) return fmt::format("[{}]", value_text(key, value));
  if (value.is_object()) return fmt::format("({})", value_text(key, value));
  return value_text(key, value);
}

/// On one line.
std::string value_text(std::string_view key, const Facts& value) {
  const bool is_unknown = value.is_null() || (value.is_number_float() && !std::isfinite(value.get<double>()));
  if (is_unknown) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number()) return number_text(key, value);
  if (value.is_string()) return printable(value.get_ref<const std::string&>());
  std::vector<std::string> parts;
  for (const auto& [name, entry] : value.items()) {
    if (parts.size() == kShownEntries) break;
    const bool is_labelled = value.is_object() && name != "name";
    parts.push_back(is_labelled ? fmt::format("{} {}", label_of(name), inner_text(name, entry)) : inner_text(key, entry));
  }
  return joined(parts, value.size());
}

bool is_list_of_objects(const Facts& value) { return value.is_array() && !value.empty() && value.front().is_object(); }
bool takes_lines(const Facts& value) { return (value.is_object() && !value.empty()) || is_list_of_objects(value); }

bool is_difference(const Facts& entry) { return entry.contains("key") && entry.contains("a") && entry.contains("b"); }

std::string entry_text(const Facts& entry) {
  if (!is_difference(entry)) return value_text("", entry);
  const auto key = entry["key"].get<std::string>();
  const auto last = std::string_view(key).substr(key.rfind('.') + 1);
  return fmt::format("{}: {} | {}", printable(key), value_text(last, entry["a"]), value_text(last, entry["b"]));
}

void add_lines(const Facts& object, size_t indent, std::string& text) {
  constexpr size_t kIndent = 2;
  size_t width = 0;
  for (const auto& [key, value] : object.items()) {
    if (!takes_lines(value)) width = std::max(width, label_of(key).size());
  }
  for (const auto& [key, value] : object.items()) {
    const std::string margin(indent, ' ');
    if (!takes_lines(value)) {
      text += fmt::format("{}{:<{}}  {}\n", margin, label_of(key), width, value_text(key, value));
      continue;
    }
    text += fmt::format("{}{}\n", margin, label_of(key));
    if (value.is_object()) {
      add_lines(value, indent + kIndent, text);
      continue;
    }
    for (size_t i = 0; i < std::min(value.size(), kShownEntries); ++i) {
      text += fmt::format("{}  {}\n", margin, entry_text(value[i]));
    }
    if (value.size() > kShownEntries)
      text += fmt::format("{}  and {} more\n", margin, with_separators(value.size() - kShownEntries));
  }
}

}  // namespace

std::string to_text(const Facts& facts) {
  std::string text;
  add_lines(facts, 0, text);
  return text;
}

}  // namespace albert::inspection
