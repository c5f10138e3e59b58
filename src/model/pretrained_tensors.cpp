#include <albert/base/error.h>
#include <albert/model/array_view.h>
#include <albert/model/pretrained.h>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace albert {
namespace {

using Renaming = std::pair<std::string_view, std::string_view>;

/// Parts of parameter names: ALBERT's, BERT's. Longer ones first where one contains another.
constexpr std::array<Renaming, 9> kBertBlockParts{{
    {"attention.query.", "attention.self.query."},
    {"attention.key.", "attention.self.key."},
    {"attention.value.", "attention.self.value."},
    {"attention.dense.", "attention.output.dense."},
    {"attention.LayerNorm.", "attention.output.LayerNorm."},
    {"ffn_output.", "output.dense."},
    {"ffn.", "intermediate.dense."},
    {"full_layer_layer_norm.", "output.LayerNorm."},
    {"", ""},
}};
constexpr std::array<Renaming, 6> kBertPrefixes{{
    {"albert.embeddings.", "bert.embeddings."},
    {"albert.pooler.", "bert.pooler.dense."},
    {"predictions.dense.", "cls.predictions.transform.dense."},
    {"predictions.LayerNorm.", "cls.predictions.transform.LayerNorm."},
    {"predictions.", "cls.predictions."},
    {"sop_classifier.classifier.", "cls.seq_relationship."},
}};
constexpr std::string_view kAlbertBlocks = "albert.encoder.albert_layer_groups.";
constexpr std::string_view kAlbertInner = ".albert_layers.0.";
constexpr std::string_view kBertBlocks = "bert.encoder.layer.";

std::string replace_prefix(std::string_view text, std::string_view from, std::string_view to) {
  return std::string(to) + std::string(text.substr(from.size()));
}

std::string to_bert(std::string_view name) {
  if (name.starts_with(kAlbertBlocks)) {
    const size_t inner = name.find(kAlbertInner);
    ALBERT_CHECK(inner != std::string_view::npos, "no BERT name for {}", name);
    const std::string_view index = name.substr(kAlbertBlocks.size(), inner - kAlbertBlocks.size());
    const std::string_view part = name.substr(inner + kAlbertInner.size());
    for (const auto& [albert, bert] : kBertBlockParts) {
      if (part.starts_with(albert)) return fmt::format("{}{}.{}", kBertBlocks, index, replace_prefix(part, albert, bert));
    }
  }
  for (const auto& [albert, bert] : kBertPrefixes) {
    if (name.starts_with(albert)) return replace_prefix(name, albert, bert);
  }
  return std::string(name);
}

std::string from_bert(std::string_view name) {
  if (name.starts_with(kBertBlocks)) {
    const size_t dot = name.find('.', kBertBlocks.size());
    if (dot == std::string_view::npos) return std::string(name);
    const std::string_view index = name.substr(kBertBlocks.size(), dot - kBertBlocks.size());
    const std::string_view part = name.substr(dot + 1);
    for (const auto& [albert, bert] : kBertBlockParts) {
      if (part.starts_with(bert))
        return fmt::format("{}{}{}{}", kAlbertBlocks, index, kAlbertInner, replace_prefix(part, bert, albert));
    }
  }
  for (const auto& [albert, bert] : kBertPrefixes) {
    if (name.starts_with(bert)) return replace_prefix(name, bert, albert);
  }
  return std::string(name);
}

std::string with_modern_layer_norm(std::string name) {
  for (const auto& [old, modern] :
       {Renaming{"LayerNorm.gamma", "LayerNorm.weight"}, Renaming{"LayerNorm.beta", "LayerNorm.bias"}}) {
    if (name.ends_with(old)) return name.substr(0, name.size() - old.size()) + std::string(modern);
  }
  return name;
}

bool is_leftover(std::string_view name) {
  return name.ends_with(".position_ids") || name.ends_with(".token_type_ids") || name.starts_with("predictions.decoder.");
}

bool has_prefix(std::string_view name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) { return name.starts_with(prefix); });
}

