#include "eval/python_text.h"

#include "golden.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace albert {
namespace {

using testing::golden_values;

/// Whether Python's version of Unicode has the character: what came later, only ICU can know.
bool is_known(UChar32 c, int unicode_of_python) {
  UVersionInfo age{};
  u_charAge(c, age);
  return age[0] > 0 && age[0] <= unicode_of_python;
}

struct PythonText : ::testing::Test {
  nlohmann::json golden = golden_values("python_text");
  int unicode = std::stoi(golden["unicode"].get<std::string>());
};

TEST_F(PythonText, LowersEveryCharacterAsPython) {
  EXPECT_EQ(python_lower(golden["upper"].get<std::string>()), golden["lower"].get<std::string>());
}

TEST_F(PythonText, FindsTheFinalSigmaAsPython) {
  for (const auto& pair : golden["sigmas"]) EXPECT_EQ(python_lower(pair[0].get<std::string>()), pair[1].get<std::string>());
}

TEST_F(PythonText, KnowsTheSpacesOfPython) {
  const auto spaces = golden["spaces"].get<std::set<UChar32>>();
  ASSERT_EQ(spaces.size(), 29U);
  for (UChar32 c = 0; c <= UCHAR_MAX_VALUE; ++c) {
    if (!is_known(c, unicode)) continue;
    ASSERT_EQ(is_python_space(static_cast<char32_t>(c)), spaces.contains(c)) << c;
  }
}

TEST_F(PythonText, KnowsTheWordCharactersOfPython) {
  std::vector<bool> words(UCHAR_MAX_VALUE + 1, false);
  for (const auto& [first, last] : golden["words"].get<std::vector<std::pair<size_t, size_t>>>()) {
    std::fill_n(words.begin() + static_cast<std::ptrdiff_t>(first), last - first + 1, true);
  }
  for (UChar32 c = 0; c <= UCHAR_MAX_VALUE; ++c) {
    if (!is_known(c, unicode)) continue;
    ASSERT_EQ(is_python_word(static_cast<char32_t>(c)), words[static_cast<size_t>(c)]) << c;
  }
}

TEST(PythonLower, GrowsWhereTheLowerCaseIsLonger) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    text += "\u0130";  // 2 bytes, to 3
    expected += "i\u0307";
  }
  EXPECT_EQ(python_lower(text), expected);
}

TEST(PythonLower, KeepsBytesThatAreNotUtf8) { EXPECT_EQ(python_lower("A\xFF-\u00c4"), "a\xFF-\u00e4"); }

}  // namespace
}  // namespace albert
