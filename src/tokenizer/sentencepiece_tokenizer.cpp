// Google's algorithm: normalisation, SentencePiece's unigram segmentation, digit-comma rule.
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "albert/base/error.h"
#include "albert/base/file.h"
#include "albert/base/hash.h"
#include "albert/tokenizer/model_check.h"
#include "tokenizer/followed_text.h"
#include "tokenizer/google_text.h"
#include "tokenizer/model_parser.h"
#include "tokenizer/piece_ranges.h"
#include "tokenizer/tokenizer_algorithm.h"
#include "tokenizer/unigram.h"
#include "tokenizer/word_start.h"

namespace albert {
namespace {

std::string without_space_symbols(std::string_view piece) {
  std::string result;
  while (!piece.empty()) {
    const size_t found = piece.find(kSpaceSymbol);
    result += piece.substr(0, found);
    if (found == std::string_view::npos) break;
    piece.remove_prefix(found + kSpaceSymbol.size());
  }
  return result;
}

/// A piece of a piece that the digit-comma rule took apart.
struct Part {
  std::string piece;
  int32_t id = 0;
  std::optional<ByteRange> letters;  // which of the whole piece's bytes, those of U+2581 not counted; nothing: none of them

  [[nodiscard]] std::optional<ByteRange> range_in(std::span<const Letter> of_whole) const {
    if (!letters) return std::nullopt;
    return cover(of_whole.subspan(static_cast<size_t>(letters->begin), static_cast<size_t>(letters->end - letters->begin)));
  }
};

std::string tokenizer_hash(std::string_view model_bytes, const TokenizerOptions& options) {
  return sha256_hex(fmt::format("albert tokenizer\nnormalizer {}\nICU {}\nlower_case {}\nkeep_accents {}\nmodel {}\n",
                                kNormalizerVersion, icu_version(), options.lower_case, options.keep_accents,
                                sha256_hex(model_bytes)));
}

class SentencePieceTokenizer final : public TokenizerAlgorithm {
 public:
  SentencePieceTokenizer(std::string bytes, const TokenizerOptions& text_options, const ParsedModel& model) : unigram_(model) {
    special_tokens = model.special_tokens;
    options = text_options;
    hash = tokenizer_hash(bytes, text_options);
    vocabulary_bytes = std::move(bytes);
    const auto size = static_cast<size_t>(unigram_.size());
    starts_word_.resize(size);
    is_split_.resize(size);
    for (int32_t id = 0; id < unigram_.size(); ++id) {
      const std::string_view text = unigram_.piece(id);
      starts_word_[static_cast<size_t>(id)] = is_start_piece(text);
      if (!ends_in_digit_comma(text)) continue;
      is_split_[static_cast<size_t>(id)] = true;
      split_pieces_.emplace(id, split_digit_comma(text));
    }
  }

  [[nodiscard]] std::vector<int32_t> encode(std::string_view text) const override;
  [[nodiscard]] Encoding encode_with_offsets(std::string_view text) const override;
  [[nodiscard]] std::vector<std::string> encode_as_pieces(std::string_view text) const override;
  [[nodiscard]] std::vector<int32_t> encode_masked(std::string_view text) const override;
  [[nodiscard]] std::string decode(const std::vector<int32_t>& ids) const override;
  [[nodiscard]] int32_t vocab_size() const override { return unigram_.size(); }
  [[nodiscard]] std::string_view piece(int32_t id) const override { return unigram_.piece(id); }
  [[nodiscard]] WordRole word_role(int32_t id) const override {
    return starts_word_[static_cast<size_t>(id)] ? WordRole::starts : WordRole::continues;
  }

 private:
  Unigram unigram_;
  std::vector<bool> starts_word_;                                // [vocab]
  std::vector<bool> is_split_;                                   // [vocab]: the digit-comma rule takes the piece apart
  std::unordered_map<int32_t, std::vector<Part>> split_pieces_;  // by id, for those

  /// SentencePiece's text of a segment: of unknown ones what stands there.
  [[nodiscard]] std::string_view text_of(const Unigram::Segment& segment) const {
    return segment.id == special_tokens.unknown ? segment.surface : unigram_.piece(segment.id);
  }

  /// The digit-comma rule: the piece without its comma and its spaces is segmented again, the comma becomes a piece.
  [[nodiscard]] std::vector<Part> split_digit_comma(std::string_view whole) const {
    const std::string letters = without_space_symbols(whole.substr(0, whole.size() - 1));
    Unigram::Result segmented;
    unigram_.segment_and_follow(letters, segmented);
    std::vector<Part> result;
    for (const Unigram::Segment& segment : segmented.segments) {
      std::string_view part = text_of(segment);
      // SentencePiece puts a space in front of every text, which the whole piece may not have had.
      const bool is_first = &segment == segmented.segments.data();
      if (is_first && !whole.starts_with(kSpaceSymbol) && part.starts_with(kSpaceSymbol)) part.remove_prefix(kSpaceSymbol.size());
      if (part.empty()) continue;
      result.push_back({.piece = std::string(part),
                        .id = unigram_.piece_to_id(part),
                        .letters = cover(letters_of(segment.surface, segmented.origins_of(segment)))});
    }
    const auto comma = static_cast<int32_t>(letters.size());
    result.push_back({.piece = ",", .id = unigram_.piece_to_id(","), .letters = ByteRange{.begin = comma, .end = comma + 1}});
    return result;
  }

