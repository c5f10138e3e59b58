// From --resume to what the trainer takes.
#pragma once

#include <albert/cli/arguments.h>
#include <albert/recipes/pretrain.h>

namespace albert::cli {

inline ResumeRequest resume_request(const ResumeChoice& choice) {
  switch (choice.mode) {
    case ResumeChoice::Mode::never: return {.mode = ResumeRequest::Mode::never, .path = {}};
    case ResumeChoice::Mode::checkpoint: return {.mode = ResumeRequest::Mode::path, .path = choice.checkpoint};
    case ResumeChoice::Mode::automatic: break;
  }
  return {};
}

}  // namespace albert::cli
