#include "json_value.h"
#include "quoted.h"
#include "text_lines.h"

#include <albert/base/error.h>
#include <albert/data/squad_json.h>
#include <albert/data/table.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_set>

namespace albert {
namespace {

using nlohmann::json;

/// A value of the document, and the way to it for error texts.
struct Node {
  const json* value;
  std::string path;
};

class SquadReader {
 public:
  SquadReader(std::string name, AnswerUse use) : name_(std::move(name)), use_(use) {}

  SquadData read(const json& document) {
    const Node root{&document, ""};
    if (!document.is_object()) fail(root, "an object with the key \"data\"");
    if (const auto version = document.find("version"); version != document.end() && version->is_string()) {
      data_.version = version->get<std::string>();
    }
    const Node articles = list(root, "data");
    for (size_t i = 0; i < articles.value->size(); ++i) read_article(element(articles, i));
    if (data_.questions.empty()) throw DataError(fmt::format("{}: expected at least one question, got none; check the file", name_));
    return std::move(data_);
  }

 private:
  [[noreturn]] void fail(const Node& at, std::string_view wanted) const {
    throw DataError(fmt::format("{}: {}{}expected {}, got {}; is this a file in SQuAD's format?", name_, at.path,
                                at.path.empty() ? "" : ": ", wanted, at.value == nullptr ? "none" : json_type(*at.value)));
  }

  [[nodiscard]] Node member(const Node& parent, std::string_view key) const {
    Node child{nullptr, parent.path.empty() ? std::string(key) : fmt::format("{}.{}", parent.path, key)};
    if (!parent.value->is_object()) fail(parent, "an object");
    if (const auto found = parent.value->find(std::string(key)); found != parent.value->end()) child.value = &*found;
    return child;
  }
  [[nodiscard]] static Node element(const Node& parent, size_t i) {
    return {&(*parent.value)[i], fmt::format("{}[{}]", parent.path, i)};
  }
  [[nodiscard]] Node list(const Node& parent, std::string_view key) const {
    Node child = member(parent, key);
    if (child.value == nullptr || !child.value->is_array()) fail(child, "a list");
    return child;
  }
  [[nodiscard]] std::string text(const Node& parent, std::string_view key) const {
    const Node child = member(parent, key);
    if (child.value == nullptr || !child.value->is_string()) fail(child, "a string");
    auto value = child.value->get<std::string>();
    if (value.find('\0') != std::string::npos) {
      throw DataError(fmt::format("{}: {}: expected text, got a NUL character; correct the file", name_, child.path));
    }
    return value;
  }
  [[nodiscard]] std::string filled_text(const Node& parent, std::string_view key) const {
    auto value = text(parent, key);
    if (!trimmed(value).empty()) return value;
    throw DataError(fmt::format("{}: {}.{}: expected a text, got an empty one; correct the file", name_, parent.path, key));
  }

  void read_article(const Node& article) {
    const Node paragraphs = list(article, "paragraphs");
    const std::string title = member(article, "title").value == nullptr ? "" : text(article, "title");
    for (size_t i = 0; i < paragraphs.value->size(); ++i) {
      const Node paragraph = element(paragraphs, i);
      const auto context = std::make_shared<const std::string>(filled_text(paragraph, "context"));
      const Node questions = list(paragraph, "qas");
      for (size_t k = 0; k < questions.value->size(); ++k) read_question(element(questions, k), title, context);
      ++data_.num_paragraphs;
    }
    ++data_.num_articles;
  }

  void read_question(const Node& node, const std::string& title, const std::shared_ptr<const std::string>& context) {
    SquadQuestion question{.id = read_id(node), .title = title, .article = data_.num_articles, .context = context};
    question.question = filled_text(node, "question");
    if (use_ != AnswerUse::ignore) {
      const Node impossible = member(node, "is_impossible");
      question.has_odd_mark = impossible.value != nullptr && !impossible.value->is_boolean();
      if (question.has_odd_mark && use_ != AnswerUse::score) fail(impossible, "true or false");
      question.is_impossible = impossible.value != nullptr && !question.has_odd_mark && impossible.value->get<bool>();
      if (member(node, "answers").value != nullptr) read_answers(list(node, "answers"), question);
    }
    data_.questions.push_back(std::move(question));
  }

  std::string read_id(const Node& node) {
    const Node at = member(node, "id");
    const bool is_number = at.value != nullptr && at.value->is_number_integer();
    std::string id = is_number ? at.value->dump() : filled_text(node, "id");
    if (!ids_.insert(id).second) {
      throw DataError(
          fmt::format("{}: {}: expected each id once, got {} twice; correct the file", name_, at.path, in_quotes(id)));
    }
    return id;
  }

