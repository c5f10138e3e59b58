#include "tokenizer/sentence_sample.h"

#include <algorithm>
#include <utility>

#include "albert/base/random.h"

namespace albert {

void SentenceSample::add(std::string sentence) {
  const uint64_t index = count_++;
  Entry entry{.key = mix_seed(seed_, "vocabulary", index), .index = index, .sentence = {}};
  // Once something had to go, nothing with a larger key than all that stayed may come in: the sample is the smallest keys.
  if (is_full_ && !(entry < heap_.front())) return;
  entry.sentence = std::move(sentence);
  size_bytes_ += entry.sentence.size();
  heap_.push_back(std::move(entry));
  std::push_heap(heap_.begin(), heap_.end());
  while (size_bytes_ > budget_bytes_ && heap_.size() > 1) {
    std::pop_heap(heap_.begin(), heap_.end());
    size_bytes_ -= heap_.back().sentence.size();
    heap_.pop_back();
    is_full_ = true;
  }
}

std::vector<std::string> SentenceSample::take() {
  std::sort(heap_.begin(), heap_.end(), [](const Entry& a, const Entry& b) { return a.index < b.index; });
  std::vector<std::string> result;
  result.reserve(heap_.size());
  for (Entry& entry : heap_) result.push_back(std::move(entry.sentence));
  heap_.clear();
  size_bytes_ = 0;
  return result;
}

}  // namespace albert
