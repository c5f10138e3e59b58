// Which options may change when a run is resumed: docs/training.md must say what the code does, for every option that there is.
#include <albert/base/duration.h>
#include <albert/base/file.h>
#include <albert/config/writer.h>
#include <albert/recipes/finetune_config.h>
#include <albert/recipes/pretrain_config.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace albert {
namespace {

/// Gives the option with one number, in the order of the field lists, another value; no rule is asked.
class ChangeOne {
 public:
  explicit ChangeOne(int64_t number) : left_(number) {}

  template <typename T>
  void operator()(const config::Field& /*field*/, T& value) {
    if constexpr (config::HasFields<T>) visit_fields(value, *this);
    else if (left_-- == 0) change(value);
  }
  [[nodiscard]] bool is_done() const { return left_ < 0; }

 private:
  static void change(bool& value) { value = !value; }
  static void change(int64_t& value) { ++value; }
  static void change(double& value) { value += 1; }
  static void change(std::string& value) { value += "x"; }
  static void change(std::filesystem::path& value) { value += "x"; }
  static void change(Duration& value) { value.amount += 1; }
  static void change(ByteSize& value) { ++value.bytes; }
  template <config::NamedEnum E>
  static void change(E& value) {
    const auto names = enum_names(config::EnumTag<E>{});
    value = names[0].first == value ? names[1].first : names[0].first;
  }
  template <typename T>
  static void change(std::optional<T>& value) {
    if (!value) value.emplace();
    else if constexpr (config::HasFields<T>) value.reset();
    else change(*value);
  }
  template <typename T>
  static void change(config::Auto<T>& value) {
    change(value.value);
  }
  template <typename T>
  static void change(std::vector<T>& value) {
    value.emplace_back();
  }

  int64_t left_;
};

struct ResumeRules {
  std::set<std::string> may_change;
  std::set<std::string> fixed;
};

template <typename Config>
ResumeRules rules_of(const Config& base) {
  ResumeRules rules;
  for (int64_t number = 0;; ++number) {
    Config changed = base;
    ChangeOne visitor(number);
    visit_fields(changed, visitor);
    if (!visitor.is_done()) return rules;
    const auto differences = config::diff_configs(base, changed);
    if (differences.empty()) {
      ADD_FAILURE() << "option " << number << " was not changed";
      return rules;
    }
    auto key = differences.front().key;
    key = key.substr(0, key.find('['));
    const bool is_compared = !config::diff_configs(identity_of(base), identity_of(changed)).empty();
    (is_compared ? rules.fixed : rules.may_change).insert(key);
  }
}

/// The names in code of the table row that begins with the program's.
std::vector<std::string> documented(const std::string& program) {
  const auto page = read_file(std::filesystem::path(ALBERT_SOURCE_DIR) / "docs/training.md");
  const auto begin = page.find("| `" + program + "` |");
  if (begin == std::string::npos) return {};
  const auto row = page.substr(begin, page.find('\n', begin) - begin);
  static const std::regex kCode("`([^`]+)`");
  std::vector<std::string> names;
  for (std::sregex_iterator match(row.begin(), row.end(), kCode), end; match != end; ++match) names.push_back((*match)[1]);
  names.erase(names.begin());
  return names;
}

/// "schedule.*" stands for all options below.
bool matches(const std::string& key, const std::string& name) {
  return name.ends_with(".*") ? key.starts_with(name.substr(0, name.size() - 1)) || key == name.substr(0, name.size() - 2) : key == name;
}

void expect_documented(const std::string& program, const ResumeRules& rules) {
  const auto names = documented(program);
  ASSERT_FALSE(names.empty()) << "docs/training.md has no row for " << program;
  const auto is_named = [&](const std::string& key) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return matches(key, name); });
  };
  for (const auto& key : rules.may_change) EXPECT_TRUE(is_named(key)) << key << " may change, which docs/training.md does not say";
  for (const auto& key : rules.fixed) EXPECT_FALSE(is_named(key)) << key << " may not change, though docs/training.md says so";
  for (const auto& name : names) {
    EXPECT_TRUE(std::any_of(rules.may_change.begin(), rules.may_change.end(), [&](const auto& key) { return matches(key, name); }))
        << name << " is no option";
  }
}

TEST(ResumeRules, ThePageSaysWhatMayChange) {
  PretrainConfig pretraining;
  pretraining.model.init_from = "m";
  pretraining.tokenizer.model = "s";
  expect_documented("albert-train", rules_of(pretraining));
  FinetuneConfig finetuning;
  expect_documented("albert-finetune", rules_of(finetuning));
}

}  // namespace
}  // namespace albert
