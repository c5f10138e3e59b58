// Field lists: the one place that names the options of a component.
//
// A component owns a plain struct with its defaults in place and, beside it, one function that lists the fields. Reading,
// `--set`, checking, printing, docs/config.md and the JSON Schema are all driven by that list (docs/decisions/0002-field-lists.md):
//
//   struct MaskingConfig {
//     double probability = 0.15;
//     int64_t max_ngram = 3;
//     void validate(config::Issues& issues) const;      // optional: rules across fields
//   };
//   template <config::Self<MaskingConfig> C, typename Visitor>
//   void visit_fields(C& c, Visitor&& visit) {
//     visit(config::Field{"probability", "share of the pieces of a sequence that are predicted", config::range(0.0, 1.0)}, c.probability);
//     visit(config::Field{"max_ngram", "longest run of words that is masked together", config::at_least(1)}, c.max_ngram);
//   }
//
// Types of fields: bool, int64_t, double, std::string, std::filesystem::path, Duration, ByteSize, config::Auto<T> ("auto" or a value),
// std::optional<T> (null or a value), std::vector<T>, enums that have an `enum_names` (below), and structs with a visit_fields.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace albert::config {

/// `C` is `Config` or `const Config`: lets one visit_fields serve reading and printing.
template <typename C, typename Config>
concept Self = std::same_as<std::remove_const_t<C>, Config>;

/// Bounds of a number; an open bound excludes the value itself.
struct Range {
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool minimum_open = false;
  bool maximum_open = false;
};
constexpr Range range(double minimum, double maximum) { return {minimum, maximum}; }
constexpr Range at_least(double minimum) { return {.minimum = minimum}; }
constexpr Range more_than(double minimum) { return {.minimum = minimum, .minimum_open = true}; }
constexpr Range from_to_below(double minimum, double maximum) { return {.minimum = minimum, .maximum = maximum, .maximum_open = true}; }

constexpr Range at_most(double maximum) { return {.maximum = maximum}; }
constexpr Range above_to(double minimum, double maximum) { return {.minimum = minimum, .maximum = maximum, .minimum_open = true}; }

/// `required`: the option has no usable default and must be written (not null, not empty); reported as "must be given".
enum class Presence { optional, required };

/// Name, one-line help (effect, unit, source of the default) and bounds of one option. Bounds of a Duration are on its amount, of
/// a ByteSize on its bytes, of a list on each entry. A required option is written Field{"output", "...", {}, Presence::required}.
struct Field {
  std::string_view name;
  std::string_view help;
  Range range{};
  Presence presence = Presence::optional;
};

/// "auto" (the default) or a value that the user chose.
template <typename T>
struct Auto {
  std::optional<T> value;
  [[nodiscard]] bool is_auto() const { return !value.has_value(); }
  [[nodiscard]] T or_else(T chosen) const { return value.value_or(chosen); }
  bool operator==(const Auto&) const = default;
};

/// Names of an enum in YAML. Give one per enum, in the enum's namespace (found by argument-dependent lookup):
///   constexpr auto enum_names(config::EnumTag<SentenceOrder>) {
///     return config::names<SentenceOrder>({{{SentenceOrder::sop, "sop"}, {SentenceOrder::none, "none"}}});
///   }
template <typename E>
struct EnumTag {};
template <typename E, size_t N>
constexpr std::array<std::pair<E, std::string_view>, N> names(const std::pair<E, std::string_view> (&list)[N]) {
  std::array<std::pair<E, std::string_view>, N> result{};
  for (size_t i = 0; i < N; ++i) result[i] = list[i];
  return result;
}
template <typename E>
concept NamedEnum = std::is_enum_v<E> && requires { enum_names(EnumTag<E>{}); };

/// The YAML name of an enum value.
template <NamedEnum E>
constexpr std::string_view enum_name(E value) {
  for (const auto& [candidate, name] : enum_names(EnumTag<E>{})) {
    if (candidate == value) return name;
  }
  return "?";
}

/// Collects what is wrong with a configuration; nothing is thrown until all of it is known.
class Issues {
 public:
  struct Issue {
    std::string key;   ///< full path, for example "optimizer.layer_decay.rate"
    std::string text;  ///< "must be in [0, 1], got 2"
  };
  /// `key` is relative to the struct that is being checked; "" is the struct itself.
  void add(std::string_view key, std::string text);
  /// The checker enters "optimizer", then "layer_decay", ...
  void push(std::string_view name) { prefix_.emplace_back(name); }
  void pop() { prefix_.pop_back(); }
  [[nodiscard]] const std::vector<Issue>& all() const { return issues_; }
  [[nodiscard]] bool empty() const { return issues_.empty(); }

 private:
  std::vector<std::string> prefix_;
  std::vector<Issue> issues_;
};

template <typename T>
concept HasValidate = requires(const T& config, Issues& issues) { config.validate(issues); };

namespace detail {
struct ProbeVisitor {
  template <typename T>
  void operator()(const Field&, T&) const {}
};
}  // namespace detail
template <typename T>
concept HasFields = std::is_class_v<T> && requires(T& config) { visit_fields(config, detail::ProbeVisitor{}); };

}  // namespace albert::config