  /// Calls `sink(piece, id, segment, part)` for each piece of a segmented text; `part` is null unless the rule took the segment
  /// apart. As in Google's code every id is that of the piece's text. For pieces of the vocabulary this is the id that the
  /// segmentation found; an unknown piece is looked up, which finds, for instance, [MASK] in cased text if none of its characters
  /// is in the vocabulary.
  template <typename Sink>
  void for_each_piece(const Unigram::Result& segmented, Sink&& sink) const {
    constexpr const Part* kWhole = nullptr;
    for (const Unigram::Segment& segment : segmented.segments) {
      const bool is_unknown = segment.id == special_tokens.unknown;
      if (!is_unknown && !is_split_[static_cast<size_t>(segment.id)]) {
        sink(unigram_.piece(segment.id), segment.id, segment, kWhole);
      } else if (!is_unknown) {
        for (const Part& part : split_pieces_.at(segment.id)) sink(part.piece, part.id, segment, &part);
      } else if (ends_in_digit_comma(segment.surface)) {
        for (const Part& part : split_digit_comma(segment.surface)) sink(part.piece, part.id, segment, &part);
      } else {
        sink(segment.surface, unigram_.piece_to_id(segment.surface), segment, kWhole);
      }
    }
  }
};

std::vector<int32_t> SentencePieceTokenizer::encode(std::string_view text) const {
  Unigram::Result segmented;
  unigram_.segment(normalize_text(text, options), segmented);
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 4 + 1);
  for_each_piece(segmented, [&](std::string_view, int32_t id, const auto&, const Part*) { ids.push_back(id); });
  return ids;
}

Encoding SentencePieceTokenizer::encode_with_offsets(std::string_view text) const {
  const FollowedText normalized = normalize_and_follow(text, options);
  Unigram::Result segmented;
  unigram_.segment_and_follow(normalized.text, segmented);
  for (ByteRange& origin : segmented.origins) {  // from the normalised text to the raw one
    if (origin.empty()) continue;                // the space that SentencePiece puts in front
    origin = {.begin = normalized.origins[static_cast<size_t>(origin.begin)].begin,
              .end = normalized.origins[static_cast<size_t>(origin.end) - 1].end};
  }
  Encoding result;
  std::vector<std::optional<ByteRange>> found;
  std::vector<Letter> letters;  // of the segment, which has several pieces where the digit-comma rule took it apart
  const Unigram::Segment* segment_of_letters = nullptr;
  for_each_piece(segmented, [&](std::string_view, int32_t id, const Unigram::Segment& segment, const Part* part) {
    if (&segment != segment_of_letters) letters = letters_of(segment.surface, segmented.origins_of(segment));
    segment_of_letters = &segment;
    result.ids.push_back(id);
    found.push_back(part == nullptr ? cover(letters) : part->range_in(letters));
  });
  result.ranges = place_pieces(found);
  return result;
}

std::vector<std::string> SentencePieceTokenizer::encode_as_pieces(std::string_view text) const {
  Unigram::Result segmented;
  unigram_.segment(normalize_text(text, options), segmented);
  std::vector<std::string> pieces;
  for_each_piece(segmented, [&](std::string_view text_of_piece, int32_t, const auto&, const Part*) { pieces.emplace_back(text_of_piece); });
  return pieces;
}

/// A mask that follows a word without white space goes on with it, although every text begins a word.
std::vector<int32_t> SentencePieceTokenizer::encode_masked(std::string_view text) const {
  const std::string_view mask = piece(special_tokens.mask);
  std::vector<int32_t> result;
  for (bool is_first = true;; is_first = false) {
    const size_t end = text.find(mask);
    const std::string_view part = text.substr(0, end);
    std::vector<int32_t> ids = encode(part);
    const bool goes_on = !is_first && !part.empty() && part[0] != ' ' && part[0] != '\t';
    if (goes_on && !ids.empty() && piece(ids[0]) == kSpaceSymbol) ids.erase(ids.begin());
    result.insert(result.end(), ids.begin(), ids.end());
    if (end == std::string_view::npos) return result;
    result.push_back(special_tokens.mask);
    text.remove_prefix(end + mask.size());
  }
}

std::string SentencePieceTokenizer::decode(const std::vector<int32_t>& ids) const {
  std::string text;
  for (const int32_t id : ids) {
    std::string_view rest = piece(id);
    for (size_t found = 0; (found = rest.find(kSpaceSymbol)) != std::string_view::npos;
         rest.remove_prefix(found + kSpaceSymbol.size())) {
      text += rest.substr(0, found);
      text += ' ';
    }
    text += rest;
  }
  if (text.starts_with(' ')) text.erase(0, 1);
  return text;
}

}  // namespace

Tokenizer Tokenizer::load(const std::filesystem::path& model, const TokenizerOptions& options) {
  try {
    return from_bytes(read_file(model, kMaxModelBytes), options, model.string());
  } catch (const IoError& error) {
    throw DataError(error.what());  // a vocabulary is data: the programs' exit codes tell it from a broken disk
  }
}

Tokenizer Tokenizer::from_bytes(std::string bytes, const TokenizerOptions& options, const std::string& name) {
  const ParsedModel model = parse_model(bytes, name);
  return Tokenizer(std::make_unique<const SentencePieceTokenizer>(std::move(bytes), options, model));
}

}  // namespace albert
