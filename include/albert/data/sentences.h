// Paragraphs to sentences: ICU's sentence rules, and a list of abbreviations that do not end one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// Cuts a paragraph into sentences (UAX 29 by ICU). No break follows an abbreviation of the language ("Mr.", "e.g."),
/// initials ("J. Austen", "U.S. Navy"), or a word such as "No." before a digit. Copies are cheap; one object serves one
/// thread at a time.
class SentenceSplitter {
 public:
  /// `language`: "en", "de", "fr", "es", "it", "pt", "nl", another that ICU knows (with ICU's list, if it has one), or "root" (no list).
  /// Throws ConfigError for a name that ICU does not know.
  explicit SentenceSplitter(const std::string& language);
  SentenceSplitter(const SentenceSplitter& other);
  SentenceSplitter& operator=(const SentenceSplitter&) = delete;
  ~SentenceSplitter();

  /// Sentences of UTF-8 text without surrounding white space, as views into `paragraph`. Blank ones are dropped.
  void split(std::string_view paragraph, std::vector<std::string_view>& sentences);
  /// Changes whenever the same text may give other sentences: our lists' version and ICU's version.
  [[nodiscard]] static std::string version();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Without Unicode white space at both ends.
std::string_view trim(std::string_view text);

}  // namespace albert
