// From pieces to the input of the encoder: [CLS] a [SEP], [CLS] a [SEP] b [SEP], and what is cut off when they are too long.
//
//   InputSequence input = join_pair(tokenizer.encode(a), tokenizer.encode(b), tokenizer.special_tokens(), /*max_length=*/128);
#pragma once

#include <albert/tokenizer/special_tokens.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// One sequence as the encoder takes it, without padding.
struct InputSequence {
  std::vector<int32_t> ids;          ///< special tokens included
  int32_t second_segment_begin = 0;  ///< segment 0 is [0, begin), segment 1 the rest; ids.size() for a single text
  int32_t num_cut = 0;               ///< pieces that were cut off to fit
  bool operator==(const InputSequence&) const = default;
};

/// Pops pieces from the end of the longer list until both have at most `max_pieces` together; where both are equally long, from
/// `b` (google-research/albert classifier_utils.py, _truncate_seq_pair). `max_pieces` must be at least 0.
void truncate_pair(std::vector<int32_t>& a, std::vector<int32_t>& b, int64_t max_pieces);

/// [CLS] a [SEP]; `a` keeps its first max_length - 2 pieces. Throws ConfigError when max_length is under 2.
InputSequence join_single(std::vector<int32_t> a, const SpecialTokens& special, int64_t max_length);

/// [CLS] a [SEP] b [SEP], segment 1 from the first piece of `b`; cut by truncate_pair to max_length - 3. An empty `b` is kept as
/// a pair, as Google keeps a text_b that is not None. Throws ConfigError when max_length is under 3.
InputSequence join_pair(std::vector<int32_t> a, std::vector<int32_t> b, const SpecialTokens& special, int64_t max_length);

/// RACE's pieces for question and option that are kept (race_utils.py, flag max_qa_length of run_race.py).
inline constexpr int64_t kMaxChoicePieces = 128;

/// [CLS] passage [SEP] choice [SEP] of multiple choice (race_utils.py, convert_single_example): `choice`, the pieces of question
/// and option, keeps its last `max_choice_pieces`; then the passage is cut at its tail. A choice that does not fit by itself is
/// cut further at its head (Google's code fails there). Throws ConfigError when max_length is under 3.
InputSequence join_choice(std::vector<int32_t> passage, std::vector<int32_t> choice, const SpecialTokens& special,
                          int64_t max_length, int64_t max_choice_pieces = kMaxChoicePieces);

/// Text of question and option (race_utils.py, read_examples): each "_" of the question is replaced by the option; without one it
/// is question, a space, option. The low lines that NFKD makes "_" (U+FF3F, U+FE33, U+FE34, U+FE4D to FE4F) count, as Google
/// looks at the normalised question.
std::string question_with_option(std::string_view question, std::string_view option);

}  // namespace albert
