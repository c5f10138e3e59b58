#include <albert/dist/world.h>

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

namespace albert {
namespace {

class SingleProcess final : public World {
 public:
  [[nodiscard]] int64_t rank() const override { return 0; }
  [[nodiscard]] int64_t size() const override { return 1; }
  void sum(std::span<int64_t> /*values*/) override {}
  void sum(std::span<double> /*values*/) override {}
  void sum_gradients(at::Tensor& /*flat*/) override {}
  void barrier() override {}
};

}  // namespace

bool World::any(bool mine) {
  std::array<int64_t, 1> count{mine ? 1 : 0};
  sum(count);
  return count[0] > 0;
}

bool World::all(bool mine) { return !any(!mine); }

bool World::agree(uint64_t mine) {
  // A slot for each rank: comparing sums would miss differences that cancel.
  std::vector<int64_t> slots(static_cast<size_t>(size()), 0);
  slots[static_cast<size_t>(rank())] = std::bit_cast<int64_t>(mine);
  sum(slots);
  return std::ranges::all_of(slots, [&](int64_t slot) { return std::bit_cast<uint64_t>(slot) == mine; });
}

std::unique_ptr<World> single_process() { return std::make_unique<SingleProcess>(); }

}  // namespace albert
