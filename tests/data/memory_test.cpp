// Resident memory while a store is built. A binary of its own: the peak must not be that of another test.
#include "toy.h"

#include <albert/data/corpus.h>
#include <albert/data/store_builder.h>

#include <gtest/gtest.h>
#include <malloc.h>
#include <temporary_folder.h>

#include <fstream>
#include <iostream>

namespace albert {
namespace {

using testing::config_of;
using testing::TemporaryFolder;
using testing::toy_vocabulary;

/// Anonymous resident memory in kB.
int64_t rss_anon_kb() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("RssAnon:")) return std::stoll(line.substr(8));
  }
  return 0;
}

void write_corpus(const std::filesystem::path& path, int64_t megabytes) {
  std::ofstream file(path, std::ios::binary);
  RandomStream random(1, "text");
  std::string document;
  for (int64_t written = 0; written < megabytes * 1'000'000; written += static_cast<int64_t>(document.size())) {
    document.clear();
    for (int s = 0; s < 200; ++s) {
      document += "The";
      for (uint64_t w = random.below(20) + 3; w > 0; --w) document += " word" + std::to_string(random.below(5000));
      document += s % 10 == 9 ? ".\n" : ". ";
    }
    document += "\n";
    file << document;
  }
}

/// The highest memory, over what there was before, while the corpus is tokenised.
int64_t peak_kb(const DataConfig& config, int64_t num_threads) {
  ::malloc_trim(0);
  const int64_t before = rss_anon_kb();
  int64_t peak = before;
  const StoreBuildOptions options{.num_threads = num_threads,
                                  .progress = [&](const StoreProgress&) { peak = std::max(peak, rss_anon_kb()); }};
  build_token_store(config, toy_vocabulary(), options);
  return peak - before;
}

DataConfig corpus_config(const TemporaryFolder& folder, int64_t megabytes) {
  const auto path = folder / (std::to_string(megabytes) + ".txt");
  write_corpus(path, megabytes);
  auto config = config_of(path, TextFormat::paragraphs);
  config.store = folder / (std::to_string(megabytes) + "-store");
  return config;
}

TEST(Memory, OfABuildDoesNotGrowWithTheText) {
  TemporaryFolder folder;
  // The smaller text is large enough to fill the queues and the writer's buffers.
  const auto small = corpus_config(folder, 12);
  const auto large = corpus_config(folder, 240);
  peak_kb(small, 2);  // the allocator's arenas and ICU's data are there afterwards
  const int64_t base = rss_anon_kb();
  // How full the queues get is up to the scheduler: a twentieth of the text has a twentieth of the chances to fill them.
  int64_t small_peak = 0;
  for (int i = 0; i < 5; ++i) small_peak = std::max(small_peak, base + peak_kb(small, 2));
  const int64_t large_peak = base + peak_kb(large, 2);
  EXPECT_LE(static_cast<double>(large_peak), 1.1 * static_cast<double>(small_peak)) << small_peak << " kB and " << large_peak << " kB";
  std::cout << "RssAnon for 12 MB and 240 MB of text: " << small_peak << " kB, " << large_peak << " kB\n";
}

TEST(Memory, OfOneEndlessLineIsBounded) {
  TemporaryFolder folder;
  for (const bool has_blanks : {true, false}) {
    {
      std::ofstream file(folder / "line.txt", std::ios::binary);
      const std::string part = has_blanks ? "some words in a line " : "wordswithoutanyblank!";
      for (size_t bytes = 0; bytes < 100'000'000; bytes += part.size()) file << part;
    }
    auto config = config_of(folder / "line.txt", TextFormat::paragraphs);
    config.store = folder / "store";
    EXPECT_LE(peak_kb(config, 2), 300'000);
  }
}

TEST(Memory, OfTenMillionEmptyLinesIsBounded) {
  TemporaryFolder folder;
  {
    std::ofstream file(folder / "empty.txt", std::ios::binary);
    const std::string part(100'000, '\n');
    for (int i = 0; i < 100; ++i) file << part;
    file << "One.\n";
  }
  const auto config = config_of(folder / "empty.txt");
  const int64_t before = rss_anon_kb();
  CorpusReader reader(config);
  Paragraph paragraph;
  ASSERT_TRUE(reader.next(paragraph));
  EXPECT_EQ(paragraph.text, "One.");
  EXPECT_FALSE(reader.next(paragraph));
  EXPECT_EQ(reader.statistics().lines, 10'000'001);
  EXPECT_LE(rss_anon_kb() - before, 10'000);
}

}  // namespace
}  // namespace albert
