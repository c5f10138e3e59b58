// Which part of the text is held out. Training and validation never share a sentence.
#pragma once

#include <albert/data/token_store.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace albert {

/// Consecutive sentences of one document.
struct SentenceSpan {
  int64_t first_sentence = 0;
  int64_t num_sentences = 0;
  int64_t document = 0;
};

/// A list of spans that costs 4 bytes per entry where the spans are whole documents.
class SpanList {
 public:
  /// Whole documents of `store`, which must outlive the list.
  static SpanList of_documents(const TokenStore& store, std::vector<uint32_t> documents);
  static SpanList of_spans(std::vector<SentenceSpan> spans);
  [[nodiscard]] size_t size() const { return store_ != nullptr ? documents_.size() : spans_.size(); }
  [[nodiscard]] SentenceSpan operator[](size_t index) const;
  /// Index of the span that holds a sentence; it must be in one.
  [[nodiscard]] size_t find(int64_t sentence) const;

 private:
  const TokenStore* store_ = nullptr;
  std::vector<uint32_t> documents_;
  std::vector<SentenceSpan> spans_;
};

/// How a split was made.
enum class SplitRule { nothing_held_out, by_document, by_block };

struct CorpusSplit {
  SpanList train;
  SpanList validation;
  SplitRule rule = SplitRule::nothing_held_out;
};

/// Holds out about `fraction` of the text, and at least one document or block; the choice depends on `seed` and the store only.
/// - by document, where there are at least 100 and the longest holds at most a tenth of all tokens: those with the lowest keyed
///   priorities, `fraction` of their number;
/// - else by contiguous blocks: every document is cut at ends of sentences into blocks of at least
///   max(4 * max_length, fraction * tokens / 20) tokens, and `fraction` of the blocks are held out in the same way.
/// Throws DataError where there are not two documents or blocks to part.
CorpusSplit split_corpus(const TokenStore& store, double fraction, int64_t max_length, uint64_t seed);

}  // namespace albert
