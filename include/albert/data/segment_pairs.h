// Documents to pairs of segments, as create_pretraining_data.py draws them (albert_facts 5.3).
#pragma once

#include <albert/base/random.h>
#include <albert/config/fields.h>
#include <albert/data/data_split.h>
#include <albert/data/token_store.h>

#include <cstdint>
#include <span>
#include <vector>

namespace albert {

/// What the second half of a sequence is, and what is learned from it.
enum class SentenceOrder {
  sop,     ///< the two halves of a chunk, swapped half of the time; chunks of one sentence are not scored and stay one segment
  google,  ///< as the released code: a chunk of one sentence gets a random second segment, with the label of a swap
  nsp,     ///< BERT: half of the time (and for chunks of one sentence) a random second segment; never swapped
  none,    ///< one segment, nothing to learn from the order
};
constexpr auto enum_names(config::EnumTag<SentenceOrder>) {
  return config::names<SentenceOrder>({{SentenceOrder::sop, "sop"},
                                       {SentenceOrder::google, "google"},
                                       {SentenceOrder::nsp, "nsp"},
                                       {SentenceOrder::none, "none"}});
}

/// The label of a sequence whose order is not scored.
inline constexpr int32_t kOrderNotScored = -100;

struct SegmentOptions {
  int64_t max_length = 512;
  double short_probability = 0.1;
  SentenceOrder order = SentenceOrder::sop;
};

/// One sequence of an epoch, before any token is read: whole sentences of one document.
struct Chunk {
  enum class Kind : uint64_t {
    in_order,     ///< A, then the B that follows it: label 0
    swapped,      ///< B, then A: label 1
    random_next,  ///< A, then text from elsewhere (drawn by draw_segments): label 1
    single,       ///< one segment, not scored
  };
  uint64_t first_sentence : 40 = 0;
  uint64_t target_length : 22 = 0;  ///< pieces that the chunk was filled to
  uint64_t kind_bits : 2 = 0;
  uint32_t num_first = 0;   ///< sentences of A
  uint32_t num_second = 0;  ///< sentences of B; 0 for random_next and single
  [[nodiscard]] Kind kind() const { return static_cast<Kind>(kind_bits); }
};
static_assert(sizeof(Chunk) == 16);

/// All chunks of an epoch in the order of the text: a pure function of its arguments. `visits` holds how often a source's
/// documents are read (DataSourceConfig::weight); empty means once.
std::vector<Chunk> draw_chunks(const TokenStore& store, const SpanList& spans, const SegmentOptions& options, std::span<const double> visits,
                               uint64_t seed, uint64_t epoch);
/// The number of them, without the memory.
int64_t count_chunks(const TokenStore& store, const SpanList& spans, const SegmentOptions& options, std::span<const double> visits,
                     uint64_t seed, uint64_t epoch);

/// Tokens of a sequence without special ones.
struct SegmentPair {
  std::vector<int32_t> first;
  std::vector<int32_t> second;  ///< empty: one segment
  int32_t order_label = kOrderNotScored;
};

/// Reads a chunk and cuts it to the length: at most max_length - 3 pieces of a pair (max_length - 2 of one segment), popped from the
/// longer side (the second if equal), front or back with equal chance. `random` decides the cuts and a random second segment.
SegmentPair draw_segments(const TokenStore& store, const SpanList& spans, const Chunk& chunk, const SegmentOptions& options,
                          RandomStream& random);

}  // namespace albert
