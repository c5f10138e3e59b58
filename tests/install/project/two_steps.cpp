// Trains a small ALBERT for two steps on one batch made by hand, and prints the loss before each step and after the last.
#include <albert/model/initialization.h>
#include <albert/model/losses.h>
#include <albert/model/pretraining_model.h>
#include <albert/optim/optimizer_config.h>

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace {

albert::AlbertConfig small_shape() {
  albert::AlbertConfig shape = albert::model_preset("albert-base-v2");
  shape.vocab_size = 100;
  shape.embedding_size = 16;
  shape.hidden_size = 32;
  shape.num_hidden_layers = 3;
  shape.num_attention_heads = 2;
  shape.intermediate_size = 64;
  shape.max_position_embeddings = 16;
  return shape;
}

/// Two sequences, of five and of four tokens; the third token of each is masked (id 4).
albert::EncoderInput two_sequences() {
  return {.ids = at::tensor(std::vector<int64_t>{2, 17, 4, 23, 3, 2, 31, 4, 3}),
          .embeddings = {},
          .segments = at::zeros({9}, at::kLong),
          .positions = at::tensor(std::vector<int64_t>{0, 1, 2, 3, 4, 0, 1, 2, 3}),
          .sequence_offsets = at::tensor(std::vector<int64_t>{0, 5, 9}),
          .max_length = 5};
}

at::Tensor loss_of(albert::PretrainingModel& model) {
  const at::Tensor masked_positions = at::tensor(std::vector<int64_t>{2, 7});
  const at::Tensor masked_targets = at::tensor(std::vector<int64_t>{42, 57});
  const albert::PretrainingOutput output = model(two_sequences(), masked_positions);
  return albert::cross_entropy_sum(output.mlm_logits, masked_targets) / masked_targets.size(0);
}

}  // namespace

int main() {
  const albert::AlbertConfig shape = small_shape();
  albert::PretrainingModel model(shape, albert::PretrainingHeads::masked_lm);
  const auto named = albert::parameters_by_name(*model);
  albert::initialize(named, shape.initializer_range, /*seed=*/1);
  std::vector<albert::OptimizedParameter> parameters;
  for (const auto& [name, tensor] : named) parameters.push_back({.name = name, .tensor = tensor});
  const auto optimizer = albert::make_optimizer({.name = albert::OptimizerName::adamw}, std::move(parameters));

  for (int step = 0; step < 2; ++step) {
    optimizer->zero_gradients();
    const at::Tensor loss = loss_of(model);
    loss.backward();
    optimizer->step(/*learning_rate=*/1e-2);
    model->parameters_changed();
    fmt::print("{:.6f}\n", loss.item<double>());
  }
  fmt::print("{:.6f}\n", loss_of(model).item<double>());
}
