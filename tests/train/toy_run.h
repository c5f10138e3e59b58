// A linear regression behind the Trainer's interfaces, with the real optimizer, schedule, checkpoints and metrics.
#pragma once

#include <albert/base/random.h>
#include <albert/dist/world.h>
#include <albert/optim/optimizer_config.h>
#include <albert/train/trainer.h>

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace albert::testing {

struct ToyOptions {
  StepPlan plan{.total_steps = 20, .log_every = 3, .evaluate_every = 5, .save_every = 4};  // saves fall between lines
  int64_t batch_size = 12;
  int64_t micro_batch = 12;
  int64_t seed = 7;
  int64_t keep_last = 3;
  int64_t keep_best = 1;
  bool asynchronous = false;
  bool loss_scaling = false;
  double gradient_clip = 1.0;
  std::map<std::string, std::string> hashes{{"config", "c0"}, {"data", "d0"}};
  ResumeRequest resume{};
  TensorBoard tensorboard = TensorBoard::off;
  /// Called at the begin of each step, with the number of finished ones.
  std::function<void(int64_t step)> on_step = [](int64_t) {};
  /// Called when a save collects its files.
  std::function<void()> on_save = [] {};
  std::function<void()> on_evaluate = [] {};
  std::chrono::milliseconds waiting{0};  ///< for the data of a step
  /// Where a value that is not finite appears, and in which step (number of finished ones).
  enum class Bad { nowhere, loss, gradient };
  Bad bad = Bad::nowhere;
  int64_t bad_step = -1;
  /// The loss of a step that holds one of these examples is multiplied by `bad_factor`; find_non_finite() names them.
  std::set<int64_t> bad_examples{};
  double bad_factor = std::numeric_limits<double>::quiet_NaN();
  OnDivergence on_divergence = OnDivergence::stop;
  DivergenceConfig divergence{};
  std::optional<double> ema_decay{};
  /// Result of the evaluation at a step; nothing: the real one.
  std::function<double(int64_t step, double loss)> validation = [](int64_t, double loss) { return loss; };
};

/// y = x w + b. An example is a function of (seed, index); about half of the examples are scored, so the number of targets
/// differs between micro-batches.
class ToyProgram : public StepProgram {
 public:
  explicit ToyProgram(const ToyOptions& options) : options_(options) {
    RandomStream random(11, "toy weights");
    weight = at::empty({kFeatures, 1});
    for (int64_t i = 0; i < kFeatures; ++i) weight[i][0] = random.normal();
    bias = at::zeros({1});
    weight.requires_grad_(true);
    bias.requires_grad_(true);
  }

  StepTotals load_step(int64_t step) override {
    options_.on_step(step);
    const auto start = std::chrono::steady_clock::now();
    if (options_.waiting.count() > 0) std::this_thread::sleep_for(options_.waiting);
    waited_ = options_.waiting.count() > 0 ? std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() : 0;
    x_ = at::empty({options_.batch_size, kFeatures});
    y_ = at::empty({options_.batch_size, 1});
    scored_ = at::empty({options_.batch_size, 1});
    loaded.clear();
    for (int64_t i = 0; i < options_.batch_size; ++i) {
      cursor_.examples = skip_passed_over(cursor_.examples, cursor_.passed_over);
      loaded.push_back(cursor_.examples);
      fill(i, cursor_.examples++);
    }
    return {.sequences = options_.batch_size,
            .tokens = options_.batch_size * kFeatures,
            .targets = {{"fit", scored_.sum().item<int64_t>()}}};
  }

  [[nodiscard]] int64_t num_micro_batches() const override {
    return (options_.batch_size + options_.micro_batch - 1) / options_.micro_batch;
  }

  MicroBatchLoss loss(int64_t index, int64_t step, const StepTotals& totals) override {
    const int64_t begin = index * options_.micro_batch;
    const int64_t count = std::min(options_.micro_batch, options_.batch_size - begin);
    const at::Tensor residual = at::mm(x_.narrow(0, begin, count), weight) + bias - y_.narrow(0, begin, count);
    const auto targets = static_cast<double>(totals.targets.at("fit"));
    at::Tensor fit = (residual.square() * scored_.narrow(0, begin, count)).sum() / targets;
    const at::Tensor size = weight.square().sum() * (0.01 * static_cast<double>(count) / static_cast<double>(totals.sequences));
    if (step == options_.bad_step && options_.bad == ToyOptions::Bad::loss) fit = fit * std::numeric_limits<double>::quiet_NaN();
    if (!bad_of_step().empty()) fit = fit * options_.bad_factor;
    // The root's derivative at 0 is infinite, its value is not.
    if (step == options_.bad_step && options_.bad == ToyOptions::Bad::gradient)
      fit = fit + (bias - bias.detach()).abs().sqrt().sum();
    return {.loss = fit + size,
            .metrics = {
                {"fit_loss", fit.detach().to(at::kDouble)},
                {"size_loss", size.detach().to(at::kDouble)},
                {"fit_accuracy", at::full({}, static_cast<double>(count) / static_cast<double>(totals.sequences), at::kDouble)}}};
  }

  NonFinitePlace find_non_finite(int64_t /*step*/, const StepTotals& /*totals*/) override {
    NonFinitePlace place;
    for (const int64_t example : bad_of_step()) place.examples.push_back(fmt::format("example {}", example));
    if (!place.examples.empty()) place.layer = "layer 1 of 1";
    return place;
  }

  void parameters_changed() override { ++num_changes; }

  EvaluationReport evaluate() override {
    options_.on_evaluate();
    const at::NoGradGuard no_gradients;
    const double step = static_cast<double>(cursor_.examples) / static_cast<double>(options_.batch_size);
    const double loss = options_.validation(static_cast<int64_t>(step), (weight - 1).square().sum().item<double>());
    return {{"loss", loss}, {"bias", bias.item<double>()}};
  }

  [[nodiscard]] DataCursor cursor() const override { return cursor_; }
  void restore(const DataCursor& cursor) override { cursor_ = cursor; }
  [[nodiscard]] double examples_per_epoch() const override { return 100; }
  [[nodiscard]] double flops(const StepTotals& totals) const override { return 6.0 * static_cast<double>(totals.tokens); }
  [[nodiscard]] double waiting_seconds() const override { return waited_; }

  at::Tensor weight;  // [features, 1]
  at::Tensor bias;    // [1]
  int64_t num_changes = 0;
  std::vector<int64_t> loaded;  ///< numbers of the examples of the step

 private:
  static constexpr int64_t kFeatures = 4;

  [[nodiscard]] std::vector<int64_t> bad_of_step() const {
    std::vector<int64_t> bad;
    for (const int64_t example : loaded) {
      if (options_.bad_examples.contains(example)) bad.push_back(example);
    }
    return bad;
  }

  void fill(int64_t row, int64_t example) {
    RandomStream random(static_cast<uint64_t>(options_.seed), "toy", static_cast<uint64_t>(example));
    double sum = 0.5;
    for (int64_t i = 0; i < kFeatures; ++i) {
      const double value = random.normal();
      x_[row][i] = value;
      sum += value;
    }
    y_[row][0] = sum + 0.1 * random.normal();
    scored_[row][0] = example % options_.batch_size == 0 || random.uniform() < 0.5 ? 1.0 : 0.0;
  }

  ToyOptions options_;
  DataCursor cursor_;
  double waited_ = 0;
  at::Tensor x_;
  at::Tensor y_;
  at::Tensor scored_;
};

class ToyFiles : public ModelFiles {
 public:
  ToyFiles(ToyProgram& program, std::function<void()> on_save) : program_(program), on_save_(std::move(on_save)) {}
  [[nodiscard]] std::vector<std::pair<std::string, at::Tensor>> tensors() const override {
    return {{"weight", program_.weight}, {"bias", program_.bias}};
  }
  [[nodiscard]] std::map<std::string, std::string> files() const override {
    on_save_();
    return {{"config.json", "{}\n"}};
  }
  void load(const io::NamedArrays& arrays) override {
    const at::NoGradGuard no_gradients;
    for (auto& [name, tensor] : tensors()) {
      const auto bytes = arrays.at(name).bytes;
      std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
    }
  }

 private:
  ToyProgram& program_;
  std::function<void()> on_save_;
};

/// One session of a run in `output`.
class ToyRun {
 public:
  ToyRun(std::filesystem::path output, const ToyOptions& options)
      : options_(options),
        program(options),
        files_(program, options.on_save),
        world_(single_process()),
        optimizer(make_optimizer(
            adamw(), {{.name = "weight", .tensor = program.weight}, {.name = "bias", .tensor = program.bias, .decay = false}})),
        average(options.ema_decay ? std::make_unique<WeightAverage>(*optimizer, *options.ema_decay) : nullptr),
        schedule_({}, 0.05, {.total_steps = static_cast<double>(options.plan.total_steps)}),
        checkpointer_(output / "checkpoints", {.model = files_, .optimizer = *optimizer, .world = *world_, .average = average.get()}, options.hashes,
                      {.keep_last = options.keep_last, .keep_best = options.keep_best, .asynchronous = options.asynchronous}),
        sink_(output, options.tensorboard),
        progress_(Progress::Style::none),
        trainer({.plan = options.plan,
                 .gradient_clip = options.gradient_clip,
                 .seed = options.seed,
                 .best = {},
                 .evaluate_average = options.ema_decay.has_value(),
                 .on_divergence = options.on_divergence,
                 .divergence = options.divergence,
                 .loss_scaling = options.loss_scaling,
                 .matmul_flops_per_second = 1e9},
                {.program = program,
                 .optimizer = *optimizer,
                 .schedule = schedule_,
                 .world = *world_,
                 .checkpointer = checkpointer_,
                 .sink = sink_,
                 .progress = progress_,
                 .stop = stop,
                 .average = average.get()}) {}

  RunSummary run() { return trainer.run(options_.resume); }

  static OptimizerConfig adamw() {
    OptimizerConfig config;
    config.name = OptimizerName::adamw;
    return config;
  }

 private:
  ToyOptions options_;

 public:
  ToyProgram program;
  StopSignal stop;

 private:
  ToyFiles files_;
  std::unique_ptr<World> world_;

 public:
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<WeightAverage> average;

 private:
  Schedule schedule_;
  Checkpointer checkpointer_;
  MetricsSink sink_;
  Progress progress_;

 public:
  Trainer trainer;
};

}  // namespace albert::testing
