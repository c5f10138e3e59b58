#include "albert/tokenizer/symbols.h"

#include <fmt/format.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "albert/base/error.h"
#include "tokenizer/followed_text.h"
#include "tokenizer/symbol_characters.h"
#include "tokenizer/utf8.h"

namespace albert {
namespace {

constexpr std::array<std::string_view, 5> kOwnNames{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

template <typename Predicate>
bool all_characters(std::string_view text, Predicate&& predicate) {
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (!predicate(c.code)) return false;
    at = c.end;
  }
  return true;
}

bool is_space_or_control(char32_t c) {
  const bool is_noncharacter = (c & 0xFFFEU) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
  return is_white_space(c) || u_charType(static_cast<UChar32>(c)) == U_CONTROL_CHAR || c == 0xFEFF || c == 0xFFFD ||
         is_noncharacter;
}

std::optional<std::string> check_separator(std::string_view name, std::string_view separator) {
  if (separator.empty()) return fmt::format("{}: must not be empty; null is no separator", name);
  const bool has_space = !all_characters(separator, [](char32_t c) { return !is_space_or_control(c); });
  const bool is_space = all_characters(separator, is_white_space);
  if (has_space && !is_space)
    return fmt::format("{}: must be white space, or hold none and no control character, got {}", name, quote_bytes(separator));
  if (separator.find(kWordSeparatorPiece) != std::string_view::npos)
    return fmt::format("{}: must not hold U+2581, which is the piece of the word separator", name);
  return std::nullopt;
}

/// What is wrong with one line; nothing if it is a symbol.
std::optional<std::string> check_symbol(std::string_view symbol, std::string_view key, const SymbolOptions& options) {
  if (symbol.empty()) return "must hold a symbol, got an empty line";
  if (symbol.ends_with('\r')) return "must end in \\n alone, got \\r\\n; save the file with Unix line ends";
  if (!is_valid_utf8(symbol)) return fmt::format("must be UTF-8, got {}", quote_bytes(symbol));
  for (size_t at = 0; at < symbol.size();) {
    const Character c = character_at(symbol, at);
    if (is_space_or_control(c.code)) {
      return fmt::format(
          "must hold one symbol without white space or control characters, got U+{:04X}; a separator is an option, not a symbol",
          static_cast<uint32_t>(c.code));
    }
    at = c.end;
  }
  if (key.size() > kMaxSymbolBytes)
    return fmt::format("must hold a symbol of at most {} bytes, got {}", kMaxSymbolBytes, key.size());
  if (std::find(kOwnNames.begin(), kOwnNames.end(), symbol) != kOwnNames.end()) {
    return fmt::format("must not be {}, which is added by itself", symbol);
  }
  if (options.word_separator && key.find(kWordSeparatorPiece) != std::string_view::npos) {
    return std::string("must not hold U+2581, which is the piece of the word separator");
  }
  for (const auto& [name, separator] :
       {std::pair("word_separator", options.word_separator), std::pair("symbol_separator", options.symbol_separator)}) {
    if (separator && key.find(symbol_key(*separator)) != std::string_view::npos) {
      return fmt::format(
          "must not hold tokenizer.{}, where text is cut: no text could have this symbol; leave the line out or choose another "
          "separator",
          name);
    }
  }
  return std::nullopt;
}

void require_listed(const std::vector<std::string>& punctuation, const std::unordered_map<std::string, size_t>& lines,
                    const std::string& name) {
  for (const std::string& symbol : punctuation) {
    if (lines.contains(symbol_key(symbol))) continue;
    throw DataError(
        fmt::format("{}: must list each symbol of tokenizer.punctuation, got none of {}", name, describe_symbol(symbol)));
  }
}

}  // namespace

std::string_view vocabulary_file_name(TokenizerType type) {
  return type == TokenizerType::symbols ? "symbols.txt" : "spiece.model";
}

std::optional<std::string> separator_error(const SymbolOptions& options) {
  if (options.word_separator) {
    if (auto error = check_separator("word_separator", *options.word_separator)) return error;
  }
  if (!options.symbol_separator) return std::nullopt;
  if (auto error = check_separator("symbol_separator", *options.symbol_separator)) return error;
  if (!options.word_separator) return std::nullopt;
  const std::string word = symbol_key(*options.word_separator);
  const std::string symbol = symbol_key(*options.symbol_separator);
  if (is_white(word) && is_white(symbol))
    return "symbol_separator: must not be white space where word_separator is: any run of it counts as one";
  if (word.find(symbol) != std::string::npos || symbol.find(word) != std::string::npos) {
    return fmt::format("symbol_separator: must be told from word_separator, got {} and {}", quote_bytes(symbol),
                       quote_bytes(word));
  }
  return std::nullopt;
}

std::vector<std::string> parse_symbols(std::string_view bytes, const SymbolOptions& options, const std::string& name) {
  if (bytes.starts_with("\xEF\xBB\xBF"))
    throw DataError(fmt::format("{}:1: must not begin with a byte-order mark; save the file as UTF-8 without it", name));
  std::vector<std::string> symbols;
  std::unordered_map<std::string, size_t> lines;  // by key
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::string_view symbol = bytes.substr(at, end - at);
    at = end + 1;
    const size_t line = symbols.size() + 1;
    std::string key = symbol_key(symbol);
    if (const auto error = check_symbol(symbol, key, options)) throw DataError(fmt::format("{}:{}: {}", name, line, *error));
    const auto [known, is_new] = lines.emplace(std::move(key), line);
    if (!is_new) {
      throw DataError(fmt::format("{}:{}: must be a symbol that is not yet given, got {} again, which is line {}", name, line,
                                  describe_symbol(symbol), known->second));
    }
    symbols.emplace_back(symbol);
    if (symbols.size() > kMaxSymbols)
      throw DataError(fmt::format("{}:{}: must have at most {} symbols", name, line, kMaxSymbols));
  }
  if (symbols.empty()) throw DataError(fmt::format("{}: must list at least one symbol, one a line, got none", name));
  require_listed(options.punctuation, lines, name);
  return symbols;
}

