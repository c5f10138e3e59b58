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

/// Where a vocabulary that was made for a run lies: OUTPUT/tokenizer.
std::filesystem::path trained_tokenizer_folder(const PretrainConfig& config);

/// Whether there is a vocabulary: a file that the configuration names, that of the model to
/// start from, or one that was made for this run before.
bool has_tokenizer(const PretrainConfig& config);

/// That vocabulary, or a new one from the text. Throws DataError for text and vocabularies, ConfigError where the run's vocabulary was
/// made with other options, IoError for the disk.
Tokenizer open_or_train_tokenizer(const PretrainConfig& config);

/// A run with model.init_from has the vocabulary that the weights belong to: tokenizer.model names it afterwards, unless it is part of what
/// Google's code wrote. Throws ConfigError where the configuration has another.
PretrainConfig with_inherited_vocabulary(PretrainConfig config);

/// Says in the log how much text was replaced, left out or cut.
void report_text(const TextStatistics& text);
/// Says in the log how many files of the text are empty. Throws as list_source_files().
void warn_of_empty_files(const DataConfig& config);

/// Says in the log when most lines of text that is given as sentences or paragraphs end inside a sentence.
void warn_of_wrapped_lines(const DataConfig& config);

/// Both, with progress in the log.
PreparedText prepare_text(const PretrainConfig& config);

}  // namespace albert
