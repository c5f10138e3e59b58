// Which instances a step learns from: shuffled per epoch, optionally grouped by length, cut by number or by tokens.
#pragma once

#include <cstdint>
#include <vector>

namespace albert {

struct BatchSamplerOptions {
  int64_t batch_size = 32;       ///< instances of a step
  int64_t batch_tokens = 0;      ///< tokens of a step at most (one instance at least) in place of batch_size; 0: by batch_size
  bool shuffle = true;           ///< false: in order, every epoch
  bool group_by_length = false;  ///< instances of like length in one step, steps in random order
  uint64_t seed = 1;
};

/// A pure function of (lengths, options, position): the order depends on nothing else. An epoch ends with a smaller batch where it
/// does not come out even.
class BatchSampler {
 public:
  /// `lengths`: tokens of each instance; there must be at least one (InternalError).
  BatchSampler(std::vector<int64_t> lengths, const BatchSamplerOptions& options);

  /// The step that begins after `consumed` instances since the start of the run. Throws InternalError where no step begins there.
  [[nodiscard]] std::vector<int64_t> batch(int64_t consumed);
  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(lengths_.size()); }
  /// Of the first epoch; with batch_tokens others may differ a little.
  [[nodiscard]] int64_t steps_per_epoch();

 private:
  void plan(int64_t epoch);
  [[nodiscard]] std::vector<int64_t> shuffled(int64_t epoch) const;
  void cut();

  std::vector<int64_t> lengths_;
  BatchSamplerOptions options_;
  int64_t planned_epoch_ = -1;
  std::vector<int64_t> order_;   ///< of the planned epoch
  std::vector<int64_t> begins_;  ///< of its steps in order_, and its end
};

/// Cuts a step into micro-batches of at most `max_tokens` tokens (one instance at least), longest instances first, so that a micro-batch
/// holds instances of like length. Returns positions in `lengths`.
std::vector<std::vector<int64_t>> cut_by_tokens(const std::vector<int64_t>& lengths, int64_t max_tokens);

}  // namespace albert
