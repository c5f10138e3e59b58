// The smallest ALBERT (or unshared BERT) that the tests of folders and of fine-tuning use.
#pragma once

#include <albert/model/albert_config.h>

#include <cstdint>

namespace albert::testing {

inline AlbertConfig tiny_shape(int64_t vocab_size, int64_t max_positions, Architecture architecture = Architecture::albert) {
  const bool is_bert = architecture == Architecture::bert;
  AlbertConfig shape;
  shape.architecture = architecture;
  shape.vocab_size = vocab_size;
  shape.hidden_size = 16;
  shape.embedding_size = is_bert ? 16 : 8;
  shape.num_hidden_layers = 2;
  shape.num_hidden_groups = is_bert ? 2 : 1;
  shape.num_attention_heads = 2;
  shape.intermediate_size = 32;
  shape.max_position_embeddings = max_positions;
  return shape;
}

}  // namespace albert::testing
