#include "clients/cli/session.h"

#include "clients/cli/terminal_text.h"

namespace annals::cli {

const client::Client& Session::Record() {
  if (!client_) client_.emplace(environment_.connect(options_.server, options_.timeout));
  return *client_;
}

void Session::Note(std::string_view text) const {
  Err() << "annals: ";
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    Err() << Sanitized(text.substr(0, end)) << "\n";
    text.remove_prefix(end + 1);
  }
  Err() << Sanitized(text) << "\n";
}

OutputFormat Session::Format() const {
  if (options_.format) return *options_.format;
  return environment_.out_is_terminal ? OutputFormat::kTable : OutputFormat::kNdjson;
}

bool Session::Color() const {
  return options_.color.value_or(environment_.out_is_terminal && !environment_.no_color);
}

}  // namespace annals::cli
