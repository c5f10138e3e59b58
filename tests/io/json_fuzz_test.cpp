// Random damage to JSON, and the costliest texts: the value that the stock parser gives, or an IoError, in little memory and time.
#include "damaged_safetensors.h"

#include <albert/base/error.h>
#include <albert/io/json_text.h>

#include <gtest/gtest.h>
#include "measured_cost.h"
#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

namespace albert::io {
namespace {

using Json = nlohmann::json;

/// Nothing where it is refused.
std::optional<Json> parsed(const std::string& text, const JsonLimits& limits = {}) {
  try {
    return parse_json(text, "x", limits);
  } catch (const IoError&) {
    return std::nullopt;
  }
}

/// 20,000 in the suite, a million with the label slow. Any exception but IoError, a crash or the sanitizer fails the test.
TEST(JsonFuzz, RandomDamageGivesTheStockParsersValueOrARefusal) {
  const uint64_t count = testing::num_fuzzed_files(20'000);
  testing::CostWatch watch;
  uint64_t accepted = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string text = testing::damaged_json(i);
    std::optional<Json> value;
    ASSERT_TRUE(watch.run(text.size(), [&] { value = parsed(text); })) << "text " << i;
    if (!value) continue;
    ++accepted;
    ASSERT_EQ(*value, Json::parse(text)) << "text " << i;
  }
  EXPECT_GT(accepted, count / 20) << "damage that is always seen at once tests little";
  EXPECT_LT(accepted, count / 2);
  std::printf("%lu texts, %lu accepted, at most %zu bytes and %.4f s for one\n", count, accepted, watch.most_bytes(), watch.longest_seconds());
}

/// `count` values that `make` gives, in an array or an object.
template <typename Make>
std::string text_of(char open, char close, size_t count, const Make& make) {
  std::string text(1, open);
  for (size_t i = 0; i < count; ++i) text += (i > 0 ? "," : "") + make(i);
  return text + close;
}

TEST(JsonFuzz, TheCostliestTextsStayWithinTheBounds) {
  const JsonLimits limits;
  const size_t all = limits.values - 1;  // beside the one around them
  const std::string number = std::string(140, '9') + "e-300";
  const std::string token(limits.token_bytes - 10, '\\');
  const size_t num_tokens = limits.size_bytes / limits.token_bytes - 1;
  const auto tokens = text_of('[', ']', num_tokens, [&](size_t) { return "\"" + token + "\""; });
  const std::vector<std::pair<std::string, bool>> texts{
      {text_of('[', ']', all, [](size_t) { return std::string("0"); }), true},
      {text_of('[', ']', all, [](size_t) { return std::string("{}"); }), true},
      {text_of('[', ']', all / 2, [](size_t) { return std::string("[[]]"); }), true},
      {text_of('{', '}', all, [](size_t i) { return fmt::format(R"("{:05x}":{{}})", i); }), true},
      {text_of('{', '}', all / 2, [](size_t i) { return fmt::format(R"("a key of 17 bytes {:05x}":[0])", i); }), true},
      {text_of('[', ']', all, [&](size_t) { return number; }), true},
      {tokens, true},
      {tokens + "\"" + token, false},
      {text_of('[', ']', limits.size_bytes / 2 - 2, [](size_t) { return std::string("0"); }), false},
      {std::string(limits.size_bytes, '['), false},
      {std::string(limits.size_bytes, ' '), false},
      {std::string(limits.size_bytes, '1'), false},
  };
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto& [text, is_accepted] = texts[i];
    testing::CostWatch watch;
    EXPECT_TRUE(watch.run(text.size(), [&] { EXPECT_EQ(parsed(text).has_value(), is_accepted); })) << "text " << i;
    std::printf("text %zu: %zu bytes take %zu bytes and %.2f s\n", i, text.size(), watch.most_bytes(), watch.longest_seconds());
  }
}

}  // namespace
}  // namespace albert::io
