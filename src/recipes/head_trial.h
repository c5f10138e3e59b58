// How well a model predicts masked pieces of a text with different numbers of attention heads: its weights fit any that divides
// hidden_size, and the published configurations of xlarge contradict each other (albert_facts 1.1).
#pragma once

#include <albert/convert/model_source.h>
#include <albert/tokenizer/tokenizer.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace albert {

struct HeadTrial {
  int64_t num_heads = 0;
  double loss = 0;  ///< nats per masked piece
};

struct HeadTrials {
  std::vector<HeadTrial> trials{};  ///< in the order asked for
  int64_t num_pieces = 0;           ///< of the text that were read, special ones not counted
  int64_t num_masked = 0;
};

/// One pass in fp32 for each number of heads over the same masked sequences of at most 128 pieces; a text is read as far as 16,384
/// pieces. `source` is settled. Throws IoError where it has no head for masked tokens or no spiece.model, DataError for a text without
/// pieces.
HeadTrials try_head_numbers(const ModelSource& source, const std::vector<int64_t>& numbers, const std::filesystem::path& text,
                            const std::string& device);

}  // namespace albert
