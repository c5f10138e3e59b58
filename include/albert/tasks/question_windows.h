// Questions about a text as inputs: [CLS] question [SEP] document window [SEP], with targets (SQuAD 1.1 and 2.0).
//
//   const QuestionSet set = make_question_windows(tokenizer, contexts, questions, options, QuestionUse::train);
//   for (const QuestionWindow& window : set.windows) ...     // set.not_aligned names the questions without a usable answer
#pragma once

#include <albert/config/fields.h>
#include <albert/tokenizer/tokenizer.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// What `stride` counts.
enum class StrideMeaning {
  advance,  ///< pieces from the begin of a window to that of the next (Google's squad_utils.py, flag doc_stride)
  overlap,  ///< pieces that neighbouring windows share (HF's run_qa.py, where doc_stride is the tokenizer's `stride`)
};
constexpr auto enum_names(config::EnumTag<StrideMeaning>) {
  return config::names<StrideMeaning>({{StrideMeaning::advance, "advance"}, {StrideMeaning::overlap, "overlap"}});
}

/// Section `data.windows` of question answering. The defaults are Google's; HF's run_qa.py differs only in the meaning of its
/// stride and in not cutting the question.
struct QuestionWindowOptions {
  int64_t max_length = 384;  ///< of a sequence, special tokens included; not in the field list: it is the data section's
  int64_t stride = 128;
  StrideMeaning stride_means = StrideMeaning::advance;
  int64_t max_question_length = 64;

  /// Throws ConfigError unless max_length leaves room for the longest question, three special tokens and a document window that
  /// moves on.
  void check() const;
};
template <config::Self<QuestionWindowOptions> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"stride",
              "pieces by which a window over a long document moves on, or overlaps the next: see stride_means (SQuAD: 128)",
              config::at_least(1)},
        c.stride);
  visit(Field{"stride_means",
              "advance: from the begin of a window to that of the next (Google); overlap: pieces shared (Hugging Face)"},
        c.stride_means);
  visit(Field{"max_question_length", "pieces of the question that are kept (SQuAD: 64)", config::at_least(1)},
        c.max_question_length);
}

/// The answer of a training question as SQuAD files write it. The views must outlive the call.
struct GoldAnswer {
  std::string_view text;
  int64_t start_character = 0;  ///< code points of the context before it (not bytes)
};

/// One question. The views must outlive the call.
struct QuestionInput {
  std::string_view id;
  std::string_view text;
  int64_t document = 0;                ///< index of its context
  std::optional<GoldAnswer> answer{};  ///< the one to train on (SQuAD: the first); none: unknown, or there is none
  bool is_impossible = false;          ///< `answer` is then ignored
};

enum class QuestionUse {
  train,     ///< a question without a usable answer is left out
  evaluate,  ///< every question is kept
};

/// Target of a window whose gold answer is not known: it takes no part in a loss.
inline constexpr int64_t kNoTarget = -100;

/// One sequence: [CLS] question [SEP] pieces of the document [SEP]; segment 0 is [CLS] question [SEP].
struct QuestionWindow {
  std::vector<int32_t> ids;
  int32_t second_segment_begin = 0;  ///< also the position of the first document piece
  int64_t question = 0;              ///< index into the questions that were given
  int64_t document = 0;              ///< index of its document
  int64_t first_piece = 0;           ///< index, among the pieces of the document, of the window's first one
  int64_t max_context_begin =
      0;                        ///< positions in `ids` of the pieces that this window sees with most context (sliding_windows.h):
  int64_t max_context_end = 0;  ///< [begin, end)
  int64_t start = kNoTarget;    ///< positions of the first and the last piece of the gold answer; both 0, [CLS], where the
  int64_t end = kNoTarget;      ///< question has none or the window does not hold all of it
  int64_t is_impossible = 0;    ///< 1: no answer here (also for a window that does not hold all of it); the target of the v2 head

  [[nodiscard]] int64_t length() const { return static_cast<int64_t>(ids.size()); }
  [[nodiscard]] int64_t document_begin() const { return second_segment_begin; }
  [[nodiscard]] int64_t document_end() const { return length() - 1; }  ///< position of the last [SEP]
  [[nodiscard]] bool holds_document(int64_t position) const { return position >= document_begin() && position < document_end(); }
  [[nodiscard]] bool has_max_context(int64_t position) const {
    return position >= max_context_begin && position < max_context_end;
  }
  /// Index among the pieces of the document.
  [[nodiscard]] int64_t document_piece(int64_t position) const { return first_piece + position - document_begin(); }
};

/// p_mask of the v2 head (squad_utils.py): false at [CLS] and the document's pieces, true at the question and both [SEP].
std::vector<bool> masked_positions(const QuestionWindow& window);

/// Documents are encoded once, however many questions they have.
struct QuestionSet {
  std::vector<Encoding> documents;      ///< [contexts]
  std::vector<QuestionWindow> windows;  ///< in the order of the questions; at least one for each that is not left out
  std::vector<std::string>
      not_aligned;                ///< ids of answerable questions whose answer is missing or does not stand where it should
  int64_t num_cut_questions = 0;  ///< questions that were longer than max_question_length
};

/// As squad_utils.py, convert_examples_to_features (albert_facts 7.3): the question keeps its first max_question_length pieces,
/// the document is cut into windows of max_length - |question| - 3 pieces; a window that does not hold the whole gold answer
/// becomes a negative one (start = end = 0), in SQuAD 1.1 too. A document without any piece gives one window without document
/// pieces. Throws ConfigError from options.check(), InternalError when a question's document is not an index of `contexts`.
QuestionSet make_question_windows(const Tokenizer& tokenizer, std::span<const std::string_view> contexts,
                                  std::span<const QuestionInput> questions, const QuestionWindowOptions& options,
                                  QuestionUse use);

/// Bytes of the answer in the context; nothing when the answer is empty or does not stand at its start. White space around the
/// answer, or in the context between the start and the answer, is no reason to fail.
std::optional<ByteRange> find_answer(std::string_view context, const GoldAnswer& answer);

/// First and last piece that a range of the raw text touches, as indices into the document's pieces; nothing when it touches
/// none.
struct PieceSpan {
  int64_t first = 0;
  int64_t last = 0;
  bool operator==(const PieceSpan&) const = default;
};
std::optional<PieceSpan> pieces_of_range(const Encoding& document, const ByteRange& range);

/// The raw text that these pieces stand for, without white space at its ends; empty if they are word marks only.
ByteRange range_of_pieces(const Encoding& document, const PieceSpan& pieces);

}  // namespace albert
