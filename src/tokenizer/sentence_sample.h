// A uniform sample of sentences within a budget of bytes, in one pass over a source of unknown length.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace albert {

/// Each sentence gets a random key from the seed and its number; those with the smallest keys stay. At least one sentence stays.
class SentenceSample {
 public:
  SentenceSample(uint64_t budget_bytes, uint64_t seed) : budget_bytes_(budget_bytes), seed_(seed) {}

  void add(std::string sentence);
  [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }
  /// The sample in the order of the source; leaves this object empty.
  std::vector<std::string> take();

 private:
  struct Entry {
    uint64_t key = 0;
    uint64_t index = 0;
    std::string sentence;
    bool operator<(const Entry& other) const { return key != other.key ? key < other.key : index < other.index; }
  };
  uint64_t budget_bytes_;
  uint64_t seed_;
  uint64_t count_ = 0;
  uint64_t size_bytes_ = 0;
  bool is_full_ = false;
  std::vector<Entry> heap_;  // the largest key first
};

}  // namespace albert
