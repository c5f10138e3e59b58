#include <albert/base/error.h>
#include <albert/base/random.h>
#include <albert/data/corpus.h>
#include <albert/data/sentences.h>

#include <algorithm>
#include <queue>
#include <utility>

namespace albert {
namespace {

void append_sentences(const Paragraph& paragraph, SentenceSplitter& splitter, std::vector<std::string>& sentences) {
  if (paragraph.is_sentence) {
    sentences.push_back(paragraph.text);
    return;
  }
  std::vector<std::string_view> views;
  splitter.split(paragraph.text, views);
  sentences.insert(sentences.end(), views.begin(), views.end());
}

struct SampledParagraph {
  uint64_t priority = 0;
  int64_t position = 0;
  Paragraph paragraph;
  bool operator<(const SampledParagraph& other) const { return std::pair(priority, position) < std::pair(other.priority, other.position); }
};

}  // namespace

std::vector<PreviewDocument> preview_documents(const DataConfig& config, size_t num_documents, size_t max_sentences) {
  SentenceSplitter splitter(config.language);
  CorpusReader reader(config);
  std::vector<PreviewDocument> documents;
  Paragraph paragraph;
  // One document alone may be the whole corpus, so reading stops once the last one shown is full.
  while (reader.next(paragraph)) {
    if (paragraph.starts_document) {
      if (documents.size() == num_documents) break;
      documents.push_back({reader.files()[reader.file_index()].path.string(), {}, false});
    }
    PreviewDocument& document = documents.back();
    if (document.sentences.size() < max_sentences) append_sentences(paragraph, splitter, document.sentences);
    else document.is_cut = true;
    if (document.sentences.size() > max_sentences) {
      document.sentences.resize(max_sentences);
      document.is_cut = true;
    }
    if (document.is_cut && documents.size() == num_documents) break;
  }
  return documents;
}

std::vector<std::string> sample_sentences(const DataConfig& config, uint64_t max_bytes, uint64_t seed) {
  CorpusReader reader(config);
  std::priority_queue<SampledParagraph> chosen;  // highest priority value on top: the first to be dropped
  uint64_t bytes = 0;
  uint64_t barrier = UINT64_MAX;  // once one with this priority was dropped, none above it may enter
  Paragraph paragraph;
  for (int64_t position = 0; reader.next(paragraph); ++position) {
    const uint64_t priority = mix_seed(seed, "vocabulary sample", static_cast<uint64_t>(position));
    if (priority >= barrier) continue;
    bytes += paragraph.text.size();
    chosen.push({priority, position, paragraph});
    while (bytes > max_bytes && chosen.size() > 1) {
      bytes -= chosen.top().paragraph.text.size();
      barrier = chosen.top().priority;
      chosen.pop();
    }
  }
  if (chosen.empty()) throw DataError("data.sources: expected text, got none in all files; check path and format");
  std::vector<SampledParagraph> ordered;
  for (; !chosen.empty(); chosen.pop()) ordered.push_back(chosen.top());
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
  SentenceSplitter splitter(config.language);
  std::vector<std::string> sentences;
  for (SampledParagraph& sampled : ordered) {
    append_sentences(sampled.paragraph, splitter, sentences);
    sampled.paragraph.text = std::string();
  }
  return sentences;
}

}  // namespace albert
