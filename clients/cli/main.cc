// `annals`, the command line. Arguments, environment and file descriptors are read here and nowhere
// else.
#include <grpc/support/log.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/app.h"
#include "clients/cli/end_listener.h"
#include "clients/cli/fd_output.h"
#include "clients/cpp/grpc_connection.h"

namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

int TerminalColumns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // What gRPC would log, such as a failed handshake, is in the error that is told anyway.
  if (FromEnvironment("GRPC_VERBOSITY").empty()) gpr_set_log_function([](gpr_log_func_args*) {});
  std::ios::sync_with_stdio(false);
  annals::cli::FdOutput out_buffer(STDOUT_FILENO);
  std::ostream out(&out_buffer);

  annals::cli::Environment environment;
  environment.in = &std::cin;
  environment.out = &out;
  environment.err = &std::cerr;
  environment.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  environment.err_is_terminal = isatty(STDERR_FILENO) == 1;
  environment.no_color = !FromEnvironment("NO_COLOR").empty();
  environment.columns = TerminalColumns();
  environment.server = FromEnvironment("ANNALS_SERVER");
  environment.credentials = {.token = FromEnvironment("ANNALS_TOKEN_FILE"),
                             .tls_ca = FromEnvironment("ANNALS_TLS_CA"),
                             .tls_certificate = FromEnvironment("ANNALS_TLS_CERT"),
                             .tls_key = FromEnvironment("ANNALS_TLS_KEY")};
  environment.editor = FromEnvironment("VISUAL");
  if (environment.editor.empty()) environment.editor = FromEnvironment("EDITOR");
  environment.temp_directory = FromEnvironment("TMPDIR");
  environment.connect = [](annals::client::ConnectionOptions options) {
    // A person waits for the answer: a server that is not there is told within a second or so.
    options.retry = annals::client::RetryPolicy({.attempts_max = 4});
    return annals::client::MakeGrpcConnection(std::move(options));
  };

  environment.listen_for_end = [](std::function<void(annals::cli::EndCause)> on_end) {
    return std::make_shared<annals::cli::EndListener>(STDOUT_FILENO, std::move(on_end));
  };

  const int exit_code =
      annals::cli::Run(std::vector<std::string>(argv + 1, argv + argc), environment);
  out.flush();
  if (out_buffer.Failed()) {
    std::cerr << "annals: cannot write to standard output: " << out_buffer.ErrorText() << "\n";
    return 1;
  }
  // What waits for this process learns that it was interrupted, and not that it was done.
  if (const int signal = annals::cli::EndListener::Signal(); signal != 0) std::raise(signal);
  return exit_code;
}
