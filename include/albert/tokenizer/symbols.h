// A vocabulary of symbols: phonemes, characters, operators, bases; one id each, no pieces. docs/symbols.md says it to users.
//
//   const auto tokenizer = Tokenizer::load_symbols("symbols.txt", {.word_separator = " "});
//   tokenizer.encode("həloʊ wɜːld");       // U+2581 h ə l oʊ U+2581 w ɜː l d, where oʊ and ɜː are lines of symbols.txt
#pragma once

#include <albert/config/fields.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// What makes the pieces of a text.
enum class TokenizerType { sentencepiece, symbols };
constexpr auto enum_names(config::EnumTag<TokenizerType>) {
  return config::names<TokenizerType>({{TokenizerType::sentencepiece, "sentencepiece"}, {TokenizerType::symbols, "symbols"}});
}
/// "spiece.model" or "symbols.txt": the vocabulary's file in a model folder.
std::string_view vocabulary_file_name(TokenizerType type);

/// How a text is cut into symbols.
///
/// Text and symbols are compared in Unicode's NFD, so a composed and a decomposed spelling are the same symbol; nothing else is
/// changed (no case, no compatibility forms). Between separators, from left to right:
/// - with a symbol separator, what stands between two separators is a symbol, or unknown as a whole;
/// - without one, the longest symbol of the vocabulary that tears no combining mark (category M) off: the next character is none,
///   or one that a symbol of the vocabulary begins with. Where there is none, the character with its combining marks, and after a
///   tie bar the next character with its own, is one unknown symbol.
///
/// With a word separator every text begins with one piece U+2581, and between two words stands one, however often and with
/// whatever symbol separators around it the separator is written; none at the end. U+2581 in a text is a word separator too.
struct SymbolOptions {
  std::optional<std::string> word_separator = " ";  ///< white space: any run of white space; none: each symbol is a word
  std::optional<std::string> symbol_separator;      ///< white space: any run of white space
  std::vector<std::string> punctuation;             ///< symbols that are words by themselves
  bool operator==(const SymbolOptions&) const = default;
};

/// The piece of the word separator, whatever it is.
inline constexpr std::string_view kWordSeparatorPiece = "\xE2\x96\x81";
/// Largest file of symbols that is read.
inline constexpr uint64_t kMaxSymbolFileBytes = uint64_t{4} << 20U;
/// Bytes of a symbol in NFD, and number of symbols: far above any inventory.
inline constexpr size_t kMaxSymbolBytes = 64;
inline constexpr size_t kMaxSymbols = 60000;
/// Raised when a text gives other ids; part of the tokenizer's hash.
inline constexpr int kSymbolsVersion = 1;

/// What is wrong with the separators; nothing if they can be told from each other. Text: "word_separator: must not be empty".
std::optional<std::string> separator_error(const SymbolOptions& options);

/// The symbols of a file, one a line, in its order. Throws DataError "NAME:LINE: ..." for a byte-order mark, "\r", bytes that are
/// not UTF-8, an empty line, white space or a control character in a symbol, a symbol that is given twice (compared in NFD), that
/// holds a separator or is a name of ours ([PAD] [UNK] [CLS] [SEP] [MASK], U+2581), and for more than the limits above.
std::vector<std::string> parse_symbols(std::string_view bytes, const SymbolOptions& options, const std::string& name);

/// Whether parse_symbols would take it for a line.
bool can_be_symbol(std::string_view symbol, const SymbolOptions& options);
/// The form in which symbols are compared: NFD.
std::string symbol_key(std::string_view symbol);
/// The usual spelling of a symbol, for a new file: NFC.
std::string composed_symbol(std::string_view symbol);
/// For messages: "U+0074 U+0361 U+0283"; of more than eight characters only how many.
std::string describe_symbol(std::string_view symbol);

/// The exact equal of this tokenizer in Hugging Face's `tokenizers`, as regular expressions of Oniguruma on text in NFD.
struct SymbolPatterns {
  std::optional<std::string> word_breaks;    ///< a run of separators, one between words at least; becomes U+2581
  std::optional<std::string> outer_breaks;   ///< separators at an end of the text; dropped
  std::optional<std::string> symbol_breaks;  ///< separators inside a word; dropped
  std::optional<std::string> units;          ///< without a symbol separator: each match is a symbol, or unknown
};
/// `symbols` as parse_symbols gives them.
SymbolPatterns symbol_patterns(const std::vector<std::string>& symbols, const SymbolOptions& options);

}  // namespace albert
