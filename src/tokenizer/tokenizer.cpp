#include "albert/tokenizer/tokenizer.h"

#include <unicode/uchar.h>

#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "albert/base/error.h"
#include "albert/base/file.h"
#include "albert/base/hash.h"
#include "albert/tokenizer/model_check.h"
#include "tokenizer/followed_text.h"
#include "tokenizer/model_parser.h"
#include "tokenizer/piece_ranges.h"
#include "tokenizer/unigram.h"
#include "tokenizer/utf8.h"
#include "tokenizer/word_start.h"

namespace albert {
namespace {

/// str.isdigit() of one character: Unicode's numeric types decimal and digit.
bool is_digit(char32_t c) {
  const int32_t type = u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_NUMERIC_TYPE);
  return type == U_NT_DECIMAL || type == U_NT_DIGIT;
}

/// Whether Google's digit-comma rule takes the piece apart: more than one character, the last one a comma after a digit.
bool ends_in_digit_comma(std::string_view piece) {
  if (piece.size() < 2 || piece.back() != ',') return false;
  return is_digit(last_code_point(piece.substr(0, piece.size() - 1)));
}

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

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(const ParsedModel& model) : unigram(model), special_tokens(model.special_tokens) {
    const auto size = static_cast<size_t>(unigram.size());
    starts_word.resize(size);
    is_split.resize(size);
    for (int32_t id = 0; id < unigram.size(); ++id) {
      const std::string_view piece = unigram.piece(id);
      starts_word[static_cast<size_t>(id)] = is_start_piece(piece);
      if (!ends_in_digit_comma(piece)) continue;
      is_split[static_cast<size_t>(id)] = true;
      split_pieces.emplace(id, split_digit_comma(piece));
    }
  }

  Unigram unigram;
  std::string model_bytes;
  TokenizerOptions options;
  SpecialTokens special_tokens;
  std::string hash;
  std::vector<bool> starts_word;                                // [vocab]
  std::vector<bool> is_split;                                   // [vocab]: the digit-comma rule takes the piece apart
  std::unordered_map<int32_t, std::vector<Part>> split_pieces;  // by id, for those

  /// SentencePiece's text of a segment: of unknown ones what stands there.
  [[nodiscard]] std::string_view text_of(const Unigram::Segment& segment) const {
    return segment.id == special_tokens.unknown ? segment.surface : unigram.piece(segment.id);
  }

  /// The digit-comma rule: the piece without its comma and its spaces is segmented again, the comma becomes a piece.
  [[nodiscard]] std::vector<Part> split_digit_comma(std::string_view piece) const {
    const std::string letters = without_space_symbols(piece.substr(0, piece.size() - 1));
    Unigram::Result segmented;
    unigram.segment_and_follow(letters, segmented);
    std::vector<Part> result;
    for (const Unigram::Segment& segment : segmented.segments) {
      std::string_view part = text_of(segment);
      // SentencePiece puts a space in front of every text, which the whole piece may not have had.
      const bool is_first = &segment == segmented.segments.data();
      if (is_first && !piece.starts_with(kSpaceSymbol) && part.starts_with(kSpaceSymbol)) part.remove_prefix(kSpaceSymbol.size());
      if (part.empty()) continue;
      result.push_back({.piece = std::string(part),
                        .id = unigram.piece_to_id(part),
                        .letters = cover(letters_of(segment.surface, segmented.origins_of(segment)))});
    }
    const auto comma = static_cast<int32_t>(letters.size());
    result.push_back({.piece = ",", .id = unigram.piece_to_id(","), .letters = ByteRange{.begin = comma, .end = comma + 1}});
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
      if (!is_unknown && !is_split[static_cast<size_t>(segment.id)]) {
        sink(unigram.piece(segment.id), segment.id, segment, kWhole);
      } else if (!is_unknown) {
        for (const Part& part : split_pieces.at(segment.id)) sink(part.piece, part.id, segment, &part);
      } else if (ends_in_digit_comma(segment.surface)) {
        for (const Part& part : split_digit_comma(segment.surface)) sink(part.piece, part.id, segment, &part);
      } else {
        sink(segment.surface, unigram.piece_to_id(segment.surface), segment, kWhole);
      }
    }
  }
};

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const std::filesystem::path& model, const TokenizerOptions& options) {
  try {
    return from_bytes(read_file(model, kMaxModelBytes), options, model.string());
  } catch (const IoError& error) {
    throw DataError(error.what());  // a vocabulary is data: the programs' exit codes tell it from a broken disk
  }
}

