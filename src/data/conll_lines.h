// Lines of conll and CoNLL-U files, and which of them are comments.
#pragma once

#include "text_lines.h"

#include <albert/data/data_file.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

std::vector<std::string> split_blanks(std::string_view text);
/// Parted by tabs where the line has one, else by blanks; at least one column.
std::vector<std::string> split_columns(std::string_view text);

/// The word of a sentence that is none: it begins a document.
inline constexpr std::string_view kDocumentStart = "-DOCSTART-";

class ConllLines {
 public:
  explicit ConllLines(const DataFileConfig& file);

  /// As TextLines::next().
  bool next(TextLine& line);
  [[nodiscard]] int64_t line_number() const { return number_; }
  [[nodiscard]] const std::string& name() const { return lines_.name(); }
  [[nodiscard]] std::string where() const;

  /// Whether a line that stands before the first word of a sentence is no word. CoNLL-U: it begins with "#", as no word does (their
  /// lines begin with a number). conll has no rule for comments, and "#" may be a word; so a line that begins with "# " is a comment
  /// where it cannot be that of a word: it has more or fewer columns than the first line that does not begin so, or is parted by
  /// blanks where that one is parted by tabs, or gives a key a value ("# sent_id = 1", "# newdoc id = a", "# text=The film ends"), or
  /// ends with key=value ("# id 5239 domain=en" of MultiCoNER). The tags of a file play no part: training, evaluation and prediction
  /// read the same words.
  [[nodiscard]] bool is_comment(std::string_view text, const std::vector<std::string>& columns) const;

 private:
  struct Line {
    std::string text;
    std::string problem;
    int64_t number;
  };
  void look_ahead();

  TextLines lines_;
  bool is_conllu_;
  bool has_looked_ = false;
  std::deque<Line> ahead_{};
  Line current_{};
  int64_t number_ = 0;
  size_t num_columns_ = 0;  // of the first line of a word; 0: none was found
  bool is_tabbed_ = false;  // that line
};

}  // namespace albert
