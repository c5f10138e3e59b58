// A micro-batch in packed form: only real tokens, no padding (docs/architecture.md).
//
// Legend: batch = sequences, tokens = sum of their lengths, masked = predicted positions of all sequences together.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace albert {

/// Input and targets of masked-language-model and sentence-order training. Tensors are int64 on the CPU until moved.
struct PretrainingBatch {
  at::Tensor ids;                     ///< [tokens] after masking
  at::Tensor segments;                ///< [tokens] 0 for [CLS] A [SEP], 1 for B [SEP]
  at::Tensor positions;               ///< [tokens] 0, 1, ... inside each sequence
  at::Tensor sequence_offsets;        ///< [batch + 1] first token of each sequence, then tokens
  at::Tensor masked_positions;        ///< [masked] index into [tokens]
  at::Tensor masked_targets;          ///< [masked] the original ids
  at::Tensor sentence_order_labels;   ///< [batch] 0 in order, 1 swapped (or random next), -100 not scored
  int64_t max_length = 0;             ///< longest sequence

  [[nodiscard]] int64_t num_sequences() const { return sequence_offsets.size(0) - 1; }
  [[nodiscard]] int64_t num_tokens() const { return ids.size(0); }
  [[nodiscard]] int64_t num_masked() const { return masked_targets.size(0); }
  /// Sequences whose order is scored. Reads the CPU tensor.
  [[nodiscard]] int64_t num_ordered() const;
  /// The same batch on another device.
  [[nodiscard]] PretrainingBatch to(const at::Device& device) const;
};

}  // namespace albert
