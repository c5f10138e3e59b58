#include <albert/model/flops.h>

namespace albert {
namespace {

constexpr double kForwardAndBackward = 3.0;

double encoder_flops(const AlbertConfig& config, const StepSize& size) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto intermediate = static_cast<double>(config.intermediate_size);
  const auto embedding = static_cast<double>(config.embedding_size);
  const auto applications = static_cast<double>(config.num_applications());
  const double mapping = config.has_embedding_mapping() ? 2.0 * embedding * hidden : 0.0;
  const double per_token = applications * (8.0 * hidden * hidden + 4.0 * hidden * intermediate) + mapping;
  const double attention = applications * 4.0 * hidden * static_cast<double>(size.squared_lengths);
  return static_cast<double>(size.tokens) * per_token + attention;
}

}  // namespace

double forward_flops(const AlbertConfig& config, PretrainingHeads heads, const StepSize& size) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto embedding = static_cast<double>(config.embedding_size);
  const double per_masked = 2.0 * hidden * embedding + 2.0 * embedding * static_cast<double>(config.vocab_size);
  const double per_sequence = heads == PretrainingHeads::masked_lm_sentence_order ? 2.0 * hidden * hidden + 4.0 * hidden : 0.0;
  return encoder_flops(config, size) + static_cast<double>(size.masked) * per_masked +
         static_cast<double>(size.sequences) * per_sequence;
}

double forward_flops(const AlbertConfig& config, const TaskHeadOptions& head, const StepSize& size) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const double classifier = 2.0 * hidden * static_cast<double>(head.num_outputs());
  const auto tokens = static_cast<double>(size.tokens);
  const auto sequences = static_cast<double>(size.sequences);
  double in_head = tokens * classifier;
  if (head.has_pooler()) in_head = sequences * (2.0 * hidden * hidden + classifier);
  if (head.head == TaskHead::question_answering_beam) {
    in_head = tokens * (4.0 * hidden * hidden + 6.0 * hidden) + sequences * (4.0 * hidden * hidden + 2.0 * hidden);
  }
  return encoder_flops(config, size) + in_head;
}

double training_flops(const AlbertConfig& config, PretrainingHeads heads, const StepSize& size) {
  return kForwardAndBackward * forward_flops(config, heads, size);
}

double training_flops(const AlbertConfig& config, const TaskHeadOptions& head, const StepSize& size) {
  return kForwardAndBackward * forward_flops(config, head, size);
}

}  // namespace albert
