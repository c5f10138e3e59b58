#include "convert/google_config.h"

#include <albert/base/error.h>
#include <albert/io/json_text.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace albert {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostConfigBytes = size_t{1} << 20U;

/// Written by Google's scripts and read by none of its code.
constexpr std::array<std::string_view, 5> kDeadKeys{"net_structure_type", "gap_size", "num_memory_blocks", "down_scale_factor",
                                                    "layers_to_keep"};
constexpr std::array<std::pair<std::string_view, int64_t AlbertConfig::*>, 10> kSizes{{
    {"vocab_size", &AlbertConfig::vocab_size},
    {"embedding_size", &AlbertConfig::embedding_size},
    {"hidden_size", &AlbertConfig::hidden_size},
    {"num_hidden_layers", &AlbertConfig::num_hidden_layers},
    {"num_hidden_groups", &AlbertConfig::num_hidden_groups},
    {"inner_group_num", &AlbertConfig::inner_group_num},
    {"num_attention_heads", &AlbertConfig::num_attention_heads},
    {"intermediate_size", &AlbertConfig::intermediate_size},
    {"max_position_embeddings", &AlbertConfig::max_position_embeddings},
    {"type_vocab_size", &AlbertConfig::type_vocab_size},
}};
constexpr std::array<std::pair<std::string_view, double AlbertConfig::*>, 3> kNumbers{{
    {"hidden_dropout_prob", &AlbertConfig::hidden_dropout_prob},
    {"attention_probs_dropout_prob", &AlbertConfig::attention_probs_dropout_prob},
    {"initializer_range", &AlbertConfig::initializer_range},
}};
constexpr std::string_view kActivation = "hidden_act";

AlbertConfig google_defaults() {
  AlbertConfig shape;
  shape.hidden_size = 4096;
  shape.num_attention_heads = 64;
  shape.intermediate_size = 16384;
  return shape;
}

/// Where the key is in a table: its member; nothing else.
template <typename Table>
auto member_of(const Table& table, std::string_view key) -> decltype(table.front().second) {
  const auto* found = std::ranges::find(table, key, [](const auto& row) { return row.first; });
  return found == table.end() ? nullptr : found->second;
}

class Reader {
 public:
  explicit Reader(const std::string& where) : where_(where) {}

  GoogleConfig run(const Json& json) {
    if (!json.is_object()) throw IoError(fmt::format("{}: wanted a JSON object, got {}", where_, json.type_name()));
    config_.shape = google_defaults();
    if (!json.contains("vocab_size")) fail("vocab_size", "wanted an integer, got none");
    for (const auto& [key, value] : json.items()) read(key, value);
    config::Issues issues;
    config_.shape.validate(issues);
    if (!issues.empty()) fail(issues.all().front().key, issues.all().front().text);
    return std::move(config_);
  }

 private:
  void read(const std::string& key, const Json& value) {
    if (const auto size = member_of(kSizes, key)) {
      if (!value.is_number_integer()) fail(key, "wanted an integer, got " + shown(value));
      if (!io::fits_int64(value)) fail(key, "wanted an integer below 2^63, got " + value.dump());
      config_.shape.*size = value.get<int64_t>();
    } else if (const auto number = member_of(kNumbers, key)) {
      if (!value.is_number()) fail(key, "wanted a number, got " + shown(value));
      config_.shape.*number = value.get<double>();
    } else if (key == kActivation) {
      config_.shape.hidden_act = activation(value);
    } else if (std::ranges::find(kDeadKeys, key) == kDeadKeys.end()) {
      config_.unknown_keys.push_back(key);
    }
  }

  [[nodiscard]] Activation activation(const Json& value) const {
    if (value == "gelu") return Activation::gelu_new;
    if (value == "relu") return Activation::relu;
    fail(kActivation, "wanted gelu or relu, got " + shown(value));
  }

  static std::string shown(const Json& value) {
    return value.is_string() ? io::quoted_text(value.get<std::string>()) : value.type_name();
  }

  [[noreturn]] void fail(std::string_view key, const std::string& text) const {
    throw IoError(fmt::format("{}: {}: {}", where_, key, text));
  }

  const std::string& where_;
  GoogleConfig config_;
};

}  // namespace

GoogleConfig read_google_config(std::string_view text, const std::string& where) {
  return Reader(where).run(io::parse_json(text, where, {.size_bytes = kMostConfigBytes}));
}

}  // namespace albert
