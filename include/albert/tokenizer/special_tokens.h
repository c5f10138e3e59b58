// The pieces that ALBERT adds around and into text.
#pragma once

#include <cstdint>

namespace albert {

/// Ids of the pieces that stand for no text; these are their ids in Google's models and in those that we train.
struct SpecialTokens {
  int32_t pad = 0;      ///< <pad>
  int32_t unknown = 1;  ///< <unk>
  int32_t cls = 2;      ///< [CLS]
  int32_t sep = 3;      ///< [SEP]
  int32_t mask = 4;     ///< [MASK]
  bool operator==(const SpecialTokens&) const = default;
};

}  // namespace albert
