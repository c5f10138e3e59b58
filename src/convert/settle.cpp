#include <albert/base/error.h>
#include <albert/convert/model_source.h>
#include <albert/model/array_view.h>
#include <albert/model/initialization.h>

#include <ATen/ATen.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace albert {
namespace {

constexpr uint64_t kSeed = 1;

/// The model that a source should be.
struct Wanted {
  std::string architecture{};
  std::vector<ParameterShape> parameters{};
  ImportRules rules{};
};

/// Of the heads of pre-training those that are there; the one for masked tokens also where the class promises it.
Wanted wanted_for_pretraining(const PublishedConfig& config, const ArraysByParameter& arrays) {
  const auto content = pretraining_content(arrays);
  const bool is_promised = config.architecture.ends_with("ForPreTraining") || config.architecture.ends_with("ForMaskedLM");
  const bool has_masked_lm = content.has_mlm_head || is_promised;
  const bool has_order = content.has_order_head && has_masked_lm;
  Wanted wanted{.architecture = std::string(architecture_family(config.shape)) +
                                (has_order ? "ForPreTraining" : has_masked_lm ? "ForMaskedLM" : "Model")};
  for (auto& parameter : parameter_shapes(config.shape, PretrainingHeads::masked_lm_sentence_order)) {
    const std::string_view name = parameter.name;
    const bool is_wanted = name.starts_with("albert.pooler.")   ? content.has_pooler || has_order
                           : name.starts_with("predictions.")    ? has_masked_lm
                           : name.starts_with("sop_classifier.") ? has_order
                                                                 : true;
    if (is_wanted) wanted.parameters.push_back(std::move(parameter));
  }
  return wanted;
}

Wanted wanted_for(const PublishedConfig& config, const ArraysByParameter& arrays) {
  const auto head = task_head_of(config);
  if (!head) return wanted_for_pretraining(config, arrays);
  return {.architecture = config.architecture, .parameters = parameter_shapes(config.shape, *head), .rules = own_task_rules(*head)};
}

/// A class that is not known may compute something else from tensors of the same names.
void require_known_class(const ModelSource& source) {
  const auto& named = source.config.architecture;
  const auto classes = known_classes(source.config.shape);
  if (named.empty() || std::ranges::find(classes, named) != classes.end()) return;
  throw IoError(fmt::format("{}: wanted a class among {} as \"architectures\" of config.json, got {}; --class takes it for one of them, --lenient "
                            "for what its tensors make",
                            source.where, fmt::join(classes, ", "), named));
}

std::string cure_of(const PublishedConfig& config) {
  const std::string lenient = "--lenient leaves out what is unexpected and starts the rest anew";
  if (!config.architecture.empty()) return fmt::format("check that config.json belongs to the file; {}", lenient);
  return fmt::format("config.json names no class: write it as \"architectures\"; {}", lenient);
}

/// All that is wrong, in one line. A parameter that cannot be read is not missing.
std::string differences(ImportPlan plan, const ModelSource& source) {
  std::erase_if(plan.missing, [&](const std::string& name) { return source.unreadable.contains(name); });
  std::vector<std::string> unreadable;
  for (const auto& [name, type] : source.unreadable) unreadable.push_back(fmt::format("{} ({})", name, type));
  const auto text = plan.differences();
  if (unreadable.empty()) return text;
  return fmt::format("{}{}of a type that is not read {}", text, text.empty() ? "" : "; ", fmt::join(unreadable, ", "));
}

void leave_out(ModelSource& source, const std::vector<std::string>& names, SettledSource& done) {
  for (const auto& name : names) {
    source.arrays.erase(name);
    done.left_out.push_back(name);
  }
}

/// New values for every parameter that has no usable array.
void start_anew(ModelSource& source, const Wanted& wanted, SettledSource& done) {
  std::vector<NamedParameter> missing;
  for (const auto& [name, shape] : wanted.parameters) {
    const auto found = source.arrays.find(name);
    if (found != source.arrays.end() && found->second.shape == shape && io::is_floating(found->second.type)) continue;
    missing.emplace_back(name, at::empty(shape, at::kFloat));
  }
  if (missing.size() == wanted.parameters.size()) {
    throw IoError(fmt::format("{}: wanted some tensors of {}, got none that fits", source.where, wanted.architecture));
  }
  initialize(missing, source.config.shape.initializer_range, kSeed);
  for (const auto& [name, tensor] : missing) {
    source.arrays.insert_or_assign(name, array_view(tensor));
    source.owners.push_back(std::make_shared<const at::Tensor>(tensor));
    done.started_anew.push_back(name);
  }
}

}  // namespace

void require_consistent(const ModelSource& source) {
  if (source.contradictions.empty() && source.unreadable.empty()) return;
  ImportPlan plan;
  plan.contradictory = source.contradictions;
  const auto* cure = source.unreadable.empty() ? "leaves out the first of the two" : "starts anew what cannot be read";
  throw IoError(fmt::format("{}: tensors must be those of the model, got {}; albert convert --lenient {}", source.where,
                            differences(plan, source), cure));
}

SettledSource settle(ModelSource& source, Strictness strictness) {
  require_possible_shape(source.config.shape, source.where);
  if (strictness == Strictness::exact) require_known_class(source);
  ArraysByParameter arrays;
  for (const auto& [name, array] : source.arrays) arrays.emplace(name, &array);
  const auto wanted = wanted_for(source.config, arrays);
  auto plan = plan_import(arrays, wanted.parameters, wanted.rules);
  plan.contradictory = source.contradictions;
  if (source.lacks_decoder && std::ranges::find(wanted.parameters, "predictions.bias", &ParameterShape::name) != wanted.parameters.end()) {
    plan.missing.emplace_back("predictions.decoder.weight (config.json says tie_word_embeddings false; --lenient takes the embeddings)");
  }
  if (strictness == Strictness::exact && !(plan.is_possible() && source.unreadable.empty())) {
    throw IoError(fmt::format("{}: tensors must be those of {}, got {}; {}", source.where, wanted.architecture, differences(plan, source),
                              cure_of(source.config)));
  }
  SettledSource done;
  leave_out(source, plan.report.ignored, done);
  leave_out(source, plan.unexpected, done);
  done.left_out.insert(done.left_out.end(), source.contradictions.begin(), source.contradictions.end());
  for (const auto& [name, type] : std::exchange(source.unreadable, {})) {
    const bool is_wanted = std::ranges::find(wanted.parameters, name, &ParameterShape::name) != wanted.parameters.end();
    if (!is_wanted) done.left_out.push_back(name);
  }
  start_anew(source, wanted, done);
  source.config.architecture = wanted.architecture;
  return done;
}

}  // namespace albert
