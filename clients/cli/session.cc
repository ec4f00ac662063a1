#include "clients/cli/session.h"

#include <utility>

#include "clients/cli/terminal_text.h"

namespace annals::cli {

absl::Status Session::Connect() {
  absl::StatusOr<std::shared_ptr<client::Connection>> connection =
      environment_.connect(options_.connection);
  if (connection.ok()) client_.emplace(*std::move(connection));
  return connection.status();
}

void Session::Note(std::string_view text) const {
  Err() << "annals: ";
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    Err() << Sanitized(text.substr(0, end)) << "\n";
    text.remove_prefix(end + 1);
  }
  Err() << Sanitized(text) << "\n";
}

std::shared_ptr<void> Session::ListenForEnd(std::function<void(EndCause)> on_end) const {
  return environment_.listen_for_end ? environment_.listen_for_end(std::move(on_end)) : nullptr;
}

OutputFormat Session::Format() const {
  if (options_.format) return *options_.format;
  return environment_.out_is_terminal ? OutputFormat::kTable : OutputFormat::kNdjson;
}

bool Session::Color() const {
  return options_.color.value_or(environment_.out_is_terminal && !environment_.no_color);
}

}  // namespace annals::cli
