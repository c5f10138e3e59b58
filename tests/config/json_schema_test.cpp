#include <albert/base/duration.h>
#include <albert/config/json_schema.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <regex>

#include "prototype_reader.h"

namespace albert::prototype {
namespace {

using nlohmann::json;

json schema() {
  static const auto parsed = json::parse(config::json_schema<Prototype>("a title", "a description"));
  return parsed;
}

json property(const std::string& pointer) { return schema().at(json::json_pointer("/properties/" + pointer)); }

TEST(JsonSchema, DescribesEveryKindOfValue) {
  EXPECT_EQ(schema().at("title"), "a title");
  EXPECT_EQ(schema().at("additionalProperties"), false);
  EXPECT_EQ(property("training/properties/shuffle"),
            json::parse(R"({"description": "draw examples in a random order", "type": "boolean", "default": true})"));
  EXPECT_EQ(
      property("data/properties/max_length"),
      json::parse(R"({"description": "tokens of a sequence", "type": "integer", "minimum": 8, "maximum": 512, "default": 128})"));
  EXPECT_EQ(property("training/properties/seed/maximum"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(
      property("optimizer/properties/learning_rate"),
      json::parse(R"({"description": "peak of the schedule", "type": "number", "exclusiveMinimum": 0, "default": 1.76e-3})"));
  EXPECT_EQ(property("optimizer/properties/name"),
            json::parse(R"({"description": "algorithm", "enum": ["lamb", "adamw"], "default": "lamb"})"));
  EXPECT_EQ(property("model/properties/init_from"), json::parse(R"({"description": "folder of a model to start from",
            "type": ["string", "number", "boolean", "null"], "default": null})"));
  EXPECT_EQ(property("data/properties/languages"),
            json::parse(R"({"description": "of the text", "type": "array", "items": {"type": ["string", "number", "boolean"]},
            "default": ["en"]})"));
  EXPECT_EQ(property("training/properties/micro_batch/anyOf/1"), json::parse(R"({"const": "auto"})"));
  EXPECT_EQ(property("training/properties/micro_batch/anyOf/0/minimum"), 1);
  EXPECT_EQ(property("training/properties/early_stopping/type"), json::parse(R"(["object", "null"])"));
  EXPECT_EQ(property("data/properties/sample_bytes/default"), "200 MiB");
}

TEST(JsonSchema, DemandsWhatMustBeGivenUnlessAnIncludedFileMayGiveIt) {
  EXPECT_FALSE(schema().contains("required"));
  EXPECT_EQ(schema().at("if").at("required"), json::parse(R"(["include"])"));
  EXPECT_EQ(schema().at("else"), json::parse(R"({"type": "object", "required": ["output"]})"));
  EXPECT_EQ(property("output/minLength"), 1);
  EXPECT_EQ(property("data/properties/sources/items/required"), json::parse(R"(["path"])")) << "lists are complete";
  EXPECT_TRUE(property("include").contains("anyOf"));
}

struct Entry {
  std::string name;
  double weight = 1;
};
template <config::Self<Entry> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"name", "which", {}, config::Presence::required}, c.name);
  visit(config::Field{"weight", "how much", config::at_least(0)}, c.weight);
}
struct Inner {
  std::string from;
  std::optional<config::Auto<std::vector<Entry>>> entries;
};
template <config::Self<Inner> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"from", "start", {}, config::Presence::required}, c.from);
  visit(config::Field{"entries", "list or map"}, c.entries);
}
struct Outer {
  Inner inner;
  std::optional<Inner> maybe;
};
template <config::Self<Outer> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"inner", "section"}, c.inner);
  visit(config::Field{"maybe", "optional section"}, c.maybe);
}

TEST(JsonSchema, DemandsReachIntoSectionsAndListsOfPairsMayBeMaps) {
  const auto schema = json::parse(config::json_schema<Outer>("t", "d"));
  EXPECT_EQ(schema.at("else"), json::parse(R"({"type": "object", "required": ["inner"], "properties": {
              "inner": {"type": "object", "required": ["from"]}, "maybe": {"required": ["from"]}}})"));
  const auto entries = schema.at("/properties/inner/properties/entries"_json_pointer);
  ASSERT_EQ(entries.at("anyOf").size(), 4U);
  EXPECT_EQ(entries.at("/anyOf/0"_json_pointer),
            json::parse(R"({"type": "object", "additionalProperties": {"type": "number", "minimum": 0}})"));
  EXPECT_EQ(entries.at("/anyOf/1/items/required"_json_pointer), json::parse(R"(["name"])"));
  EXPECT_EQ(entries.at("/anyOf/2"_json_pointer), json::parse(R"({"const": "auto"})"));
  EXPECT_EQ(entries.at("/anyOf/3"_json_pointer), json::parse(R"({"type": "null"})"));
}

/// Whether the parser takes the text, and whether the pattern does.
template <typename Parse>
void expect_same(const Parse& parse, const std::regex& pattern, const std::string& text) {
  bool parsed = true;
  try {
    (void)parse(text);
  } catch (const ConfigError&) {
    parsed = false;
  }
  EXPECT_EQ(std::regex_search(text, pattern), parsed) << text;
}

TEST(JsonSchema, PatternsTakeTheQuantitiesThatTheReaderTakes) {
  const std::regex duration(property("training/properties/warmup/pattern").get<std::string>());
  const std::regex positive(property("training/properties/duration/pattern").get<std::string>());
  const std::regex size(property("data/properties/sample_bytes/pattern").get<std::string>());
  std::vector<std::string> texts;
  for (const char* number : {"1", "0", "0.0", "1.5", ".5", "5.", "1e3", "1E+3", "2.5e-3", "-1", "+1", "", ".", "e3", "1e", "0x1",
                             "1_0", "1,5", "inf"}) {
    for (const char* unit : {"step", "steps", "epoch", "epochs", "token", "tokens", "%",   "",   "hours", "Steps", "steps x", "B",
                             "kB",   "KB",    "KiB",   "MB",     "MiB",   "GB",     "GiB", "TB", "TiB",   "Mib",   "iB"}) {
      for (const char* blank : {"", " ", "\t", "  "}) texts.push_back(std::string(number) + blank + unit);
      texts.push_back(" " + std::string(number) + " " + unit + " ");
    }
  }
  for (const auto& text : texts) {
    expect_same(parse_duration, duration, text);
    expect_same(parse_byte_size, size, text);
    expect_same(
        [](const std::string& positive_text) {
          if (!(parse_duration(positive_text).amount > 0)) throw ConfigError("not positive");
        },
        positive, text);
  }
}

}  // namespace
}  // namespace albert::prototype
