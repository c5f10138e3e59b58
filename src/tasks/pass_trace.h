// Where in a forward and backward pass the first number that is not finite arises.
#pragma once

#include <albert/model/encoder_io.h>

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace albert {

/// Watches one pass: give `options()` to the forward pass, then call the others in order.
class PassTrace {
 public:
  /// What was found; `sequences` are numbers within the batch, rising. Of two findings the one with the lower `order` comes first in a pass.
  struct Finding {
    int64_t order = 0;
    std::string where;
    std::vector<int64_t> sequences;
    [[nodiscard]] bool empty() const { return where.empty(); }
  };

  /// `sequence_offsets` [batch + 1] on the CPU; `applications` of blocks, in all.
  PassTrace(const at::Tensor& sequence_offsets, int64_t applications);

  /// With hidden states, and a hook that notes rows that are not finite in the outputs of the blocks and in their gradients.
  [[nodiscard]] EncoderOptions options(double application_decay) const;
  /// The first of embeddings and layers with a row that is not finite.
  [[nodiscard]] Finding in_encoder(const EncoderOutput& output) const;
  /// After backward: what made the gradient of a layer's output not finite.
  [[nodiscard]] Finding in_backward() const;
  /// A tensor with one row per token of `tokens` (indices into the batch).
  [[nodiscard]] Finding in_token_rows(const at::Tensor& rows, const at::Tensor& tokens, const std::string& where) const;
  /// A tensor with one row per sequence.
  [[nodiscard]] Finding in_sequence_rows(const at::Tensor& rows, const std::string& where) const;

 private:
  [[nodiscard]] std::vector<int64_t> sequences_of(const at::Tensor& bad_tokens) const;

  std::vector<int64_t> offsets_;
  int64_t applications_;
  /// By application: 1 where the gradient of a token's row is not finite; undefined where backward did not come by.
  std::shared_ptr<std::vector<at::Tensor>> bad_gradients_;
};

}  // namespace albert
