// Time of forward + backward of one micro-batch of full sequences:
//   build/release/tests/model_step_benchmark [preset] [sequences] [length] [fp32|bf16] [steps] [K]
// Prints milliseconds, tokens/s and the share of the machine's own matrix-product rate (2048 x 768 x 3072) in the same run. With K, also
// activation checkpointing every K layers against none, passes taking turns: ratio of the median times, and of the memory of tensors (CPU).
#include "golden.h"

#include <albert/model/device.h>
#include <albert/model/flops.h>
#include <albert/model/initialization.h>
#include <albert/model/losses.h>
#include <albert/model/tensor_memory.h>
#include <albert/train/peak_memory.h>

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <vector>

namespace albert {
namespace {

struct Settings {
  std::string preset = "albert-base-v2";
  int64_t sequences = 16;
  int64_t length = 128;
  Precision precision = Precision::bf16;
  int64_t steps = 3;
  int64_t recompute_every = 0;
};

template <typename Work>
double best_seconds(int64_t repeats, const at::Device& device, Work&& work) {
  double best = 1e300;
  for (int64_t i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    synchronize(device);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

double matrix_rate(const at::Device& device, Precision precision) {
  const auto options = at::TensorOptions().device(device).dtype(precision == Precision::bf16 ? at::kBFloat16 : at::kFloat);
  const at::Tensor x = at::randn({2048, 768}, at::TensorOptions().device(device)).to(options.dtype().toScalarType());
  const at::Tensor w = at::randn({3072, 768}, at::TensorOptions().device(device)).to(options.dtype().toScalarType());
  return 2.0 * 2048 * 768 * 3072 / best_seconds(10, device, [&] { at::linear(x, w); });
}

/// Passes of both kinds take turns.
template <typename Work>
void compare_recomputation(const Settings& settings, PretrainingModelImpl& model, const at::Device& device, Work&& pass) {
  std::array<std::vector<double>, 2> seconds;
  std::array<int64_t, 2> bytes{};
  for (int64_t i = 0; i < settings.steps; ++i) {
    for (const size_t kind : {0U, 1U}) {
      model.set_activation_checkpointing(kind == 0 ? 0 : settings.recompute_every);
      const TensorMemory memory;
      seconds[kind].push_back(best_seconds(1, device, pass));
      bytes[kind] = memory.peak_bytes();
    }
  }
  for (auto& times : seconds) std::sort(times.begin(), times.end());
  const auto middle = static_cast<size_t>(settings.steps / 2);
  fmt::print("activation checkpointing every {} layers: {:.2f} times the time, {:.0f} MB of {:.0f} MB = {:.2f} of the memory\n",
             settings.recompute_every, seconds[1][middle] / seconds[0][middle], static_cast<double>(bytes[1]) / 1e6,
             static_cast<double>(bytes[0]) / 1e6, static_cast<double>(bytes[1]) / static_cast<double>(bytes[0]));
}

void run(const Settings& settings) {
  const at::Device device = resolve_device("auto");
  const AlbertConfig config = model_preset(settings.preset);
  PretrainingModel model(config, PretrainingHeads::masked_lm_sentence_order);
  initialize(parameters_by_name(*model), config.initializer_range, 1);
  model->to(device);
  model->set_precision(settings.precision);
  EncoderInput input =
      testing::random_input(config, std::vector<int64_t>(static_cast<size_t>(settings.sequences), settings.length), 1);
  for (at::Tensor* tensor : {&input.ids, &input.segments, &input.positions}) *tensor = tensor->to(device);
  const int64_t tokens = settings.sequences * settings.length;
  constexpr double kMaskedShare = 0.15;
  const auto masked = static_cast<int64_t>(kMaskedShare * static_cast<double>(tokens));
  const at::Tensor positions = at::randint(0, tokens, {masked}, at::kLong).to(device);
  const at::Tensor targets = at::randint(1, config.vocab_size, {masked}, at::kLong).to(device);
  const at::Tensor labels = at::randint(0, 2, {settings.sequences}, at::kLong).to(device);
  const auto pass = [&] {
    model->parameters_changed();
    testing::backward_mean_losses(model->forward(input, positions), targets, labels);
  };
  const double seconds = best_seconds(settings.steps, device, pass);
  const StepSize size{settings.sequences, tokens, masked, settings.sequences * settings.length * settings.length};
  const double rate = training_flops(config, model->heads(), size) / seconds;
  const double matrices = matrix_rate(device, settings.precision);
  fmt::print("{} {}x{} {} on {}, {} threads: {:.0f} ms, {:.0f} tokens/s, {:.0f} GFLOP/s = {:.0f} % of {:.0f}, peak {:.0f} MB\n",
             settings.preset, settings.sequences, settings.length, settings.precision == Precision::bf16 ? "bf16" : "fp32",
             describe_device(device), at::get_num_threads(), 1e3 * seconds, static_cast<double>(tokens) / seconds, rate / 1e9,
             100.0 * rate / matrices, matrices / 1e9, static_cast<double>(peak_memory_bytes(device)) / 1e6);
  if (settings.recompute_every > 0) compare_recomputation(settings, *model, device, pass);
}

}  // namespace
}  // namespace albert

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  albert::Settings settings;
  if (arguments.size() > 0) settings.preset = arguments[0];
  if (arguments.size() > 1) settings.sequences = std::atoll(arguments[1].c_str());
  if (arguments.size() > 2) settings.length = std::atoll(arguments[2].c_str());
  if (arguments.size() > 3) settings.precision = arguments[3] == "fp32" ? albert::Precision::fp32 : albert::Precision::bf16;
  if (arguments.size() > 4) settings.steps = std::atoll(arguments[4].c_str());
  if (arguments.size() > 5) settings.recompute_every = std::atoll(arguments[5].c_str());
  albert::run(settings);
  return 0;
}
