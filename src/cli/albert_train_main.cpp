// albert-train CONFIG: pre-training.
#include "cli/resume_request.h"

#include <albert/base/log.h>
#include <albert/cli/arguments.h>
#include <albert/cli/run_main.h>
#include <albert/recipes/config_files.h>
#include <albert/recipes/pretrain.h>

#include <iostream>

namespace {

using albert::cli::TrainAction;

albert::ExitCode run(int argc, const char* const* argv) {
  const auto arguments = albert::cli::parse_train_arguments(argc, argv, std::cout);
  if (!arguments) return albert::ExitCode::done;
  const albert::LogSession log(arguments->log_level);
  const auto config = albert::read_pretrain_config(arguments->config, arguments->overrides());
  albert::PretrainRequest request{.prepare_only = arguments->action == TrainAction::prepare_only,
                                  .dry_run = arguments->action == TrainAction::dry_run,
                                  .evaluate = {},
                                  .resume = albert::cli::resume_request(arguments->resume)};
  if (arguments->action == TrainAction::evaluate) request.evaluate = arguments->evaluated_model;
  const albert::StopSignal stop;
  return albert::run_pretraining(config, request, stop, std::cout);
}

}  // namespace

int main(int argc, char** argv) {
  return albert::cli::run_main([&] { return run(argc, argv); });
}
