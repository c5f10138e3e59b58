#include "conll_lines.h"
#include "option_text.h"
#include "quoted.h"
#include "row_source.h"
#include "text_lines.h"

#include <albert/base/error.h>
#include <albert/data/conll.h>

#include <algorithm>
#include <array>

namespace albert {
namespace {

constexpr std::array<std::string_view, 10> kConlluColumns = {"id",    "form", "lemma",  "upos", "xpos",
                                                             "feats", "head", "deprel", "deps", "misc"};
constexpr size_t kLastColumn = SIZE_MAX;

/// Index of a column by number; `fallback` where none is named.
size_t numbered_column(const std::optional<std::string>& name, size_t fallback, std::string_view key, const std::string& path) {
  if (!name) return fallback;
  const size_t number = column_number(*name);
  if (number == 0) {
    throw ConfigError(fmt::format("columns.{}: expected the number of a column of {}, got {}; conll files have no header", key,
                                  path, in_quotes(*name)));
  }
  return number - 1;
}

size_t conllu_column(const std::optional<std::string>& name, std::string_view fallback, std::string_view key,
                     const std::string& path) {
  const std::string wanted = name.value_or(std::string(fallback));
  if (const size_t number = column_number(wanted); number >= 1 && number <= kConlluColumns.size()) return number - 1;
  const auto* found = std::ranges::find(kConlluColumns, wanted);
  if (found != kConlluColumns.end()) return static_cast<size_t>(found - kConlluColumns.begin());
  const std::vector<std::string> names(kConlluColumns.begin(), kConlluColumns.end());
  throw ConfigError(fmt::format("columns.{}: expected one of the CoNLL-U columns {} for {}, got {}; {}correct the name", key,
                                listed(names), path, in_quotes(wanted), suggestion(wanted, names)));
}

}  // namespace

/// One format.
struct TaggedSentenceReader::Impl {
  explicit Impl(InvalidRows rows) : policy(rows) {}
  virtual ~Impl() = default;
  /// Fills the sentence; false at the end. `problem` is not empty where it is not as described.
  virtual bool read(TaggedSentence& sentence, std::string& problem) = 0;
  [[nodiscard]] virtual std::string name() const = 0;

  RowPolicy policy;
  int64_t num_records = 0;
  int64_t num_sentences = 0;  // of these, good ones
};

namespace {

/// conll and conllu.
class ColumnSentences final : public TaggedSentenceReader::Impl {
 public:
  ColumnSentences(const DataFileConfig& file, const ColumnMap& columns, TagUse tags)
      : Impl(file.invalid_rows),
        option_names_(file.option_names),
        is_conllu_(file.resolved_format() == FileFormat::conllu),
        lines_(file),
        reads_tags_(tags == TagUse::read) {
    token_ =
        is_conllu_ ? conllu_column(columns.token, "form", "token", name()) : numbered_column(columns.token, 0, "token", name());
    tag_ =
        is_conllu_ ? conllu_column(columns.tag, "upos", "tag", name()) : numbered_column(columns.tag, kLastColumn, "tag", name());
    if (is_conllu_) num_columns_ = kConlluColumns.size();
  }

  bool read(TaggedSentence& sentence, std::string& problem) override {
    sentence = {};
    problem.clear();
    bool has_begun = false;
    while (lines_.next(line_)) {
      if (trimmed(line_.text).empty() && line_.problem.empty()) {
        if (has_begun) return true;
        continue;
      }
      if (!line_.problem.empty()) {
        has_begun = true;
        if (problem.empty()) problem = line_.problem;
        continue;
      }
      const std::vector<std::string> columns = split_columns(line_.text);
      if (is_left_out(columns, has_begun)) continue;
      if (!has_begun) sentence.line = lines_.line_number();
      has_begun = true;
      add_word(columns, sentence, problem);
    }
    return has_begun;
  }
  [[nodiscard]] std::string name() const override { return lines_.name(); }

 private:
  [[nodiscard]] bool is_left_out(const std::vector<std::string>& columns, bool has_begun) const {
    if (is_conllu_) return lines_.is_comment(line_.text, columns) || columns[0].find_first_of("-.") != std::string::npos;
    return columns[0] == kDocumentStart || (!has_begun && lines_.is_comment(line_.text, columns));
  }

  void add_word(const std::vector<std::string>& columns, TaggedSentence& sentence, std::string& problem) {
    if (num_columns_ == 0) num_columns_ = columns.size();
    if (!problem.empty()) return;
    const size_t tag = tag_ == kLastColumn ? num_columns_ - 1 : tag_;
    if (columns.size() != num_columns_) {
      problem = fmt::format("{}: expected {} columns, got {}; correct the line, or set {}", lines_.where(), num_columns_,
                            columns.size(), option_text(option_names_, "invalid_rows", "skip"));
    } else if (token_ >= columns.size() || (reads_tags_ && (tag >= columns.size() || tag == token_))) {
      problem = fmt::format("{}: expected columns {} (word) and {} (tag), got {} columns; set {}{}", lines_.where(), token_ + 1,
                            tag_ == kLastColumn ? std::string("after it") : std::to_string(tag_ + 1), columns.size(),
                            option_text(option_names_, "columns.token"), reads_tags_ ? " and columns.tag" : "");
    } else if (columns[token_].empty()) {
      problem = fmt::format("{}: expected a word, got an empty column {}; correct the line", lines_.where(), token_ + 1);
    } else if (reads_tags_ && (columns[tag].empty() || (is_conllu_ && columns[tag] == "_"))) {
      problem = fmt::format("{}: expected a tag, got an empty column {}; correct the line", lines_.where(), tag + 1);
    } else {
      sentence.words.push_back(columns[token_]);
      if (reads_tags_) sentence.tags.push_back(columns[tag]);
    }
  }

