#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/data/segment_pairs.h>

#include <algorithm>
#include <cmath>

namespace albert {
namespace {

/// Pieces of text in a sequence: all but [CLS], [SEP] and, for a pair, another [SEP].
int64_t text_length(const SegmentOptions& options, bool is_pair) { return options.max_length - (is_pair ? 3 : 2); }

bool is_pair(Chunk::Kind kind) { return kind != Chunk::Kind::single; }

/// A chunk of `num` sentences, and how many of them it uses (a random second segment gives back what it replaced).
Chunk draw_chunk(int64_t first, int64_t num, int64_t target, SentenceOrder order, RandomStream& random) {
  using Kind = Chunk::Kind;
  const auto make = [&](Kind kind, int64_t num_first, int64_t num_second) {
    Chunk chunk;
    chunk.first_sentence = static_cast<uint64_t>(first) & ((uint64_t{1} << 40U) - 1);
    chunk.target_length = static_cast<uint64_t>(target) & ((uint64_t{1} << 22U) - 1);
    chunk.kind_bits = static_cast<uint64_t>(kind) & 3U;
    chunk.num_first = static_cast<uint32_t>(num_first);
    chunk.num_second = static_cast<uint32_t>(num_second);
    return chunk;
  };
  if (order == SentenceOrder::none) return make(Kind::single, num, 0);
  if (num == 1) return make(order == SentenceOrder::sop ? Kind::single : Kind::random_next, 1, 0);
  const int64_t a_end = random.between(1, num - 1);
  const bool one_in_two = random.uniform() < 0.5;
  if (order == SentenceOrder::nsp) return one_in_two ? make(Kind::random_next, a_end, 0) : make(Kind::in_order, a_end, num - a_end);
  return make(one_in_two ? Kind::swapped : Kind::in_order, a_end, num - a_end);
}

struct SpanWalk {
  const TokenStore& store;
  const SegmentOptions& options;

