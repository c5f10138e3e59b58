#include <albert/base/error.h>
#include <albert/tasks/question_windows.h>
#include <albert/tasks/sliding_windows.h>

#include <algorithm>

namespace albert {
namespace {

constexpr std::string_view kSpaces = " \t\n\v\f\r";

std::string_view strip(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

bool is_inside_character(char byte) { return (static_cast<uint8_t>(byte) & 0xC0U) == 0x80; }

/// The byte at which the character with this number begins; nothing behind the end of the text.
std::optional<size_t> byte_of_character(std::string_view text, int64_t character) {
  if (character < 0) return std::nullopt;
  size_t byte = 0;
  for (; character > 0 && byte < text.size(); --character) {
    ++byte;
    while (byte < text.size() && is_inside_character(text[byte])) ++byte;
  }
  return character == 0 ? std::optional(byte) : std::nullopt;
}

/// What stays the same for all windows of a question.
struct QuestionPieces {
  std::vector<int32_t> ids;
  const Encoding* document = nullptr;
  std::optional<PieceSpan> answer;
  bool has_targets = false;  // false: the answer is not known
};

/// Targets of a window. Without the whole answer it is a negative one.
void set_targets(const QuestionPieces& question, const PieceWindow& pieces, QuestionWindow& window) {
  if (!question.has_targets) return;
  window.start = window.end = 0;
  window.is_impossible = 1;
  if (!question.answer || question.answer->first < pieces.begin || question.answer->last >= pieces.begin + pieces.length) return;
  window.start = window.document_begin() + question.answer->first - pieces.begin;
  window.end = window.document_begin() + question.answer->last - pieces.begin;
  window.is_impossible = 0;
}

QuestionWindow make_window(const QuestionPieces& question, const PieceWindow& pieces, const SpecialTokens& special) {
  QuestionWindow window;
  window.ids.reserve(question.ids.size() + static_cast<size_t>(pieces.length) + 3);
  window.ids.push_back(special.cls);
  window.ids.insert(window.ids.end(), question.ids.begin(), question.ids.end());
  window.ids.push_back(special.sep);
  window.second_segment_begin = static_cast<int32_t>(window.ids.size());
  const auto first = question.document->ids.begin() + pieces.begin;
  window.ids.insert(window.ids.end(), first, first + pieces.length);
  window.ids.push_back(special.sep);
  window.first_piece = pieces.begin;
  window.max_context_begin = window.document_begin() + pieces.max_context_begin - pieces.begin;
  window.max_context_end = window.document_begin() + pieces.max_context_end - pieces.begin;
  set_targets(question, pieces, window);
  return window;
}

std::vector<PieceWindow> windows_of(const QuestionPieces& question, const QuestionWindowOptions& options) {
  const int64_t length = options.max_length - static_cast<int64_t>(question.ids.size()) - 3;
  const int64_t advance = options.stride_means == StrideMeaning::advance ? options.stride : length - options.stride;
  return sliding_windows(static_cast<int64_t>(question.document->ids.size()), length, advance);
}

}  // namespace

void QuestionWindowOptions::check() const {
  if (stride < 1 || max_question_length < 1) {
    throw ConfigError(
        fmt::format("stride and max_question_length: must be at least 1, got {} and {}", stride, max_question_length));
  }
  const int64_t room = max_length - max_question_length - 3;
  const int64_t needed = stride_means == StrideMeaning::overlap ? stride + 1 : 1;
  if (room >= needed) return;
  throw ConfigError(
      fmt::format("max_length: must be at least {} (question {}, 3 special tokens, window {}), got {}; raise it, or lower "
                  "max_question_length{}",
                  max_question_length + 3 + needed, max_question_length, needed, max_length,
                  stride_means == StrideMeaning::overlap ? " or stride" : ""));
}

std::vector<bool> masked_positions(const QuestionWindow& window) {
  std::vector<bool> masked(window.ids.size(), true);
  masked[0] = false;
  std::fill(masked.begin() + window.document_begin(), masked.begin() + window.document_end(), false);
  return masked;
}

std::optional<ByteRange> find_answer(std::string_view context, const GoldAnswer& answer) {
  const std::optional<size_t> start = byte_of_character(context, answer.start_character);
  const std::string_view text = strip(answer.text);
  if (!start || text.empty()) return std::nullopt;
  const size_t begin = context.find_first_not_of(kSpaces, *start);
  if (begin == std::string_view::npos || !context.substr(begin).starts_with(text)) return std::nullopt;
  return ByteRange{.begin = static_cast<int32_t>(begin), .end = static_cast<int32_t>(begin + text.size())};
}

std::optional<PieceSpan> pieces_of_range(const Encoding& document, const ByteRange& range) {
  const auto& ranges = document.ranges;
  auto first =
      std::partition_point(ranges.begin(), ranges.end(), [&](const ByteRange& piece) { return piece.end <= range.begin; });
  while (first != ranges.end() && first->empty()) ++first;
  auto last = std::partition_point(first, ranges.end(), [&](const ByteRange& piece) { return piece.begin < range.end; });
  while (last != first && (last - 1)->empty()) --last;
  if (first == last) return std::nullopt;
  return PieceSpan{.first = first - ranges.begin(), .last = last - ranges.begin() - 1};
}

ByteRange range_of_pieces(const Encoding& document, const PieceSpan& pieces) {
  PieceSpan visible = pieces;
  const auto range = [&](int64_t piece) { return document.ranges.at(static_cast<size_t>(piece)); };
  while (visible.first < visible.last && range(visible.first).empty()) ++visible.first;
  while (visible.first < visible.last && range(visible.last).empty()) --visible.last;
  return {.begin = range(visible.first).begin, .end = range(visible.last).end};
}

QuestionSet make_question_windows(const Tokenizer& tokenizer, std::span<const std::string_view> contexts,
                                  std::span<const QuestionInput> questions, const QuestionWindowOptions& options,
                                  QuestionUse use) {
  options.check();
  QuestionSet result;
  result.documents.reserve(contexts.size());
  for (const std::string_view context : contexts) result.documents.push_back(tokenizer.encode_with_offsets(context));
  for (size_t index = 0; index < questions.size(); ++index) {
    const QuestionInput& input = questions[index];
    ALBERT_CHECK(input.document >= 0 && static_cast<size_t>(input.document) < contexts.size(),
                 "question {} is about document {} of {}", index, input.document, contexts.size());
    const auto document = static_cast<size_t>(input.document);
    QuestionPieces question{.ids = tokenizer.encode(input.text), .document = &result.documents[document], .answer = {}};
    if (!input.is_impossible && input.answer) {
      if (const auto bytes = find_answer(contexts[document], *input.answer))
        question.answer = pieces_of_range(*question.document, *bytes);
    }
    question.has_targets = input.is_impossible || question.answer.has_value();
    if (!question.has_targets) result.not_aligned.emplace_back(input.id);
    if (!question.has_targets && use == QuestionUse::train) continue;
    if (static_cast<int64_t>(question.ids.size()) > options.max_question_length) {
      ++result.num_cut_questions;
      question.ids.resize(static_cast<size_t>(options.max_question_length));
    }
    for (const PieceWindow& pieces : windows_of(question, options)) {
      result.windows.push_back(make_window(question, pieces, tokenizer.special_tokens()));
      result.windows.back().question = static_cast<int64_t>(index);
      result.windows.back().document = input.document;
    }
  }
  return result;
}

}  // namespace albert
