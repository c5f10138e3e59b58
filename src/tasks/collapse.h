// When a model has collapsed: it answers all examples alike, though that is not right for all of them.
#pragma once

#include <cstdint>

namespace albert {

/// Collects the answers to a set.
class CollapseCheck {
 public:
  /// `is_alike`: it is the answer that the first example got.
  void add(bool is_alike, bool is_right) {
    ++count_;
    are_alike_ = are_alike_ && is_alike;
    are_right_ = are_right_ && is_right;
  }
  [[nodiscard]] bool has_collapsed() const { return count_ > 1 && are_alike_ && !are_right_; }

 private:
  int64_t count_ = 0;
  bool are_alike_ = true;
  bool are_right_ = true;
};

}  // namespace albert