  template <typename Sink>
  void walk(const SentenceSpan& span, RandomStream& random, Sink&& sink) const {
    int64_t target = text_length(options, options.order != SentenceOrder::none);
    if (random.uniform() < options.short_probability) target = random.between(2, target);
    const int64_t end = span.first_sentence + span.num_sentences;
    int64_t first = span.first_sentence;
    while (first < end) {
      const int64_t begin_token = store.sentence_begin(first);
      int64_t last = first;
      while (last + 1 < end && store.sentence_begin(last + 1) - begin_token < target) ++last;
      const Chunk chunk = draw_chunk(first, last + 1 - first, target, options.order, random);
      sink(chunk);
      first += int64_t{chunk.num_first} + int64_t{chunk.num_second};
    }
  }
};

template <typename Sink>
void walk_epoch(const TokenStore& store, const SpanList& spans, const SegmentOptions& options, std::span<const double> visits,
                uint64_t seed, uint64_t epoch, Sink&& sink) {
  ALBERT_CHECK(store.num_sentences() < (int64_t{1} << 40U) && options.max_length < (int64_t{1} << 22U), "too large for a chunk");
  const SpanWalk walker{store, options};
  const uint64_t epoch_seed = mix_seed(seed, "chunks of an epoch", epoch);
  for (size_t i = 0; i < spans.size(); ++i) {
    const SentenceSpan span = spans[i];
    uint64_t num_visits = 1;
    if (!visits.empty()) {
      const double wanted = visits[store.document_source(span.document)];
      const double whole = std::floor(wanted);
      // All spans of a document are visited equally often.
      const double chance = RandomStream(epoch_seed, "visits", static_cast<uint64_t>(span.document)).uniform();
      num_visits = static_cast<uint64_t>(whole) + (chance < wanted - whole ? 1 : 0);
    }
    for (uint64_t visit = 0; visit < num_visits; ++visit) {
      RandomStream random(epoch_seed, "chunks", i, visit);
      walker.walk(span, random, sink);
    }
  }
}

/// The range [begin, end) of tokens that stays of a segment.
struct Cut {
  int64_t front = 0;
  int64_t back = 0;
};

/// Pops single pieces until both fit; one random bit per piece.
void cut_to_length(int64_t first, int64_t second, int64_t limit, Cut& first_cut, Cut& second_cut, RandomStream& random) {
  uint64_t bits = 0;
  unsigned left = 0;
  while (first + second > limit) {
    if (left == 0) {
      bits = random.next();
      left = 64;
    }
    const bool from_first = first > second;
    Cut& cut = from_first ? first_cut : second_cut;
    --(from_first ? first : second);
    ++((bits & 1U) != 0 ? cut.front : cut.back);
    bits >>= 1U;
    --left;
  }
}

struct TokenRange {
  int64_t begin = 0;
  int64_t end = 0;
  [[nodiscard]] int64_t length() const { return end - begin; }
};

TokenRange range_of(const TokenStore& store, int64_t first_sentence, int64_t num_sentences) {
  return {store.sentence_begin(first_sentence), store.sentence_begin(first_sentence + num_sentences)};
}

/// Sentences from a random place of another span (ten tries to find another) until they fill `wanted` tokens.
TokenRange draw_random_next(const TokenStore& store, const SpanList& spans, size_t own_span, int64_t wanted, RandomStream& random) {
  size_t chosen = own_span;
  for (int tries = 0; tries < 10 && chosen == own_span; ++tries) chosen = random.below(spans.size());
  const SentenceSpan span = spans[chosen];
  const int64_t first = span.first_sentence + static_cast<int64_t>(random.below(static_cast<uint64_t>(span.num_sentences)));
  const int64_t end = span.first_sentence + span.num_sentences;
  int64_t last = first;
  while (last + 1 < end && store.sentence_begin(last + 1) - store.sentence_begin(first) < wanted) ++last;
  return range_of(store, first, last + 1 - first);
}

}  // namespace

std::vector<Chunk> draw_chunks(const TokenStore& store, const SpanList& spans, const SegmentOptions& options, std::span<const double> visits,
                               uint64_t seed, uint64_t epoch) {
  std::vector<Chunk> chunks;
  walk_epoch(store, spans, options, visits, seed, epoch, [&](const Chunk& chunk) { chunks.push_back(chunk); });
  return chunks;
}

int64_t count_chunks(const TokenStore& store, const SpanList& spans, const SegmentOptions& options, std::span<const double> visits,
                     uint64_t seed, uint64_t epoch) {
  int64_t count = 0;
  walk_epoch(store, spans, options, visits, seed, epoch, [&](const Chunk&) { ++count; });
  return count;
}

SegmentPair draw_segments(const TokenStore& store, const SpanList& spans, const Chunk& chunk, const SegmentOptions& options,
                          RandomStream& random) {
  using Kind = Chunk::Kind;
  const Kind kind = chunk.kind();
  const auto sentence = static_cast<int64_t>(chunk.first_sentence);
  TokenRange first = range_of(store, sentence, chunk.num_first);
  TokenRange second = range_of(store, sentence + chunk.num_first, chunk.num_second);
  if (kind == Kind::random_next) {
    second = draw_random_next(store, spans, spans.find(sentence), static_cast<int64_t>(chunk.target_length) - first.length(), random);
  }
  if (kind == Kind::swapped) std::swap(first, second);
  Cut first_cut;
  Cut second_cut;
  cut_to_length(first.length(), second.length(), text_length(options, is_pair(kind)), first_cut, second_cut, random);
  SegmentPair pair;
  store.append_ids(first.begin + first_cut.front, first.length() - first_cut.front - first_cut.back, pair.first);
  store.append_ids(second.begin + second_cut.front, second.length() - second_cut.front - second_cut.back, pair.second);
  if (is_pair(kind)) pair.order_label = kind == Kind::in_order ? 0 : 1;
  return pair;
}

}  // namespace albert