bool can_be_symbol(std::string_view symbol, const SymbolOptions& options) {
  return !check_symbol(symbol, symbol_key(symbol), options);
}

std::string symbol_key(std::string_view symbol) { return decompose(symbol, Origins::ignored).text; }

std::string composed_symbol(std::string_view symbol) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* nfc = unorm2_getNFCInstance(&status);
  std::u16string units(symbol.size(), u'\0');
  int32_t length = 0;
  u_strFromUTF8WithSub(units.data(), static_cast<int32_t>(units.size()), &length, symbol.data(),
                       static_cast<int32_t>(symbol.size()), 0xFFFD, nullptr, &status);
  std::u16string composed(3 * symbol.size(), u'\0');  // NFC is at most three times as long
  length = unorm2_normalize(nfc, units.data(), length, composed.data(), static_cast<int32_t>(composed.size()), &status);
  std::string result(3 * static_cast<size_t>(length), '\0');
  int32_t bytes = 0;
  u_strToUTF8(result.data(), static_cast<int32_t>(result.size()), &bytes, composed.data(), length, &status);
  ALBERT_CHECK(U_SUCCESS(status), "NFC of {} bytes: {}", symbol.size(), u_errorName(status));
  result.resize(static_cast<size_t>(bytes));
  return result;
}

std::string describe_symbol(std::string_view symbol) {
  constexpr size_t kShown = 8;
  std::string result;
  size_t count = 0;
  for (size_t at = 0; at < symbol.size(); ++count) {
    const Character c = character_at(symbol, at);
    result += fmt::format("{}U+{:04X}", count == 0 ? "" : " ", static_cast<uint32_t>(c.code));
    at = c.end;
  }
  return count > kShown ? fmt::format("a run of {} characters", count) : result;
}

}  // namespace albert