  OptionNames option_names_;
  bool is_conllu_;
  ConllLines lines_;
  bool reads_tags_;
  size_t token_ = 0;
  size_t tag_ = kLastColumn;
  size_t num_columns_ = 0;
  TextLine line_{};
};

/// The three files of SNIPS.
class AlignedSentences final : public TaggedSentenceReader::Impl {
 public:
  AlignedSentences(const DataFileConfig& file, TagUse tags)
      : Impl(file.invalid_rows), path_(file.path), words_(file.path / "seq.in", file, kMaximumRecordBytes) {
    if (tags == TagUse::ignore) return;
    tags_.emplace(file.path / "seq.out", file, kMaximumRecordBytes);
    labels_.emplace(file.path / "label", file, kMaximumRecordBytes);
  }

  bool read(TaggedSentence& sentence, std::string& problem) override {
    sentence = {};
    const bool has_words = words_.next(line_);
    problem = line_.problem;
    if (has_words) sentence.words = split_blanks(line_.text);
    sentence.line = words_.line_number();
    if (tags_) read_tags(sentence, has_words, problem);
    if (!has_words) return false;
    if (problem.empty() && sentence.words.empty()) {
      problem = fmt::format("{}: expected words, got an empty line; remove the line from all files", words_.where());
    }
    return true;
  }
  [[nodiscard]] std::string name() const override { return path_.string(); }

 private:
  void read_tags(TaggedSentence& sentence, bool has_words, std::string& problem) {
    const bool has_tags = tags_->next(line_);
    if (has_tags) sentence.tags = split_blanks(line_.text);
    if (problem.empty()) problem = line_.problem;
    const bool has_label = labels_->next(line_);
    if (has_label) sentence.label = trimmed(line_.text);
    if (problem.empty()) problem = line_.problem;
    if (has_words != has_tags || has_words != has_label) {
      throw DataError(
          fmt::format("{}: expected as many lines in seq.in, seq.out and label, got the end of {} at line {}; the files belong "
                      "together",
                      path_.string(),
                      !has_words  ? "seq.in"
                      : !has_tags ? "seq.out"
                                  : "label",
                      words_.line_number()));
    }
    if (!has_words || !problem.empty()) return;
    if (sentence.tags.size() != sentence.words.size()) {
      problem = fmt::format("{}: expected a tag for each of the {} words, got {}; correct the line, or set invalid_rows: skip",
                            tags_->where(), sentence.words.size(), sentence.tags.size());
    } else if (sentence.label.empty()) {
      problem =
          fmt::format("{}: expected a label, got an empty line; correct the line, or set invalid_rows: skip", labels_->where());
    }
  }

  std::filesystem::path path_;
  TextLines words_;
  std::optional<TextLines> tags_{};
  std::optional<TextLines> labels_{};
  TextLine line_{};
};

/// Plain text, a sentence a line.
class LineSentences final : public TaggedSentenceReader::Impl {
 public:
  explicit LineSentences(const DataFileConfig& file) : Impl(file.invalid_rows), lines_(file.path, file, kMaximumRecordBytes) {}

  bool read(TaggedSentence& sentence, std::string& problem) override {
    if (!lines_.next(line_)) return false;
    problem = line_.problem;
    sentence = {.words = split_blanks(line_.text), .line = lines_.line_number()};
    return true;
  }
  [[nodiscard]] std::string name() const override { return lines_.name(); }

 private:
  TextLines lines_;
  TextLine line_{};
};

std::unique_ptr<TaggedSentenceReader::Impl> open_sentences(const DataFileConfig& file, const ColumnMap& columns, TagUse tags) {
  const FileFormat format = file.resolved_format();
  if (format == FileFormat::snips) return std::make_unique<AlignedSentences>(file, tags);
  if (format == FileFormat::conll || format == FileFormat::conllu) return std::make_unique<ColumnSentences>(file, columns, tags);
  if (format == FileFormat::text && tags == TagUse::ignore) return std::make_unique<LineSentences>(file);
  throw ConfigError(fmt::format("{}: expected conll, conllu or snips for token classification, got format {}; set {}",
                                file.path.string(), config::enum_name(format), option_text(file.option_names, "format")));
}

}  // namespace

TaggedSentenceReader::TaggedSentenceReader(const DataFileConfig& file, const ColumnMap& columns, TagUse tags)
    : impl_(open_sentences(file, columns, tags)) {}
TaggedSentenceReader::~TaggedSentenceReader() = default;

bool TaggedSentenceReader::next(TaggedSentence& sentence) {
  std::string problem;
  while (impl_->read(sentence, problem)) {
    sentence.index = impl_->num_records++;
    if (problem.empty()) {
      ++impl_->num_sentences;
      return true;
    }
    impl_->policy.refuse(problem);
  }
  if (impl_->num_sentences > 0) return false;
  const SkippedRows& left_out = impl_->policy.skipped();
  throw DataError(left_out.count == 0
                      ? fmt::format("{}: expected at least one sentence, got none; check the file", impl_->name())
                      : fmt::format("{}: expected at least one good sentence, got {} that were left out; the first: {}",
                                    impl_->name(), left_out.count, left_out.first.front()));
}

const SkippedRows& TaggedSentenceReader::skipped() const { return impl_->policy.skipped(); }

TaggedSentences read_tagged_sentences(const DataFileConfig& file, const ColumnMap& columns, TagUse tags) {
  TaggedSentenceReader reader(file, columns, tags);
  TaggedSentences result;
  TaggedSentence sentence;
  while (reader.next(sentence)) result.sentences.push_back(std::move(sentence));
  result.skipped = reader.skipped();
  return result;
}

}  // namespace albert
