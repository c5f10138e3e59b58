// What goes into the encoder and what comes out.
//
// Everything but attention works on packed tokens. Legend of shapes: batch = sequences; tokens = sum of their lengths;
// seq = longest length; embedding = E; hidden = H; heads; head_size = H / heads; intermediate; vocab; masked = predicted
// positions.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace albert {

/// Which tokens a token may attend to.
enum class Visibility { full };  // every token of its own sequence; other rules come with the tasks that need them

/// Arithmetic of a forward and backward pass. Parameters, their gradients, LayerNorm and softmax statistics and losses are fp32
/// in all. Gradients of fp16 vanish below 6e-8: the loss must be scaled (train/loss_scale.h).
enum class Precision { fp32, bf16, fp16 };
/// Type of the operands of matrix products; "fp32", "bf16" or "fp16".
constexpr at::ScalarType compute_type(Precision precision) {
  return precision == Precision::bf16 ? at::kBFloat16 : precision == Precision::fp16 ? at::kHalf : at::kFloat;
}
constexpr std::string_view name_of(Precision precision) {
  return precision == Precision::bf16 ? "bf16" : precision == Precision::fp16 ? "fp16" : "fp32";
}

/// Packed input. Either `ids` or `embeddings` is given.
struct EncoderInput {
  at::Tensor ids;               ///< [tokens] int64
  at::Tensor embeddings;        ///< [tokens, embedding] in place of word embeddings (undefined: look up `ids`)
  at::Tensor segments;          ///< [tokens] int64
  at::Tensor positions;         ///< [tokens] int64
  at::Tensor sequence_offsets;  ///< [batch + 1] int64 on the CPU: read by the host to form buckets
  int64_t max_length = 0;
  Visibility visibility = Visibility::full;
};

struct EncoderOutput {
  at::Tensor last_hidden;  ///< [tokens, hidden]
  std::vector<at::Tensor>
      hidden_states{};  ///< on request: the embedding output mapped to hidden, then each block application; [tokens, hidden]
  at::Tensor pooled;    ///< [batch, hidden]; undefined without a pooler
};

/// What one forward pass should do beyond the output.
struct EncoderOptions {
  bool hidden_states = false;
  /// Layer decay by applications: the gradient is multiplied by this between consecutive applications, so that application l of N
  /// gets decay^(N-1-l), and what lies below the first one decay^(N-1). 1 inserts nothing.
  double application_decay = 1.0;
  /// Called after each block application with (index, hidden [tokens, hidden]); what it returns goes on. Empty: no hook.
  std::function<at::Tensor(int64_t application, const at::Tensor& hidden)> hook{};
  /// Activation checkpointing: keeps the hidden state of every so many applications only, and computes what lies between a second time in the
  /// backward pass. 0: keeps everything. Has no effect with `hidden_states` or a hook.
  int64_t recompute_every = 0;
};

/// A named parameter; names are those of the published checkpoint ("albert.embeddings.word_embeddings.weight", ...).
using NamedParameter = std::pair<std::string, at::Tensor>;

}  // namespace albert
