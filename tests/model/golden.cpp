#include "golden.h"

#include <albert/io/safetensors.h>
#include <albert/model/array_view.h>
#include <albert/model/initialization.h>
#include <albert/model/losses.h>
#include <albert/model/pretrained.h>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace albert::testing {

std::filesystem::path golden_folder() { return std::filesystem::path(ALBERT_SOURCE_DIR) / "tests/golden/model"; }

std::string test_python() {
  const char* python = std::getenv("ALBERT_TEST_PYTHON");
  return python == nullptr ? "" : python;
}

EncoderInput pack(const at::Tensor& ids, const at::Tensor& segments, const at::Tensor& lengths) {
  const int64_t length = ids.size(1);
  const at::Tensor real = at::arange(length).unsqueeze(0).lt(lengths.unsqueeze(1)).flatten().nonzero().squeeze(1);
  EncoderInput input;
  input.ids = ids.flatten().index_select(0, real);
  input.segments = segments.flatten().index_select(0, real);
  input.positions = real.remainder(length);
  input.sequence_offsets = at::cat({at::zeros({1}, at::kLong), lengths.cumsum(0)});
  input.max_length = lengths.max().item<int64_t>();
  return input;
}

EncoderInput slice_sequences(const EncoderInput& input, int64_t first, int64_t last) {
  const int64_t begin = input.sequence_offsets[first].item<int64_t>();
  const int64_t end = input.sequence_offsets[last].item<int64_t>();
  EncoderInput slice = input;
  slice.ids = input.ids.slice(0, begin, end);
  slice.segments = input.segments.slice(0, begin, end);
  slice.positions = input.positions.slice(0, begin, end);
  slice.sequence_offsets = input.sequence_offsets.slice(0, first, last + 1) - begin;
  return slice;
}

GoldenCase load_golden(const std::filesystem::path& path) {
  const auto file = io::SafetensorsFile::open(path);
  GoldenCase result;
  result.config = read_config_json(file.metadata().at("config"), path.string()).shape;
  io::NamedArrays weights;
  for (const auto& [name, array] : file.arrays()) {
    if (name.starts_with("weight/")) {
      weights.emplace(name.substr(7), array);
    } else if (name.starts_with("gradient/")) {
      result.gradients.emplace(parameter_name(name.substr(9), result.config), tensor_view(array).clone());
    } else {
      result.tensors.emplace(name, tensor_view(array).clone());
    }
  }
  result.model = PretrainingModel(result.config, PretrainingHeads::masked_lm_sentence_order);
  import_arrays(weights, parameters_by_name(*result.model), result.config, {}, path.string());
  result.model->parameters_changed();

  const at::Tensor& ids = result.tensors.at("ids");
  const at::Tensor& lengths = result.tensors.at("lengths");
  result.input = pack(ids, result.tensors.at("segments"), lengths);
  const int64_t length = ids.size(1);
  result.real_rows = at::arange(length).unsqueeze(0).lt(lengths.unsqueeze(1)).flatten().nonzero().squeeze(1);
  const at::Tensor& padded = result.tensors.at("masked_positions");
  const at::Tensor row = padded.div(length, "floor");
  result.masked_positions = result.input.sequence_offsets.index_select(0, row) + padded.remainder(length);
  return result;
}

double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor reference = expected.to(at::kDouble);
  return ((actual.detach().to(at::kDouble) - reference).norm() / reference.norm()).item<double>();
}

std::map<std::string, at::Tensor> gradients_of(const torch::nn::Module& model) {
  std::map<std::string, at::Tensor> result;
  for (const auto& [name, tensor] : parameters_by_name(model)) {
    result.emplace(name, tensor.grad().defined() ? tensor.grad().clone() : at::zeros_like(tensor).detach());
  }
  return result;
}

void zero_gradients(const torch::nn::Module& model) {
  for (const auto& item : parameters_by_name(model)) item.second.mutable_grad().reset();
}

