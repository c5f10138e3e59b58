#include <albert/base/error.h>
#include <albert/config/yaml_reader.h>
#include <albert/data/data_config.h>
#include <albert/data/pretraining_dataset.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

template <typename T>
std::string error_of(const std::string& text) {
  try {
    (void)config::parse_config<T>(text, "c.yaml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(DataConfig, IsReadFromYaml) {
  const auto config = config::parse_config<DataConfig>(
      "sources:\n"
      "  - {path: \"text/*.txt\", format: wrapped, document_boundary: \"heading_regex: ^CHAPTER\", weight: 2.5}\n"
      "  - {path: a.jsonl, format: jsonl, text_key: body}\n"
      "store: s\nmax_length: 128\nvalidation_fraction: 0.1\ninvalid_utf8: skip\nlanguage: de\nthreads: 3\n",
      "c.yaml");
  ASSERT_EQ(config.sources.size(), 2U);
  EXPECT_EQ(config.sources[0].format, TextFormat::wrapped);
  EXPECT_EQ(config.sources[0].document_boundary, "heading_regex: ^CHAPTER");
  EXPECT_EQ(config.sources[0].weight, 2.5);
  EXPECT_EQ(config.sources[1].text_key, "body");
  EXPECT_EQ(config.invalid_utf8, InvalidUtf8::skip);
  EXPECT_EQ(config.num_threads(), 3);
  EXPECT_GE(DataConfig().num_threads(), 1);
}

TEST(DataConfig, RefusesWhatMakesNoSense) {
  EXPECT_THAT(error_of<DataConfig>("store: s\nsources: [{path: a, document_boundary: lines}]"),
              ::testing::HasSubstr("document_boundary: must be blank_line, file or \"heading_regex: REGEX\", got lines"));
  EXPECT_THAT(error_of<DataConfig>("store: s\nsources: [{path: a, document_boundary: 'heading_regex: ('}]"),
              ::testing::HasSubstr("document_boundary: must hold a regular expression, got ( (U_REGEX_MISMATCHED_PAREN)"));
  EXPECT_THAT(error_of<DataConfig>("store: s\nsources: [{path: a, format: jsonl, document_boundary: file}]"),
              ::testing::HasSubstr("document_boundary: has no meaning for format jsonl, where each line is a document; remove it"));
  EXPECT_THAT(error_of<DataConfig>("store: s\nsources: [{path: ''}]"), ::testing::HasSubstr("path: must be given, got an empty text"));
  EXPECT_THAT(error_of<DataConfig>("language: klingon"), ::testing::HasSubstr("language: must be a language such as en, or root, got 'klingon'"));
  EXPECT_THAT(error_of<DataConfig>("store: s\nmax_length: 4"), ::testing::HasSubstr("max_length: must be in [8, 65536], got 4"));
  EXPECT_THAT(error_of<DataConfig>("store: s\nvalidation_fraction: 1"), ::testing::HasSubstr("validation_fraction: must be"));
  EXPECT_THAT(error_of<DataConfig>("store: s\nsources: [{path: a, weight: 0}]"), ::testing::HasSubstr("weight: must be"));
}

TEST(ObjectiveConfig, RefusesSharesThatDoNotAddUp) {
  EXPECT_THAT(error_of<ObjectiveConfig>("masking: {keep: 0.3}"),
              ::testing::HasSubstr("masking: replace, keep and random must add up to 1, got 1.2"));
  EXPECT_EQ(config::parse_config<ObjectiveConfig>("masking: {max_predictions: 20}", "c.yaml").masking.max_predictions, 20);
  EXPECT_EQ(error_of<ObjectiveConfig>("sentence_order: nsp"), "no error");
}

}  // namespace
}  // namespace albert
