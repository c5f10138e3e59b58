#include "recipes/inspect_facts.h"

#include <albert/base/error.h>
#include <albert/model/array_view.h>

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

namespace albert::inspection {
namespace {

/// Elements that are compared at once.
constexpr size_t kChunk = size_t{1} << 18U;

/// Prefix of a parameter's name to the key of its part, in the order of printing; the first that fits.
constexpr std::array<std::pair<std::string_view, const char*>, 12> kParts{{
    {"albert.embeddings.", "embeddings"},
    {"albert.encoder.embedding_hidden_mapping_in.", "embedding_mapping"},
    {"albert.encoder.", "shared_layers"},
    {"albert.pooler.", "pooler"},
    {"predictions.", "masked_lm_head"},
    {"sop_classifier.", "sentence_order_head"},
    {"classifier.", "task_head"},
    {"qa_outputs.", "task_head"},
    {"start_logits.", "task_head"},
    {"end_logits.", "task_head"},
    {"answer_class.", "task_head"},
    {"", "other"},
}};

int64_t num_elements(const io::ArrayView& array) { return static_cast<int64_t>(array.bytes.size() * 8 / io::size_bits(array.type)); }

/// What differs in the content of one array.
struct Deviation {
  bool is_different = false;
  bool is_finite = true;
  double largest = 0;
};

/// Whether elements can be compared as doubles: not packed ones, not complex ones.
bool has_numbers(io::DType type) { return io::size_bits(type) >= 8 && type != io::DType::c64; }

io::ArrayView part_of(const io::ArrayView& array, size_t first, size_t count) {
  const size_t bits = io::size_bits(array.type);  // kChunk elements of any type are whole bytes
  return {array.type, {static_cast<int64_t>(count)}, array.bytes.subspan(first * bits / 8, count * bits / 8)};
}

void compare_part(const io::ArrayView& a, const io::ArrayView& b, Deviation& found) {
  const bool has_same_type = a.type == b.type;
  if (has_same_type && std::ranges::equal(a.bytes, b.bytes)) return;
  if (!has_numbers(a.type) || !has_numbers(b.type)) {
    found.is_different = true;
    found.is_finite = false;
    return;
  }
  const auto left = tensor_view(a).to(at::kDouble);
  const auto right = tensor_view(b).to(at::kDouble);
  // Equal infinities differ by nothing.
  const auto difference = at::where(left == right, at::zeros_like(left), (left - right).abs());
  const double largest = difference.max().item<double>();
  if (!has_same_type && largest == 0) return;
  found.is_different = true;
  if (!std::isfinite(largest)) found.is_finite = false;
  else found.largest = std::max(found.largest, largest);
}

Deviation compare_arrays(const io::WeightFiles& a, const io::ArrayView& in_a, const io::WeightFiles& b, const io::ArrayView& in_b) {
  Deviation found;
  const auto count = static_cast<size_t>(num_elements(in_a));
  for (size_t first = 0; first < count; first += kChunk) {
    const auto part_a = part_of(in_a, first, std::min(kChunk, count - first));
    const auto part_b = part_of(in_b, first, std::min(kChunk, count - first));
    compare_part(part_a, part_b, found);
    a.forget(part_a.bytes);
    b.forget(part_b.bytes);
  }
  return found;
}

Facts names_only_in(const ArraysByParameter& these, const ArraysByParameter& others) {
  Facts names = Facts::array();
  for (const auto& [name, array] : these) {
    if (!others.contains(name)) names.push_back(name);
  }
  return names;
}

}  // namespace

Facts count_parameters(const ArraysByParameter& parameters) {
  std::map<std::string_view, int64_t> counts;
  int64_t total = 0;
  for (const auto& [name, array] : parameters) {
    const auto part = std::ranges::find_if(kParts, [&text = name](const auto& row) { return text.starts_with(row.first); });
    counts[part->second] += num_elements(*array);
    total += num_elements(*array);
  }
  Facts facts{{"total", total}};
  for (const auto& [prefix, part] : kParts) {
    if (counts.contains(part)) facts[part] = counts[part];
  }
  return facts;
}

Facts count_types(const io::NamedArrays& arrays) {
  std::map<std::string, int64_t> counts;
  for (const auto& [name, array] : arrays) ++counts[std::string(io::name(array.type))];
  return counts;
}

Facts compare_parameters(const io::WeightFiles& a, const ArraysByParameter& in_a, const io::WeightFiles& b, const ArraysByParameter& in_b) {
  Facts misshapen = Facts::array();
  Facts different = Facts::array();
  int64_t compared = 0;
  Deviation all;
  for (const auto& [name, array] : in_a) {
    const auto found = in_b.find(name);
    if (found == in_b.end()) continue;
    if (array->shape != found->second->shape) {
      misshapen.push_back({{"key", name}, {"a", array->shape}, {"b", found->second->shape}});
      continue;
    }
    ++compared;
    const auto deviation = compare_arrays(a, *array, b, *found->second);
    if (!deviation.is_different) continue;
    const auto largest = deviation.is_finite ? Facts(deviation.largest) : Facts();
    different.push_back({{"name", name}, {"largest_difference", largest}});
    all.largest = std::max(all.largest, deviation.largest);
    all.is_finite = all.is_finite && deviation.is_finite;
  }
  return {{"compared", compared},
          {"different", different.size()},
          {"largest_difference", all.is_finite ? Facts(all.largest) : Facts()},
          {"only_in_a", names_only_in(in_a, in_b)},
          {"only_in_b", names_only_in(in_b, in_a)},
          {"misshapen", std::move(misshapen)},
          {"differing", std::move(different)}};
}

}  // namespace albert::inspection
