#include <albert/base/error.h>
#include <albert/tasks/sliding_windows.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

namespace albert {
namespace {

/// squad_utils.py, _check_is_max_context: every window is asked.
size_t best_window(const std::vector<PieceWindow>& windows, int64_t piece) {
  std::optional<double> best;
  size_t number = 0;
  for (size_t i = 0; i < windows.size(); ++i) {
    const int64_t end = windows[i].begin + windows[i].length - 1;
    if (piece < windows[i].begin || piece > end) continue;
    const double score =
        static_cast<double>(std::min(piece - windows[i].begin, end - piece)) + 0.01 * static_cast<double>(windows[i].length);
    if (best && score <= *best) continue;
    best = score;
    number = i;
  }
  return number;
}

TEST(SlidingWindows, OfADocumentThatFitsAreOne) {
  EXPECT_THAT(sliding_windows(7, 7, 3), ::testing::ElementsAre(PieceWindow{0, 7, 0, 7}));
  EXPECT_THAT(sliding_windows(0, 7, 3), ::testing::ElementsAre(PieceWindow{0, 0, 0, 0}));
}

TEST(SlidingWindows, EndWithTheFirstThatReachesTheEnd) {
  const auto windows = sliding_windows(10, 5, 3);
  ASSERT_EQ(windows.size(), 3U);
  EXPECT_EQ(windows[1].begin, 3);
  EXPECT_EQ(windows[2].begin, 6);
  EXPECT_EQ(windows[2].length, 4);
}

TEST(SlidingWindows, NeverLeaveAGapWhereTheyAdvanceFurtherThanTheyAreLong) {
  const auto windows = sliding_windows(10, 4, 100);
  ASSERT_EQ(windows.size(), 3U);
  EXPECT_EQ(windows[1].begin, 4);
  EXPECT_EQ(windows[2].begin, 8);
}

TEST(SlidingWindows, GiveEachPieceToTheWindowThatGooglesRuleGivesIt) {
  int64_t checked = 0;
  for (int64_t length : {1, 2, 3, 5, 8, 13, 120, 250}) {
    for (int64_t advance : {1, 2, 3, 7, 64, 128}) {
      for (int64_t pieces : {0, 1, 2, 5, 13, 40, 101, 333, 560}) {
        const auto windows = sliding_windows(pieces, length, advance);
        for (int64_t piece = 0; piece < pieces; ++piece) {
          const size_t best = best_window(windows, piece);
          for (size_t i = 0; i < windows.size(); ++i) {
            const bool is_inside = piece >= windows[i].max_context_begin && piece < windows[i].max_context_end;
            ASSERT_EQ(is_inside, i == best) << pieces << " pieces, length " << length << ", advance " << advance << ", piece "
                                            << piece;
          }
          ++checked;
        }
      }
    }
  }
  EXPECT_GT(checked, 40000);
}

TEST(SlidingWindows, RefuseAnAdvanceOfZero) { EXPECT_THROW((void)sliding_windows(5, 3, 0), InternalError); }

}  // namespace
}  // namespace albert