std::string differences(const ImportPlan& plan) {
  std::vector<std::string> parts;
  if (!plan.missing.empty()) parts.push_back(fmt::format("missing {}", fmt::join(plan.missing, ", ")));
  if (!plan.unexpected.empty()) parts.push_back(fmt::format("unexpected {}", fmt::join(plan.unexpected, ", ")));
  std::vector<std::string> misshapen;
  for (const auto& [name, wanted, found] : plan.misshapen) {
    misshapen.push_back(fmt::format("{} (wanted [{}], got [{}])", name, fmt::join(wanted, ", "), fmt::join(found, ", ")));
  }
  if (!misshapen.empty()) parts.push_back(fmt::format("of another shape {}", fmt::join(misshapen, ", ")));
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace

std::string published_name(std::string_view parameter, const AlbertConfig& config) {
  return config.architecture == Architecture::bert ? to_bert(parameter) : std::string(parameter);
}

std::string parameter_name(std::string_view published, const AlbertConfig& config) {
  const bool is_bert = config.architecture == Architecture::bert;
  std::string name = with_modern_layer_norm(std::string(published));
  const std::string_view view = name;
  if (view.starts_with("embeddings.") || view.starts_with("encoder.") || view.starts_with("pooler.")) {
    name = (is_bert ? "bert." : "albert.") + name;
  }
  return is_bert ? from_bert(name) : name;
}

std::vector<NamedParameter> published_tensors(const std::vector<NamedParameter>& parameters, const AlbertConfig& config) {
  std::vector<NamedParameter> result;
  for (const auto& [name, tensor] : parameters) result.emplace_back(published_name(name, config), tensor.detach());
  return result;
}

ArraysByParameter arrays_by_parameter(const io::NamedArrays& arrays, const AlbertConfig& config) {
  ArraysByParameter result;
  for (const auto& [name, array] : arrays) result.emplace(parameter_name(name, config), &array);
  constexpr std::array<Renaming, 2> kAliases{{{"predictions.decoder.weight", "albert.embeddings.word_embeddings.weight"},
                                              {"predictions.decoder.bias", "predictions.bias"}}};
  for (const auto& [alias, origin] : kAliases) {
    const auto found = result.find(std::string(alias));
    if (found != result.end()) result.try_emplace(std::string(origin), found->second);
  }
  std::erase_if(result, [](const auto& item) { return is_leftover(item.first); });
  return result;
}

ImportPlan plan_import(const ArraysByParameter& arrays, const std::vector<ParameterShape>& parameters, const ImportRules& rules) {
  ImportPlan plan;
  std::set<std::string_view> wanted;
  for (const auto& [name, shape] : parameters) {
    if (has_prefix(name, rules.start_anew)) {
      plan.report.missing.push_back(name);
      continue;
    }
    wanted.insert(name);
    const auto found = arrays.find(name);
    if (found == arrays.end()) {
      (has_prefix(name, rules.may_be_missing) ? plan.report.missing : plan.missing).push_back(name);
    } else if (found->second->shape != shape) {
      plan.misshapen.push_back({name, shape, found->second->shape});
    }
  }
  for (const auto& item : arrays) {
    if (wanted.contains(item.first)) continue;
    const bool is_expected = has_prefix(item.first, rules.may_be_ignored) || has_prefix(item.first, rules.start_anew);
    (is_expected ? plan.report.ignored : plan.unexpected).push_back(item.first);
  }
  return plan;
}

ImportReport import_arrays(const io::NamedArrays& arrays, const std::vector<NamedParameter>& parameters,
                           const AlbertConfig& config, const ImportRules& rules, const std::string& where) {
  const auto available = arrays_by_parameter(arrays, config);
  std::vector<ParameterShape> shapes;
  for (const auto& [name, tensor] : parameters) shapes.push_back({name, tensor.sizes().vec()});
  ImportPlan plan = plan_import(available, shapes, rules);
  if (!plan.is_possible()) {
    throw IoError(fmt::format("{}: tensors must be those of the model, got {}; check that config.json belongs to the file", where,
                              differences(plan)));
  }
  const at::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : parameters) {
    const auto found = available.find(name);
    if (found != available.end() && !has_prefix(name, rules.start_anew)) tensor.copy_(tensor_view(*found->second));
  }
  return std::move(plan.report);
}

}  // namespace albert
