// Fine-tuning as a StepProgram: splits, losses, scores and evaluation of every objective on a tiny model.
#include "tasks/task_fixture.h"

#include <albert/model/initialization.h>
#include <albert/tasks/finetuning.h>
#include <tiny_shape.h>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <numeric>

namespace albert {
namespace {

using ::testing::ElementsAre;
using ::testing::Each;
using ::testing::SizeIs;

constexpr std::array kObjectives{TaskObjective::single_label, TaskObjective::multi_label, TaskObjective::regression, TaskObjective::token_labels,
                                 TaskObjective::span,         TaskObjective::beam_span,   TaskObjective::choice};
constexpr int64_t kVocabulary = 15;
constexpr int64_t kLabels = 3;

AlbertConfig tiny_shape() {
  auto shape = testing::tiny_shape(kVocabulary, 96);
  shape.classifier_dropout_prob = 0;
  return shape;
}

TaskDescription describe(TaskObjective objective) {
  TaskDescription task{.objective = objective, .metric = "count"};
  const bool has_labels = objective == TaskObjective::single_label || objective == TaskObjective::multi_label || objective == TaskObjective::token_labels;
  if (has_labels) task.labels = {"a", "b", "c"};
  return task;
}

TaskModel tiny_model(const TaskDescription& task, const AlbertConfig& shape = tiny_shape()) {
  TaskModel model(shape, head_of(task));
  initialize(parameters_by_name(*model), 0.3, 7);
  model->parameters_changed();
  return model;
}

TaskSequence sequence_of(int64_t length, int64_t seed) {
  TaskSequence sequence;
  for (int64_t i = 0; i < length; ++i) sequence.ids.push_back(static_cast<int32_t>(1 + (seed * 7 + i * i + 3 * i) % (kVocabulary - 1)));
  sequence.second_segment = length / 2;
  return sequence;
}

/// Instance `i` with gold; odd span windows hold no answer.
TaskInstance instance_of(TaskObjective objective, int64_t i) {
  const int64_t length = 5 + i * 5 % 9;
  TaskInstance instance;
  instance.example = i;
  const int64_t num_sequences = objective == TaskObjective::choice ? 2 + i % 3 : 1;
  for (int64_t k = 0; k < num_sequences; ++k) instance.sequences.push_back(sequence_of(length + k, i + k));
  switch (objective) {
    case TaskObjective::single_label: instance.labels = {i % kLabels}; break;
    case TaskObjective::choice: instance.labels = {i % num_sequences}; break;
    case TaskObjective::regression: instance.values = {static_cast<float>(i) * 0.5F}; break;
    case TaskObjective::multi_label: instance.values = {static_cast<float>(i % 2), 1, static_cast<float>(i % 3 == 0)}; break;
    case TaskObjective::token_labels:
      for (int64_t t = 0; t < length; ++t) instance.labels.push_back(t == 0 || t % 3 == i % 3 ? kIgnoredTarget : (t + i) % kLabels);
      break;
    case TaskObjective::span:
    case TaskObjective::beam_span:
      instance.labels = i % 2 == 0 ? std::vector<int64_t>{length / 2, length - 2, 0} : std::vector<int64_t>{0, 0, 1};
      break;
  }
  return instance;
}

/// Answers that only count.
class CountedAnswers : public TaskAnswers {
 public:
  explicit CountedAnswers(int64_t count) : count_(count) {}
  [[nodiscard]] int64_t num_examples() const override { return count_; }
  [[nodiscard]] MetricMap measure(std::span<const int64_t> examples) const override { return {{"count", static_cast<double>(examples.size())}}; }
  [[nodiscard]] std::string collapse() const override { return {}; }
  void write(PredictionFormat /*format*/, std::ostream& /*out*/) const override {}

