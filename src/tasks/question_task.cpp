// Extractive question answering: SQuAD 1.1 and 2.0, and sets in their format.
#include "tasks/collapse.h"
#include "tasks/json_record.h"
#include "tasks/reader_stream.h"
#include "tasks/task_kinds.h"

#include <albert/base/error.h>
#include <albert/data/held_out.h>
#include <albert/data/question_rows.h>
#include <albert/data/squad_json.h>
#include <albert/eval/squad.h>
#include <albert/tasks/answer_decoding.h>
#include <albert/tasks/question_windows.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <unordered_map>
#include <utility>

namespace albert {
namespace {

class QuestionTask;

class AnswerableSet : public TaskSet {
 public:
  AnswerableSet(const QuestionTask& task, std::vector<SquadQuestion> questions, SetRole role, std::vector<std::string> notes);
  [[nodiscard]] int64_t num_examples() const override { return static_cast<int64_t>(questions_.size()); }
  [[nodiscard]] std::unique_ptr<TaskAnswers> decode(std::vector<InstanceScores> scores) const override;
  [[nodiscard]] ReportPart report_part() const override;
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }
  [[nodiscard]] const std::vector<SquadQuestion>& questions() const { return questions_; }
  [[nodiscard]] const QuestionSet& windows() const { return set_; }
  [[nodiscard]] const QuestionTask& task() const { return task_; }
  [[nodiscard]] bool has_gold() const { return role_ != SetRole::prediction; }
  /// As the official scripts see it: has_answer = bool(answers).
  [[nodiscard]] bool is_unanswerable(const SquadQuestion& question) const { return has_gold() && question.answers.empty(); }

 private:
  void add_instances();

  const QuestionTask& task_;
  SetRole role_;
  std::vector<SquadQuestion> questions_;
  std::vector<std::string> notes_;
  QuestionSet set_;
};

class QuestionTask : public Task {
 public:
  QuestionTask(TaskOptions options, const Tokenizer& tokenizer) : options_(std::move(options)), tokenizer_(tokenizer) {
    windows_ = options_.config.question_answering.windows;
    windows_.max_length = options_.max_length;
    windows_.check();
    const bool is_beam = options_.config.question_answering.head == AnswerHead::beam;
    ALBERT_CHECK(!is_beam || options_.has_unanswerable(), "the beam head without unanswerable questions");  // TaskConfig::validate
    description_ = {.objective = is_beam ? TaskObjective::beam_span : TaskObjective::span, .metric = "f1"};
  }
  [[nodiscard]] const TaskDescription& description() const override { return description_; }
  [[nodiscard]] std::unique_ptr<TaskSet> read(const DataFileConfig& file, SetRole role) const override {
    auto data = read_questions(file, role);
    return make_set(std::move(data.questions), role, data.problems);
  }
  [[nodiscard]] std::unique_ptr<TaskStream> open(const DataFileConfig& file) const override {
    const auto make = [this](std::vector<SquadQuestion> questions) {
      return std::make_unique<AnswerableSet>(*this, std::move(questions), SetRole::prediction, std::vector<std::string>{});
    };
    const auto resolved = options_.file_of(file);
    if (resolved.resolved_format() == FileFormat::json) {
      return make_stream<SquadQuestion>(std::make_unique<ListReader<SquadQuestion>>(read_questions(resolved, SetRole::prediction).questions), make);
    }
    return make_stream<SquadQuestion>(std::make_unique<QuestionRowReader>(resolved, options_.columns_of(resolved)), make);
  }
  [[nodiscard]] TwoSets read_and_split(const DataFileConfig& file, double fraction, uint64_t seed) const override {
    auto questions = read_squad(options_.file_of(file), AnswerUse::split).questions;  // only training needs usable answers
    require_answers(questions, SetRole::train, file);
    const bool is_useless = find_squad_problems(questions, AnswerUse::learn).num_without_answer == std::ssize(questions);
    if (is_useless) keep_learnable(questions, file.path);  // throws
    // What SQuAD 1.1 cannot score is left to the training part, which leaves it out and counts it.
    const auto has_score = [&](const SquadQuestion& question) { return has_unanswerable() || !question.answers.empty(); };
    const auto no_score = std::ranges::stable_partition(questions, has_score);
    std::vector<SquadQuestion> train(std::make_move_iterator(no_score.begin()), std::make_move_iterator(no_score.end()));
    questions.erase(no_score.begin(), no_score.end());
    std::vector<int64_t> articles;
    std::vector<uint64_t> texts;
    for (const auto& question : questions) {
      articles.push_back(question.article);
      texts.push_back(text_hash(*question.context));
    }
    const auto split = hold_out_by_group(articles, texts, fraction, seed);
    std::vector<SquadQuestion> held_out;
    for (const size_t index : split.train) train.push_back(std::move(questions[index]));
    for (const size_t index : split.held_out) held_out.push_back(std::move(questions[index]));
    const auto problems = find_squad_problems(train, AnswerUse::learn);
    keep_learnable(train, file.path);
    const auto held_out_problems = find_squad_problems(held_out, AnswerUse::score);
    return {make_set(std::move(train), SetRole::train, problems), make_set(std::move(held_out), SetRole::evaluation, held_out_problems)};
  }

