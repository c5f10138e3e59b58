#include <fmt/format.h>

#include "config/text.h"
#include "config/yaml_tree.h"

namespace albert::config {

std::optional<Problem> check_yaml_text(const std::string& text, size_t source) {
  const auto problem = [&](size_t offset, std::string words) { return Problem{{source, offset}, "", std::move(words)}; };
  if (text.size() > kMaximumYamlBytes)
    return problem(0, fmt::format("must be at most {} bytes, got {}", kMaximumYamlBytes, text.size()));
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return problem(0, "must be UTF-8, got UTF-16; save the file as UTF-8");
  if (const auto invalid = find_invalid_utf8(text)) {
    return problem(*invalid, fmt::format("must be UTF-8, got the byte 0x{:02X}; save the file as UTF-8",
                                         static_cast<unsigned char>(text[*invalid])));
  }
  bool at_indentation = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) {
      return problem(i, fmt::format("must be text, got the control character 0x{:02X}; remove it", byte));
    }
    if (at_indentation && byte == '\t') {
      const auto content = text.find_first_not_of(" \t", i);
      if (content != std::string::npos && text[content] != '\n' && text[content] != '#') {
        return problem(i, "must be indented with blanks, got a tab; replace it by two blanks");
      }
    }
    if (byte == '%' && (i == 0 || text[i - 1] == '\n'))
      return problem(i, "a line must not begin with '%': YAML directives are not allowed");
    at_indentation = byte == '\n' || (at_indentation && byte == ' ');
  }
  return std::nullopt;
}

std::string normalise_yaml(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      result += text[i];
    } else if (i + 1 >= text.size() || text[i + 1] != '\n') {
      result += '\n';
    }
  }
  return result;
}

}  // namespace albert::config
