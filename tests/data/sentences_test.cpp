#include <albert/base/error.h>
#include <albert/data/sentences.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> split(const std::string& text, const std::string& language = "en") {
  SentenceSplitter splitter(language);
  std::vector<std::string_view> views;
  splitter.split(text, views);
  return {views.begin(), views.end()};
}

TEST(Sentences, EndAtStopsAndNotInsideNumbers) {
  EXPECT_THAT(split("  It cost 3.50 dollars. Was it much? Yes!  He paid."),
              ElementsAre("It cost 3.50 dollars.", "Was it much?", "Yes!", "He paid."));
}

TEST(Sentences, DoNotEndAfterAbbreviations) {
  for (const char* word : {"Mr.", "Mrs.", "Dr.", "St.", "Prof.", "Capt.", "e.g.", "i.e.", "vs.", "J.", "J. R.", "U.S.", "(Mr.", "--Mr.", "\xE2\x80\x9C_Mr.", "Messrs."}) {
    EXPECT_THAT(split(std::string("There came ") + word + " Smith by train. Next one."), ElementsAre(::testing::_, "Next one.")) << word;
  }
}

TEST(Sentences, EndAfterNoUnlessADigitFollows) {
  EXPECT_THAT(split("She said no. He left."), ElementsAre("She said no.", "He left."));
  EXPECT_THAT(split("We live at No. 5 now. He left."), ElementsAre("We live at No. 5 now.", "He left."));
}

TEST(Sentences, EndAfterThePronoun) { EXPECT_THAT(split("He is older than I. She is not."), ElementsAre("He is older than I.", "She is not.")); }

TEST(Sentences, FollowTheLanguage) {
  EXPECT_THAT(split("Das ist Prof. Meier, d.h. Hr. Meier. Er kommt.", "de"), ElementsAre("Das ist Prof. Meier, d.h. Hr. Meier.", "Er kommt."));
  EXPECT_THAT(split("Here is Mr. Smith.", "root"), ElementsAre("Here is Mr.", "Smith."));
  EXPECT_THAT(split("\xE4\xBB\x96\xE6\x9D\xA5\xE4\xBA\x86\xE3\x80\x82\xE5\xA5\xB9\xE8\xB5\xB0\xE4\xBA\x86\xE3\x80\x82", "zh"), ::testing::SizeIs(2));
}

TEST(Sentences, RefuseAnUnknownLanguage) {
  try {
    SentenceSplitter splitter("klingon");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "data.language: expected a language such as en, or root, got klingon");
  }
}

TEST(Sentences, OfBlankTextAreNone) {
  EXPECT_THAT(split(""), ElementsAre());
  EXPECT_THAT(split(" \xC2\xA0\xE3\x80\x80 "), ElementsAre());
}

TEST(Trim, RemovesUnicodeWhiteSpaceOnly) {
  EXPECT_EQ(trim(" \xC2\xA0\xE2\x80\xA8 a b\xC3\xA9\xE3\x80\x80\t\r"), "a b\xC3\xA9");
  EXPECT_EQ(trim("\xE2\x82\xAC"), "\xE2\x82\xAC");
  EXPECT_EQ(trim("\xC2\xA0"), "");
}

}  // namespace
}  // namespace albert
