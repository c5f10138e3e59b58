#include <albert/base/error.h>
#include <albert/convert/model_source.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace albert {
namespace {

constexpr int64_t kMostLabels = 1 << 20;

/// Heads of pre-training that a class does not have.
std::vector<std::string_view> foreign_heads(std::string_view architecture) {
  if (architecture.ends_with("ForPreTraining")) return {};
  if (architecture.ends_with("ForMaskedLM")) return {"sop_classifier."};
  return {"predictions.", "sop_classifier."};
}

void leave_out_heads(ModelSource& source) {
  for (const auto head : foreign_heads(source.config.architecture)) {
    std::erase_if(source.arrays, [&](const auto& item) {
      if (!item.first.starts_with(head)) return false;
      source.notes.skipped.push_back(fmt::format("{} (no part of {})", item.first, source.config.architecture));
      return true;
    });
  }
}

void set_labels(ModelSource& source, TaskHead head) {
  auto& config = source.config;
  const auto classifier = source.arrays.find("classifier.weight");
  const bool has_outputs = classifier != source.arrays.end() && classifier->second.shape.size() == 2;
  const int64_t outputs = has_outputs ? classifier->second.shape[0] : static_cast<int64_t>(config.labels.size());
  const bool is_possible = outputs >= 1 && outputs <= kMostLabels;
  if (is_possible && config.labels.size() != static_cast<size_t>(outputs)) config.labels = default_labels(outputs);
  if (head == TaskHead::token || (outputs == 1 && config.problem_type == kSingleLabel)) config.problem_type.clear();
}

}  // namespace

std::vector<std::string> known_classes(const AlbertConfig& shape) {
  std::vector<std::string> classes;
  for (const auto* end : {"Model", "ForPreTraining", "ForMaskedLM"})
    classes.push_back(fmt::format("{}{}", architecture_family(shape), end));
  for (const auto& [head, name] : enum_names(config::EnumTag<TaskHead>{}))
    classes.push_back(task_architecture(shape, {.head = head}));
  return classes;
}

void take_as(ModelSource& source, const std::string& architecture) {
  const auto classes = known_classes(source.config.shape);
  if (std::ranges::find(classes, architecture) == classes.end()) {
    throw ConfigError(fmt::format("--class: must be one of {}, got {}", fmt::join(classes, ", "), architecture));
  }
  source.config.architecture = architecture;
  source.notes.assumed.clear();
  leave_out_heads(source);
  const auto head = task_head_of(source.config);
  if (head && head->has_labels()) {
    set_labels(source, head->head);
  } else {
    source.config.labels.clear();
    source.config.problem_type.clear();
  }
}

}  // namespace albert
