// From text to what training reads: the vocabulary and the token store, made where they are missing.
#pragma once

#include <albert/data/corpus.h>
#include <albert/data/token_store.h>
#include <albert/data/vocabulary.h>
#include <albert/recipes/pretrain_config.h>
#include <albert/tokenizer/tokenizer.h>

#include <filesystem>
#include <memory>

namespace albert {

/// Vocabulary and store of a run.
struct PreparedText {
  std::unique_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const TokenStore> store;
  Vocabulary vocabulary;  ///< a view of the tokenizer
};

/// Where a vocabulary that was trained for a run lies: OUTPUT/tokenizer.
std::filesystem::path trained_tokenizer_folder(const PretrainConfig& config);

/// The vocabulary of `tokenizer.model`, or the one trained for this run before, or a new one from the text. Throws DataError for
/// text and models, ConfigError where the run's vocabulary was trained with other options, IoError for the disk.
Tokenizer open_or_train_tokenizer(const PretrainConfig& config);

/// Says in the log how much text was replaced, left out or cut.
void report_text(const TextStatistics& text);
/// Says in the log how many files of the text are empty. Throws as list_source_files().
void warn_of_empty_files(const DataConfig& config);

/// Says in the log when most lines of text that is given as sentences or paragraphs end inside a sentence.
void warn_of_wrapped_lines(const DataConfig& config);

/// Both, with progress in the log.
PreparedText prepare_text(const PretrainConfig& config);

}  // namespace albert
