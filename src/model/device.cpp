#include <albert/base/error.h>
#include <albert/model/device.h>

#include <ATen/DeviceAccelerator.h>
#include <dlfcn.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>

namespace albert {
namespace {

constexpr const char* kDriverLibrary = "libcuda.so.1";

/// The folder of the loaded libtorch_cpu.
std::filesystem::path torch_library_folder() {
  Dl_info info{};
  const auto address = reinterpret_cast<const void*>(&at::accelerator::deviceCount);
  ALBERT_CHECK(dladdr(address, &info) != 0 && info.dli_fname != nullptr, "cannot find the file of libtorch_cpu");
  return std::filesystem::path(info.dli_fname).parent_path();
}

std::string last_load_error() {
  const char* text = dlerror();
  return text == nullptr ? "unknown reason" : text;
}

/// Loads the driver and LibTorch's CUDA part (it registers itself). Returns why that is not possible, or nothing.
std::optional<std::string> load_cuda() {
  if (dlopen(kDriverLibrary, RTLD_NOW | RTLD_GLOBAL) == nullptr) return "no NVIDIA driver (libcuda.so.1) was found";
  const auto library = torch_library_folder() / "libtorch_cuda.so";
  if (!std::filesystem::exists(library)) return "this LibTorch has no CUDA part (libtorch_cuda.so)";
  if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr)
    return "LibTorch's CUDA part does not load: " + last_load_error();
  if (at::accelerator::deviceCount() == 0) return "the NVIDIA driver reports no device";
  return std::nullopt;
}

enum class DeviceKind { automatic, cpu, cuda };
struct DeviceRequest {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;
};

std::optional<DeviceRequest> parse_request(std::string_view text) {
  constexpr std::string_view kCudaIndex = "cuda:";
  constexpr int kMaxIndex = 127;  // at::DeviceIndex is one byte
  if (text == "auto") return std::make_optional<DeviceRequest>({DeviceKind::automatic, 0});
  if (text == "cpu") return std::make_optional<DeviceRequest>({DeviceKind::cpu, 0});
  if (text == "cuda") return std::make_optional<DeviceRequest>({DeviceKind::cuda, 0});
  if (!text.starts_with(kCudaIndex)) return std::nullopt;
  const std::string_view digits = text.substr(kCudaIndex.size());
  int index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (error != std::errc{} || end != digits.data() + digits.size() || index < 0 || index > kMaxIndex) return std::nullopt;
  return std::make_optional<DeviceRequest>({DeviceKind::cuda, index});
}

bool cpu_multiplies_bf16_fast() {
#if defined(__x86_64__)
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  constexpr unsigned kAmxBf16Bit = 1U << 22U;            // leaf 7.0, EDX
  constexpr unsigned kAvx512Bf16Bit = 1U << 5U;          // leaf 7.1, EAX
  if (!__builtin_cpu_supports("avx512f")) return false;  // asks the operating system as well
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kAmxBf16Bit) != 0) return true;
  // Intel's AVX512_BF16 alone is no faster than fp32 (measured: 0.6 of its rate on a Xeon whose AMX is hidden by the hypervisor);
  // AMD's Zen 4 and later multiply bf16 at twice the rate of fp32.
  return __builtin_cpu_is("amd") && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax & kAvx512Bf16Bit) != 0;
#elif defined(__aarch64__)
  return (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0;
#else
  return false;
#endif
}

std::string cpu_model_name() {
  std::ifstream file("/proc/cpuinfo");
  constexpr std::string_view kKey = "model name";
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with(kKey) && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "CPU";
}

}  // namespace

at::Device resolve_device(std::string_view text, std::string_view key) {
  const auto request = parse_request(text);
  if (!request) throw ConfigError(fmt::format("{}: must be auto, cpu, cuda or cuda:N, got {}", key, text));
  if (request->kind == DeviceKind::cpu) return at::Device(at::kCPU);
  if (const auto obstacle = load_cuda()) {
    if (request->kind == DeviceKind::automatic) return at::Device(at::kCPU);
    throw ConfigError(fmt::format("{}: must name a device that works, got {} ({}); use cpu or auto", key, text, *obstacle));
  }
  const int count = at::accelerator::deviceCount();
  if (request->index >= count)
    throw ConfigError(fmt::format("{}: must be below cuda:{} on this machine, got {}", key, count, text));
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(request->index));
}

CudaCapability cuda_capability(const at::Device& device) {
  if (!device.is_cuda()) return {};
  // The driver's own interface: the runtime's needs the toolkit's headers. Attributes 75 and 76 are the capability (cuda.h).
  using GetAttribute = int (*)(int*, int, int);
  static const auto get_attribute = []() -> GetAttribute {
    void* driver = dlopen(kDriverLibrary, RTLD_NOW);
    return driver == nullptr ? nullptr : reinterpret_cast<GetAttribute>(dlsym(driver, "cuDeviceGetAttribute"));
  }();
  CudaCapability capability;
  if (get_attribute == nullptr) return capability;
  const int index = device.has_index() ? device.index() : 0;
  if (get_attribute(&capability.major, 75, index) != 0 || get_attribute(&capability.minor, 76, index) != 0) return {};
  return capability;
}

bool multiplies_bf16_fast(const at::Device& device) {
  if (device.is_cpu()) return cpu_multiplies_bf16_fast();
  return cuda_capability(device).major >= 8;
}

Precision resolve_precision(std::optional<Precision> chosen, const at::Device& device) {
  if (chosen) return *chosen;
  return multiplies_bf16_fast(device) ? Precision::bf16 : Precision::fp32;
}

std::string describe_device(const at::Device& device) {
  if (device.is_cpu()) return cpu_model_name();
  const CudaCapability capability = cuda_capability(device);
  return fmt::format("CUDA device {} (capability {}.{})", static_cast<int>(device.index()), capability.major, capability.minor);
}

void synchronize(const at::Device& device) {
  if (!device.is_cpu()) at::accelerator::synchronizeDevice(device.index());
}

}  // namespace albert
