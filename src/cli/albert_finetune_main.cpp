// albert-finetune CONFIG: fine-tuning, evaluation and prediction.
#include "cli/resume_request.h"

#include <albert/base/log.h>
#include <albert/cli/arguments.h>
#include <albert/cli/run_main.h>
#include <albert/recipes/config_files.h>
#include <albert/recipes/finetune.h>

#include <iostream>

namespace {

using albert::cli::FinetuneAction;

albert::ExitCode run(int argc, const char* const* argv) {
  const auto arguments = albert::cli::parse_finetune_arguments(argc, argv, std::cout);
  if (!arguments) return albert::ExitCode::done;
  const albert::LogSession log(arguments->log_level);
  albert::config::Origins origins;
  const auto config = albert::read_finetune_config(arguments->config, arguments->overrides(), &origins);
  albert::FinetuneRequest request{.dry_run = arguments->action == FinetuneAction::dry_run,
                                  .evaluate = {},
                                  .predict = {},
                                  .resume = albert::cli::resume_request(arguments->resume),
                                  .has_own_length = albert::is_written(origins, "data.max_length")};
  if (arguments->action == FinetuneAction::evaluate) request.evaluate = arguments->model;
  if (arguments->action == FinetuneAction::predict) request.predict = arguments->model;
  const albert::StopSignal stop;
  return albert::run_finetuning(config, request, stop, std::cout);
}

}  // namespace

int main(int argc, char** argv) {
  return albert::cli::run_main([&] { return run(argc, argv); });
}
