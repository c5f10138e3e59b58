#include <albert/train/peak_memory.h>

#include <c10/core/CachingDeviceAllocator.h>
#include <malloc.h>
#include <sys/resource.h>

#include <charconv>
#include <fstream>
#include <string>

namespace albert {
namespace {

constexpr int64_t kKibi = 1024;

/// Largest resident size since forget_peak_memory(). getrusage() also counts the program that called exec.
int64_t peak_of_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmHWM:")) continue;
    const size_t begin = line.find_first_of("0123456789");
    int64_t kibibytes = 0;
    if (begin != std::string::npos && std::from_chars(line.data() + begin, line.data() + line.size(), kibibytes).ec == std::errc{}) return kKibi * kibibytes;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return kKibi * int64_t{usage.ru_maxrss};
}

c10::DeviceIndex index_of(at::Device device) { return device.has_index() ? device.index() : c10::DeviceIndex{0}; }

}  // namespace

int64_t peak_memory_bytes(at::Device device) {
  if (device.is_cpu()) return peak_of_process();
  constexpr auto kAggregate = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return at::getDeviceAllocator(device.type())->getDeviceStats(index_of(device)).allocated_bytes[kAggregate].peak;
}

void forget_peak_memory(at::Device device) {
  if (!device.is_cpu()) {
    at::getDeviceAllocator(device.type())->resetPeakStats(index_of(device));
    return;
  }
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): resets the high-water mark; refused in some containers
}

}  // namespace albert
