// Text to symbols; the rules stand in symbols.h.
#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

#include "albert/base/error.h"
#include "albert/base/file.h"
#include "albert/base/hash.h"
#include "tokenizer/double_array.h"
#include "tokenizer/followed_text.h"
#include "tokenizer/piece_ranges.h"
#include "tokenizer/symbol_characters.h"
#include "tokenizer/tokenizer_algorithm.h"

namespace albert {
namespace {

constexpr std::string_view kMaskPiece = "[MASK]";

/// A separator as it is looked for in text.
class Separator {
 public:
  explicit Separator(const std::optional<std::string>& text) : text_(text ? symbol_key(*text) : ""), is_white_(is_white(text_)) {}

  /// Bytes of the separator that stands at `at`; 0 if none does.
  [[nodiscard]] size_t length_at(std::string_view text, size_t at) const {
    if (text_.empty()) return 0;
    if (!is_white_) return text.substr(at).starts_with(text_) ? text_.size() : 0;
    const Character c = character_at(text, at);
    return is_white_space(c.code) ? c.end - at : 0;
  }
  /// What stands for it between symbols.
  [[nodiscard]] std::string_view written() const { return is_white_ ? std::string_view(" ") : std::string_view(text_); }

 private:
  std::string text_;
  bool is_white_;
};

/// A piece of a text, and where it stands in its NFD.
struct Unit {
  int32_t id = 0;
  size_t begin = 0;
  size_t end = 0;
};

/// Whether "[MASK]" in a text is the mask.
enum class Masks { are_text, are_masks };

class SymbolTokenizer final : public TokenizerAlgorithm {
 public:
  SymbolTokenizer(const std::vector<std::string>& symbols, const SymbolOptions& wanted);

  [[nodiscard]] std::vector<int32_t> encode(std::string_view text) const override { return encode(text, Masks::are_text); }
  [[nodiscard]] std::vector<int32_t> encode_masked(std::string_view text) const override {
    return encode(text, Masks::are_masks);
  }
  [[nodiscard]] Encoding encode_with_offsets(std::string_view text) const override;
  [[nodiscard]] std::vector<std::string> encode_as_pieces(std::string_view text) const override;
  [[nodiscard]] std::string decode(const std::vector<int32_t>& ids) const override;
  [[nodiscard]] int32_t vocab_size() const override { return static_cast<int32_t>(pieces_.size()); }
  [[nodiscard]] std::string_view piece(int32_t id) const override { return pieces_[static_cast<size_t>(id)]; }
  [[nodiscard]] WordRole word_role(int32_t id) const override { return roles_[static_cast<size_t>(id)]; }

 private:
  void find_bound_marks();
  [[nodiscard]] size_t word_break_at(std::string_view text, size_t at) const;
  [[nodiscard]] bool is_bound_mark_at(std::string_view text, size_t at) const;
  [[nodiscard]] Unit longest_symbol(std::string_view text, size_t at) const;
  [[nodiscard]] Unit separated_symbol(std::string_view text, size_t at) const;
  [[nodiscard]] std::vector<Unit> cut(std::string_view text, Masks masks) const;
  [[nodiscard]] std::vector<int32_t> encode(std::string_view text, Masks masks) const;

