#include "labelled_files.h"

#include <albert/data/table.h>

#include <gtest/gtest.h>
#include <malloc.h>
#include <temporary_folder.h>

#include <fstream>

namespace albert {
namespace {

/// Anonymous resident memory in kB.
int64_t rss_anon_kb() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("RssAnon:")) return std::stoll(line.substr(8));
  }
  return 0;
}

TEST(TableMemory, DoesNotGrowWithTheFile) {
  testing::TemporaryFolder folder;
  constexpr int64_t kRows = 400'000;
  {
    std::ofstream file(folder / "a.csv", std::ios::binary);
    file << "text,label\n";
    const std::string text = "\"a text of some length, " + std::string(100, 'x') + "\",";
    for (int64_t i = 0; i < kRows; ++i) file << text << i % 2 << '\n';
  }
  ::malloc_trim(0);
  const int64_t before = rss_anon_kb();
  TableReader table(testing::file_of(folder / "a.csv"), {{"text"}, {"label"}});
  TableRow row;
  int64_t peak = 0;
  while (table.next(row)) {
    if (row.index % 10'000 == 0) peak = std::max(peak, rss_anon_kb());
  }
  EXPECT_EQ(table.num_rows(), kRows);
  EXPECT_LT(peak - before, 4'000);  // of a file of 50,000 kB
}

}  // namespace
}  // namespace albert