void backward_mean_losses(const PretrainingOutput& output, const at::Tensor& masked_targets, const at::Tensor& sop_labels) {
  const at::Tensor mlm = cross_entropy_sum(output.mlm_logits, masked_targets) / masked_targets.size(0);
  const at::Tensor sop = cross_entropy_sum(output.sop_logits, sop_labels) / sop_labels.size(0);
  (mlm + sop).backward();
}

bool is_key_bias(const std::string& name) { return name.ends_with("attention.key.bias"); }

void expect_gradients_near(const std::map<std::string, at::Tensor>& actual, const std::map<std::string, at::Tensor>& expected,
                           double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, reference] : expected) {
    const at::Tensor& gradient = actual.at(name);
    if (is_key_bias(name)) {
      EXPECT_LT(gradient.abs().max().item<double>(), 1e-7) << name;
    } else {
      EXPECT_LT(relative_error(gradient, reference), tolerance) << name;
    }
  }
}

double whole_gradient_error(const std::map<std::string, at::Tensor>& actual, const std::map<std::string, at::Tensor>& expected) {
  std::vector<at::Tensor> all_actual;
  std::vector<at::Tensor> all_expected;
  for (const auto& [name, reference] : expected) {
    all_actual.push_back(actual.at(name).flatten().to(at::kDouble));
    all_expected.push_back(reference.flatten().to(at::kDouble));
  }
  return relative_error(at::cat(all_actual), at::cat(all_expected));
}

AlbertConfig tiny_config() {
  AlbertConfig config;
  config.vocab_size = 48;
  config.embedding_size = 16;
  config.hidden_size = 32;
  config.num_hidden_layers = 4;
  config.num_attention_heads = 4;
  config.intermediate_size = 64;
  config.max_position_embeddings = 32;
  return config;
}

PretrainingModel random_model(const AlbertConfig& config, uint64_t seed) {
  PretrainingModel model(config, PretrainingHeads::masked_lm_sentence_order);
  constexpr double kLively = 0.16;
  initialize(parameters_by_name(*model), kLively, seed);
  at::NoGradGuard no_gradient;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (tensor.dim() == 1) tensor.add_(at::randn(tensor.sizes(), generator), 0.1);
  }
  return model;
}

std::string origin_of(const std::string& copy, const AlbertConfig& config) {
  const std::string groups = "albert.encoder.albert_layer_groups.";
  const std::string layers = ".albert_layers.";
  if (!copy.starts_with(groups)) return copy;
  const auto application = std::stoll(copy.substr(groups.size()));
  const std::string part = copy.substr(groups.size() + std::to_string(application).size() + layers.size() + 2);
  const int64_t sets = part.starts_with("attention.") ? config.attention_sets() : config.feed_forward_sets();
  const int64_t set = config.set_of_layer(application / config.inner_group_num, sets);
  return groups + std::to_string(set) + layers + std::to_string(application % config.inner_group_num) + "." + part;
}

PretrainingModel explicit_copies(const PretrainingModel& shared) {
  const AlbertConfig& config = shared->config();
  AlbertConfig unshared = config;
  unshared.shared_part = SharedPart::block;
  unshared.num_hidden_layers = config.num_applications();
  unshared.num_hidden_groups = config.num_applications();
  unshared.inner_group_num = 1;
  PretrainingModel copies(unshared, shared->heads());
  copies->to(at::kDouble);
  std::map<std::string, at::Tensor> source;
  for (const auto& [name, tensor] : parameters_by_name(*shared)) source.emplace(name, tensor);
  const at::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : parameters_by_name(*copies)) tensor.copy_(source.at(origin_of(name, config)));
  return copies;
}

EncoderInput random_input(const AlbertConfig& config, const std::vector<int64_t>& lengths, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto batch = static_cast<int64_t>(lengths.size());
  const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  const at::Tensor ids = at::randint(1, config.vocab_size, {batch, longest}, generator, at::kLong);
  const at::Tensor segments = at::randint(0, config.type_vocab_size, {batch, longest}, generator, at::kLong);
  return pack(ids, segments, at::tensor(lengths, at::kLong));
}

}  // namespace albert::testing