  Separator word_separator_;
  Separator symbol_separator_;
  int32_t separator_id_ = -1;        // none: each symbol is a word
  std::vector<std::string> pieces_;  // by id, as the file spells them
  std::vector<std::string> keys_;    // of the symbols, in their order
  std::vector<WordRole> roles_;      // by id
  std::set<char32_t> listed_marks_;  // combining marks that a symbol begins with
  DoubleArray trie_;                 // of keys_
};

std::string symbols_hash(std::string_view bytes, const SymbolOptions& options) {
  const auto text = [](const std::optional<std::string>& separator) {
    return separator ? sha256_hex(symbol_key(*separator)) : std::string("none");
  };
  return sha256_hex(fmt::format("albert symbols\nversion {}\nICU {}\nword separator {}\nsymbol separator {}\nsymbols {}\n",
                                kSymbolsVersion, icu_version(), text(options.word_separator), text(options.symbol_separator),
                                sha256_hex(bytes)));
}

SymbolTokenizer::SymbolTokenizer(const std::vector<std::string>& symbols, const SymbolOptions& wanted)
    : word_separator_(wanted.word_separator),
      symbol_separator_(wanted.symbol_separator),
      pieces_{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"} {
  type = TokenizerType::symbols;
  symbol_options = wanted;
  if (wanted.word_separator) {
    separator_id_ = static_cast<int32_t>(pieces_.size());
    pieces_.emplace_back(kWordSeparatorPiece);
  }
  const size_t first = pieces_.size();
  pieces_.insert(pieces_.end(), symbols.begin(), symbols.end());
  roles_.assign(pieces_.size(), wanted.word_separator ? WordRole::continues : WordRole::starts);
  if (separator_id_ >= 0) roles_[static_cast<size_t>(separator_id_)] = WordRole::separates;
  std::set<std::string> alone;
  for (const std::string& symbol : wanted.punctuation) alone.insert(symbol_key(symbol));
  for (size_t i = 0; i < symbols.size(); ++i) {
    keys_.push_back(symbol_key(symbols[i]));
    if (alone.contains(keys_.back())) roles_[first + i] = WordRole::alone;
    vocabulary_bytes += symbols[i] + "\n";
  }
  std::vector<DoubleArray::Key> entries;
  for (size_t i = 0; i < keys_.size(); ++i) entries.emplace_back(keys_[i], static_cast<int32_t>(first + i));
  trie_ = DoubleArray(std::move(entries));
  find_bound_marks();
  hash = symbols_hash(vocabulary_bytes, wanted);
}

void SymbolTokenizer::find_bound_marks() {
  for (const std::string& key : keys_) {
    const char32_t first = character_at(key, 0).code;
    if (is_combining_mark(first)) listed_marks_.insert(first);
  }
}

size_t SymbolTokenizer::word_break_at(std::string_view text, size_t at) const {
  if (separator_id_ < 0) return 0;
  if (text.substr(at).starts_with(kWordSeparatorPiece)) return kWordSeparatorPiece.size();
  return word_separator_.length_at(text, at);
}

/// Whether a combining mark stands at `at` that belongs to the character before it.
bool SymbolTokenizer::is_bound_mark_at(std::string_view text, size_t at) const {
  if (at >= text.size() || static_cast<unsigned char>(text[at]) < 0x80) return false;
  const char32_t c = character_at(text, at).code;
  return is_combining_mark(c) && !listed_marks_.contains(c);
}

Unit SymbolTokenizer::longest_symbol(std::string_view text, size_t at) const {
  Unit unit{.id = special_tokens.unknown, .begin = at, .end = at};
  uint32_t node = DoubleArray::kRoot;
  for (size_t end = at; end < text.size();) {
    node = trie_.child(node, text[end++]);
    if (node == DoubleArray::kRoot) break;
    const int32_t id = trie_.value(node);
    if (id != DoubleArray::kNoValue && !is_bound_mark_at(text, end)) unit = {.id = id, .begin = at, .end = end};
  }
  if (unit.end > at) return unit;
  for (bool is_tied = true; is_tied && unit.end < text.size() && word_break_at(text, unit.end) == 0;) {
    Character last = character_at(text, unit.end);
    while (is_bound_mark_at(text, last.end)) last = character_at(text, last.end);
    is_tied = is_tie(last.code);
    unit.end = last.end;
  }
  return unit;
}

/// The symbol up to the next separator.
Unit SymbolTokenizer::separated_symbol(std::string_view text, size_t at) const {
  Unit unit{.id = special_tokens.unknown, .begin = at, .end = at};
  uint32_t node = DoubleArray::kRoot;
  bool is_prefix = true;  // of a key
  while (unit.end < text.size() && word_break_at(text, unit.end) == 0 && symbol_separator_.length_at(text, unit.end) == 0) {
    const size_t next = character_at(text, unit.end).end;
    for (; is_prefix && unit.end < next; ++unit.end) {
      node = trie_.child(node, text[unit.end]);
      is_prefix = node != DoubleArray::kRoot;
    }
    unit.end = next;
  }
  if (is_prefix && trie_.value(node) != DoubleArray::kNoValue) unit.id = trie_.value(node);
  return unit;
}

std::vector<Unit> SymbolTokenizer::cut(std::string_view text, Masks masks) const {
  std::vector<Unit> units;
  bool begins_word = separator_id_ >= 0;
  for (size_t at = 0; at < text.size();) {
    if (const size_t length = word_break_at(text, at); length > 0) {
      begins_word = true;
      at += length;
      continue;
    }
    if (const size_t length = symbol_separator_.length_at(text, at); length > 0) {
      at += length;
      continue;
    }
    if (std::exchange(begins_word, false)) units.push_back({.id = separator_id_, .begin = at, .end = at});
    if (masks == Masks::are_masks && text.substr(at).starts_with(kMaskPiece)) {
      units.push_back({.id = special_tokens.mask, .begin = at, .end = at + kMaskPiece.size()});
    } else {
      units.push_back(symbol_options.symbol_separator ? separated_symbol(text, at) : longest_symbol(text, at));
    }
    at = units.back().end;
  }
  return units;
}

std::vector<int32_t> SymbolTokenizer::encode(std::string_view text, Masks masks) const {
  std::vector<int32_t> ids;
  for (const Unit& unit : cut(decompose(text, Origins::ignored).text, masks)) ids.push_back(unit.id);
  return ids;
}

Encoding SymbolTokenizer::encode_with_offsets(std::string_view text) const {
  const FollowedText normalized = decompose(text, Origins::followed);
  Encoding result;
  std::vector<std::optional<ByteRange>> found;
  for (const Unit& unit : cut(normalized.text, Masks::are_text)) {
    result.ids.push_back(unit.id);
    found.emplace_back();
    if (unit.end > unit.begin)
      found.back() = {.begin = normalized.origins[unit.begin].begin, .end = normalized.origins[unit.end - 1].end};
  }
  result.ranges = place_pieces(found);
  return result;
}

std::vector<std::string> SymbolTokenizer::encode_as_pieces(std::string_view text) const {
  const FollowedText normalized = decompose(text, Origins::ignored);
  std::vector<std::string> pieces;
  for (const Unit& unit : cut(normalized.text, Masks::are_text)) {
    if (unit.id == special_tokens.unknown) {
      pieces.push_back(normalized.text.substr(unit.begin, unit.end - unit.begin));
    } else {
      pieces.emplace_back(piece(unit.id));
    }
  }
  return pieces;
}

std::string SymbolTokenizer::decode(const std::vector<int32_t>& ids) const {
  std::string text;
  bool may_join = false;  // a symbol stands before
  for (const int32_t id : ids) {
    const bool is_break = id == separator_id_;
    if (is_break && !text.empty()) text += word_separator_.written();
    if (!is_break && may_join) text += symbol_separator_.written();
    if (!is_break) text += piece(id);
    may_join = !is_break;
  }
  return text;
}

}  // namespace

Tokenizer Tokenizer::from_symbols(std::string_view bytes, const SymbolOptions& options, const std::string& name) {
  if (const auto error = separator_error(options)) throw ConfigError("tokenizer." + *error);
  return Tokenizer(std::make_unique<const SymbolTokenizer>(parse_symbols(bytes, options, name), options));
}

Tokenizer Tokenizer::load_symbols(const std::filesystem::path& vocabulary, const SymbolOptions& options) {
  try {
    return from_symbols(read_file(vocabulary, kMaxSymbolFileBytes), options, vocabulary.string());
  } catch (const IoError& error) {
    throw DataError(error.what());  // as of a spiece.model
  }
}

Tokenizer Tokenizer::without_symbols(const SymbolOptions& options) {
  if (const auto error = separator_error(options)) throw ConfigError("tokenizer." + *error);
  return Tokenizer(std::make_unique<const SymbolTokenizer>(std::vector<std::string>{}, options));
}

}  // namespace albert
