// tokenizer.json of a SentencePiece vocabulary: Google's algorithm out of the stock parts of Hugging Face's `tokenizers`.
//
// Its `Precompiled` normaliser, which is made for SentencePiece's tables, looks at clusters of characters and takes the shortest
// rule that one begins with: it loses accents and leaves Hangul apart. So what a table does to text that is in NFKD already is
// written as replacements and NFC, wherever that is the same; the stock table (nmt_nfkc) then is exact.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenizer/google_text.h"
#include "tokenizer/model_parser.h"
#include "tokenizer/pattern_text.h"
#include "tokenizer/symbol_characters.h"
#include "tokenizer/tokenizer_json_parts.h"
#include "tokenizer/unigram.h"

namespace albert {
namespace {

constexpr char32_t kEndOfUnicode = 0x110000;
/// A final sigma: behind a cased letter, before none; \K keeps what stands in front of it out of the match.
constexpr const char* kFinalSigma = R"(\p{Cased}\p{Case_Ignorable}*\K\x{3a3}(?!\p{Case_Ignorable}*\p{Cased}))";

template <typename Predicate>
std::string characters_where(const Predicate& is_member) {
  std::vector<char32_t> members;
  for (char32_t c = 0; c < kEndOfUnicode; ++c) {
    if (is_member(static_cast<UChar32>(c))) members.push_back(c);
  }
  return class_pattern(members);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8U | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k) result += i + k <= bytes.size() ? kDigits[bits >> (18 - 6 * k) & 0x3FU] : '=';
  }
  return result;
}

/// What a table does to text that preprocess_text has prepared.
struct TableRules {
  std::map<std::string, std::vector<char32_t>> characters;  ///< by what they become
  bool composes = false;                                    ///< sequences become what NFC makes of them
  bool are_all = true;                                      ///< nothing else
};

/// Rules for characters that preprocess_text lets through; those that this Unicode does not know are left out.
TableRules rules_of(const Charsmap& table, const TokenizerOptions& options) {
  std::unordered_map<char32_t, bool> known;
  const auto is_let_through = [&](char32_t c) {
    const auto [entry, is_new] = known.try_emplace(c);
    if (is_new && u_isdefined(static_cast<UChar32>(c)) && !is_python_space(static_cast<UChar32>(c))) {
      const std::string text = utf8_of(c);
      entry->second = normalize_text(text, options) == text;
    }
    return entry->second;
  };
  TableRules rules;
  const bool is_complete = table.for_each_rule(is_let_through, [&](std::string_view text, std::string_view replacement) {
    const Character first = character_at(text, 0);
    if (first.end == text.size()) {
      rules.characters[std::string(replacement)].push_back(first.code);
    } else {
      rules.composes = true;
      rules.are_all = rules.are_all && composed_symbol(text) == replacement;
    }
  });
  rules.are_all = rules.are_all && is_complete;
  return rules;
}

void add_table(const Charsmap& table, const TokenizerOptions& options, OrderedJson& parts) {
  constexpr size_t kMaxReplacements = 16;  // each one goes through the whole text
  const TableRules rules = rules_of(table, options);
  if (!rules.are_all || rules.characters.size() > kMaxReplacements) {
    parts.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", base64(table.table())}});
    return;
  }
  for (auto [replacement, characters] : rules.characters) {
    std::sort(characters.begin(), characters.end());
    parts.push_back(replace_json(class_pattern(characters), replacement));
  }
  if (rules.composes) parts.push_back({{"type", "NFC"}});
}

OrderedJson normalizer(const ParsedModel& model, const TokenizerOptions& options) {
  const OrderedJson strip{{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}};
  OrderedJson parts = OrderedJson::array();
  parts.push_back(replace_json(characters_where(is_python_space) + "+", " "));
  parts.push_back(strip);
  parts.push_back({{"type", "NFKD"}});
  if (!options.keep_accents) {
    parts.push_back(replace_json(characters_where([](UChar32 c) { return u_getCombiningClass(c) != 0; }) + "+", ""));
  }
  if (options.lower_case) {
    parts.push_back(replace_json(kFinalSigma, "\u03C2"));
    parts.push_back({{"type", "Lowercase"}});
  }
  add_table(model.charsmap, options, parts);
  if (model.remove_extra_whitespaces) {
    parts.push_back(replace_json(" {2,}", " "));
    parts.push_back(strip);
  }
  if (!model.escape_whitespaces && model.add_dummy_prefix) parts.push_back({{"type", "Prepend"}, {"prepend", " "}});
  return sequence_json("normalizers", std::move(parts));
}

/// A piece around a comma that is not its end.
struct Crossing {
  std::string_view before;
  std::string_view after;
};

std::vector<Crossing> crossings_of(const Unigram& unigram) {
  std::vector<Crossing> crossings;
  for (int32_t id = 0; id < unigram.size(); ++id) {
    const std::string_view piece = unigram.piece(id);
    for (size_t at = piece.find(','); at != std::string_view::npos && at + 1 < piece.size(); at = piece.find(',', at + 1)) {
      crossings.push_back({.before = piece.substr(0, at), .after = piece.substr(at + 1)});
    }
  }
  return crossings;
}

