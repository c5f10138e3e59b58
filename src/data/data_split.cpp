#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/data/data_split.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace albert {
namespace {

constexpr int64_t kFewDocuments = 100;
constexpr int64_t kLargestShare = 10;      // the longest document holds at most one part in so many
constexpr int64_t kBlocksHeldOut = 20;     // about as many, so that they come from many places
constexpr int64_t kSequencesPerBlock = 4;

/// `fraction` of `count` things, at least one, those with the lowest keyed priorities.
std::vector<bool> choose(size_t count, double fraction, uint64_t seed) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  const auto wanted = std::clamp<size_t>(static_cast<size_t>(std::llround(fraction * static_cast<double>(count))), 1, count - 1);
  const auto priority = [seed](size_t i) { return std::pair(mix_seed(seed, "validation", i), i); };
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(wanted), order.end(),
                   [&](size_t a, size_t b) { return priority(a) < priority(b); });
  std::vector<bool> is_chosen(count);
  for (size_t i = 0; i < wanted; ++i) is_chosen[order[i]] = true;
  return is_chosen;
}

int64_t document_tokens(const TokenStore& store, int64_t document) {
  return store.sentence_begin(store.document_begin(document + 1)) - store.sentence_begin(store.document_begin(document));
}

std::vector<SentenceSpan> cut_into_blocks(const TokenStore& store, int64_t block_tokens) {
  std::vector<SentenceSpan> blocks;
  for (int64_t document = 0; document < store.num_documents(); ++document) {
    const int64_t end = store.document_begin(document + 1);
    int64_t first = store.document_begin(document);
    for (int64_t sentence = first; sentence < end; ++sentence) {
      const int64_t tokens = store.sentence_begin(sentence + 1) - store.sentence_begin(first);
      if (tokens < block_tokens && sentence + 1 < end) continue;
      blocks.push_back({first, sentence + 1 - first, document});
      first = sentence + 1;
    }
  }
  return blocks;
}

/// Neighbouring blocks of a document on the same side are one span again.
void append_span(std::vector<SentenceSpan>& spans, const SentenceSpan& block) {
  if (!spans.empty() && spans.back().document == block.document &&
      spans.back().first_sentence + spans.back().num_sentences == block.first_sentence) {
    spans.back().num_sentences += block.num_sentences;
  } else {
    spans.push_back(block);
  }
}

CorpusSplit split_by_document(const TokenStore& store, double fraction, uint64_t seed) {
  const auto count = static_cast<size_t>(store.num_documents());
  const std::vector<bool> is_held_out = choose(count, fraction, seed);
  std::vector<uint32_t> train;
  std::vector<uint32_t> validation;
  for (size_t i = 0; i < count; ++i) (is_held_out[i] ? validation : train).push_back(static_cast<uint32_t>(i));
  return {SpanList::of_documents(store, std::move(train)), SpanList::of_documents(store, std::move(validation)), SplitRule::by_document};
}

CorpusSplit split_by_block(const TokenStore& store, double fraction, int64_t max_length, uint64_t seed) {
  const auto share = static_cast<int64_t>(fraction * static_cast<double>(store.num_tokens())) / kBlocksHeldOut;
  const int64_t block_tokens = std::max(kSequencesPerBlock * max_length, share);
  const std::vector<SentenceSpan> blocks = cut_into_blocks(store, block_tokens);
  if (blocks.size() < 2) {
    throw DataError(fmt::format("{}: expected at least two documents or blocks of {} tokens to hold one out, got {} tokens; add text, or set "
                                "data.validation_fraction to 0", store.path().string(), block_tokens, store.num_tokens()));
  }
  const std::vector<bool> is_held_out = choose(blocks.size(), fraction, seed);
  std::vector<SentenceSpan> train;
  std::vector<SentenceSpan> validation;
  for (size_t i = 0; i < blocks.size(); ++i) append_span(is_held_out[i] ? validation : train, blocks[i]);
  return {SpanList::of_spans(std::move(train)), SpanList::of_spans(std::move(validation)), SplitRule::by_block};
}

}  // namespace

SpanList SpanList::of_documents(const TokenStore& store, std::vector<uint32_t> documents) {
  SpanList list;
  list.store_ = &store;
  list.documents_ = std::move(documents);
  return list;
}

SpanList SpanList::of_spans(std::vector<SentenceSpan> spans) {
  SpanList list;
  list.spans_ = std::move(spans);
  return list;
}

SentenceSpan SpanList::operator[](size_t index) const {
  if (store_ == nullptr) return spans_[index];
  const int64_t document = documents_[index];
  const int64_t first = store_->document_begin(document);
  return {first, store_->document_begin(document + 1) - first, document};
}

size_t SpanList::find(int64_t sentence) const {
  size_t low = 0;
  size_t high = size();
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    ((*this)[middle].first_sentence <= sentence ? low : high) = middle;
  }
  return low;
}

CorpusSplit split_corpus(const TokenStore& store, double fraction, int64_t max_length, uint64_t seed) {
  ALBERT_CHECK(store.num_documents() <= int64_t{UINT32_MAX}, "{} documents", store.num_documents());
  if (fraction <= 0) {
    std::vector<uint32_t> all(static_cast<size_t>(store.num_documents()));
    std::iota(all.begin(), all.end(), 0U);
    return {SpanList::of_documents(store, std::move(all)), SpanList::of_spans({}), SplitRule::nothing_held_out};
  }
  int64_t longest = 0;
  for (int64_t i = 0; i < store.num_documents(); ++i) longest = std::max(longest, document_tokens(store, i));
  const bool many = store.num_documents() >= kFewDocuments && longest * kLargestShare <= store.num_tokens();
  return many ? split_by_document(store, fraction, seed) : split_by_block(store, fraction, max_length, seed);
}

}  // namespace albert