  [[nodiscard]] const QuestionAnsweringConfig& config() const { return options_.config.question_answering; }
  [[nodiscard]] const QuestionWindowOptions& windows() const { return windows_; }
  [[nodiscard]] bool has_unanswerable() const { return options_.has_unanswerable(); }
  [[nodiscard]] const Tokenizer& tokenizer() const { return tokenizer_; }

 private:
  [[nodiscard]] SquadData read_questions(const DataFileConfig& file, SetRole role) const {
    const auto use = role == SetRole::train ? AnswerUse::learn : role == SetRole::evaluation ? AnswerUse::score : AnswerUse::ignore;
    auto data = read_squad(options_.file_of(file), use);
    require_answers(data.questions, role, file);
    return data;
  }

  /// SQuAD 1.1 knows no question without an answer: its official script fails on one.
  void require_answers(const std::vector<SquadQuestion>& questions, SetRole role, const DataFileConfig& file) const {
    if (has_unanswerable() || role == SetRole::prediction) return;
    for (const auto& question : questions) {
      const bool is_refused = role == SetRole::train ? question.is_impossible : question.answers.empty();
      if (!is_refused) continue;
      throw DataError(fmt::format("{}: question {}: must have an answer, {}; set task.question_answering.unanswerable: true, or "
                                  "task.name: squad2", file.path.string(), question.id,
                                  question.is_impossible ? "is marked as impossible" : "has none to be scored by"));
    }
  }

  [[nodiscard]] std::unique_ptr<AnswerableSet> make_set(std::vector<SquadQuestion> questions, SetRole role,
                                                        const SquadProblems& problems) const {
    return std::make_unique<AnswerableSet>(*this, std::move(questions), role, notes_of(problems, role));
  }

  [[nodiscard]] static std::vector<std::string> notes_of(const SquadProblems& problems, SetRole role) {
    std::vector<std::string> notes;
    const auto add = [&](int64_t count, const std::string& text, const std::vector<std::string>& ids) {
      if (count == 0) return;
      std::string list;
      for (const auto& id : ids) list += (list.empty() ? "" : ", ") + id;
      notes.push_back(fmt::format("{} {}{}{}", count, text, list.empty() ? "" : ": ", list));
    };
    const bool learns = role == SetRole::train;
    add(problems.num_misaligned_answers,
        learns ? "answers do not stand where the file says and are dropped"
               : "answers do not stand where the file says; they count in the metrics, but not in the loss",
        problems.misaligned);
    add(problems.num_without_answer,
        learns ? "questions have no answer and are left out" : "questions have no answer and count as unanswerable",
        problems.without_answer);
    add(problems.num_impossible_with_answers,
        learns ? "questions are marked as impossible, but have answers, which are dropped"
               : "questions are marked as impossible, but have answers, by which they are scored",
        {});
    add(problems.num_odd_marks, "questions have an is_impossible that is neither true nor false; their answers count", problems.odd_marks);
    return notes;
  }

