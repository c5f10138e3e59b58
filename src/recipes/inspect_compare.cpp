#include "recipes/inspect_facts.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace albert::inspection {
namespace {

std::string joined(const std::string& parent, const std::string& key) { return parent.empty() ? key : parent + "." + key; }

/// Null where there is none.
Facts member(const Facts& value, const std::string& key) { return value.is_object() ? value.value(key, Facts()) : Facts(); }
Facts entry(const Facts& value, size_t index) { return index < value.size() ? value[index] : Facts(); }

bool has_members_or_none(const Facts& value) { return value.is_object() || value.is_null(); }

void add_differences(const std::string& key, const Facts& a, const Facts& b, Facts& list) {
  if (a == b) return;
  if (has_members_or_none(a) && has_members_or_none(b)) {
    for (const auto& [name, value] : a.items()) add_differences(joined(key, name), value, member(b, name), list);
    for (const auto& [name, value] : b.items()) {
      if (!a.contains(name)) add_differences(joined(key, name), Facts(), value, list);
    }
  } else if (a.is_array() && b.is_array()) {
    for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      add_differences(fmt::format("{}[{}]", key, i), entry(a, i), entry(b, i), list);
    }
  } else {
    list.push_back({{"key", key}, {"a", a}, {"b", b}});
  }
}

Facts without(Facts facts, std::initializer_list<const char*> keys) {
  for (const char* key : keys) facts.erase(key);
  return facts;
}

/// The facts that make a model what it is: not where it stands, how it was saved, nor what the comparison of its arrays tells
/// better.
Facts identity_of_model(Facts facts) {
  if (facts["tokenizer"].is_object()) facts["tokenizer"].erase("belongs_to_model");
  return without(std::move(facts),
                 {"kind", "path", "parameters", "tensors", "weights_bytes", "metadata", "checkpoint", "training"});
}

ArraysByParameter by_own_name(const io::NamedArrays& arrays) {
  ArraysByParameter parameters;
  for (const auto& [name, array] : arrays) parameters.emplace(name, &array);
  return parameters;
}

Facts difference_of(Facts facts, Facts arrays) {
  const bool has_same_arrays =
      arrays["different"] == 0 && arrays["only_in_a"].empty() && arrays["only_in_b"].empty() && arrays["misshapen"].empty();
  return {{"equal", facts.empty() && has_same_arrays}, {"facts", std::move(facts)}, {"tensors", std::move(arrays)}};
}

}  // namespace

Facts differing_facts(const Facts& a, const Facts& b) {
  Facts list = Facts::array();
  add_differences("", a, b, list);
  return list;
}

Facts compare_described(const Pair& pair) {
  auto facts = differing_facts(without(pair.facts_a, {"path"}), without(pair.facts_b, {"path"}));
  return {{"equal", facts.empty()}, {"facts", std::move(facts)}};
}

Facts compare_models(const Pair& pair) {
  const auto a = io::WeightFiles::of_folder(pair.a);
  const auto b = io::WeightFiles::of_folder(pair.b);
  return difference_of(differing_facts(identity_of_model(pair.facts_a), identity_of_model(pair.facts_b)),
                       compare_parameters(a, arrays_by_parameter(a.arrays(), read_model_config(pair.a).shape), b,
                                          arrays_by_parameter(b.arrays(), read_model_config(pair.b).shape)));
}

Facts compare_tensor_files(const Pair& pair) {
  const auto a = io::WeightFiles::of_file(pair.a);
  const auto b = io::WeightFiles::of_file(pair.b);
  const Facts facts_a{{"types", count_types(a.arrays())}, {"metadata", a.metadata()}};
  const Facts facts_b{{"types", count_types(b.arrays())}, {"metadata", b.metadata()}};
  return difference_of(differing_facts(facts_a, facts_b),
                       compare_parameters(a, by_own_name(a.arrays()), b, by_own_name(b.arrays())));
}

}  // namespace albert::inspection
