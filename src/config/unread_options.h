// Options that could not be read. They have their defaults, so a rule that names one says nothing about the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace albert::config {

class UnreadOptions {
 public:
  void add(std::string_view key);
  /// Whether a rule's text has the last name of one of them as a word.
  [[nodiscard]] bool are_named_in(std::string_view text) const;

 private:
  std::vector<std::string> names_;
};

}  // namespace albert::config
