// Windows over a list of pieces that is too long for one sequence, and which window knows a piece best.
#pragma once

#include <cstdint>
#include <vector>

namespace albert {

/// Pieces [begin, begin + length) of the whole list.
struct PieceWindow {
  int64_t begin = 0;
  int64_t length = 0;
  /// Pieces, counted in the whole list, that no other window sees with more context: [max_context_begin, max_context_end).
  int64_t max_context_begin = 0;
  int64_t max_context_end = 0;
  bool operator==(const PieceWindow&) const = default;
};

/// Windows of `length` pieces, each `advance` (at most `length`) behind the one before; the first that reaches the end is the
/// last (google-research/albert squad_utils.py). At least one window, which is empty when there are no pieces.
///
/// Every piece belongs to exactly one window's maximum context: that with the largest
/// min(pieces to its left, pieces to its right) + 0.01 * window length, the first of equals (squad_utils.py,
/// _check_is_max_context). Of one window these pieces are neighbours, so two numbers say which.
/// Time: pieces * (length / advance + 1). `length` and `advance` must be positive, `num_pieces` not negative (InternalError).
std::vector<PieceWindow> sliding_windows(int64_t num_pieces, int64_t length, int64_t advance);

}  // namespace albert
