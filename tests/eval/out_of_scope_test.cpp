#include <albert/eval/out_of_scope.h>

#include <gtest/gtest.h>

#include <cmath>

namespace albert {
namespace {

constexpr int64_t kOutOfScope = 3;

TEST(OutOfScope, SeparatesTheTwoKindsOfQueries) {
  OutOfScopeCounts counts(kOutOfScope);
  counts.add(/*predicted=*/0, /*expected=*/0);
  counts.add(1, 0);
  counts.add(kOutOfScope, 2);  // rejected, wrongly
  counts.add(2, 2);
  counts.add(kOutOfScope, kOutOfScope);
  counts.add(0, kOutOfScope);
  counts.add(1, kOutOfScope);
  EXPECT_DOUBLE_EQ(counts.in_scope_accuracy(), 2.0 / 4);
  EXPECT_DOUBLE_EQ(counts.out_of_scope_recall(), 1.0 / 3);
  EXPECT_EQ(counts.in_scope().total(), 4);
  EXPECT_EQ(counts.out_of_scope().total(), 3);
}

TEST(OutOfScope, IsUndefinedWithoutSuchQueries) {
  OutOfScopeCounts counts(kOutOfScope);
  counts.add(1, 1);
  EXPECT_DOUBLE_EQ(counts.in_scope_accuracy(), 1.0);
  EXPECT_TRUE(std::isnan(counts.out_of_scope_recall()));
}

}  // namespace
}  // namespace albert