 private:
  int64_t count_;
};

class FakeSet : public TaskSet {
 public:
  explicit FakeSet(TaskObjective objective, int64_t count = 7) {
    for (int64_t i = 0; i < count; ++i) instances_.push_back(instance_of(objective, i));
  }
  std::vector<TaskInstance>& mutable_instances() { return instances_; }
  [[nodiscard]] int64_t num_examples() const override { return static_cast<int64_t>(instances_.size()); }
  [[nodiscard]] std::unique_ptr<TaskAnswers> decode(std::vector<InstanceScores> scores) const override {
    for (const auto& values : scores) EXPECT_FALSE(values.empty());
    return std::make_unique<CountedAnswers>(static_cast<int64_t>(scores.size()));
  }
  [[nodiscard]] ReportPart report_part() const override { return {}; }
};

FinetuningOptions options_with(int64_t micro_batch_tokens, const TaskLossOptions& loss = {}) {
  FinetuningOptions options;
  options.sampler = {.batch_size = 7, .seed = 1};
  options.micro_batch_tokens = micro_batch_tokens;
  options.loss = loss;
  return options;
}

struct Step {
  double loss = 0;
  double accuracy = 0;
  int64_t num_micro_batches = 0;
  std::map<std::string, at::Tensor> gradients{};
};

/// The first step of a program, and its gradient.
Step run_step(const TaskDescription& task, const FakeSet& set, const FinetuningOptions& options, const AlbertConfig& shape = tiny_shape()) {
  auto model = tiny_model(task, shape);
  FinetuningProgram program(*model, task, set, {}, options);
  const auto totals = program.load_step(0);
  Step step{.num_micro_batches = program.num_micro_batches()};
  for (int64_t i = 0; i < program.num_micro_batches(); ++i) {
    const auto part = program.loss(i, 0, totals);
    part.loss.backward();
    step.loss += part.loss.item<double>();
    if (part.metrics.contains("accuracy")) step.accuracy += part.metrics.at("accuracy").item<double>();
  }
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (tensor.grad().defined()) step.gradients[name] = tensor.grad().to(at::kDouble);
  }
  return step;
}

/// Whether the gradient of a parameter is zero in exact arithmetic: it shifts all scores of a softmax alike.
bool is_shift(const std::string& name, TaskObjective objective) {
  if (name.ends_with("attention.key.bias")) return true;
  switch (objective) {
    case TaskObjective::span: return name == "qa_outputs.bias";
    case TaskObjective::beam_span:
      return name == "start_logits.dense.bias" || name == "end_logits.dense_1.bias" || name == "end_logits.LayerNorm.bias";
    case TaskObjective::choice: return name == "classifier.bias";
    default: return false;
  }
}

/// The bounds of the design: 5e-6 for each tensor, 1e-6 for the whole, 1e-7 for what is zero.
void expect_same_gradients(const Step& whole, const Step& parts, TaskObjective objective) {
  double difference = 0;
  double norm = 0;
  ASSERT_EQ(whole.gradients.size(), parts.gradients.size());
  for (const auto& [name, gradient] : whole.gradients) {
    const at::Tensor other = parts.gradients.at(name);
    if (is_shift(name, objective)) {
      EXPECT_LT((gradient - other).abs().max().item<double>(), 1e-7) << name;
      continue;
    }
    const double error = (gradient - other).norm().item<double>();
    EXPECT_LE(error, 5e-6 * gradient.norm().item<double>() + 1e-12) << name;
    difference += error * error;
    norm += gradient.pow(2).sum().item<double>();
  }
  EXPECT_GT(norm, 0);
  EXPECT_LT(std::sqrt(difference / norm), 1e-6);
}

TEST(Finetuning, GivesTheSameGradientHoweverAStepIsCut) {
  for (const auto objective : kObjectives) {
    const FakeSet set(objective);
    const auto task = describe(objective);
    const bool has_classes = objective == TaskObjective::single_label || objective == TaskObjective::token_labels;
    const TaskLossOptions loss = has_classes ? TaskLossOptions{.class_weights = {0.5, 1, 3}, .label_smoothing = 0.1} : TaskLossOptions{};
    const auto whole = run_step(task, set, options_with(100000, loss));
    EXPECT_EQ(whole.num_micro_batches, 1);
    for (const int64_t tokens : {int64_t{20}, int64_t{1}}) {
      const auto parts = run_step(task, set, options_with(tokens, loss));
      EXPECT_GT(parts.num_micro_batches, 1);
      EXPECT_NEAR(parts.loss, whole.loss, 2e-6 * std::abs(whole.loss));
      EXPECT_NEAR(parts.accuracy, whole.accuracy, 1e-12);
      expect_same_gradients(whole, parts, objective);
    }
    EXPECT_EQ(run_step(task, set, options_with(1, loss)).num_micro_batches, 7);
  }
}

double cross_entropy(const at::Tensor& scores, int64_t target) { return -scores.to(at::kDouble).log_softmax(0)[target].item<double>(); }

/// Sum of the losses of one instance, by the formulae of task_losses.h, from the network's output for it alone.
double formula(TaskModelImpl& model, const TaskInstance& instance, TaskObjective objective) {
  const at::NoGradGuard no_gradient;
  const std::vector<TaskInstance> one{instance};
  const std::vector<int64_t> indices{0};
  const auto batch = make_task_batch(one, indices, objective, BatchTargets::with);
  SpanInput span{};
  if (objective == TaskObjective::beam_span) span = {.p_mask = batch.p_mask, .starts = batch.spans.starts, .beams = {}};
  const auto output = model.forward(batch.input, {}, span);
  double sum = 0;
  switch (objective) {
    case TaskObjective::single_label: return cross_entropy(output.logits[0], instance.labels[0]);
    case TaskObjective::choice: return cross_entropy(output.logits, instance.labels[0]);
    case TaskObjective::regression: return std::pow(output.logits.item<double>() - static_cast<double>(instance.values[0]), 2);
    case TaskObjective::multi_label:
      for (int64_t k = 0; k < kLabels; ++k) {
        const double score = output.logits[0][k].item<double>();
        sum += std::log1p(std::exp(score)) - score * static_cast<double>(instance.values[static_cast<size_t>(k)]);
      }
      return sum;
    case TaskObjective::token_labels:
      for (size_t t = 0; t < instance.labels.size(); ++t) {
        if (instance.labels[t] != kIgnoredTarget) sum += cross_entropy(output.logits[static_cast<int64_t>(t)], instance.labels[t]);
      }
      return sum;
    case TaskObjective::span: return (cross_entropy(output.logits, instance.labels[0]) + cross_entropy(output.end_logits, instance.labels[1])) / 2;
    case TaskObjective::beam_span: {
      const double none = output.no_answer_logits.item<double>();
      const double answerability = std::log1p(std::exp(none)) - none * static_cast<double>(instance.labels[2]);
      return (cross_entropy(output.logits, instance.labels[0]) + cross_entropy(output.end_logits, instance.labels[1]) + answerability) / 2;
    }
  }
  return sum;
}

/// What a step's sum is divided by.
int64_t num_targets(const FakeSet& set, TaskObjective objective) {
  if (objective == TaskObjective::multi_label) return kLabels * set.num_examples();
  if (objective != TaskObjective::token_labels) return set.num_examples();
  int64_t count = 0;
  for (const auto& instance : set.instances()) {
    count += std::count_if(instance.labels.begin(), instance.labels.end(), [](int64_t label) { return label != kIgnoredTarget; });
  }
  return count;
}

TEST(Finetuning, HasTheLossOfTheFormula) {
  for (const auto objective : kObjectives) {
    const FakeSet set(objective);
    const auto task = describe(objective);
    auto model = tiny_model(task);
    double expected = 0;
    for (const auto& instance : set.instances()) expected += formula(*model, instance, objective);
    expected /= static_cast<double>(num_targets(set, objective));
    EXPECT_NEAR(run_step(task, set, options_with(30)).loss, expected, 1e-5 * expected) << static_cast<int>(objective);
    // The loss of an evaluation is the same plain one, whatever the training's options.
    const auto metrics = evaluate_task(*model, set, task, options_with(30, {.class_weights = {9, 9, 9}, .label_smoothing = 0.5}));
    EXPECT_NEAR(metrics.at("loss"), expected, 1e-5 * expected) << static_cast<int>(objective);
    EXPECT_EQ(metrics.at("count"), 7);
  }
}

TEST(Finetuning, WeighsTheClassesOfItsLoss) {
  const FakeSet set(TaskObjective::single_label);
  const auto task = describe(TaskObjective::single_label);
  auto model = tiny_model(task);
  const std::vector<double> weights{0.5, 1, 3};
  double expected = 0;
  double sum_of_weights = 0;
  for (const auto& instance : set.instances()) {
    const double weight = weights[static_cast<size_t>(instance.labels[0])];
    expected += weight * formula(*model, instance, TaskObjective::single_label);
    sum_of_weights += weight;
  }
  expected /= sum_of_weights;
  EXPECT_NEAR(run_step(task, set, options_with(30, {.class_weights = weights})).loss, expected, 1e-5 * expected);
  EXPECT_EQ(run_step(task, set, options_with(30, {.class_weights = {0, 0, 0}})).loss, 0) << "nothing to learn is no division by 0";
}

/// torch.nn.CrossEntropyLoss(weight, label_smoothing) over all instances at once, and its gradients.
Step step_of_pytorch(const TaskDescription& task, const FakeSet& set, const TaskLossOptions& loss) {
  auto model = tiny_model(task);
  std::vector<int64_t> all(set.instances().size());
  std::iota(all.begin(), all.end(), int64_t{0});
  const auto batch = make_task_batch(set.instances(), all, task.objective, BatchTargets::with);
  const auto mean = at::cross_entropy_loss(model->forward(batch.input).logits, batch.labels, at::tensor(loss.class_weights, at::kFloat),
                                           at::Reduction::Mean, kIgnoredTarget, loss.label_smoothing);
  mean.backward();
  Step step{.loss = mean.item<double>()};
  for (const auto& [name, tensor] : parameters_by_name(*model)) {
    if (tensor.grad().defined()) step.gradients[name] = tensor.grad().to(at::kDouble);
  }
  return step;
}

TEST(Finetuning, WithClassWeightsTakesTheStepOfPyTorchsCrossEntropyLoss) {
  for (const auto objective : {TaskObjective::single_label, TaskObjective::token_labels}) {
    const FakeSet set(objective);
    const auto task = describe(objective);
    for (const double smoothing : {0.0, 0.1}) {
      const TaskLossOptions loss{.class_weights = {0.5, 1, 3}, .label_smoothing = smoothing};
      const auto expected = step_of_pytorch(task, set, loss);
      for (const int64_t tokens : {int64_t{100000}, int64_t{20}, int64_t{1}}) {
        const auto step = run_step(task, set, options_with(tokens, loss));
        EXPECT_NEAR(step.loss, expected.loss, 2e-6 * expected.loss) << tokens;
        expect_same_gradients(expected, step, objective);
      }
    }
  }
}

TEST(Finetuning, LeavesOutOfTheLossWhatHasNoGold) {
  for (const auto objective : {TaskObjective::span, TaskObjective::beam_span, TaskObjective::single_label}) {
    FakeSet set(objective);
    set.mutable_instances()[2].labels.clear();
    EXPECT_THAT(set.learnable(), ElementsAre(0, 1, 3, 4, 5, 6));
    const auto task = describe(objective);
    auto model = tiny_model(task);
    double expected = 0;
    for (const int64_t i : set.learnable()) expected += formula(*model, set.instances()[static_cast<size_t>(i)], objective) / 6;
    EXPECT_NEAR(evaluate_task(*model, set, task, options_with(30)).at("loss"), expected, 1e-5 * expected);
    FinetuningProgram program(*model, task, set, {}, options_with(30));
    EXPECT_EQ(program.examples_per_epoch(), 6);
    EXPECT_EQ(program.load_step(0).targets.at("task"), 6);
  }
}

TEST(Finetuning, TakesAStepWithoutALabelledToken) {
  FakeSet set(TaskObjective::token_labels, 2);
  for (auto& instance : set.mutable_instances()) std::fill(instance.labels.begin(), instance.labels.end(), kIgnoredTarget);
  EXPECT_EQ(run_step(describe(TaskObjective::token_labels), set, options_with(30)).loss, 0);
}

TEST(Finetuning, ScoresDoNotDependOnTheBatch) {
  for (const auto objective : kObjectives) {
    const FakeSet set(objective);
    auto model = tiny_model(describe(objective));
    const auto together = score_instances(*model, set.instances(), objective, 100000, at::kCPU);
    const auto alone = score_instances(*model, set.instances(), objective, 1, at::kCPU);
    ASSERT_EQ(together.size(), alone.size());
    for (size_t i = 0; i < together.size(); ++i) {
      ASSERT_EQ(together[i].size(), alone[i].size());
      for (size_t k = 0; k < together[i].size(); ++k) {
        if (std::isinf(together[i][k])) {
          EXPECT_EQ(together[i][k], alone[i][k]);
        } else {
          EXPECT_NEAR(together[i][k], alone[i][k], 2e-5 * std::max(1.0F, std::abs(together[i][k])));
        }
      }
    }
  }
}

TEST(Finetuning, ScoresHaveTheStatedSizes) {
  for (const auto objective : kObjectives) {
    const FakeSet set(objective);
    auto model = tiny_model(describe(objective));
    const auto scores = score_instances(*model, set.instances(), objective, 30, at::kCPU);
    for (size_t i = 0; i < scores.size(); ++i) {
      const auto& instance = set.instances()[i];
      const auto length = static_cast<size_t>(instance.num_tokens());
      switch (objective) {
        case TaskObjective::single_label:
        case TaskObjective::multi_label: EXPECT_THAT(scores[i], SizeIs(kLabels)); break;
        case TaskObjective::regression: EXPECT_THAT(scores[i], SizeIs(1)); break;
        case TaskObjective::token_labels: EXPECT_THAT(scores[i], SizeIs(length * kLabels)); break;
        case TaskObjective::span: EXPECT_THAT(scores[i], SizeIs(2 * length)); break;
        case TaskObjective::beam_span: EXPECT_THAT(scores[i], SizeIs(5 + 5 + 25 + 25 + 1)); break;
        case TaskObjective::choice: EXPECT_THAT(scores[i], SizeIs(instance.sequences.size())); break;
      }
    }
  }
}

TEST(Finetuning, LeavesTheModelInTheModeItWasIn) {
  const FakeSet set(TaskObjective::single_label);
  const auto task = describe(TaskObjective::single_label);
  auto model = tiny_model(task);
  (void)evaluate_task(*model, set, task, options_with(30));
  EXPECT_TRUE(model->is_training());
  model->eval();
  (void)score_instances(*model, set.instances(), task.objective, 30, at::kCPU);
  EXPECT_FALSE(model->is_training());
}

TEST(Finetuning, DropsOutInTrainingAsSeededAndNotInEvaluation) {
  AlbertConfig shape = tiny_shape();
  shape.hidden_dropout_prob = 0.2;
  shape.classifier_dropout_prob = 0.2;
  const FakeSet set(TaskObjective::single_label);
  const auto task = describe(TaskObjective::single_label);
  auto options = options_with(30);
  const double loss = run_step(task, set, options, shape).loss;
  EXPECT_EQ(run_step(task, set, options, shape).loss, loss);
  options.seed = 2;
  EXPECT_NE(run_step(task, set, options, shape).loss, loss);
  auto model = tiny_model(task, shape);
  EXPECT_EQ(evaluate_task(*model, set, task, options).at("loss"), evaluate_task(*model, set, task, options).at("loss"));
}

TEST(Finetuning, GoesOnFromACursor) {
  const FakeSet set(TaskObjective::single_label, 20);
  const auto task = describe(TaskObjective::single_label);
  auto options = options_with(1000);
  options.sampler.batch_size = 6;
  const auto losses_from = [&](int64_t first_step, DataCursor cursor, DataCursor* at_step_two) {
    auto model = tiny_model(task);
    FinetuningProgram program(*model, task, set, {}, options);
    program.restore(cursor);
    std::vector<double> losses;
    for (int64_t step = first_step; step < 6; ++step) {
      if (step == 2 && at_step_two != nullptr) *at_step_two = program.cursor();
      const auto totals = program.load_step(step);
      EXPECT_EQ(totals.targets.at("task"), totals.sequences);
      losses.push_back(program.loss(0, step, totals).loss.item<double>());
    }
    return losses;
  };
  DataCursor cursor;
  auto all = losses_from(0, {}, &cursor);
  EXPECT_EQ(cursor.examples, 12);
  all.erase(all.begin(), all.begin() + 2);
  EXPECT_EQ(losses_from(2, cursor, nullptr), all);
}

TEST(Finetuning, NamesMetricsOfFurtherSets) {
  const FakeSet first(TaskObjective::single_label, 4);
  const FakeSet second(TaskObjective::single_label, 5);
  const auto task = describe(TaskObjective::single_label);
  auto model = tiny_model(task);
  FinetuningProgram program(*model, task, first, {{.name = "", .set = &first}, {.name = "mismatched", .set = &second}}, options_with(30));
  const auto report = program.evaluate();
  EXPECT_EQ(report.at("count"), 4);
  EXPECT_EQ(report.at("mismatched_count"), 5);
  EXPECT_TRUE(report.contains("loss"));
  EXPECT_TRUE(report.contains("mismatched_loss"));
}

TEST(BalancedClassWeights, AreInverseToTheFrequencyWithMeanOne) {
  FakeSet set(TaskObjective::single_label, 7);  // 3, 2 and 2 of the classes
  EXPECT_THAT(balanced_class_weights(set, 3), ElementsAre(7.0 / 9, 7.0 / 6, 7.0 / 6));
  EXPECT_THAT(balanced_class_weights(set, 4), ElementsAre(7.0 / 9, 7.0 / 6, 7.0 / 6, 0));
  for (auto& instance : set.mutable_instances()) instance.labels = {kIgnoredTarget, 1};
  EXPECT_THAT(balanced_class_weights(set, 2), ElementsAre(0, 1));
}

TEST(HeadOf, FollowsFromTheObjective) {
  EXPECT_EQ(head_of(describe(TaskObjective::token_labels)), (TaskHeadOptions{.head = TaskHead::token, .num_labels = 3}));
  EXPECT_EQ(head_of(describe(TaskObjective::regression)), (TaskHeadOptions{.head = TaskHead::sequence, .num_labels = 1}));
  EXPECT_EQ(problem_type_of(describe(TaskObjective::multi_label)), kMultiLabel);
  EXPECT_EQ(problem_type_of(describe(TaskObjective::span)), "");
}

/// The beam head with fewer tokens than candidates, from the network to the answer.
struct BeamAnswers : testing::TaskFixture {};

TEST_F(BeamAnswers, OfShortDocumentsAreSlicesOfThem) {
  using nlohmann::json;
  max_length = 80;
  json data = json::array();
  for (const char* context : {"ab", "the 1", "\u0301", "the ab 1 the ab 1 the ab 1 the"}) {  // the third gives no piece
    const json question{{"id", context}, {"question", "ab"}, {"answers", json::array()}, {"is_impossible", true}};
    const json paragraph{{"context", context}, {"qas", json::array({question})}};
    data.push_back(json{{"title", "t"}, {"paragraphs", json::array({paragraph})}});
  }
  const auto task = make("{name: squad2, question_answering: {head: beam, no_answer_threshold: 1000}}");
  const auto set = task->read(file("x.json", json{{"version", "2"}, {"data", data}}.dump()), SetRole::evaluation);
  auto model = tiny_model(task->description());
  auto scores = score_instances(*model, set->instances(), TaskObjective::beam_span, 1000, at::kCPU);
  EXPECT_THAT(scores[2], ::testing::Contains(-1.0F));
  const auto answers = set->decode(std::move(scores));
  const auto predictions = json::parse(testing::written(*answers, PredictionFormat::submission));
  ASSERT_EQ(predictions.size(), 4U);
  for (const auto& [context, answer] : predictions.items()) EXPECT_NE(context.find(answer.get<std::string>()), std::string::npos);
  EXPECT_EQ(predictions["ab"], "ab");
  EXPECT_EQ(predictions["\u0301"], "");
  const auto metrics = evaluate_task(*model, *set, task->description(), options_with(1000));
  EXPECT_TRUE(std::isfinite(metrics.at("loss")));
}

}  // namespace
}  // namespace albert
