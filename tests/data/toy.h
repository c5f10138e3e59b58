// A vocabulary without a tokenizer, and stores made by hand.
#pragma once

#include <albert/base/file.h>
#include <albert/base/random.h>
#include <albert/data/data_config.h>
#include <albert/data/token_store.h>
#include <albert/data/vocabulary.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace albert::testing {

/// Words by white space; a word longer than four letters has several pieces. Ids 0 to 4 are special; even ids continue a word.
inline Vocabulary toy_vocabulary(int32_t size = 1000) {
  Vocabulary vocabulary;
  vocabulary.size = size;
  vocabulary.tokenizer_hash = "toy-" + std::to_string(size);
  for (int32_t id = 0; id < size; ++id) vocabulary.word_roles.push_back(id % 2 == 1 ? WordRole::starts : WordRole::continues);
  vocabulary.encode = [size](std::string_view text) {
    std::vector<int32_t> ids;
    const auto push = [&](uint64_t value, bool starts) {
      const auto half = static_cast<uint64_t>((size - 8) / 2);
      ids.push_back(6 + static_cast<int32_t>(2 * (value % half)) + (starts ? 1 : 0));
    };
    uint64_t hash = 0;
    size_t letters = 0;
    bool starts = true;
    for (const char c : text) {
      if (c == ' ') {
        if (letters > 0) push(hash, starts);
        letters = 0;
        starts = true;
        hash = 0;
        continue;
      }
      hash = hash * 31 + static_cast<unsigned char>(c);
      if (++letters == 4) {
        push(hash, starts);
        letters = 0;
        starts = false;
      }
    }
    if (letters > 0) push(hash, starts);
    return ids;
  };
  return vocabulary;
}

inline std::filesystem::path write_text(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary);  // without fsync: tests write thousands of files
  file << content;
  return path;
}

inline DataConfig config_of(const std::filesystem::path& path, TextFormat format = TextFormat::sentences,
                            const std::string& boundary = "blank_line") {
  DataConfig config;
  config.sources.push_back({.path = path.string(), .format = format, .document_boundary = boundary});
  return config;
}

/// A store of `num_documents` documents with sentences of 1 to `max_sentence` pieces; each document has `sentences` of them.
/// Token t of the corpus has an id that tells words apart: about two of three pieces start a word.
inline TokenStore make_store(const std::filesystem::path& file, int64_t num_documents, int64_t sentences, int64_t max_sentence,
                             int32_t vocab_size = 1000, uint64_t seed = 7) {
  TokenStoreWriter writer(file, toy_vocabulary(vocab_size));
  RandomStream random(seed, "toy store");
  std::vector<int32_t> ids;
  for (int64_t d = 0; d < num_documents; ++d) {
    writer.begin_document(static_cast<uint32_t>(d % 2));
    for (int64_t s = 0; s < sentences; ++s) {
      ids.assign(static_cast<size_t>(random.between(1, max_sentence)), 0);
      for (size_t i = 0; i < ids.size(); ++i) {
        const bool starts = i == 0 || random.uniform() < 0.67;
        const auto half = static_cast<uint64_t>((vocab_size - 8) / 2);
        ids[i] = 6 + static_cast<int32_t>(2 * random.below(half)) + (starts ? 1 : 0);
      }
      writer.append_sentence(ids);
    }
  }
  writer.finish("{}");
  return TokenStore::open(file);
}

/// 20 documents of 40 sentences of two sources in turn; every token of a sentence is sentence_id(its number), so that text tells where it is
/// from.
inline int32_t sentence_id(int32_t sentence) { return 7 + 2 * sentence; }  // odd: a word of its own
inline int64_t sentence_of(int32_t id) { return (id - 7) / 2; }
inline TokenStore make_numbered_store(const std::filesystem::path& file) {
  TokenStoreWriter writer(file, toy_vocabulary(2000));
  RandomStream random(11, "numbered store");
  for (int32_t sentence = 0; sentence < 800; ++sentence) {
    if (sentence % 40 == 0) writer.begin_document(static_cast<uint32_t>(sentence / 40 % 2));
    writer.append_sentence(std::vector<int32_t>(static_cast<size_t>(random.between(1, 30)), sentence_id(sentence)));
  }
  writer.finish("{}");
  return TokenStore::open(file);
}

}  // namespace albert::testing
