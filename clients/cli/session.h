// What a command runs with: the record, where to write, and how.
#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/client.h"
#include "clients/cpp/grpc_connection.h"

namespace annals::cli {

enum class OutputFormat { kTable, kJson, kNdjson, kCsv, kGeojson };

// Files that say as whom to call and how to keep the connection private; empty where not given.
struct CredentialFiles {
  std::string token;  // Its first line.
  std::string tls_ca;
  std::string tls_certificate;
  std::string tls_key;
};

// Why a command that would go on for ever is to end.
enum class EndCause {
  kInterrupted,  // The user, or the system, wants it.
  kReaderGone,   // Nobody reads what it prints.
};

// The process around a command. main.cc makes the real one, tests their own.
struct Environment {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;  // Data only.
  std::ostream* err = nullptr;  // All else.
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool no_color = false;  // NO_COLOR is set.
  int columns = 80;       // Of the terminal.
  std::string server;     // ANNALS_SERVER, or empty.
  // ANNALS_TOKEN_FILE, ANNALS_TLS_CA, ANNALS_TLS_CERT, ANNALS_TLS_KEY.
  CredentialFiles credentials;
  std::string editor;          // VISUAL, else EDITOR, or empty.
  std::string temp_directory;  // TMPDIR, or empty.
  // Makes a connection, which reaches for the server when first used; an error where the options
  // allow none.
  std::function<absl::StatusOr<std::shared_ptr<client::Connection>>(client::ConnectionOptions)>
      connect;
  // How a watch waits before it connects again.
  client::RetryEnvironment retry = client::RetryEnvironment::Real();
  // Calls the function, once and on a thread of its own, when the command is to end; until what is
  // answered is gone. May be empty: then only the command itself knows when it ends.
  std::function<std::shared_ptr<void>(std::function<void(EndCause)>)> listen_for_end;
};

// The options that every command has.
struct GlobalOptions {
  client::ConnectionOptions connection;
  std::optional<OutputFormat> format;  // Absent: table on a terminal, NDJSON when piped.
  std::optional<bool> color;           // Absent: on a terminal, unless NO_COLOR is set.
};

// One run of one command. Used by one thread.
class Session {
 public:
  Session(const Environment& environment, const GlobalOptions& options)
      : environment_(environment), options_(options) {}

  // Makes the connection; what Environment::connect fails with.
  [[nodiscard]] absl::Status Connect();

  // REQUIRES: Connect gave OK.
  [[nodiscard]] const client::Client& Record() const { return *client_; }

  [[nodiscard]] std::istream& In() const { return *environment_.in; }
  [[nodiscard]] std::ostream& Out() const { return *environment_.out; }
  // Diagnostics. What may hold text from the record or the server goes through Note.
  [[nodiscard]] std::ostream& Err() const { return *environment_.err; }
  // Prints "annals: <text>" on stderr, free of control characters other than line breaks.
  void Note(std::string_view text) const;

  [[nodiscard]] OutputFormat Format() const;
  // Whether -o was given.
  [[nodiscard]] bool FormatIsAsked() const { return options_.format.has_value(); }
  [[nodiscard]] bool Color() const;
  [[nodiscard]] bool OutIsTerminal() const { return environment_.out_is_terminal; }
  [[nodiscard]] bool ErrIsTerminal() const { return environment_.err_is_terminal; }
  // The width tables are cut to; 0 where there is no terminal to fit.
  [[nodiscard]] int Columns() const {
    return environment_.out_is_terminal ? environment_.columns : 0;
  }
  [[nodiscard]] const std::string& Editor() const { return environment_.editor; }
  [[nodiscard]] const std::string& TempDirectory() const { return environment_.temp_directory; }
  [[nodiscard]] const client::RetryEnvironment& Retry() const { return environment_.retry; }
  // See Environment::listen_for_end; null where that is empty.
  [[nodiscard]] std::shared_ptr<void> ListenForEnd(std::function<void(EndCause)> on_end) const;
  [[nodiscard]] const std::string& Server() const { return options_.connection.server; }

 private:
  const Environment& environment_;
  const GlobalOptions& options_;
  std::optional<client::Client> client_;
};

}  // namespace annals::cli
