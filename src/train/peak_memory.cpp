#include <albert/train/peak_memory.h>

#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>

namespace albert {

int64_t peak_memory_bytes(at::Device device) {
  if (device.is_cpu()) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return int64_t{usage.ru_maxrss} * 1024;
  }
  constexpr auto kAggregate = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const c10::DeviceIndex index = device.has_index() ? device.index() : c10::DeviceIndex{0};
  return at::getDeviceAllocator(device.type())->getDeviceStats(index).allocated_bytes[kAggregate].peak;
}

}  // namespace albert
