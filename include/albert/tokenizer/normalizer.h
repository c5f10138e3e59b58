// Text as Google's ALBERT prepares it before SentencePiece (google-research/albert tokenization.py, preprocess_text).
//
//   normalize_text("\u00cdn  2001,\nHE came", {})  ->  "in 2001, he came"
#pragma once

#include <string>
#include <string_view>

namespace albert {

/// How text is prepared before SentencePiece. Part of the tokenizer's hash.
struct TokenizerOptions {
  bool lower_case = true;     ///< Google's do_lower_case
  bool keep_accents = false;  ///< do not drop combining marks after NFKD
  bool operator==(const TokenizerOptions&) const = default;
};

/// Raised when normalize_text gives another text for the same input; part of the tokenizer's hash.
inline constexpr int kNormalizerVersion = 1;

/// In this order: white space at both ends is dropped and each inner run of it becomes one space (white space is what Python's
/// str.split() takes for it: U+0009-000D, 001C-0020, 0085, 00A0, 1680, 2000-200A, 2028, 2029, 202F, 205F, 3000); NFKD;
/// characters of a non-zero canonical combining class are dropped (unless keep_accents); lower case by the full Unicode mapping
/// without a language, final sigma included (if lower_case). Invalid UTF-8 becomes U+FFFD, one for each maximal subpart.
///
/// Equal to Python's `unicodedata` and `str.lower` for all code points of Unicode 14 (Python 3.11). Where ICU knows a later
/// Unicode version than that, code points that are new in it may differ; hence ICU's version is part of the tokenizer's hash.
/// Linear in the length of the text. Throws DataError for a text of more than 256 MiB.
std::string normalize_text(std::string_view text, const TokenizerOptions& options);

/// Version of the ICU library that is loaded, for example "72.1".
std::string icu_version();

}  // namespace albert
