#include "config/unread_options.h"

#include <algorithm>
#include <cctype>

namespace albert::config {
namespace {

bool is_word_at(std::string_view text, size_t i) {
  return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_');
}

bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !is_word_at(text, at - 1)) && !is_word_at(text, at + word.size())) return true;
  }
  return false;
}

}  // namespace

void UnreadOptions::add(std::string_view key) {
  while (key.ends_with(']') && key.find('[') != std::string_view::npos) key = key.substr(0, key.rfind('['));
  key = key.substr(key.rfind('.') + 1);  // npos + 1 is 0
  if (!key.empty()) names_.emplace_back(key);
}

bool UnreadOptions::are_named_in(std::string_view text) const {
  return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) { return has_word(text, name); });
}

}  // namespace albert::config
