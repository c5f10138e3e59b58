// SentencePiece's unigram segmentation of one text: its normalisation and the Viterbi search, without its library.
//
// Why our own: the ids must not depend on which SentencePiece a machine has. Debian 12's 0.1.97 adds scores in double where they
// meet a user-defined symbol's and compares them with floats, so it breaks ties otherwise than 0.2.3 (PyPI), and its sums lose
// all digits on very long words; 0.2.3 starts the sum anew there. We follow 0.2.3. (And no foreign parser sees outside bytes.)
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "albert/tokenizer/encoding.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/double_array.h"
#include "tokenizer/model_parser.h"

namespace albert {

inline constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";  // U+2581, stands for a space

/// Immutable after construction; const members are safe to call from many threads.
class Unigram {
 public:
  /// Copies what it needs of the model.
  explicit Unigram(const ParsedModel& model);

  /// A piece of the text: an id of the vocabulary, and the bytes of the normalised text that it stands for (of a byte piece: its
  /// byte).
  struct Segment {
    int32_t id = 0;
    std::string_view surface;
  };
  /// A segmented text; `segments` point into `normalized`, so it cannot be copied.
  struct Result {
    Result() = default;
    Result(const Result&) = delete;
    Result& operator=(const Result&) = delete;
    std::string normalized;
    std::vector<Segment> segments;
    std::vector<ByteRange>
        origins;  ///< [normalized.size()] bytes of the text that each byte stands for; only of segment_and_follow
    /// Those of a segment's surface.
    [[nodiscard]] std::span<const ByteRange> origins_of(const Segment& segment) const {
      return std::span(origins).subspan(static_cast<size_t>(segment.surface.data() - normalized.data()), segment.surface.size());
    }
  };
  /// The best segmentation of UTF-8 text. Neighbouring unknown characters are one segment.
  void segment(std::string_view text, Result& result) const;
  /// The same, with origins. A character that a rule of the table takes stands for all that the rule takes.
  void segment_and_follow(std::string_view text, Result& result) const;

  /// The id of the piece with this text, or that of the unknown piece.
  [[nodiscard]] int32_t piece_to_id(std::string_view piece) const;
  [[nodiscard]] std::string_view piece(int32_t id) const { return pieces_[static_cast<size_t>(id)]; }
  /// What the search adds for the piece.
  [[nodiscard]] float score(int32_t id) const { return scores_[static_cast<size_t>(id)]; }
  [[nodiscard]] int32_t size() const { return static_cast<int32_t>(pieces_.size()); }

 private:
  struct Best;
  template <typename Follow>
  [[nodiscard]] std::string normalize(std::string_view text, const Follow& follow) const;
  void segment_normalized(Result& result) const;
  [[nodiscard]] std::vector<Best> search(std::string_view text) const;
  void add_unknown(std::string_view surface, bool after_unknown, std::vector<Segment>& segments) const;

  std::vector<std::string> pieces_;
  std::vector<int32_t> by_text_;  // ids in order of the piece's text
  std::vector<float> scores_;     // by id; of user-defined pieces what the search adds for them
  float unknown_score_ = 0;
  int32_t unknown_id_ = 0;
  DoubleArray trie_;          // normal and user-defined pieces
  DoubleArray user_defined_;  // those that normalisation leaves alone
  Charsmap charsmap_;
  bool add_dummy_prefix_;
  bool remove_extra_whitespaces_;
  std::string_view space_;
  std::vector<int32_t> byte_ids_;  // 256 where unknown characters fall back to bytes, else none
  // Of the ASCII characters: kept as they are whatever follows; or if another ASCII character or the end follows.
  std::array<bool, 128> kept_always_{};
  std::array<bool, 128> kept_before_ascii_{};
};

}  // namespace albert
