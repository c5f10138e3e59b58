#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/tasks/batch_sampler.h>

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

namespace albert {
namespace {

/// Steps whose instances are sorted together: large enough for like lengths, small enough to leave the order random.
constexpr int64_t kPoolSteps = 50;

}  // namespace

BatchSampler::BatchSampler(std::vector<int64_t> lengths, const BatchSamplerOptions& options)
    : lengths_(std::move(lengths)), options_(options) {
  ALBERT_CHECK(!lengths_.empty(), "no instances to draw from");
  ALBERT_CHECK(options_.batch_size > 0 && options_.batch_tokens >= 0, "batch of {} instances, {} tokens", options_.batch_size, options_.batch_tokens);
}

std::vector<int64_t> BatchSampler::batch(int64_t consumed) {
  plan(consumed / size());
  const auto begin = std::lower_bound(begins_.begin(), begins_.end(), consumed % size());
  ALBERT_CHECK(begin != begins_.end() && *begin == consumed % size(), "no step begins after {} instances", consumed);
  return {order_.begin() + *begin, order_.begin() + *(begin + 1)};
}

int64_t BatchSampler::steps_per_epoch() {
  plan(0);
  return static_cast<int64_t>(begins_.size()) - 1;
}

void BatchSampler::plan(int64_t epoch) {
  if (epoch == planned_epoch_) return;
  order_ = shuffled(epoch);
  if (options_.group_by_length) {
    const int64_t mean = std::max<int64_t>(1, std::accumulate(lengths_.begin(), lengths_.end(), int64_t{0}) / size());
    const int64_t batch = options_.batch_tokens > 0 ? std::max<int64_t>(1, options_.batch_tokens / mean) : options_.batch_size;
    const int64_t pool = batch * kPoolSteps;
    for (int64_t first = 0; first < size(); first += pool) {
      std::stable_sort(order_.begin() + first, order_.begin() + std::min(first + pool, size()), [&](int64_t a, int64_t b) {
        return lengths_[static_cast<size_t>(a)] > lengths_[static_cast<size_t>(b)];
      });
    }
  }
  cut();
  if (options_.group_by_length && options_.shuffle) {
    std::vector<size_t> steps(begins_.size() - 1);
    std::iota(steps.begin(), steps.end(), size_t{0});
    RandomStream random(options_.seed, "order of steps", static_cast<uint64_t>(epoch));
    random.shuffle(std::span<size_t>(steps));
    std::vector<int64_t> order;
    std::vector<int64_t> begins{0};
    for (const size_t step : steps) {
      order.insert(order.end(), order_.begin() + begins_[step], order_.begin() + begins_[step + 1]);
      begins.push_back(static_cast<int64_t>(order.size()));
    }
    order_ = std::move(order);
    begins_ = std::move(begins);
  }
  planned_epoch_ = epoch;
}

std::vector<int64_t> BatchSampler::shuffled(int64_t epoch) const {
  std::vector<int64_t> order(lengths_.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  if (options_.shuffle) {
    RandomStream random(options_.seed, "order of instances", static_cast<uint64_t>(epoch));
    random.shuffle(std::span<int64_t>(order));
  }
  return order;
}

void BatchSampler::cut() {
  begins_ = {0};
  int64_t tokens = 0;
  for (int64_t i = 0; i < size(); ++i) {
    const int64_t length = lengths_[static_cast<size_t>(order_[static_cast<size_t>(i)])];
    const bool is_full = options_.batch_tokens > 0 ? tokens + length > options_.batch_tokens : i - begins_.back() == options_.batch_size;
    if (is_full && i > begins_.back()) {
      begins_.push_back(i);
      tokens = 0;
    }
    tokens += length;
  }
  begins_.push_back(size());
}

std::vector<std::vector<int64_t>> cut_by_tokens(const std::vector<int64_t>& lengths, int64_t max_tokens) {
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return lengths[static_cast<size_t>(a)] > lengths[static_cast<size_t>(b)]; });
  std::vector<std::vector<int64_t>> parts;
  int64_t tokens = 0;
  for (const int64_t index : order) {
    const int64_t length = lengths[static_cast<size_t>(index)];
    if (parts.empty() || tokens + length > max_tokens) {
      parts.emplace_back();
      tokens = 0;
    }
    parts.back().push_back(index);
    tokens += length;
  }
  return parts;
}

}  // namespace albert