Tokenizer Tokenizer::from_bytes(std::string bytes, const TokenizerOptions& options, const std::string& name) {
  auto impl = std::make_unique<Impl>(parse_model(bytes, name));
  impl->options = options;
  impl->hash = tokenizer_hash(bytes, options);
  impl->model_bytes = std::move(bytes);
  return Tokenizer(std::move(impl));
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  Unigram::Result segmented;
  impl_->unigram.segment(normalize_text(text, impl_->options), segmented);
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 4 + 1);
  impl_->for_each_piece(segmented, [&](std::string_view, int32_t id, const auto&, const Part*) { ids.push_back(id); });
  return ids;
}

Encoding Tokenizer::encode_with_offsets(std::string_view text) const {
  const FollowedText normalized = normalize_and_follow(text, impl_->options);
  Unigram::Result segmented;
  impl_->unigram.segment_and_follow(normalized.text, segmented);
  for (ByteRange& origin : segmented.origins) {  // from the normalised text to the raw one
    if (origin.empty()) continue;                // the space that SentencePiece puts in front
    origin = {.begin = normalized.origins[static_cast<size_t>(origin.begin)].begin,
              .end = normalized.origins[static_cast<size_t>(origin.end) - 1].end};
  }
  Encoding result;
  std::vector<std::optional<ByteRange>> found;
  std::vector<Letter> letters;  // of the segment, which has several pieces where the digit-comma rule took it apart
  const Unigram::Segment* segment_of_letters = nullptr;
  impl_->for_each_piece(segmented, [&](std::string_view, int32_t id, const Unigram::Segment& segment, const Part* part) {
    if (&segment != segment_of_letters) letters = letters_of(segment.surface, segmented.origins_of(segment));
    segment_of_letters = &segment;
    result.ids.push_back(id);
    found.push_back(part == nullptr ? cover(letters) : part->range_in(letters));
  });
  result.ranges = place_pieces(found);
  return result;
}

std::vector<std::string> Tokenizer::encode_as_pieces(std::string_view text) const {
  Unigram::Result segmented;
  impl_->unigram.segment(normalize_text(text, impl_->options), segmented);
  std::vector<std::string> pieces;
  impl_->for_each_piece(segmented,
                        [&](std::string_view piece, int32_t, const auto&, const Part*) { pieces.emplace_back(piece); });
  return pieces;
}

std::string Tokenizer::decode(const std::vector<int32_t>& ids) const {
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

int32_t Tokenizer::vocab_size() const { return impl_->unigram.size(); }

std::string_view Tokenizer::piece(int32_t id) const {
  if (id < 0 || id >= vocab_size())
    throw DataError(fmt::format("token id: must be in [0, {}), got {}; is it of another vocabulary?", vocab_size(), id));
  return impl_->unigram.piece(id);
}

bool Tokenizer::starts_word(int32_t id) const { return impl_->starts_word.at(static_cast<size_t>(id)); }
const SpecialTokens& Tokenizer::special_tokens() const { return impl_->special_tokens; }
const TokenizerOptions& Tokenizer::options() const { return impl_->options; }
const std::string& Tokenizer::hash() const { return impl_->hash; }
const std::string& Tokenizer::model_bytes() const { return impl_->model_bytes; }

}  // namespace albert
