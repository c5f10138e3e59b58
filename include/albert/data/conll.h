// Sentences with a tag for each word: CoNLL column files, CoNLL-U, and the SNIPS triple seq.in / seq.out / label.
#pragma once

#include <albert/data/data_file.h>
#include <albert/data/invalid_rows.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace albert {

struct TaggedSentence {
  std::vector<std::string> words{};  ///< at least one; of a line of text: none where it is empty
  std::vector<std::string> tags{};   ///< one for each word; empty where tags are not read
  std::string label{};               ///< SNIPS: the intent; else empty
  int64_t line = 0;                  ///< of the first word
  int64_t index = 0;                 ///< number of the sentence in the file, from 0; those that were left out have theirs, too
};

enum class TagUse { read, ignore };

/// Reads one sentence after the other in bounded memory, by `file.format`:
/// - conll: columns parted by a tab where the line has one, else by blanks; an empty (or blank) line ends a sentence; a sentence of
///   the word -DOCSTART- is left out, and so is before a sentence a line that begins with "# " and cannot be that of a word (it has
///   not as many columns as words have, or ends with key=value). Columns by number;
/// - conllu: ten columns, by number or by name (id form lemma upos xpos feats head deprel deps misc); comments, multi-word ranges
///   (3-4) and empty nodes (3.1) are left out;
/// - snips: `file.path` is the folder; the lines of its files belong together;
/// - text, without tags only: one sentence a line, words parted by blanks; an empty line is a sentence without words.
/// Errors are DataError with file:line and follow `invalid_rows` (the whole sentence is left out): a column that is not there, an
/// empty tag, bad bytes, unequal counts. SNIPS files of unequal lengths, and a file without sentences, are always errors.
class TaggedSentenceReader {
 public:
  TaggedSentenceReader(const DataFileConfig& file, const ColumnMap& columns, TagUse tags = TagUse::read);
  TaggedSentenceReader(const TaggedSentenceReader&) = delete;
  TaggedSentenceReader& operator=(const TaggedSentenceReader&) = delete;
  ~TaggedSentenceReader();
  bool next(TaggedSentence& sentence);
  [[nodiscard]] const SkippedRows& skipped() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

struct TaggedSentences {
  std::vector<TaggedSentence> sentences{};
  SkippedRows skipped{};
};
TaggedSentences read_tagged_sentences(const DataFileConfig& file, const ColumnMap& columns, TagUse tags = TagUse::read);

}  // namespace albert