  void read_answers(const Node& answers, SquadQuestion& question) const {
    for (size_t i = 0; i < answers.value->size(); ++i) {
      const Node node = element(answers, i);
      SquadAnswer answer{.text = text(node, "text")};
      const Node start = member(node, "answer_start");
      // The official scripts do not read it.
      const bool is_nowhere = use_ == AnswerUse::score && (start.value == nullptr || !start.value->is_number_integer());
      answer.start = is_nowhere ? -1 : code_point(start);
      const auto byte = byte_of(*question.context, answer.start);
      const bool stands = byte && !answer.text.empty() && question.context->compare(*byte, answer.text.size(), answer.text) == 0;
      if (stands) answer.start_byte = static_cast<int64_t>(*byte);
      question.answers.push_back(std::move(answer));
    }
  }

  /// What no text is long enough for counts as the largest number.
  [[nodiscard]] int64_t code_point(const Node& at) const {
    if (at.value != nullptr && at.value->is_number_unsigned()) {
      constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
      return static_cast<int64_t>(std::min(at.value->get<uint64_t>(), kLargest));
    }
    if (at.value != nullptr && at.value->is_number_integer()) return at.value->get<int64_t>();
    if (at.value == nullptr || !at.value->is_number()) fail(at, "a whole number");
    throw DataError(fmt::format("{}: {}: expected a whole number, got {}; correct the file", name_, at.path, at.value->dump()));
  }

  /// Byte of a code point; the end of the text counts, what lies beyond is nowhere.
  static std::optional<size_t> byte_of(std::string_view text, int64_t point) {
    if (point < 0) return std::nullopt;
    size_t byte = 0;
    for (; point > 0 && byte < text.size(); --point) {
      ++byte;
      while (byte < text.size() && (static_cast<unsigned char>(text[byte]) & 0xC0U) == 0x80U) ++byte;
    }
    return point == 0 ? std::optional(byte) : std::nullopt;
  }

  std::string name_;
  AnswerUse use_;
  SquadData data_{};
  std::unordered_set<std::string> ids_{};
};

void note(std::vector<std::string>& ids, const std::string& id) {
  if (ids.size() < SquadProblems::kMaximumListed) ids.push_back(id);
}

bool stands(const SquadAnswer& answer) { return answer.start_byte.has_value(); }

}  // namespace

SquadProblems find_squad_problems(std::span<const SquadQuestion> questions, AnswerUse use) {
  SquadProblems problems;
  for (const SquadQuestion& question : questions) {
    const auto num_answers = static_cast<int64_t>(question.answers.size());
    const int64_t num_aligned = std::ranges::count_if(question.answers, stands);
    problems.num_misaligned_answers += num_answers - num_aligned;
    if (num_aligned < num_answers) note(problems.misaligned, question.id);
    if (question.is_impossible && num_answers > 0) ++problems.num_impossible_with_answers;
    if (question.has_odd_mark) {
      ++problems.num_odd_marks;
      note(problems.odd_marks, question.id);
    }
    if (!question.is_impossible && (use == AnswerUse::learn ? num_aligned : num_answers) == 0) {
      ++problems.num_without_answer;
      note(problems.without_answer, question.id);
    }
  }
  return problems;
}

void keep_learnable(std::vector<SquadQuestion>& questions, const std::filesystem::path& file) {
  for (SquadQuestion& question : questions) {
    std::erase_if(question.answers, [&](const SquadAnswer& answer) { return question.is_impossible || !stands(answer); });
  }
  std::erase_if(questions, [](const SquadQuestion& question) { return question.answers.empty() && !question.is_impossible; });
  if (!questions.empty()) return;
  throw DataError(fmt::format("{}: expected at least one question, got only questions without a usable answer; check the file",
                              file.string()));
}

SquadData read_squad(const DataFileConfig& file, AnswerUse answers) {
  const std::string name = file.path.string();
  const std::string text = read_text(file, kMaximumJsonBytes);
  if (trimmed(text).empty())
    throw DataError(fmt::format("{}: expected JSON in SQuAD's format, got an empty file; check the file", name));
  json document;
  if (const auto bad = parse_json_value(text, document)) {
    throw DataError(fmt::format("{}{}: expected JSON, got {}; check the file", name,
                                bad->offset ? ":" + line_and_column(text, *bad->offset) : "", bad->got));
  }
  SquadData data = SquadReader(name, answers).read(document);
  if (answers != AnswerUse::ignore) data.problems = find_squad_problems(data.questions, answers);
  if (answers == AnswerUse::learn) keep_learnable(data.questions, file.path);
  return data;
}

}  // namespace albert
