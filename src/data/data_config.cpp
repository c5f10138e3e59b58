#include <albert/base/error.h>
#include <albert/data/corpus.h>
#include <albert/data/data_config.h>
#include <albert/data/sentences.h>

#include <algorithm>
#include <thread>

namespace albert {

void DataSourceConfig::validate(config::Issues& issues) const {
  try {
    const DocumentBoundary boundary = parse_document_boundary(document_boundary);
    if (format == TextFormat::jsonl && boundary.kind != DocumentBoundary::Kind::blank_line) {
      issues.add("document_boundary", "has no meaning for format jsonl, where each line is a document; remove it");
    }
  } catch (const ConfigError& error) {
    issues.add("document_boundary", error.what());
  }
  if (format == TextFormat::jsonl && text_key.empty()) issues.add("text_key", "must name the key of the text, got an empty text");
}

void DataConfig::validate(config::Issues& issues) const {
  try {
    (void)SentenceSplitter(language);
  } catch (const ConfigError&) {
    issues.add("language", fmt::format("must be a language such as en, or root, got '{}'", language));
  }
}

int64_t DataConfig::num_threads() const {
  return threads.or_else(std::clamp<int64_t>(static_cast<int64_t>(std::thread::hardware_concurrency()), 1, 16));
}

}  // namespace albert
