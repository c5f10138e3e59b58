#include <albert/base/error.h>
#include <albert/tasks/finetuning.h>

#include <ATen/ATen.h>

#include <algorithm>

namespace albert {
namespace {

at::Tensor from(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

/// Collects the parts of a batch.
struct Rows {
  std::vector<int64_t> ids{};
  std::vector<int64_t> segments{};
  std::vector<int64_t> positions{};
  std::vector<int64_t> offsets{0};
  std::vector<int64_t> instance_offsets{0};
  std::vector<uint8_t> p_mask{};
  int64_t max_length = 0;

  void add(const TaskSequence& sequence) {
    const auto length = static_cast<int64_t>(sequence.ids.size());
    for (int64_t i = 0; i < length; ++i) {
      ids.push_back(sequence.ids[static_cast<size_t>(i)]);
      const bool is_second = i >= sequence.second_segment;
      segments.push_back(is_second ? 1 : 0);
      positions.push_back(i);
      // The question and both [SEP] are no answer; [CLS] stands for "none" (squad_utils.py).
      p_mask.push_back((i > 0 && !is_second) || i == length - 1 ? 1 : 0);
    }
    offsets.push_back(offsets.back() + length);
    max_length = std::max(max_length, length);
  }
};

void add_targets(const std::vector<TaskInstance>& instances, std::span<const int64_t> indices, TaskObjective objective, TaskBatch& batch) {
  std::vector<int64_t> labels;
  std::vector<float> values;
  std::vector<int64_t> starts;
  std::vector<int64_t> ends;
  std::vector<float> unanswerable;
  for (const int64_t index : indices) {
    const auto& instance = instances[static_cast<size_t>(index)];
    if (objective == TaskObjective::span || objective == TaskObjective::beam_span) {
      starts.push_back(instance.labels.at(0));
      ends.push_back(instance.labels.at(1));
      unanswerable.push_back(static_cast<float>(instance.labels.at(2)));
    } else {
      labels.insert(labels.end(), instance.labels.begin(), instance.labels.end());
      values.insert(values.end(), instance.values.begin(), instance.values.end());
    }
  }
  switch (objective) {
    case TaskObjective::single_label:
    case TaskObjective::choice:
      batch.labels = from(labels);
      batch.num_targets = batch.num_instances;
      break;
    case TaskObjective::token_labels:
      batch.labels = from(labels);
      batch.num_targets = std::count_if(labels.begin(), labels.end(), [](int64_t label) { return label != kIgnoredTarget; });
      break;
    case TaskObjective::multi_label:
    case TaskObjective::regression:
      batch.values = at::tensor(values, at::kFloat).view({batch.num_instances, -1});
      batch.num_targets = static_cast<int64_t>(values.size());
      break;
    case TaskObjective::span:
    case TaskObjective::beam_span:
      batch.spans = {.starts = from(starts), .ends = from(ends), .unanswerable = at::tensor(unanswerable, at::kFloat)};
      batch.num_targets = batch.num_instances;
      break;
  }
}

at::Tensor moved(const at::Tensor& tensor, const at::Device& device) { return tensor.defined() ? tensor.to(device) : tensor; }

}  // namespace

TaskBatch make_task_batch(const std::vector<TaskInstance>& instances, std::span<const int64_t> indices, TaskObjective objective, BatchTargets targets) {
  ALBERT_CHECK(!indices.empty(), "a batch of nothing");
  Rows rows;
  for (const int64_t index : indices) {
    for (const auto& sequence : instances[static_cast<size_t>(index)].sequences) rows.add(sequence);
    rows.instance_offsets.push_back(static_cast<int64_t>(rows.offsets.size()) - 1);
  }
  TaskBatch batch;
  batch.input.ids = from(rows.ids);
  batch.input.segments = from(rows.segments);
  batch.input.positions = from(rows.positions);
  batch.input.sequence_offsets = from(rows.offsets);
  batch.input.max_length = rows.max_length;
  batch.instance_offsets = from(rows.instance_offsets);
  batch.num_instances = static_cast<int64_t>(indices.size());
  if (objective == TaskObjective::beam_span) batch.p_mask = at::tensor(rows.p_mask, at::kByte).to(at::kBool);
  if (targets == BatchTargets::with) add_targets(instances, indices, objective, batch);
  return batch;
}

TaskBatch TaskBatch::to(const at::Device& device) const {
  TaskBatch result = *this;  // offsets stay: the host reads them
  result.input.ids = moved(input.ids, device);
  result.input.segments = moved(input.segments, device);
  result.input.positions = moved(input.positions, device);
  result.labels = moved(labels, device);
  result.values = moved(values, device);
  result.p_mask = moved(p_mask, device);
  result.spans = {.starts = moved(spans.starts, device), .ends = moved(spans.ends, device), .unanswerable = moved(spans.unanswerable, device)};
  return result;
}

}  // namespace albert
