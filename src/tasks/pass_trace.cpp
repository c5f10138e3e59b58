#include "tasks/pass_trace.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>

namespace albert {
namespace {

/// [rows] bool, true where something in the row is not finite.
at::Tensor bad_rows(const at::Tensor& tensor) { return tensor.detach().isfinite().logical_not().flatten(1).any(1); }

/// Indices of what is true, on the CPU.
at::Tensor indices_of(const at::Tensor& is_bad) { return is_bad.nonzero().flatten().cpu(); }

}  // namespace

PassTrace::PassTrace(const at::Tensor& sequence_offsets, int64_t applications)
    : applications_(applications), bad_gradients_(std::make_shared<std::vector<at::Tensor>>(static_cast<size_t>(applications))) {
  const at::Tensor offsets = sequence_offsets.contiguous();
  offsets_.assign(offsets.const_data_ptr<int64_t>(), offsets.const_data_ptr<int64_t>() + offsets.numel());
}

EncoderOptions PassTrace::options(double application_decay) const {
  EncoderOptions options{.hidden_states = true, .application_decay = application_decay, .hook = {}};
  options.hook = [gradients = bad_gradients_](int64_t application, const at::Tensor& hidden) {
    if (hidden.requires_grad()) {
      hidden.register_hook([gradients, application](const at::Tensor& gradient) { gradients->at(static_cast<size_t>(application)) = bad_rows(gradient); });
    }
    return hidden;
  };
  return options;
}

std::vector<int64_t> PassTrace::sequences_of(const at::Tensor& bad_tokens) const {
  std::vector<int64_t> sequences;
  const auto* token = bad_tokens.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < bad_tokens.numel(); ++i) {
    const auto end = std::upper_bound(offsets_.begin(), offsets_.end(), token[i]);
    const int64_t sequence = end - offsets_.begin() - 1;
    if (std::find(sequences.begin(), sequences.end(), sequence) == sequences.end()) sequences.push_back(sequence);
  }
  std::sort(sequences.begin(), sequences.end());
  return sequences;
}

PassTrace::Finding PassTrace::in_encoder(const EncoderOutput& output) const {
  for (size_t i = 0; i < output.hidden_states.size(); ++i) {
    const at::Tensor tokens = indices_of(bad_rows(output.hidden_states[i]));
    if (tokens.numel() == 0) continue;
    return {.order = static_cast<int64_t>(i), .where = i == 0 ? "embeddings" : fmt::format("layer {} of {}", i, applications_), .sequences = sequences_of(tokens)};
  }
  return {};
}

PassTrace::Finding PassTrace::in_backward() const {
  for (int64_t i = applications_; i-- > 0;) {
    const at::Tensor& is_bad = bad_gradients_->at(static_cast<size_t>(i));
    if (!is_bad.defined()) continue;
    const at::Tensor tokens = indices_of(is_bad);
    if (tokens.numel() == 0) continue;
    const std::string where = i + 1 == applications_ ? "backward through the heads" : fmt::format("backward through layer {} of {}", i + 2, applications_);
    return {.order = 2 * applications_ + 1 - i, .where = where, .sequences = sequences_of(tokens)};
  }
  return {};
}

PassTrace::Finding PassTrace::in_token_rows(const at::Tensor& rows, const at::Tensor& tokens, const std::string& where) const {
  const at::Tensor bad = indices_of(bad_rows(rows));
  if (bad.numel() == 0) return {};
  return {.order = applications_ + 1, .where = where, .sequences = sequences_of(tokens.cpu().index_select(0, bad))};
}

PassTrace::Finding PassTrace::in_sequence_rows(const at::Tensor& rows, const std::string& where) const {
  const at::Tensor bad = indices_of(bad_rows(rows));
  if (bad.numel() == 0) return {};
  return {.order = applications_ + 1, .where = where, .sequences = {bad.const_data_ptr<int64_t>(), bad.const_data_ptr<int64_t>() + bad.numel()}};
}

}  // namespace albert
