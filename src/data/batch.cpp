#include <albert/data/batch.h>
#include <albert/data/batch_stream.h>

#include <ATen/ATen.h>

#include <algorithm>

namespace albert {
namespace {

at::Tensor make_int64(int64_t size) { return at::empty({size}, at::kLong); }

}  // namespace

int64_t PretrainingBatch::num_ordered() const {
  return sentence_order_labels.ne(kOrderNotScored).sum().item<int64_t>();
}

PretrainingBatch PretrainingBatch::to(const at::Device& device) const {
  const auto move = [&](const at::Tensor& tensor) { return tensor.to(device, /*non_blocking=*/true); };
  return {move(ids),
          move(segments),
          move(positions),
          move(sequence_offsets),
          move(masked_positions),
          move(masked_targets),
          move(sentence_order_labels),
          max_length};
}

PretrainingBatch collate(std::span<const PretrainingExample> examples) {
  int64_t num_tokens = 0;
  int64_t num_masked = 0;
  PretrainingBatch batch;
  for (const PretrainingExample& example : examples) {
    const auto length = static_cast<int64_t>(example.ids.size());
    num_tokens += length;
    num_masked += static_cast<int64_t>(example.masked.positions.size());
    batch.max_length = std::max(batch.max_length, length);
  }
  const auto count = static_cast<int64_t>(examples.size());
  batch.ids = make_int64(num_tokens);
  batch.segments = make_int64(num_tokens);
  batch.positions = make_int64(num_tokens);
  batch.sequence_offsets = make_int64(count + 1);
  batch.masked_positions = make_int64(num_masked);
  batch.masked_targets = make_int64(num_masked);
  batch.sentence_order_labels = make_int64(count);
  auto* ids = batch.ids.data_ptr<int64_t>();
  auto* segments = batch.segments.data_ptr<int64_t>();
  auto* positions = batch.positions.data_ptr<int64_t>();
  auto* offsets = batch.sequence_offsets.data_ptr<int64_t>();
  auto* masked_positions = batch.masked_positions.data_ptr<int64_t>();
  auto* masked_targets = batch.masked_targets.data_ptr<int64_t>();
  auto* labels = batch.sentence_order_labels.data_ptr<int64_t>();
  int64_t offset = 0;
  for (const PretrainingExample& example : examples) {
    const auto length = static_cast<int64_t>(example.ids.size());
    *offsets++ = offset;
    *labels++ = example.order_label;
    std::copy(example.ids.begin(), example.ids.end(), ids + offset);
    for (int64_t i = 0; i < length; ++i) {
      segments[offset + i] = i < example.first_length ? 0 : 1;
      positions[offset + i] = i;
    }
    for (const int32_t position : example.masked.positions) *masked_positions++ = offset + position;
    masked_targets = std::copy(example.masked.targets.begin(), example.masked.targets.end(), masked_targets);
    offset += length;
  }
  *offsets = offset;
  return batch;
}

PretrainingBatch make_batch(const PretrainingDataset& dataset, int64_t epoch, int64_t first, int64_t count) {
  std::vector<PretrainingExample> examples;
  examples.reserve(static_cast<size_t>(count));
  for (int64_t i = first; i < first + count; ++i) examples.push_back(dataset.example(epoch, i));
  return collate(examples);
}

}  // namespace albert
