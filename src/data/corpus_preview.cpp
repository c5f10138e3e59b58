#include <albert/base/error.h>
#include <albert/data/corpus.h>
#include <albert/data/sentences.h>

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

}  // namespace albert