  TaskOptions options_;
  const Tokenizer& tokenizer_;
  QuestionWindowOptions windows_{};
  TaskDescription description_{};
};

AnswerableSet::AnswerableSet(const QuestionTask& task, std::vector<SquadQuestion> questions, SetRole role, std::vector<std::string> notes)
    : task_(task), role_(role), questions_(std::move(questions)), notes_(std::move(notes)) {
  std::vector<std::string_view> contexts;
  std::unordered_map<const std::string*, int64_t> index;
  std::vector<QuestionInput> inputs;
  for (const auto& question : questions_) {
    const auto [place, is_new] = index.try_emplace(question.context.get(), static_cast<int64_t>(contexts.size()));
    if (is_new) contexts.emplace_back(*question.context);
    QuestionInput input{.id = question.id, .text = question.question, .document = place->second, .answer = {},
                        .is_impossible = is_unanswerable(question)};
    const auto aligned = std::ranges::find_if(question.answers, [](const SquadAnswer& answer) { return answer.start_byte.has_value(); });
    if (aligned != question.answers.end()) input.answer = GoldAnswer{.text = aligned->text, .start_character = aligned->start};
    inputs.push_back(input);
  }
  set_ = make_question_windows(task.tokenizer(), contexts, inputs, task.windows(), role == SetRole::train ? QuestionUse::train : QuestionUse::evaluate);
  if (set_.num_cut_questions > 0) notes_.push_back(fmt::format("{} questions are longer than {} pieces and cut", set_.num_cut_questions,
                                                               task.windows().max_question_length));
  if (role != SetRole::prediction && !set_.not_aligned.empty()) {
    notes_.push_back(fmt::format("{} questions have an answer that cannot be aligned with pieces{}: {}", set_.not_aligned.size(),
                                 role == SetRole::train ? " and are not learned from" : " and are left out of the loss",
                                 set_.not_aligned.front()));
  }
  add_instances();
}

void AnswerableSet::add_instances() {
  for (const auto& window : set_.windows) {
    TaskInstance instance;
    instance.sequences.push_back({.ids = window.ids, .second_segment = window.second_segment_begin});
    if (window.start != kNoTarget) instance.labels = {window.start, window.end, window.is_impossible};
    instance.example = window.question;
    instances_.push_back(std::move(instance));
  }
}

ReportPart AnswerableSet::report_part() const {
  ReportPart part;
  part.long_inputs = LongInputs::windowed;
  int64_t num_unanswerable = 0;
  for (const auto& question : questions_) {
    part.text_hashes.push_back(text_hash(*question.context, question.question));
    num_unanswerable += is_unanswerable(question) ? 1 : 0;
    if (!has_gold()) continue;
    std::string answers;
    for (const auto& answer : question.answers) answers += answer.text + '\0';
    part.gold_hashes.push_back(text_hash(answers));
  }
  if (has_gold() && task_.has_unanswerable()) {
    part.classes = {.what = "kinds of questions", .names = {"answerable", "unanswerable"},
                    .counts = {num_examples() - num_unanswerable, num_unanswerable}, .total = num_examples()};
  }
  part.lengths.resize(questions_.size());
  for (const auto& window : set_.windows) {  // of the whole input, had it not been cut into windows
    const auto& document = set_.documents[static_cast<size_t>(window.document)];
    part.lengths[static_cast<size_t>(window.question)] = window.second_segment_begin + static_cast<int64_t>(document.ids.size()) + 1;
  }
  return part;
}

class QuestionAnswers : public TaskAnswers {
 public:
  QuestionAnswers(const AnswerableSet& set, const std::vector<InstanceScores>& scores);
  [[nodiscard]] int64_t num_examples() const override { return set_.num_examples(); }
  [[nodiscard]] MetricMap measure(std::span<const int64_t> examples) const override;
  [[nodiscard]] MetricMap measure_all() const override;
  [[nodiscard]] std::string collapse() const override;
  void write(PredictionFormat format, std::ostream& out) const override;

 private:
  void decode(const std::vector<InstanceScores>& scores);
  void decode_beams(const std::vector<InstanceScores>& scores);
  void choose_threshold();
  [[nodiscard]] std::vector<SquadGold> gold() const;
  [[nodiscard]] std::vector<SquadPrediction> predictions() const;
  [[nodiscard]] std::string text(size_t question) const {
    const auto& answer = answers_[question];
    return set_.task().has_unanswerable() && is_unanswered(answer) ? std::string() : answer.text;
  }
  /// First byte of the answer in its text; -1: no answer.
  [[nodiscard]] int64_t place(size_t question) const {
    return text(question).empty() ? -1 : static_cast<int64_t>(answers_[question].n_best.front().range.begin);
  }
  [[nodiscard]] bool is_unanswered(const DecodedAnswer& answer) const { return answer.no_answer_score > threshold_; }

