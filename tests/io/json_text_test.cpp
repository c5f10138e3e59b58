#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/json_text.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace albert::io {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

/// The error text of parsing, or "" where it is accepted.
std::string error_of(std::string_view text, const JsonLimits& limits = {}) {
  try {
    (void)parse_json(text, "config.json", limits);
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

TEST(JsonText, ReadsAnOrdinaryConfiguration) {
  const auto json = parse_json(R"({"hidden_size": 768, "nested": {"list": [1, 2.5, null, true, "\u00e9"]}})", "config.json");
  EXPECT_EQ(json.at("hidden_size").get<int64_t>(), 768);
  EXPECT_EQ(json.at("nested").at("list").size(), 5U);
  EXPECT_EQ(json.at("nested").at("list")[4], "\xc3\xa9");
}

TEST(JsonText, NamesLineAndColumnOfASyntaxError) {
  EXPECT_THAT(error_of("{\n  \"a\": 1,\n  \"b\" 2\n}"), AllOf(HasSubstr("config.json:3:7: wanted JSON, got syntax error")));
  EXPECT_THAT(error_of(""), HasSubstr("config.json:1:1: wanted JSON"));
  EXPECT_THAT(error_of("{} x"), HasSubstr("config.json:1:4: wanted JSON"));
  EXPECT_THAT(error_of("{\"a\": 1} // comment"), HasSubstr("wanted JSON"));
}

TEST(JsonText, AnErrorIsOneLineOfAscii) {
  const std::string error = error_of("{\"a\n\xff\": 1}");
  EXPECT_THAT(error, HasSubstr("config.json:1:4: wanted JSON"));
  for (const char c : error) EXPECT_TRUE(c >= ' ' && c <= '~') << error;
}

TEST(JsonText, RefusesAKeyThatStandsTwice) {
  EXPECT_EQ(error_of(R"({"a": 1, "b": {"a": 2}, "c": [{"a": 1}, {"a": 1}]})"), "");
  EXPECT_EQ(error_of(R"({"a": 1, "b": {"x": 0, "x": 1}})"), "config.json: wanted each key once in an object, got \"x\" twice");
  EXPECT_THAT(error_of(R"({"a": 1, "\u0061": 1})"), HasSubstr("got \"a\" twice"));
}

TEST(JsonText, RefusesWhatIsTooDeepTooLongOrTooMuch) {
  EXPECT_EQ(error_of("[[[1]]]", {.depth = 3}), "");
  EXPECT_EQ(error_of("[[[[1]]]]", {.depth = 3}), "config.json: wanted JSON nested at most 3 deep, got more");
  EXPECT_THAT(error_of(std::string(100'000, '[')), HasSubstr("nested at most 64 deep"));
  EXPECT_EQ(error_of("[1, 2, 3]", {.values = 4}), "");
  EXPECT_EQ(error_of("[1, 2, 3]", {.values = 3}), "config.json: wanted JSON of at most 3 values, got more");
  EXPECT_EQ(error_of("[1, 2, 3]", {.size_bytes = 8}), "config.json: wanted at most 8 bytes of JSON, got 9");
}

TEST(JsonText, RefusesLongTokensAtTheirPlace) {
  EXPECT_EQ(error_of(R"({"abc": "\\\"", "de": [12345, -1e10]})", {.token_bytes = 5}), "");
  EXPECT_EQ(error_of("[1,\n \"abcdef\"]", {.token_bytes = 5}),
            "config.json:2:3: wanted strings and numbers of at most 5 bytes, got a longer one");
  EXPECT_EQ(error_of("[1234567]", {.token_bytes = 5}), "config.json:1:2: wanted strings and numbers of at most 5 bytes, got a longer one");
  EXPECT_EQ(error_of(R"({"\u0061b": 1})", {.token_bytes = 5}),
            "config.json:1:3: wanted strings and numbers of at most 5 bytes, got a longer one");
  EXPECT_EQ(error_of("\"" + std::string((64 << 10U) + 1, 'x') + "\""),
            "config.json:1:2: wanted strings and numbers of at most 65536 bytes, got a longer one");
}

TEST(JsonText, RefusesNulInvalidUtf8AndNumbersOutOfRange) {
  EXPECT_EQ(error_of(std::string("{}\0{", 4)), "config.json:1:3: wanted JSON, got a NUL byte");
  EXPECT_THAT(error_of("\"\xc3\""), HasSubstr("wanted JSON"));
  EXPECT_THAT(error_of("\"\\ud800\""), HasSubstr("wanted JSON"));
  EXPECT_EQ(error_of("[1e999]"), "config.json:1:6: wanted JSON, got number overflow parsing '1e999'");
  EXPECT_THAT(error_of("[NaN]"), HasSubstr("wanted JSON"));
}

TEST(JsonText, ReadsAFileWithinItsLimit) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.json", "{\"a\": 1}");
  EXPECT_EQ(read_json(folder / "a.json").at("a"), 1);
  EXPECT_THAT([&] { (void)read_json(folder / "a.json", {.size_bytes = 7}); },
              ThrowsMessage<IoError>(HasSubstr("a.json: larger than 7 bytes")));
}

TEST(JsonText, QuotedTextIsShortAsciiOnOneLine) {
  EXPECT_EQ(quoted_text("a\n\"b\""), R"("a\n\"b\"")");
  EXPECT_EQ(quoted_text("\xff"), R"("\ufffd")");
  EXPECT_EQ(quoted_text(std::string(500, 'x')).size(), 125U);
}

}  // namespace
}  // namespace albert::io
