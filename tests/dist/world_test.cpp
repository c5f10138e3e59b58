#include <albert/dist/world.h>

#include <ATen/ops/ones.h>
#include <gmock/gmock.h>

#include <array>

namespace albert {
namespace {

using ::testing::ElementsAre;

TEST(SingleProcess, IsRankZeroOfOneAndChangesNothing) {
  const auto world = single_process();
  EXPECT_EQ(world->rank(), 0);
  EXPECT_EQ(world->size(), 1);
  EXPECT_TRUE(world->is_first());
  std::array<int64_t, 2> counts{3, 4};
  std::array<double, 1> sums{0.5};
  world->sum(counts);
  world->sum(sums);
  EXPECT_THAT(counts, ElementsAre(3, 4));
  EXPECT_THAT(sums, ElementsAre(0.5));
  at::Tensor gradients = at::ones({3});
  world->sum_gradients(gradients);
  EXPECT_TRUE(gradients.equal(at::ones({3})));
  world->barrier();
}

/// Three ranks, of which the test is number 1; the others' contributions to the sums are scripted.
class ThreeRanks final : public World {
 public:
  explicit ThreeRanks(std::vector<int64_t> of_others) : of_others_(std::move(of_others)) {}
  [[nodiscard]] int64_t rank() const override { return 1; }
  [[nodiscard]] int64_t size() const override { return 3; }
  void sum(std::span<int64_t> values) override {
    ASSERT_EQ(values.size(), of_others_.size());
    for (size_t i = 0; i < values.size(); ++i) values[i] += of_others_[i];
  }
  void sum(std::span<double> /*values*/) override {}
  void sum_gradients(at::Tensor& /*flat*/) override {}
  void barrier() override {}

 private:
  std::vector<int64_t> of_others_;
};

TEST(World, AnyAndAllCountTheRanks) {
  EXPECT_TRUE(ThreeRanks({0}).any(true));
  EXPECT_TRUE(ThreeRanks({1}).any(false));
  EXPECT_FALSE(ThreeRanks({0}).any(false));
  EXPECT_TRUE(ThreeRanks({0}).all(true)) << "nobody objects";
  EXPECT_FALSE(ThreeRanks({1}).all(true)) << "another rank objects";
  EXPECT_FALSE(ThreeRanks({0}).all(false));
}

TEST(World, AgreementIsNotFooledByDifferencesThatCancel) {
  EXPECT_TRUE(ThreeRanks({7, 0, 7}).agree(7));
  EXPECT_FALSE(ThreeRanks({6, 0, 8}).agree(7));
  EXPECT_FALSE(ThreeRanks({7, 0, 8}).agree(7));
}

}  // namespace
}  // namespace albert
