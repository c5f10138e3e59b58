#include <albert/base/error.h>
#include <albert/tasks/sliding_windows.h>

#include <algorithm>

namespace albert {
namespace {

/// Google's score, in the same arithmetic: ties between windows of different lengths depend on it.
double context_score(const PieceWindow& window, int64_t piece) {
  const int64_t left = piece - window.begin;
  const int64_t right = window.begin + window.length - 1 - piece;
  return static_cast<double>(std::min(left, right)) + 0.01 * static_cast<double>(window.length);
}

/// The score of a window falls against that of a later one as the piece moves on, so the best window only moves forward.
void assign_max_context(std::vector<PieceWindow>& windows, int64_t num_pieces) {
  size_t best = 0;
  for (int64_t piece = 0; piece < num_pieces; ++piece) {
    for (size_t later = best + 1; later < windows.size() && windows[later].begin <= piece; ++later) {
      const bool is_over = piece >= windows[best].begin + windows[best].length;
      if (is_over || context_score(windows[later], piece) > context_score(windows[best], piece)) best = later;
    }
    PieceWindow& window = windows[best];
    if (window.max_context_begin == window.max_context_end) window.max_context_begin = piece;
    window.max_context_end = piece + 1;
  }
}

}  // namespace

std::vector<PieceWindow> sliding_windows(int64_t num_pieces, int64_t length, int64_t advance) {
  ALBERT_CHECK(num_pieces >= 0 && length > 0 && advance > 0, "bad windows: {} pieces, length {}, advance {}", num_pieces, length,
               advance);
  std::vector<PieceWindow> windows;
  for (int64_t begin = 0;; begin += std::min(length, advance)) {
    PieceWindow window{.begin = begin, .length = std::min(length, num_pieces - begin)};
    window.max_context_begin = window.max_context_end = begin;
    windows.push_back(window);
    if (begin + window.length == num_pieces) break;
  }
  assign_max_context(windows, num_pieces);
  return windows;
}

}  // namespace albert
