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
  const size_t inner = name.find(kAlbertInner);
  if (name.starts_with(kAlbertBlocks) && inner != std::string_view::npos) {
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
  for (const auto& [old, modern] : {Renaming{".gamma", ".weight"}, Renaming{".beta", ".bias"}}) {
    if (name.ends_with(old)) return name.substr(0, name.size() - old.size()) + std::string(modern);
  }
  return name;
}

/// Of older transformers: constants, not parameters.
bool is_buffer(std::string_view name) { return name.ends_with(".position_ids") || name.ends_with(".token_type_ids"); }

/// The decoder of the masked-token head is the table of the embeddings, its bias that of the head.
constexpr std::array<Renaming, 2> kTied{{{"predictions.decoder.weight", "albert.embeddings.word_embeddings.weight"},
                                         {"predictions.decoder.bias", "predictions.bias"}}};

bool has_prefix(std::string_view name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) { return name.starts_with(prefix); });
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

FoundParameters find_parameters(const io::NamedArrays& arrays, const AlbertConfig& config) {
  FoundParameters found;
  std::map<std::string_view, FoundParameters::Double> tied;
  const auto add = [&](const std::string& name, std::string parameter, const io::ArrayView& array) {
    const auto [place, is_new] = found.arrays.try_emplace(parameter, &array);
    if (!is_new) {
      found.doubles.push_back({name, std::move(parameter), &array});
    } else if (name != published_name(parameter, config)) {
      found.renamed.emplace_back(name, std::move(parameter));
    }
  };
  for (const auto& [name, array] : arrays) {
    std::string parameter = parameter_name(name, config);
    const auto alias = std::ranges::find(kTied, parameter, &Renaming::first);
    if (is_buffer(parameter)) {
      found.buffers.push_back(name);
    } else if (alias != kTied.end()) {
      tied[alias->second] = {name, std::string(alias->second), &array};
    } else {
      add(name, std::move(parameter), array);
    }
  }
  for (const auto& [origin, alias] : tied) add(alias.name, alias.parameter, *alias.array);
  return found;
}

std::vector<std::string> contradictions(const FoundParameters& found) {
  std::vector<std::string> names;
  for (const auto& [name, parameter, array] : found.doubles) {
    const io::ArrayView& other = *found.arrays.at(parameter);
    const bool is_equal = array->type == other.type && array->shape == other.shape && std::ranges::equal(array->bytes, other.bytes);
    if (!is_equal) names.push_back(fmt::format("{} (differs from {})", name, parameter));
  }
  return names;
}

ArraysByParameter arrays_by_parameter(const io::NamedArrays& arrays, const AlbertConfig& config) {
  return find_parameters(arrays, config).arrays;
}

std::string ImportPlan::differences() const {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view what, const std::vector<std::string>& names) {
    if (!names.empty()) parts.push_back(fmt::format("{} {}", what, fmt::join(names, ", ")));
  };
  add("missing", missing);
  add("unexpected", unexpected);
  std::vector<std::string> shapes;
  for (const auto& [name, wanted, found] : misshapen) {
    shapes.push_back(fmt::format("{} (wanted [{}], got [{}])", name, fmt::join(wanted, ", "), fmt::join(found, ", ")));
  }
  add("of another shape", shapes);
  add("of no floating type", mistyped);
  add("given twice", contradictory);
  return fmt::format("{}", fmt::join(parts, "; "));
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
    } else if (!io::is_floating(found->second->type)) {
      plan.mistyped.push_back(fmt::format("{} ({})", name, io::name(found->second->type)));
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
  const auto found = find_parameters(arrays, config);
  const auto& available = found.arrays;
  std::vector<ParameterShape> shapes;
  for (const auto& [name, tensor] : parameters) shapes.push_back({name, tensor.sizes().vec()});
  ImportPlan plan = plan_import(available, shapes, rules);
  plan.contradictory = contradictions(found);
  if (!plan.is_possible()) {
    throw IoError(fmt::format("{}: tensors must be those of the model, got {}; check that config.json belongs to the file", where,
                              plan.differences()));
  }
  const at::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : parameters) {
    const auto array = available.find(name);
    if (array != available.end() && !has_prefix(name, rules.start_anew)) tensor.copy_(tensor_view(*array->second));
  }
  return std::move(plan.report);
}

}  // namespace albert
