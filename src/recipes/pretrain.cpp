#include "recipes/pretrain_parts.h"
#include "recipes/run_common.h"
#include "recipes/run_source.h"
#include "recipes/trial.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/hash.h>
#include <albert/base/log.h>
#include <albert/config/writer.h>
#include <albert/data/store_builder.h>
#include <albert/dist/world.h>
#include <albert/model/device.h>
#include <albert/model/initialization.h>
#include <albert/recipes/model_folder.h>
#include <albert/recipes/prepare.h>
#include <albert/recipes/pretrain.h>
#include <albert/recipes/pretrain_phases.h>
#include <albert/report/curves.h>
#include <albert/tasks/pretraining.h>
#include <albert/train/matmul_rate.h>
#include <albert/train/peak_memory.h>
#include <albert/train/run_lock.h>
#include <albert/train/trainer.h>

#include <ATen/Parallel.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ostream>
#include <thread>

namespace albert {
namespace {

/// The trainer's view of the model.
class PretrainingFiles : public ModelFiles {
 public:
  PretrainingFiles(PretrainingModelImpl& model, const Tokenizer& tokenizer) : model_(model), texts_(model_folder(model, &tokenizer).texts) {}

  [[nodiscard]] std::vector<std::pair<std::string, at::Tensor>> tensors() const override {
    return published_tensors(parameters_by_name(model_), model_.config());
  }
  [[nodiscard]] std::map<std::string, std::string> files() const override { return texts_; }
  void load(const io::NamedArrays& arrays) override {
    import_arrays(arrays, parameters_by_name(model_), model_.config(), {}, "model.safetensors");
    model_.parameters_changed();
  }

