// Reading of golden files (scripts/make_golden.py) and the comparisons that parity tests share.
#pragma once

#include <albert/model/encoder_io.h>
#include <albert/model/pretraining_model.h>

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace albert::testing {

/// One case: a padded batch, the reference's weights, outputs and gradients, and our model with those weights.
struct GoldenCase {
  AlbertConfig config;
  std::map<std::string, at::Tensor> tensors;    ///< everything but weights and gradients
  std::map<std::string, at::Tensor> gradients;  ///< by our parameter names
  PretrainingModel model{nullptr};

  EncoderInput input;           ///< the batch, packed
  at::Tensor masked_positions;  ///< into the packed tokens
  at::Tensor real_rows;         ///< [tokens] index into batch * length: padded reference to packed
};

std::filesystem::path golden_folder();
/// The Python with torch and transformers that ALBERT_TEST_PYTHON names; empty without.
std::string test_python();
GoldenCase load_golden(const std::filesystem::path& path);

/// Packs sequences of padded [batch, length] arrays.
EncoderInput pack(const at::Tensor& ids, const at::Tensor& segments, const at::Tensor& lengths);
/// The sequences [first, last) of a packed input.
EncoderInput slice_sequences(const EncoderInput& input, int64_t first, int64_t last);

/// Bound of relative_error() for each tensor (design 4).
inline constexpr double kParity = 1e-5;
/// ||a - b|| / ||b|| in fp64.
double relative_error(const at::Tensor& actual, const at::Tensor& expected);

/// Detached copies of all gradients by name.
std::map<std::string, at::Tensor> gradients_of(const torch::nn::Module& model);
void zero_gradients(const torch::nn::Module& model);
/// mlm + sop loss, each a mean, backward.
void backward_mean_losses(const PretrainingOutput& output, const at::Tensor& masked_targets, const at::Tensor& sop_labels);

/// The gradient of a key's bias is zero in exact arithmetic.
bool is_key_bias(const std::string& name);
/// Expects every gradient within `tolerance` of the reference (key biases: below 1e-7).
void expect_gradients_near(const std::map<std::string, at::Tensor>& actual, const std::map<std::string, at::Tensor>& expected,
                           double tolerance);
/// Relative error of all gradients together.
double whole_gradient_error(const std::map<std::string, at::Tensor>& actual, const std::map<std::string, at::Tensor>& expected);

/// A small configuration without dropout.
AlbertConfig tiny_config();
/// A model with random weights livelier than initial ones, in training mode.
PretrainingModel random_model(const AlbertConfig& config, uint64_t seed);
/// The same network in fp64 with a block of its own for every application: groups = applications, one inner block each.
PretrainingModel explicit_copies(const PretrainingModel& shared);
/// The parameter of a model of `config` that `copy`, a parameter of its explicit_copies(), was copied from.
std::string origin_of(const std::string& copy, const AlbertConfig& config);
/// A random packed batch without id 0.
EncoderInput random_input(const AlbertConfig& config, const std::vector<int64_t>& lengths, uint64_t seed);

}  // namespace albert::testing
