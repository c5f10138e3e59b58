#include "labelled_files.h"

#include <albert/data/conll.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using testing::error_text;
using testing::file_of;
using ::testing::IsEmpty;
using testing::TemporaryFolder;
using testing::write_text;

struct Conll : ::testing::Test {
  TemporaryFolder folder;
  TaggedSentences read(const std::string& name, std::string_view content, const ColumnMap& columns = {},
                       TagUse tags = TagUse::read, InvalidRows invalid = InvalidRows::error) const {
    auto file = file_of(write_text(folder / name, content));
    file.invalid_rows = invalid;
    return read_tagged_sentences(file, columns, tags);
  }
};

TEST_F(Conll, ReadsTheFirstAndLastColumn) {
  const auto read_file = read(
      "a.conll", "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n\nPeter NNP B-NP B-PER\n \nend NN I-NP O");
  ASSERT_EQ(read_file.sentences.size(), 3U);
  EXPECT_THAT(read_file.sentences[0].words, ElementsAre("EU", "rejects"));
  EXPECT_THAT(read_file.sentences[0].tags, ElementsAre("B-ORG", "O"));
  EXPECT_EQ(read_file.sentences[0].line, 3);
  EXPECT_EQ(read_file.sentences[1].line, 7);
  EXPECT_THAT(read_file.sentences[2].tags, ElementsAre("O"));
}

TEST_F(Conll, ReadsChosenColumnsPartedByTabs) {
  const auto sentences = read("a.conll", "1\tNew York\tNNP\tB\r\n2\tis\tVBZ\tO\r\n", {.token = "2", .tag = "3"}).sentences;
  ASSERT_EQ(sentences.size(), 1U);
  EXPECT_THAT(sentences[0].words, ElementsAre("New York", "is"));
  EXPECT_THAT(sentences[0].tags, ElementsAre("NNP", "VBZ"));
}

TEST_F(Conll, LeavesOutCommentsBeforeASentenceButNotHashWords) {
  const auto sentences =
      read("a.conll", "# id 5239 domain=en\nfilm _ _ O\n\n# id 5240 domain=en\n# _ _ O\ntag _ _ B-X\n\n# _ _ B-X\n").sentences;
  ASSERT_EQ(sentences.size(), 3U);
  EXPECT_THAT(sentences[1].words, ElementsAre("#", "tag"));
  EXPECT_THAT(sentences[2].words, ElementsAre("#"));
}

TEST_F(Conll, ReadsHashWordsWhateverTheirTags) {
  // Of a tweet: "#" comes before any tag was seen, and with one that comes nowhere else.
  const std::string tweets = "# B-creative-work\n1 I-creative-work\n\n#hashtag O\nfun O\n\n# B-product\n# O\n";
  for (const TagUse tags : {TagUse::read, TagUse::ignore}) {
    const auto sentences = read("a.conll", tweets, {}, tags).sentences;
    ASSERT_EQ(sentences.size(), 3U);
    EXPECT_THAT(sentences[0].words, ElementsAre("#", "1"));
    EXPECT_EQ(sentences[0].line, 1);
    EXPECT_THAT(sentences[1].words, ElementsAre("#hashtag", "fun"));
    EXPECT_THAT(sentences[2].words, ElementsAre("#", "#"));
    EXPECT_EQ(sentences[2].line, 7);
  }
  EXPECT_THAT(read("a.conll", "#\tB-x\na\tO\n").sentences[0].words, ElementsAre("#", "a"));
  EXPECT_THAT(read("a.conll", "#\nfun\n", {}, TagUse::ignore).sentences[0].words, ElementsAre("#", "fun"));
}

TEST_F(Conll, LeavesOutLinesThatCannotBeWordsInEveryUse) {
  const std::string text =
      "# a comment of many words\n# one\n\n# id 7 domain=en\nfilm _ _ O\n# _ _ O\n\n# id 8 domain=en\n# 2 columns\n# _ _ B-Z\n";
  for (const TagUse tags : {TagUse::read, TagUse::ignore}) {
    const auto sentences = read("a.conll", text, {}, tags).sentences;
    ASSERT_EQ(sentences.size(), 2U);
    EXPECT_THAT(sentences[0].words, ElementsAre("film", "#"));
    EXPECT_THAT(sentences[1].words, ElementsAre("#"));
    // Words are parted by tabs, the comment by blanks.
    EXPECT_THAT(read("a.conll", "# 1\n# a\tO\nfilm\tO\n", {}, tags).sentences[0].words, ElementsAre("# a", "film"));
  }
  EXPECT_EQ(error_text([&] { read("a.conll", "# nothing but\n# comments\n"); }),
            (folder / "a.conll").string() + ": expected at least one sentence, got none; check the file");
}

TEST_F(Conll, LeavesOutKeysWithAValueOfAnyNumberOfColumns) {
  for (const std::string key : {"# sent_id = 1", "# text=The film ends", "# text = film", "# sent_id =1 b", "# newdoc id =", "# a= b c"}) {
    const auto sentences = read("a.conll", key + "\nthe DT B-NP DET\nfilm NN I-NP NOUN\n\n" + key + "\nend NN I-NP NOUN\n").sentences;
    ASSERT_EQ(sentences.size(), 2U) << key;
    EXPECT_THAT(sentences[0].words, ElementsAre("the", "film")) << key;
    EXPECT_THAT(sentences[1].words, ElementsAre("end")) << key;
    EXPECT_EQ(sentences[1].line, 6) << key;
  }
  EXPECT_THAT(read("a.conll", "# text = a film end\nthe B I X Y Z\n").sentences[0].words, ElementsAre("the"));
}

