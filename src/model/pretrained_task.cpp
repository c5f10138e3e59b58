#include <albert/base/error.h>
#include <albert/model/pretrained.h>

#include <array>
#include <set>
#include <utility>

namespace albert {
namespace {

constexpr std::array<std::pair<TaskHead, std::string_view>, 5> kClasses{{
    {TaskHead::sequence, "ForSequenceClassification"},
    {TaskHead::token, "ForTokenClassification"},
    {TaskHead::question_answering, "ForQuestionAnswering"},
    {TaskHead::question_answering_beam, "ForBeamQuestionAnswering"},
    {TaskHead::multiple_choice, "ForMultipleChoice"},
}};
constexpr const char* kPooler = "albert.pooler.";
constexpr const char* kMlmHead = "predictions.";
constexpr const char* kOrderHead = "sop_classifier.";

std::string described(const TaskHeadOptions& head) {
  const auto name = config::enum_name(head.head);
  return head.has_labels() ? fmt::format("{} with {} outputs", name, head.num_outputs()) : std::string(name);
}

/// Whether two heads have the same parameters and meaning.
bool is_same_head(const TaskHeadOptions& a, const TaskHeadOptions& b) {
  return a.head == b.head && a.num_outputs() == b.num_outputs();
}

void require_usable_labels(const TaskHeadOptions& head, const std::vector<std::string>& labels, std::string_view problem_type) {
  const auto count = static_cast<int64_t>(labels.size());
  if (!head.has_labels()) {
    if (count == 0) return;
    throw ConfigError(fmt::format("task.labels: must be absent for head {}, got {}", config::enum_name(head.head), count));
  }
  if (count != head.num_labels) throw ConfigError(fmt::format("task.labels: must be {}, got {}", head.num_labels, count));
  if (problem_type == kSingleLabel && count < 2) {
    throw ConfigError(fmt::format("task.labels: {} wants at least 2, got {}", kSingleLabel, count));
  }
  std::set<std::string_view> seen;
  for (const std::string& label : labels) {
    if (!seen.insert(label).second) throw ConfigError(fmt::format("task.labels: must differ, got '{}' twice", label));
  }
}

bool is_masked_lm(const PublishedConfig& source) { return source.architecture.ends_with("ForMaskedLM"); }

}  // namespace

std::string_view architecture_family(const AlbertConfig& config) {
  if (config.architecture == Architecture::bert) return "Bert";
  return config.is_partly_shared() ? "PartlySharedAlbert" : "Albert";
}

std::string pretraining_architecture(const AlbertConfig& config, PretrainingHeads heads) {
  return fmt::format("{}{}", architecture_family(config), heads == PretrainingHeads::masked_lm ? "ForMaskedLM" : "ForPreTraining");
}

std::vector<std::string> default_labels(int64_t count) {
  std::vector<std::string> labels;
  for (int64_t i = 0; i < count; ++i) labels.push_back(fmt::format("LABEL_{}", i));
  return labels;
}

std::string task_architecture(const AlbertConfig& config, const TaskHeadOptions& head) {
  for (const auto& [known, name] : kClasses) {
    if (known == head.head) return fmt::format("{}{}", architecture_family(config), name);
  }
  throw InternalError("unknown task head");
}

std::optional<TaskHeadOptions> task_head_of(const PublishedConfig& config) {
  constexpr int64_t kDefaultLabels = 2;
  for (const auto& item : kClasses) {
    TaskHeadOptions head{.head = item.first, .num_labels = kDefaultLabels};
    if (config.architecture != task_architecture(config.shape, head)) continue;
    if (head.has_labels() && !config.labels.empty()) head.num_labels = static_cast<int64_t>(config.labels.size());
    return head;
  }
  return std::nullopt;
}

PublishedConfig task_config(const AlbertConfig& shape, const TaskHeadOptions& head, std::vector<std::string> labels,
                            std::string_view problem_type) {
  if (labels.empty() && head.has_labels()) labels = default_labels(head.num_labels);
  require_usable_labels(head, labels, problem_type);
  PublishedConfig config;
  config.shape = shape;
  config.architecture = task_architecture(shape, head);
  config.labels = std::move(labels);
  config.problem_type = problem_type;
  return config;
}

ImportRules task_import_rules(const PublishedConfig& source, const TaskHeadOptions& target, HeadTransfer transfer,
                              const std::string& where) {
  const auto head = task_head_of(source);
  ImportRules rules{.may_be_missing = {}, .may_be_ignored = {kMlmHead, kOrderHead}, .start_anew = {}};
  const bool is_kept = head && transfer == HeadTransfer::keep;
  if (is_kept && !is_same_head(*head, target)) {
    throw ConfigError(fmt::format("{}: the head must be {}, got {}; replace the head or choose the model's own task", where,
                                  described(target), described(*head)));
  }
  if (!is_kept) {
    rules.start_anew = head_prefixes(target.head);
    if (head) {
      for (std::string& prefix : head_prefixes(head->head)) rules.may_be_ignored.push_back(std::move(prefix));
    }
  }
  if (!target.has_pooler()) {
    rules.may_be_ignored.emplace_back(kPooler);
  } else if (is_masked_lm(source) || (head && !head->has_pooler())) {
    rules.may_be_missing.emplace_back(kPooler);
  }
  return rules;
}

ImportRules own_task_rules(const TaskHeadOptions& head) {
  ImportRules rules;
  if (!head.has_pooler()) rules.may_be_ignored.emplace_back(kPooler);
  return rules;
}

PretrainingHeads PretrainingContent::heads() const {
  return has_pooler ? PretrainingHeads::masked_lm_sentence_order : PretrainingHeads::masked_lm;
}

ImportRules PretrainingContent::rules() const {
  ImportRules rules{.may_be_missing = {}, .may_be_ignored = {"dropout."}, .start_anew = {}};
  for (const auto& [head, name] : enum_names(config::EnumTag<TaskHead>{})) {
    for (auto& prefix : head_prefixes(head)) rules.may_be_ignored.push_back(std::move(prefix));
  }
  if (!has_pooler) rules.may_be_ignored.emplace_back(kOrderHead);
  if (!has_mlm_head) rules.may_be_missing.emplace_back(kMlmHead);
  if (!has_order_head) rules.may_be_missing.emplace_back(kOrderHead);
  return rules;
}

PretrainingContent pretraining_content(const ArraysByParameter& arrays) {
  const auto has = [&](const std::string& prefix) {
    const auto found = arrays.lower_bound(prefix);
    return found != arrays.end() && found->first.starts_with(prefix);
  };
  return {.has_pooler = has(kPooler), .has_mlm_head = has(kMlmHead), .has_order_head = has(kOrderHead)};
}

}  // namespace albert
