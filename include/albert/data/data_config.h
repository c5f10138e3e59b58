// Options of the data: where the text lies, how it is cut into documents, how much of it is held out.
#pragma once

#include <albert/config/fields.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace albert {

/// How the lines of a source are read.
enum class TextFormat {
  sentences,   ///< one sentence a line (the format of create_pretraining_data.py)
  paragraphs,  ///< one paragraph a line, cut into sentences
  wrapped,     ///< hard-wrapped lines, joined; a blank line ends a paragraph; cut into sentences
  jsonl,       ///< one JSON object a line, each a document; every line of its text is a paragraph
};
constexpr auto enum_names(config::EnumTag<TextFormat>) {
  return config::names<TextFormat>({{TextFormat::sentences, "sentences"},
                                    {TextFormat::paragraphs, "paragraphs"},
                                    {TextFormat::wrapped, "wrapped"},
                                    {TextFormat::jsonl, "jsonl"}});
}

/// What happens to bytes that are not UTF-8, and to NUL bytes.
enum class InvalidUtf8 {
  error,    ///< stop; names file, line and byte
  replace,  ///< each ill-formed part becomes U+FFFD (the Unicode standard's "maximal subpart" practice)
  skip,     ///< the line is left out
};
constexpr auto enum_names(config::EnumTag<InvalidUtf8>) {
  return config::names<InvalidUtf8>(
      {{InvalidUtf8::error, "error"}, {InvalidUtf8::replace, "replace"}, {InvalidUtf8::skip, "skip"}});
}

/// Files that are read the same way.
struct DataSourceConfig {
  std::string path;
  TextFormat format = TextFormat::sentences;
  std::string document_boundary = "blank_line";
  double weight = 1.0;
  std::string text_key = "text";

  void validate(config::Issues& issues) const;
};
template <config::Self<DataSourceConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"path", "file, or pattern such as text/*.txt; .gz and .zst are decompressed; files are read in the order of their names", {},
              config::Presence::required},
        c.path);
  visit(Field{"format", "sentences: one a line; paragraphs: one a line; wrapped: hard-wrapped lines, joined, a blank line ends a "
                        "paragraph; jsonl: one object a line"},
        c.format);
  visit(Field{"document_boundary", "what ends a document besides the end of a file: blank_line, file (nothing else), or "
                                   "\"heading_regex: REGEX\" (a line in which REGEX is found begins a document); jsonl: each line is one"},
        c.document_boundary);
  visit(Field{"weight", "visits of each document in an epoch; 2.5 means two, and a third for a random half of them",
              config::more_than(0.0)},
        c.weight);
  visit(Field{"text_key", "key of the text in each object of a jsonl file"}, c.text_key);
}

/// Section `data` of albert-train.
struct DataConfig {
  std::vector<DataSourceConfig> sources;
  std::filesystem::path store;
  int64_t max_length = 512;
  double short_sequence_probability = 0.1;
  double validation_fraction = 0.02;
  int64_t validation_seed = 0;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::error;
  std::string language = "en";
  config::Auto<int64_t> threads;
  int64_t prefetch_steps = 4;

  void validate(config::Issues& issues) const;
  /// `threads`, or the number of processors (at most 16).
  [[nodiscard]] int64_t num_threads() const;
};
template <config::Self<DataConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"sources", "texts to learn from; may be empty where the store exists"}, c.sources);
  visit(Field{"store", "folder of the token store, made from the sources when it is missing; empty: OUTPUT/store"}, c.store);
  visit(Field{"max_length", "pieces of a sequence, [CLS] and [SEP] included (ALBERT: 512)", config::range(8, 65536)}, c.max_length);
  visit(Field{"short_sequence_probability", "share of documents whose sequences are drawn shorter (create_pretraining_data.py: 0.1)",
              config::range(0.0, 1.0)},
        c.short_sequence_probability);
  visit(Field{"validation_fraction", "share of the documents (of the text, where documents are few) that is held out; 0 = none",
              config::from_to_below(0.0, 1.0)},
        c.validation_fraction);
  visit(Field{"validation_seed", "which documents are held out; apart from training.seed, so that runs of several seeds compare",
              config::at_least(0)},
        c.validation_seed);
  visit(Field{"invalid_utf8", "bytes that are not UTF-8, and NUL bytes: error, replace (by U+FFFD) or skip (leave the line out)"},
        c.invalid_utf8);
  visit(Field{"language", "two-letter language whose abbreviations do not end a sentence; root = none"}, c.language);
  visit(Field{"threads", "threads that tokenise and draw examples; the result does not depend on it", config::range(1, 1024)}, c.threads);
  visit(Field{"prefetch_steps", "steps of examples that are drawn ahead", config::range(1, 1024)}, c.prefetch_steps);
}

}  // namespace albert
