#include <albert/base/error.h>
#include <albert/optim/parameter_groups.h>

#include <gmock/gmock.h>

namespace albert {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ParameterGroups, GooglesPatternCatchesAllThreeKindsOfNames) {
  const std::string pattern(kDefaultExclusion);
  for (const char* name :
       {"albert.embeddings.LayerNorm.weight", "albert.encoder.albert_layer_groups.0.albert_layers.0.full_layer_layer_norm.weight",
        "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.query.bias", "predictions.bias"}) {
    EXPECT_TRUE(is_excluded(name, pattern)) << name;
  }
  for (const char* name :
       {"albert.embeddings.word_embeddings.weight", "albert.pooler.weight", "sop_classifier.classifier.weight"}) {
    EXPECT_FALSE(is_excluded(name, pattern)) << name;
  }
}

TEST(ParameterGroups, AnEmptyPatternExcludesNothing) { EXPECT_FALSE(is_excluded("a.bias", "")); }

TEST(ParameterGroups, ABadPatternNamesItsKey) {
  EXPECT_THAT([] { (void)is_excluded("a", "(bias"); },
              ThrowsMessage<ConfigError>(HasSubstr("optimizer.exclude: must be a regular expression, got '(bias'")));
}

}  // namespace
}  // namespace albert
