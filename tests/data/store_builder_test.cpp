#include "toy.h"

#include <albert/base/error.h>
#include <albert/data/store_builder.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

#include <atomic>
#include <chrono>

namespace albert {
namespace {

using testing::config_of;
using testing::TemporaryFolder;
using testing::toy_vocabulary;
using testing::write_text;
using ::testing::HasSubstr;

std::string sample_text(int documents) {
  std::string text;
  RandomStream random(1, "text");
  for (int d = 0; d < documents; ++d) {
    for (int s = 0; s < 20; ++s) {
      text += "The";
      for (uint64_t w = random.between(3, 12) > 0 ? random.below(10) + 3 : 0; w > 0; --w) text += " word" + std::to_string(random.below(5000));
      text += ". ";
    }
    text += "\n\n";
  }
  return text;
}

std::string error_of(const DataConfig& config, const Vocabulary& vocabulary) {
  try {
    open_or_build_token_store(config, vocabulary, {});
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

struct StoreBuilder : ::testing::Test {
  TemporaryFolder folder;
  DataConfig config;
  void SetUp() override {
    config = config_of(write_text(folder / "a.txt", sample_text(300)), TextFormat::paragraphs);
    config.store = folder / "store";
  }
  std::string store_bytes() const { return read_file(token_store_file(config.store)); }
};

TEST_F(StoreBuilder, WritesTheSameBytesForAnyNumberOfThreads) {
  std::string first;
  for (const int64_t threads : {1, 2, 4}) {
    std::filesystem::remove_all(config.store);
    build_token_store(config, toy_vocabulary(), {.num_threads = threads});
    if (first.empty()) first = store_bytes();
    EXPECT_EQ(store_bytes(), first) << threads;
  }
  const TokenStore store = TokenStore::open(token_store_file(config.store));
  EXPECT_EQ(store.num_documents(), 300);
  EXPECT_EQ(store.num_sentences(), 300 * 20);
}

TEST_F(StoreBuilder, ReusesAStoreOfTheSameText) {
  StoreReport report;
  open_or_build_token_store(config, toy_vocabulary(), {}, &report);
  EXPECT_TRUE(report.was_built);
  // Another time of change, the same bytes.
  std::filesystem::last_write_time(folder / "a.txt", std::filesystem::last_write_time(folder / "a.txt") + std::chrono::hours(1));
  open_or_build_token_store(config, toy_vocabulary(), {}, &report);
  EXPECT_FALSE(report.was_built);
  config.sources.clear();
  EXPECT_EQ(open_or_build_token_store(config, toy_vocabulary(), {}).num_documents(), 300);
}

TEST_F(StoreBuilder, RefusesAStoreOfAnotherTokenizer) {
  open_or_build_token_store(config, toy_vocabulary(1000), {});
  EXPECT_EQ(error_of(config, toy_vocabulary(2000)),
            config.store.string() + ": expected a store of tokenizer toy-2000 (2000 pieces), got one of tokenizer toy-1000 (1000 pieces); "
                                    "set data.store to another folder, or delete this one where no run needs it");
}

TEST_F(StoreBuilder, RefusesAStoreOfOtherTextAndSaysWhatChanged) {
  open_or_build_token_store(config, toy_vocabulary(), {});
  const std::string before = store_bytes();
  const auto expect = [&](const DataConfig& changed, const std::string& what) {
    EXPECT_EQ(error_of(changed, toy_vocabulary()),
              config.store.string() + ": expected a store of the configured text, got one of other text: " + what +
                  "; put the text back or give another output; a store that no run needs may be deleted");
  };
  auto other = config;
  other.sources[0].document_boundary = "file";
  expect(other, "data.sources[0].document_boundary=file, was blank_line");
  other = config;
  other.language = "de";
  expect(other, "data.language=de, was en");
  const std::string text = read_file(folder / "a.txt");
  std::string edited = text;
  edited[100] = edited[100] == 'x' ? 'y' : 'x';
  write_text(folder / "a.txt", edited);
  expect(config, "a.txt has changed (the same size, other bytes)");
  write_text(folder / "a.txt", "short. Text.");
  expect(config, fmt::format("a.txt has changed (12 bytes, were {})", text.size()));
  write_text(folder / "b.txt", "new");
  config.sources[0].path = (folder / "*.txt").string();
  write_text(folder / "a.txt", text);
  expect(config, "b.txt is new");
  EXPECT_EQ(store_bytes(), before);
}

TEST_F(StoreBuilder, RefusesSourcesWithoutText) {
  write_text(folder / "a.txt", "");
  EXPECT_EQ(error_of(config, toy_vocabulary()), "data.sources[0]: expected text, got none in its files; check path and format");
  write_text(folder / "a.txt", "\n \n\xE3\x80\x80\n");
  EXPECT_EQ(error_of(config, toy_vocabulary()), "data.sources[0]: expected text, got none in its files; check path and format");
  config.sources.clear();
  EXPECT_EQ(error_of(config, toy_vocabulary()),
            "data.sources: expected at least one source, got none, and there is no store at " + config.store.string());
  EXPECT_FALSE(std::filesystem::exists(token_store_file(config.store)));
}

TEST_F(StoreBuilder, LeavesNothingBehindWhenItFails) {
  write_text(folder / "a.txt", sample_text(400) + "broken \xFF\n");
  EXPECT_THAT(error_of(config, toy_vocabulary()), HasSubstr("a.txt:801:8: expected UTF-8, got byte 0xff"));
  EXPECT_TRUE(std::filesystem::is_empty(config.store));
  write_text(folder / "a.txt", sample_text(400));
  int calls = 0;
  const StoreBuildOptions options{.num_threads = 2, .progress = [&](const StoreProgress&) {
                                    if (++calls == 2) throw std::runtime_error("stop");
                                  }};
  EXPECT_THROW(open_or_build_token_store(config, toy_vocabulary(), options), std::runtime_error);
  EXPECT_TRUE(std::filesystem::is_empty(config.store));
}

TEST_F(StoreBuilder, PassesOnAnErrorOfTheTokenizer) {
  auto vocabulary = toy_vocabulary();
  vocabulary.encode = [](std::string_view) -> std::vector<int32_t> { throw DataError("no such piece"); };
  EXPECT_EQ(error_of(config, vocabulary), "no such piece");
}

TEST_F(StoreBuilder, RemovesWhatAKilledProcessLeft) {
  std::filesystem::create_directories(config.store);
  write_text(config.store / "tokens.store.tmp-999999999-sentences", "x");
  open_or_build_token_store(config, toy_vocabulary(), {});
  EXPECT_FALSE(std::filesystem::exists(config.store / "tokens.store.tmp-999999999-sentences"));
}

TEST_F(StoreBuilder, HandsLongSentencesToTheTokenizerInParts) {
  std::string text;
  while (text.size() < 200000) text += "word ";
  write_text(folder / "a.txt", text);
  config.sources[0].format = TextFormat::sentences;
  auto vocabulary = toy_vocabulary();
  std::atomic<size_t> longest = 0;
  vocabulary.encode = [&, encode = vocabulary.encode](std::string_view part) {
    longest = std::max(longest.load(), part.size());
    return encode(part);
  };
  const TokenStore store = open_or_build_token_store(config, vocabulary, {});
  EXPECT_EQ(store.num_tokens(), static_cast<int64_t>(text.size()) / 5);
  EXPECT_EQ(store.num_sentences(), 1);
  EXPECT_LE(longest, size_t{65536});
}

}  // namespace
}  // namespace albert
