#include "conll_lines.h"

#include "quoted.h"

#include <albert/data/table.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace albert {
namespace {

constexpr size_t kMostAhead = 1000;  // a file that begins with more comments has none but comments

bool has_tab(std::string_view text) { return text.find('\t') != std::string_view::npos; }

/// Whether a line of "#" gives a key a value: the key is the second word ("sent_id =", "text=The film"), or has one more ("newdoc id
/// ="); or it ends with key=value.
bool gives_value(std::string_view text) {
  const auto words = split_blanks(text);
  const auto begins_with_equals = [&](size_t i) { return i < words.size() && words[i].starts_with('='); };
  const bool is_glued = words.size() > 1 && !begins_with_equals(1) && words[1].find('=') != std::string::npos;
  return is_glued || begins_with_equals(2) || begins_with_equals(3) || words.back().find('=') != std::string::npos;
}

}  // namespace

std::vector<std::string> split_blanks(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    text = trimmed(text);
    if (text.empty()) return parts;
    const size_t end = text.find_first_of(" \t");
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end, text.size()));
  }
}

std::vector<std::string> split_columns(std::string_view text) {
  if (!has_tab(text)) return split_blanks(text);
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = text.find('\t');
    parts.emplace_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

ConllLines::ConllLines(const DataFileConfig& file)
    : lines_(file.path, file, kMaximumRecordBytes), is_conllu_(file.resolved_format() == FileFormat::conllu) {}

std::string ConllLines::where() const { return fmt::format("{}:{}", lines_.name(), number_); }

bool ConllLines::next(TextLine& line) {
  if (!is_conllu_ && !std::exchange(has_looked_, true)) look_ahead();
  if (!ahead_.empty()) {
    current_ = std::move(ahead_.front());
    ahead_.pop_front();
    line = {.text = current_.text, .problem = current_.problem};
    number_ = current_.number;
    return true;
  }
  if (!lines_.next(line)) return false;
  number_ = lines_.line_number();
  return true;
}

void ConllLines::look_ahead() {
  TextLine line;
  while (ahead_.size() < kMostAhead && lines_.next(line)) {
    ahead_.push_back({std::string(line.text), line.problem, lines_.line_number()});
    if (!line.problem.empty() || line.text.starts_with("# ") || trimmed(line.text).empty()) continue;
    const auto columns = split_columns(line.text);
    if (columns[0] == kDocumentStart) continue;
    num_columns_ = columns.size();
    is_tabbed_ = has_tab(line.text);
    return;
  }
}

bool ConllLines::is_comment(std::string_view text, const std::vector<std::string>& columns) const {
  if (is_conllu_) return text.starts_with('#');
  if (!text.starts_with("# ")) return false;
  return columns.size() != num_columns_ || has_tab(text) != is_tabbed_ || gives_value(text);
}

}  // namespace albert