/// Whether the best segmentation of the text has a piece with the byte at `comma` (of what follows the dummy prefix) and one
/// behind.
bool is_crossed(const Unigram& unigram, std::string_view text, size_t comma) {
  Unigram::Result result;
  unigram.segment(text, result);
  size_t end = 0;
  const size_t from_the_end = text.size() - comma;  // the comma included
  for (const auto& segment : result.segments) {
    end += segment.surface.size();
    const size_t rest = result.normalized.size() - end;
    if (rest < from_the_end) return rest + 1 != from_the_end;
  }
  return false;
}

/// What may follow the comma of "NUMBER," so that the comma belongs to another piece, such as ",000"; escaped. Before a further
/// digit that piece is taken to lose: "1,0" wins in "1,0" and not in "1,066".
std::set<std::string> other_endings(const Unigram& unigram, std::string_view number, const std::vector<Crossing>& crossings) {
  std::set<std::string> endings;
  for (const auto& [before, after] : crossings) {
    if (!number.ends_with(before) && !before.ends_with(number)) continue;
    std::string_view text = before.size() > number.size() ? before : number;
    if (text.starts_with(kSpaceSymbol)) text.remove_prefix(kSpaceSymbol.size());
    if (is_crossed(unigram, fmt::format("{},{}", text, after), text.size())) endings.insert(escape_pattern(after));
  }
  return endings;
}

/// Where the digit-comma rule cuts: at the comma of a piece "NUMBER,". Empty: nowhere.
std::string comma_pattern(const Unigram& unigram) {
  const auto crossings = crossings_of(unigram);
  std::map<std::set<std::string>, std::vector<std::string>> numbers;  // by their other endings
  for (int32_t id = 0; id < unigram.size(); ++id) {
    if (!ends_in_digit_comma(unigram.piece(id))) continue;
    const std::string_view number = unigram.piece(id).substr(0, unigram.piece(id).size() - 1);
    numbers[other_endings(unigram, number, crossings)].push_back(escape_pattern(number));
  }
  std::vector<std::string> alternatives;
  for (const auto& [endings, group] : numbers) {
    const auto exception = endings.empty() ? "" : fmt::format("(?!(?:{})(?![0-9]))", fmt::join(endings, "|"));
    alternatives.push_back(fmt::format("(?<={}),{}", fmt::join(group, "|"), exception));
  }
  return fmt::format("{}", fmt::join(alternatives, "|"));
}

/// Whether words can be segmented one by one: no piece reaches over U+2581, nor does the unknown one.
bool has_separate_words(const ParsedModel& model, const Unigram& unigram) {
  if (!model.escape_whitespaces || unigram.piece(unigram.piece_to_id(kSpaceSymbol)) != kSpaceSymbol) return false;
  return std::none_of(model.pieces.begin(), model.pieces.end(),
                      [](const Piece& piece) { return piece.text.rfind(kSpaceSymbol) + 1 > 1; });
}

OrderedJson pre_tokenizer(const ParsedModel& model, const Unigram& unigram) {
  OrderedJson parts = OrderedJson::array();
  if (model.escape_whitespaces) parts.push_back(metaspace_json(model.add_dummy_prefix, has_separate_words(model, unigram)));
  if (const auto pattern = comma_pattern(unigram); !pattern.empty()) parts.push_back(split_json(pattern, "Isolated"));
  return sequence_json("pretokenizers", std::move(parts));
}

OrderedJson decoder(const ParsedModel& model) {
  OrderedJson parts = OrderedJson::array();
  if (model.byte_fallback) parts.push_back({{"type", "ByteFallback"}});
  parts.push_back(model.escape_whitespaces ? metaspace_json(model.add_dummy_prefix, /*split=*/true)
                                           : OrderedJson{{"type", "Fuse"}});
  return sequence_json("decoders", std::move(parts));
}

}  // namespace

TokenizerJsonParts sentencepiece_json_parts(const Tokenizer& tokenizer) {
  const ParsedModel model = parse_model(tokenizer.vocabulary_bytes(), "spiece.model");
  const Unigram unigram(model);
  OrderedJson pieces = OrderedJson::array();
  for (int32_t id = 0; id < unigram.size(); ++id) pieces.push_back(OrderedJson::array({unigram.piece(id), unigram.score(id)}));
  return {.normalizer = normalizer(model, tokenizer.options()),
          .pre_tokenizer = pre_tokenizer(model, unigram),
          .decoder = decoder(model),
          .model = {{"type", "Unigram"},
                    {"unk_id", tokenizer.special_tokens().unknown},
                    {"vocab", std::move(pieces)},
                    {"byte_fallback", model.byte_fallback}}};
}

}  // namespace albert