TEST_F(Conll, ReadsHashWordsBesideKeysWithAValue) {
  const std::string text = "# sent_id = 1\n# NN I-NP O\n3 CD I-NP O\n# sent_id = 2\n\n# sent_id = 3\n#hashtag NN I-NP O\n";
  const auto sentences = read("a.conll", text).sentences;
  ASSERT_EQ(sentences.size(), 2U);
  EXPECT_THAT(sentences[0].words, ElementsAre("#", "3", "#"));  // behind the first word of a sentence all is a word
  EXPECT_THAT(sentences[1].words, ElementsAre("#hashtag"));
}

TEST_F(Conll, ReadsWordsWithoutTagsForPrediction) {
  const auto sentences = read("a.conll", "EU\nrejects\n\nPeter\n", {}, TagUse::ignore).sentences;
  ASSERT_EQ(sentences.size(), 2U);
  EXPECT_THAT(sentences[0].words, ElementsAre("EU", "rejects"));
  EXPECT_THAT(sentences[0].tags, IsEmpty());
}

TEST_F(Conll, LeavesOutWholeSentencesUnderSkip) {
  const auto result = read("a.conll", "a O\nb\nc O\n\nd O\n\ne\xFF O\n", {}, TagUse::read, InvalidRows::skip);
  ASSERT_EQ(result.sentences.size(), 1U);
  EXPECT_THAT(result.sentences[0].words, ElementsAre("d"));
  EXPECT_EQ(result.skipped.count, 2);
}

TEST_F(Conll, ReadsConlluWithRangesEmptyNodesAndComments) {
  const std::string text =
      "# sent_id = 1\n# text = don't go\n1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n1\tdo\tdo\tAUX\tVB\t_\t3\taux\t_\t_\n"
      "2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_\n2.1\tx\tx\tVERB\tVB\t_\t_\t_\t_\t_\n3\tNew "
      "York\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n\n";
  const auto upos = read("a.conllu", text).sentences;
  ASSERT_EQ(upos.size(), 1U);
  EXPECT_THAT(upos[0].words, ElementsAre("do", "n't", "New York"));
  EXPECT_THAT(upos[0].tags, ElementsAre("AUX", "PART", "VERB"));
  EXPECT_EQ(upos[0].line, 4);
  EXPECT_THAT(read("a.conllu", text, {.tag = "xpos"}).sentences[0].tags, ElementsAre("VB", "RB", "VB"));
  EXPECT_THAT(read("a.conllu", text, {.token = "lemma", .tag = "8"}).sentences[0].tags, ElementsAre("aux", "advmod", "root"));
}

TEST_F(Conll, RefusesColumnsItCannotFind) {
  EXPECT_EQ(error_text([&] { read("a.conllu", "x\n", {.tag = "upso"}); }),
            "columns.tag: expected one of the CoNLL-U columns id, form, lemma, upos, xpos, feats, head, deprel, deps, misc for " +
                (folder / "a.conllu").string() + ", got \"upso\"; did you mean \"upos\"? correct the name");
  EXPECT_EQ(error_text([&] { read("a.conll", "x\n", {.tag = "ner"}); }), "columns.tag: expected the number of a column of " +
                                                                             (folder / "a.conll").string() +
                                                                             ", got \"ner\"; conll files have no header");
}

TEST_F(Conll, ReadsTheAlignedFilesOfSnips) {
  write_text(folder / "seq.in", "play it \nadd this\n");
  write_text(folder / "seq.out", "O B-x \nO O\n");
  write_text(folder / "label", "Play\nAdd \n");
  const auto sentences = read_tagged_sentences(file_of(folder.path(), FileFormat::snips), {}).sentences;
  ASSERT_EQ(sentences.size(), 2U);
  EXPECT_THAT(sentences[0].words, ElementsAre("play", "it"));
  EXPECT_THAT(sentences[0].tags, ElementsAre("O", "B-x"));
  EXPECT_EQ(sentences[0].label, "Play");
  EXPECT_EQ(sentences[1].label, "Add");
  EXPECT_EQ(sentences[1].line, 2);
}

TEST_F(Conll, ReadsLinesOfTextForPrediction) {
  const auto sentences = read("a.txt", "EU rejects\t it\n\n \nend", {}, TagUse::ignore).sentences;
  ASSERT_EQ(sentences.size(), 4U);
  EXPECT_THAT(sentences[0].words, ElementsAre("EU", "rejects", "it"));
  EXPECT_THAT(sentences[1].words, IsEmpty());
  EXPECT_THAT(sentences[2].words, IsEmpty());
  EXPECT_THAT(sentences[3].words, ElementsAre("end"));
  EXPECT_EQ(sentences[3].line, 4);
  EXPECT_EQ(error_text([&] { read("a.txt", "EU rejects\n"); }),
            (folder / "a.txt").string() + ": expected conll, conllu or snips for token classification, got format text; set format");
}

}  // namespace
}  // namespace albert
