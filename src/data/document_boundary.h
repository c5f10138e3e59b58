// Lines that begin a document.
#pragma once

#include <albert/data/corpus.h>

#include <memory>
#include <string>
#include <string_view>

namespace albert {

/// An ICU regular expression with bounded time and stack, searched for in each line.
class HeadingMatcher {
 public:
  /// Throws ConfigError (text without key).
  explicit HeadingMatcher(const std::string& regex);
  HeadingMatcher(const HeadingMatcher&) = delete;
  HeadingMatcher& operator=(const HeadingMatcher&) = delete;
  ~HeadingMatcher();
  /// Throws DataError when the expression takes too long.
  bool matches(std::string_view line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace albert
