// albert SUBCOMMAND: everything on a model folder or a run.
#include <albert/base/log.h>
#include <albert/cli/run_main.h>
#include <albert/cli/tool.h>
#include <albert/recipes/finetune_config.h>
#include <albert/recipes/predict_tensors.h>
#include <albert/recipes/pretrain_config.h>

#include <iostream>

namespace {

using albert::ExitCode;

ExitCode tokenize(const albert::cli::TokenizeArguments& arguments) {
  const albert::LogSession log(arguments.log_level);
  albert::tokenize_lines(arguments.model, arguments.pieces ? albert::TokenizeOutput::pieces : albert::TokenizeOutput::ids, std::cin, std::cout);
  return ExitCode::done;
}

ExitCode print_reference(const albert::cli::ToolArguments& /*arguments*/) {
  std::cout << albert::pretrain_reference() << '\n' << albert::finetune_reference();
  return ExitCode::done;
}

ExitCode predict(const albert::cli::PredictArguments& arguments) {
  const albert::LogSession log(arguments.log_level);
  albert::predict_tensors({.model = arguments.model, .ids = arguments.ids, .tensors = arguments.tensors, .device = arguments.device}, std::cin);
  return ExitCode::done;
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return albert::cli::run_main([&] {
    return albert::cli::run_tool(argc, argv, std::cout,
                                 {
                                     albert::cli::subcommand<albert::cli::TokenizeArguments>(
                                         "tokenize", "lines of standard input to token ids, one line each", tokenize),
                                     albert::cli::subcommand<albert::cli::PredictArguments>(
                                         "predict", "hidden states, pooled output and logits of a model, as tensors", predict),
                                     albert::cli::subcommand<albert::cli::ToolArguments>(
                                         "config-reference", "all options of the configurations, as Markdown", print_reference),
                                 });
  });
}
