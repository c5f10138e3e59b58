#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "albert/tokenizer/symbols.h"
#include "tokenizer/pattern_text.h"
#include "tokenizer/symbol_characters.h"

namespace albert {
namespace {

std::string separator_pattern(std::string_view separator) {
  return is_white(separator) ? std::string(kWhiteSpacePattern) : escape_pattern(symbol_key(separator));
}

/// A combining mark that must not be torn off: no symbol begins with it.
std::string bound_mark(const std::vector<std::string>& keys) {
  std::set<char32_t> listed;
  for (const std::string& key : keys) {
    const char32_t first = character_at(key, 0).code;
    if (is_combining_mark(first)) listed.insert(first);
  }
  if (listed.empty()) return R"(\p{M})";
  std::string listed_class;
  for (const char32_t c : listed) listed_class += fmt::format("\\x{{{:x}}}", static_cast<uint32_t>(c));
  return fmt::format(R"((?:(?![{}])\p{{M}}))", listed_class);
}

std::string unit_pattern(const std::vector<std::string>& symbols, const SymbolOptions& options) {
  std::vector<std::string> keys;
  for (const std::string& symbol : symbols) keys.push_back(symbol_key(symbol));
  const std::string mark = bound_mark(keys);
  // The first alternative that matches is taken: the longest symbol must stand first.
  std::stable_sort(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  std::string alternatives;
  for (const std::string& key : keys) alternatives += (alternatives.empty() ? "" : "|") + escape_pattern(key);
  const std::string any = options.word_separator ? fmt::format("[^{}]", kWordSeparatorPiece) : "(?m:.)";
  const std::string separator = options.word_separator ? fmt::format("{}|", kWordSeparatorPiece) : "";
  const std::string cluster = fmt::format("{}{}*", any, mark);
  return fmt::format("{}(?:{})(?!{})|{}(?:(?<={}){})*", separator, alternatives, mark, cluster, kTiePattern, cluster);
}

}  // namespace

SymbolPatterns symbol_patterns(const std::vector<std::string>& symbols, const SymbolOptions& options) {
  SymbolPatterns patterns;
  const std::string inner = options.symbol_separator ? separator_pattern(*options.symbol_separator) : "";
  if (options.word_separator) {
    const std::string word = fmt::format("(?:{}|{})", separator_pattern(*options.word_separator), kWordSeparatorPiece);
    patterns.word_breaks = inner.empty() ? word + "+" : fmt::format("(?:{0})*{1}(?:{0}|{1})*", inner, word);
  }
  if (options.word_separator || options.symbol_separator) {
    const std::string any = inner.empty()            ? std::string(kWordSeparatorPiece)
                            : options.word_separator ? fmt::format("(?:{}|{})", inner, kWordSeparatorPiece)
                                                     : fmt::format("(?:{})", inner);
    patterns.outer_breaks = fmt::format(R"(\A{0}+|{0}+\z)", any);
  }
  if (options.symbol_separator) {
    patterns.symbol_breaks = fmt::format("(?:{})+", inner);
  } else {
    patterns.units = unit_pattern(symbols, options);
  }
  return patterns;
}

}  // namespace albert
