// Words with a full stop that do not end a sentence, by language.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

namespace albert {

class AbbreviationList {
 public:
  /// Words in lower case with their full stop, separated by blanks. `before_digit` count only before a digit ("No. 5").
  AbbreviationList(std::string_view always, std::string_view before_digit);

  /// Whether no sentence ends after `word` when `rest` follows: a listed word, or initials such as "J." and "U.S.".
  [[nodiscard]] bool holds(std::string_view word, std::string_view rest) const;

 private:
  std::unordered_set<std::string> always_;
  std::unordered_set<std::string> before_digit_;
};

/// Null for a language without a list.
const AbbreviationList* abbreviations_of(std::string_view language);

}  // namespace albert
