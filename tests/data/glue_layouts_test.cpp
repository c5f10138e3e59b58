// The official GLUE files that are not at hand, as small copies of their layout: QQP, all columns of MNLI, and files without
// labels.
#include "labelled_files.h"

#include <albert/data/labelled_rows.h>
#include <albert/data/task_catalog.h>

#include <gmock/gmock.h>
#include <temporary_folder.h>

namespace albert {
namespace {

using ::testing::ElementsAre;
using testing::file_of;
using testing::TemporaryFolder;
using testing::write_text;

struct GlueLayouts : ::testing::Test {
  TemporaryFolder folder;
  LabelledRows read(const std::string& task_name, std::string_view content, LabelKind label) const {
    const NamedTask& task = find_task(task_name);
    const auto file = with_task_defaults(file_of(write_text(folder / "a.tsv", content)), task);
    const std::optional<LabelVocabulary> known = task.labels.empty() ? std::nullopt : std::optional<LabelVocabulary>(task.labels);
    return read_labelled_rows(
        file, {.columns = choose_layout(file, task.layouts), .label = label, .known_labels = known ? &*known : nullptr});
  }
};

TEST_F(GlueLayouts, OfQqpLeaveOutItsBrokenRows) {
  const auto read = this->read("qqp",
                               "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
                               "7\t1\t2\tHow \"so?\tWhy so?\t0\n"
                               "8\t3\t4\tOne half of\n"
                               "9\t5\t6\tWho?\tWho is it?\t1\n",
                               LabelKind::single);
  ASSERT_EQ(read.rows.size(), 2U);
  EXPECT_EQ(read.rows[0].text_a, "How \"so?");
  EXPECT_EQ(read.rows[1].text_b, "Who is it?");
  EXPECT_EQ(read.rows[1].id, "2");
  EXPECT_EQ(read.skipped.count, 1);
}

TEST_F(GlueLayouts, OfMnliTakeSentencesAndGoldLabel) {
  const std::string head =
      "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse";
  const std::string row = "0\t31193\t31193n\tgovernment\t( a )\t( b )\t(ROOT a)\t(ROOT b)\tIt rains.\tIt is wet.";
  const auto train =
      read("mnli", head + "\tsentence1\tsentence2\tlabel1\tgold_label\n" + row + "\tneutral\tentailment\n", LabelKind::single);
  EXPECT_EQ(train.rows.at(0).text_a, "It rains.");
  EXPECT_EQ(train.rows.at(0).text_b, "It is wet.");
  EXPECT_THAT(train.rows.at(0).labels, ElementsAre("entailment"));
  const auto dev = read("mnli-mm",
                        head + "\tsentence1\tsentence2\tlabel1\tlabel2\tlabel3\tlabel4\tlabel5\tgold_label\n" + row +
                            "\tneutral\tentailment\tneutral\tneutral\tneutral\tneutral\n",
                        LabelKind::single);
  EXPECT_THAT(dev.rows.at(0).labels, ElementsAre("neutral"));
  const auto test = read("mnli", head + "\tsentence1\tsentence2\n" + row + "\n", LabelKind::none);
  EXPECT_EQ(test.rows.at(0).text_b, "It is wet.");
}

TEST_F(GlueLayouts, OfTestFilesHaveNoLabels) {
  EXPECT_EQ(read("cola", "index\tsentence\n0\tBill whistled past.\n", LabelKind::none).rows.at(0).text_a, "Bill whistled past.");
  EXPECT_EQ(read("sst-2", "index\tsentence\n0\tuneasy mishmash\n", LabelKind::none).rows.at(0).text_a, "uneasy mishmash");
  const auto mrpc =
      read("mrpc", "\xEF\xBB\xBFindex\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n0\t1\t2\tOne.\tTwo.\r\n", LabelKind::none);
  EXPECT_EQ(mrpc.rows.at(0).text_b, "Two.");
  const auto similarity = read("sts-b",
                               "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\n"
                               "0\tg\tf\ty\t1\ta\tb\tA girl.\tA child.\n",
                               LabelKind::none);
  EXPECT_EQ(similarity.rows.at(0).text_a, "A girl.");
  EXPECT_EQ(read("qnli", "index\tquestion\tsentence\n0\tWho?\tHe did.\n", LabelKind::none).rows.at(0).text_b, "He did.");
  EXPECT_EQ(read("rte", "index\tsentence1\tsentence2\n0\tHe did.\tWho?\n", LabelKind::none).rows.at(0).text_b, "Who?");
  EXPECT_EQ(read("ax", "index\tsentence1\tsentence2\n0\tHe did.\tWho?\n", LabelKind::none).rows.at(0).text_a, "He did.");
}

}  // namespace
}  // namespace albert
