// Sentences and examples of real books (skipped where they are not there).
#include "toy.h"

#include <albert/data/corpus.h>
#include <albert/data/pretraining_dataset.h>
#include <albert/data/sentences.h>
#include <albert/data/store_builder.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <cstdlib>

namespace albert {
namespace {

using testing::config_of;
using testing::TemporaryFolder;
using testing::toy_vocabulary;

std::filesystem::path books() {
  const char* shared = std::getenv("ALBERT_SHARED_DATA");
  const std::filesystem::path root = shared != nullptr ? shared : ALBERT_SOURCE_DIR "/../shared/data";
  return root / "pretrain" / "gutenberg";
}

struct RealText : ::testing::Test {
  TemporaryFolder folder;
  DataConfig config;
  void SetUp() override {
    if (!std::filesystem::exists(books())) GTEST_SKIP() << "no books";
    config = config_of(books() / "pride_and_prejudice.txt", TextFormat::wrapped, "file");
    config.store = folder / "store";
  }
};

TEST_F(RealText, GivesPlausibleSentences) {
  SentenceSplitter splitter("en");
  CorpusReader reader(config);
  Paragraph paragraph;
  std::vector<std::string_view> sentences;
  int64_t count = 0;
  int64_t bytes = 0;
  int64_t capital_or_quote = 0;
  int64_t titles = 0;
  while (reader.next(paragraph)) {
    splitter.split(paragraph.text, sentences);
    for (const std::string_view sentence : sentences) {
      ++count;
      bytes += static_cast<int64_t>(sentence.size());
      const auto first = static_cast<unsigned char>(sentence.front());
      if ((first >= 'A' && first <= 'Z') || first >= 0x80 || first == '"' || first == '\'') ++capital_or_quote;
      EXPECT_EQ(sentence.find('\n'), std::string_view::npos);
      for (const char* title : {"Mr.", "Mrs.", "Dr.", "St."}) titles += sentence.ends_with(title) ? 1 : 0;
    }
  }
  EXPECT_EQ(titles, 0);  // the book has some 1,100 of them
  EXPECT_GT(count, 5000);
  EXPECT_LT(count, 9000);
  EXPECT_GT(bytes / count, 70);
  EXPECT_LT(bytes / count, 140);
  EXPECT_GT(static_cast<double>(capital_or_quote), 0.93 * static_cast<double>(count));
}

TEST_F(RealText, GivesExamplesWithTheMaskedShareOfTheRecipe) {
  config.max_length = 128;
  config.validation_fraction = 0.05;
  const auto store = std::make_shared<const TokenStore>(open_or_build_token_store(config, toy_vocabulary(), {.num_threads = 2}));
  const auto data = make_pretraining_data(store, toy_vocabulary(), config, {}, 1);
  EXPECT_EQ(data.rule, SplitRule::by_block);
  int64_t pieces = 0;
  int64_t masked = 0;
  for (int64_t i = 0; i < data.train.examples_per_epoch(0); ++i) {
    const auto example = data.train.example(0, i);
    pieces += static_cast<int64_t>(example.ids.size());
    masked += static_cast<int64_t>(example.masked.positions.size());
  }
  EXPECT_NEAR(static_cast<double>(masked) / static_cast<double>(pieces), 0.15, 0.005);
  EXPECT_GT(data.validation->examples_per_epoch(0), 20);
}

}  // namespace
}  // namespace albert