 private:
  PretrainingModelImpl& model_;
  std::map<std::string, std::string> texts_;
};

}  // namespace

PretrainingModel make_model(const PretrainConfig& config, int64_t vocab_size) {
  const auto heads = heads_of(config);
  if (!config.model.init_from) {
    PretrainingModel model(config.model.resolve(vocab_size), heads);
    initialize(parameters_by_name(*model), model->config().initializer_range, static_cast<uint64_t>(config.training.seed));
    return model;
  }
  auto source = load_model_folder(*config.model.init_from);
  const auto shape = config.model.resolve(source.config.shape, vocab_size);
  require_positions(config.data.max_length, shape, "model.init_from");
  PretrainingModel model(shape, heads);
  const auto parameters = parameters_by_name(*model);
  initialize(parameters, shape.initializer_range, static_cast<uint64_t>(config.training.seed));
  const auto file = model_folder(*source.model, nullptr);
  // Heads that the source lacks start anew; what it has beyond the objective is left out.
  import_arrays(file.weights.arrays(), parameters, shape, {.may_be_missing = {"sop_classifier.", "albert.pooler."},
                                                           .may_be_ignored = {"sop_classifier.", "albert.pooler."}},
                config.model.init_from->string());
  return model;
}

std::unique_ptr<Optimizer> make_run_optimizer(PretrainingModelImpl& model, const PretrainConfig& config) {
  std::vector<OptimizedParameter> parameters;
  for (const auto& [name, tensor] : parameters_by_name(model)) {
    parameters.push_back({.name = name, .tensor = tensor,
                          .learning_rate_scale = learning_rate_multiplier(name, model.config(), config.optimizer.layer_decay)});
  }
  return make_optimizer(config.optimizer.algorithm, std::move(parameters));
}

namespace {

/// Of an evaluation, which is over whole lengths.
int64_t evaluation_batch_of(const PretrainConfig& config) { return micro_batch_of(config, config.data.max_length, config.training.batch_size); }

/// `given` as the user has it: `config` may have a checkpoint in place of model.init_from.
std::map<std::string, std::string> identity_hashes(const PretrainConfig& config, const PretrainConfig& given, const PreparedText& text) {
  std::map<std::string, std::string> hashes{{"config", sha256_hex(config::to_yaml(identity_of(config)))},
                                            {"data", text.store->data_hash()},
                                            {"tokenizer", text.tokenizer->hash()}};
  if (!given.model.init_from) return hashes;
  const bool has_begun = config.model.init_from != given.model.init_from;
  hashes["init_from"] = source_hash(*given.model.init_from, has_begun);
  return hashes;
}

ExitCode evaluate_only(const PretrainConfig& config, const std::filesystem::path& folder, std::ostream& out) {
  auto loaded = load_model_folder(folder);
  if (!loaded.tokenizer) throw IoError(fmt::format("{}: has no vocabulary (spiece.model or symbols.txt), so its ids cannot be made", folder.string()));
  require_positions(config.data.max_length, loaded.config.shape, folder.string());
  const auto vocabulary = vocabulary_of(*loaded.tokenizer);
  // A store is made for good: no other program may be making it, or training, in that folder.
  std::optional<RunLock> lock;
  if (!std::filesystem::exists(token_store_file(config.data.store))) lock.emplace(config.output);
  const auto store = std::make_shared<const TokenStore>(
      open_or_build_token_store(config.data, vocabulary, {.num_threads = config.data.num_threads(), .progress = {}}));
  const auto data = make_pretraining_data(store, vocabulary, config.data, config.objective, static_cast<uint64_t>(config.training.seed));
  if (!data.validation) throw ConfigError("data.validation_fraction: must be more than 0 to evaluate, got 0");
  const auto device = resolve_device(config.training.device);
  loaded.model->to(device);
  loaded.model->set_precision(resolve_precision(chosen_precision(config.training.precision), device));
  loaded.model->parameters_changed();
  const auto report = evaluate_pretraining(*loaded.model, *data.validation, evaluation_batch_of(config), device);
  out << nlohmann::json(report).dump(2) << '\n';
  return ExitCode::done;
}

void print_summary(const PretrainConfig& config, const RunSummary& summary, std::ostream& out) {
  for (const auto& [name, value] : summary.validation) out << fmt::format("{:<18} {:.6g}\n", name, value);
  const auto entropy = summary.validation.find("unigram_entropy");
  if (entropy != summary.validation.end()) {
    const double gain = entropy->second - summary.validation.at("mlm_loss");
    out << fmt::format("on held-out text a masked piece costs {:.2f} nat {} than to a model that knows only how frequent pieces are\n", std::abs(gain),
                       gain >= 0 ? "less" : "more");
  }
  if (summary.session_steps > 0) {
    out << fmt::format("{} steps in {}; waited for data {:.2f} % of the time\n", summary.session_steps, format_duration(summary.session_seconds),
                       100 * summary.waiting_share());
  }
  out << fmt::format("model   {}\ncurves  {}\n", printed_path(config.output, "final"), printed_path(config.output, "curves.svg"));
}

/// Before the first step of a run: whether it is worth waiting for, and whether it will fit, is known at once.
std::optional<Foresight> foresee_new_run(const PretrainConfig& config, const ResumeRequest& resume, const PretrainingData& data,
                                         int64_t vocab_size) {
  if (resume.mode == ResumeRequest::Mode::path || std::filesystem::exists(config.output / "checkpoints")) return {};
  const auto foresight = foresee(config, {.data = &data, .num_pieces = 0, .vocab_size = vocab_size});
  spdlog::info("foreseen: {} of training, {} of memory, {} on disk", format_duration(foresight.estimate.run_seconds),
               format_bytes(static_cast<uint64_t>(foresight.estimate.memory_bytes)), format_bytes(foresight.files.total_bytes()));
  return foresight;
}

void compare_with_estimate(const RunEstimate& estimate, const RunSummary& summary, const at::Device& device, std::ostream& out) {
  const auto memory = peak_memory_bytes(device);
  out << fmt::format("foreseen: {} and {}; measured: {} and {}; error {:+.1f} % and {:+.1f} %\n", format_duration(estimate.run_seconds),
                     format_bytes(static_cast<uint64_t>(estimate.memory_bytes)), format_duration(summary.session_seconds),
                     format_bytes(static_cast<uint64_t>(memory)), error_percent(estimate.run_seconds, summary.session_seconds),
                     error_percent(static_cast<double>(estimate.memory_bytes), static_cast<double>(memory)));
}

void log_phases(const PlannedRun& planned) {
  const auto& phases = planned.data.phases();
  for (size_t i = 0; phases.size() > 1 && i < phases.size(); ++i) {
    const int64_t end = i + 1 < phases.size() ? phases[i + 1].first_step : planned.steps.total_steps;
    spdlog::info("phase {}: steps {} to {}, {} sequences of at most {} pieces, {} at a time", i + 1, phases[i].first_step + 1, end, phases[i].batch_size,
                 phases[i].dataset->max_length(), phases[i].micro_batch);
  }
}

/// Ends the program when a stop is requested before the first step. SentencePiece cannot be interrupted; and as all that the preparation
/// writes takes its name when it is whole, nothing is lost by ending at once.
class PreparationWatch {
 public:
  explicit PreparationWatch(const StopSignal& stop)
      : thread_([&stop](const std::stop_token& done) {
          while (!done.stop_requested()) {
            if (stop.requested()) {
              spdlog::warn("stopped on request before training began; the same command goes on");
              spdlog::default_logger()->flush();
              std::_Exit(static_cast<int>(ExitCode::stopped));
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
          }
        }) {}

 private:
  std::jthread thread_;
};

/// Everything of a run after its text is prepared. `given` is what the user has, `prepared` what it comes to.
ExitCode train(const PretrainConfig& given, const PretrainConfig& prepared, const PretrainRequest& request, const PreparedText& text,
               const StopSignal& stop, std::ostream& out) {
  const auto device = resolve_device(given.training.device);
  if (device.is_cpu()) keep_freed_memory();
  const auto config = with_micro_batch(prepared, text.tokenizer->vocab_size());
  const auto precision = resolve_precision(chosen_precision(config.training.precision), device);
  const auto seed = static_cast<uint64_t>(config.training.seed);
  const auto data = make_pretraining_data(text.store, text.vocabulary, config.data, config.objective, seed);

  const double rate = measure_matmul_rate(device, compute_type(precision));
  const auto foresight = [&] {
    const PreparationWatch watch(stop);
    return foresee_new_run(config, request.resume, data, text.tokenizer->vocab_size());
  }();
  forget_peak_memory(device);  // that of the trial is not the run's
  auto model = make_model(config, text.tokenizer->vocab_size());
  model->set_precision(precision);
  model->set_activation_checkpointing(config.training.activation_checkpointing);
  model->to(device);
  const auto world = single_process();
  const auto optimizer = make_run_optimizer(*model, config);
  const auto planned = plan_run(config, data.train);
  auto plan = planned.steps;
  if (!data.validation) plan.evaluate_every = 0;
  const Schedule schedule(config.schedule, config.optimizer.algorithm.learning_rate, planned.scale, planned.batch_sizes());
  PretrainingProgram program(*model, data.train, data.validation ? &*data.validation : nullptr,
                             {.device = device,
                              .micro_batch = evaluation_batch_of(config),
                              .plan = planned.data,
                              .application_decay = config.optimizer.layer_decay.application_rate(),
                              .loader_threads = config.data.num_threads(),
                              .prefetch_steps = config.data.prefetch_steps,
                              .rank = world->rank(),
                              .world_size = world->size()});

  const auto average = make_average(config.training, *optimizer);
  PretrainingFiles files(*model, *text.tokenizer);
  Checkpointer checkpointer(config.output / "checkpoints", {.model = files, .optimizer = *optimizer, .world = *world, .average = average.get()},
                            identity_hashes(config, given, text), config.checkpoint);
  MetricsSink sink(config.output, config.logging.tensorboard ? TensorBoard::on : TensorBoard::off);
  Progress progress;
  spdlog::info("{} parameters, {} on {}, {} steps of {} sequences, {} per epoch", num_parameters(model->config(), model->heads()),
               name_of(precision), describe_device(device), plan.total_steps, config.training.batch_size,
               program.examples_per_epoch());
  log_phases(planned);
  Trainer trainer({.plan = plan, .gradient_clip = config.training.gradient_clip, .seed = config.training.seed, .best = {},
                   .evaluate_average = config.training.ema && config.training.ema->evaluate,
                   .on_divergence = config.training.on_divergence, .divergence = config.training.divergence,
                   .loss_scaling = precision == Precision::fp16, .matmul_flops_per_second = rate,
                   .on_start = [&] { write_file_atomically(config.output / "config.yaml", config::to_yaml(as_named(config, given))); }},
                  {.program = program, .optimizer = *optimizer, .schedule = schedule, .world = *world, .checkpointer = checkpointer,
                   .sink = sink, .progress = progress, .stop = stop, .average = average.get()});
  const auto summary = trainer.run(request.resume);
  write_curves(config.output / "metrics.jsonl", config.output / "curves.svg", config.output.filename().string());
  if (summary.outcome == RunOutcome::stopped) {
    spdlog::warn("stopped on request after step {} and saved; {} goes on from there", summary.steps, command_that_goes_on(request.resume));
    return ExitCode::stopped;
  }
  if (summary.outcome == RunOutcome::already_finished) out << fmt::format("the run is finished: {} steps\n", summary.steps);
  if (average && config.training.ema->use_at_the_end) average->swap();
  write_model_folder(config.output / "final", model_folder(*model, text.tokenizer.get()));
  print_summary(config, summary, out);
  if (foresight && summary.session_steps == plan.total_steps) compare_with_estimate(foresight->estimate, summary, device, out);
  return ExitCode::done;
}

}  // namespace

ExitCode run_pretraining(const PretrainConfig& user, const PretrainRequest& request, const StopSignal& stop, std::ostream& out) {
  const auto given = with_defaults(user);
  const auto begun = given.model.init_from ? begun_from(given.output / "checkpoints", request.resume) : std::nullopt;
  const auto config = with_inherited_vocabulary(begun ? going_on_from(given, *begun) : given);
  if (config.training.intra_op_threads.value) at::set_num_threads(static_cast<int>(*config.training.intra_op_threads.value));
  if (request.dry_run) {
    describe_pretraining(config, out);
    return ExitCode::done;
  }
  if (request.evaluate) return evaluate_only(config, *request.evaluate, out);
  (void)resolve_device(config.training.device);  // a device that is not there is known before any work
  const RunLock lock(config.output);
  require_same_run(config, config.output / "checkpoints");
  const auto text = [&] {
    const PreparationWatch watch(stop);
    return prepare_text(config);
  }();
  if (request.prepare_only) {
    out << fmt::format("vocabulary  {} pieces\nstore       {} tokens\n", text.tokenizer->vocab_size(), text.store->num_tokens());
    return ExitCode::done;
  }
  return train(given, config, request, text, stop, out);
}

}  // namespace albert
