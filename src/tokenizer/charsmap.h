// SentencePiece's compiled normalisation table (NormalizerSpec.precompiled_charsmap).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// Most cells that Charsmap::for_each_rule steps on; the stock nmt_nfkc has 54,000.
inline constexpr size_t kMaxVisitedUnits = 4'000'000;

/// The rules "longest byte string that the text begins with -> replacement" of one table.
///
/// Layout: a 32-bit little-endian size, a double-array trie of so many bytes (Darts-clone; its leaves are offsets) and a pool of
/// NUL-terminated replacements. The constructor visits everything that is reachable from the root: no step may leave the
/// array, no path may come back to itself or pass more than kMaxNestedPrefixes leaves, and each leaf must point at valid UTF-8
/// of at most kMaxReplacementBytes. So lookups need no further checks.
class Charsmap {
 public:
  /// No rules.
  Charsmap() = default;
  /// Throws DataError "<where>: ..." for a table that SentencePiece could not use without harm. Empty: no rules.
  Charsmap(std::string_view table, const std::string& where);

  struct Match {
    size_t length = 0;  ///< bytes of the text that the rule takes; 0 = no rule
    std::string_view replacement;
  };
  [[nodiscard]] Match longest_match(std::string_view text) const;
  /// Whether a rule can take `first` alone or together with an ASCII character behind it.
  [[nodiscard]] bool concerns_ascii(char first) const;
  /// Calls `visit` for each rule whose text has only characters that `is_wanted`. False, and not for all of them, where that takes
  /// more than kMaxVisitedUnits steps: a damaged table can spell more texts than it has cells.
  bool for_each_rule(const std::function<bool(char32_t)>& is_wanted,
                     const std::function<void(std::string_view text, std::string_view replacement)>& visit) const;
  /// The bytes that the constructor took.
  [[nodiscard]] std::string table() const;

 private:
  std::vector<uint32_t> units_;
  std::string pool_;
};

}  // namespace albert
