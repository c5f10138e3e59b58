// Devices and what they can do. One binary serves machines with and without a GPU: it links LibTorch's CPU part only and loads
// the CUDA part when a program asks for it and a driver is there.
#pragma once

#include <albert/model/encoder_io.h>

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace albert {

/// "auto" (a CUDA device where one works, else the CPU), "cpu", "cuda" or "cuda:N". Must be called before anything else touches
/// CUDA. Throws ConfigError when the text is none of these, or the device is asked for and not there; `key` names the option.
at::Device resolve_device(std::string_view text, std::string_view key = "training.device");

/// What was chosen, or bf16 where the hardware multiplies it fast, else fp32. Choosing bf16 elsewhere is allowed: it is right,
/// only slow.
Precision resolve_precision(std::optional<Precision> chosen, const at::Device& device);
/// CPU: AMX (Intel), AVX512_BF16 (AMD), BF16 (Arm); CUDA: compute capability 8.0 or later.
bool multiplies_bf16_fast(const at::Device& device);

/// Compute capability; {0, 0} for other devices. Cheap enough for each forward pass.
struct CudaCapability {
  int major = 0;
  int minor = 0;
};
CudaCapability cuda_capability(const at::Device& device);

/// What the report calls the device: the CPU's model name, or "CUDA device N (capability X.Y)".
std::string describe_device(const at::Device& device);

/// Waits for queued work; nothing to do on the CPU.
void synchronize(const at::Device& device);

}  // namespace albert