  const AnswerableSet& set_;
  std::vector<DecodedAnswer> answers_;
  double threshold_ = 0;
  std::vector<SquadQuestionScore> question_scores_;  ///< at the threshold; empty without gold
};

QuestionAnswers::QuestionAnswers(const AnswerableSet& set, const std::vector<InstanceScores>& scores) : set_(set), answers_(set.questions().size()) {
  if (set.task().config().head == AnswerHead::beam) {
    decode_beams(scores);
  } else {
    decode(scores);
  }
  choose_threshold();
}

/// Windows of one question lie together: calls use(question, begin, end).
template <typename Use>
void for_each_question(const std::vector<QuestionWindow>& windows, Use use) {
  for (size_t begin = 0; begin < windows.size();) {
    size_t end = begin + 1;
    while (end < windows.size() && windows[end].question == windows[begin].question) ++end;
    use(static_cast<size_t>(windows[begin].question), begin, end);
    begin = end;
  }
}

void QuestionAnswers::decode(const std::vector<InstanceScores>& scores) {
  const auto& windows = set_.windows().windows;
  for_each_question(windows, [&](size_t question, size_t begin, size_t end) {
    std::vector<SpanScores> spans;
    for (size_t w = begin; w < end; ++w) {
      const std::span<const float> all(scores[w]);
      spans.push_back({.window = &windows[w], .start = all.first(all.size() / 2), .end = all.subspan(all.size() / 2)});
    }
    answers_[question] = decode_answer(*set_.questions()[question].context, set_.windows().documents[static_cast<size_t>(windows[begin].document)], spans,
                                       set_.task().config().answers);
  });
}

void QuestionAnswers::decode_beams(const std::vector<InstanceScores>& scores) {
  const auto& windows = set_.windows().windows;
  for_each_question(windows, [&](size_t question, size_t begin, size_t end) {
    std::vector<std::vector<int64_t>> positions;  // starts, then ends, of each window; reserved: spans point into them
    positions.reserve(end - begin);
    std::vector<BeamScores> beams;
    for (size_t w = begin; w < end; ++w) {
      const std::span<const float> all(scores[w]);
      const auto starts = static_cast<size_t>(kBeamStarts);
      const size_t ends = starts * static_cast<size_t>(kBeamEnds);
      auto& place = positions.emplace_back();
      for (const float value : all.subspan(starts, starts)) place.push_back(static_cast<int64_t>(value));
      for (const float value : all.subspan(2 * starts + ends, ends)) place.push_back(static_cast<int64_t>(value));
      beams.push_back({.window = &windows[w],
                       .start_log_probabilities = all.first(starts),
                       .start_positions = std::span<const int64_t>(place).first(starts),
                       .end_log_probabilities = all.subspan(2 * starts, ends),
                       .end_positions = std::span<const int64_t>(place).subspan(starts),
                       .no_answer_logit = all.back()});
    }
    answers_[question] = decode_beam_answer(*set_.questions()[question].context, set_.windows().documents[static_cast<size_t>(windows[begin].document)],
                                            beams, set_.task().config().answers);
  });
}

std::vector<SquadGold> QuestionAnswers::gold() const {
  std::vector<SquadGold> gold;
  for (const auto& question : set_.questions()) {
    auto& entry = gold.emplace_back(SquadGold{.id = question.id, .answers = {}});
    for (const auto& answer : question.answers) entry.answers.push_back(answer.text);
  }
  return gold;
}

/// The best texts, whatever the threshold: the official script applies it to the scores.
std::vector<SquadPrediction> QuestionAnswers::predictions() const {
  std::vector<SquadPrediction> predictions;
  for (size_t i = 0; i < answers_.size(); ++i) {
    predictions.push_back({.id = set_.questions()[i].id, .text = answers_[i].text, .no_answer_score = answers_[i].no_answer_score});
  }
  return predictions;
}

void QuestionAnswers::choose_threshold() {
  const auto& config = set_.task().config();
  threshold_ = config.no_answer_threshold.or_else(0);
  if (!set_.has_gold()) return;
  if (!set_.task().has_unanswerable()) {
    question_scores_ = squad_v1_question_scores(predictions(), gold());
    return;
  }
  if (config.no_answer_threshold.is_auto()) threshold_ = evaluate_squad_v2(predictions(), gold()).best_f1_threshold;
  question_scores_ = squad_v2_question_scores(predictions(), gold(), threshold_);
}

MetricMap QuestionAnswers::measure(std::span<const int64_t> examples) const {
  ALBERT_CHECK(!question_scores_.empty(), "a measurement without gold");
  double exact = 0;
  double f1 = 0;
  for (const int64_t i : examples) {
    exact += question_scores_[static_cast<size_t>(i)].exact_match;
    f1 += question_scores_[static_cast<size_t>(i)].f1;
  }
  const auto count = static_cast<double>(examples.size());
  return {{"exact_match", 100 * exact / count}, {"f1", 100 * f1 / count}};
}

MetricMap QuestionAnswers::measure_all() const {
  MetricMap metrics = TaskAnswers::measure_all();
  if (!set_.task().has_unanswerable()) return metrics;
  const auto official = evaluate_squad_v2(predictions(), gold(), threshold_);
  metrics["best_exact_match"] = official.best_exact;
  metrics["best_exact_match_threshold"] = official.best_exact_threshold;
  metrics["best_f1"] = official.best_f1;
  metrics["best_f1_threshold"] = official.best_f1_threshold;
  const auto add = [&](const std::string& name, const std::optional<SquadScores>& scores) {
    if (!scores) return;
    metrics[name + "_exact_match"] = scores->exact_match;
    metrics[name + "_f1"] = scores->f1;
  };
  add("has_answer", official.has_answer);
  add("no_answer", official.no_answer);
  return metrics;
}

std::string QuestionAnswers::collapse() const {
  ALBERT_CHECK(!question_scores_.empty(), "a measurement without gold");
  CollapseCheck texts;
  CollapseCheck places;
  for (size_t i = 0; i < answers_.size(); ++i) {
    const bool is_right = question_scores_[i].exact_match == 1;
    const auto& gold = set_.questions()[i].answers;
    const bool is_place = std::any_of(gold.begin(), gold.end(), [&](const SquadAnswer& answer) { return answer.start_byte == place(i); });
    texts.add(text(i) == text(0), is_right);
    places.add(place(i) == place(0), is_right || is_place);
  }
  if (texts.has_collapsed()) return text(0).empty() ? "no answer to any question" : "the same answer to every question";
  return places.has_collapsed() ? "an answer at the same place of every text" : "";
}

void QuestionAnswers::write(PredictionFormat format, std::ostream& out) const {
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  for (size_t i = 0; i < answers_.size(); ++i) {
    const auto& id = set_.questions()[i].id;
    if (format == PredictionFormat::submission) {
      document[id] = text(i);
    } else if (format == PredictionFormat::null_odds) {
      document[id] = answers_[i].no_answer_score;
    } else {
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      for (const auto& candidate : answers_[i].n_best) {
        list.push_back({{"text", candidate.text}, {"probability", candidate.probability}, {"start", candidate.range.begin}, {"end", candidate.range.end}});
      }
      nlohmann::ordered_json record{{"id", id}, {"answer", text(i)}};
      if (set_.task().has_unanswerable()) record["no_answer_score"] = answers_[i].no_answer_score;
      record["n_best"] = std::move(list);
      write_json_line(record, out);
    }
  }
  const bool is_document = format == PredictionFormat::submission || (format == PredictionFormat::null_odds && set_.task().has_unanswerable());
  if (is_document) out << document.dump(1, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

std::unique_ptr<TaskAnswers> AnswerableSet::decode(std::vector<InstanceScores> scores) const {
  ALBERT_CHECK(scores.size() == instances_.size(), "{} scores for {} instances", scores.size(), instances_.size());
  return std::make_unique<QuestionAnswers>(*this, scores);
}

}  // namespace

std::unique_ptr<Task> make_question_task(const TaskOptions& options, const Tokenizer& tokenizer) { return std::make_unique<QuestionTask>(options, tokenizer); }

}  // namespace albert
