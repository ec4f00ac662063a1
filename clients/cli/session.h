// What a command runs with: the record, where to write, and how.
#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "clients/cpp/client.h"

namespace annals::cli {

enum class OutputFormat { kTable, kJson, kNdjson, kCsv, kGeojson };

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
  // Connects to a server; never fails itself.
  std::function<std::shared_ptr<client::Connection>(const std::string& server,
                                                    absl::Duration timeout)>
      connect;
};

// The options that every command has.
struct GlobalOptions {
  std::string server = "127.0.0.1:7070";
  absl::Duration timeout = absl::Seconds(60);
  std::optional<OutputFormat> format;  // Absent: table on a terminal, NDJSON when piped.
  std::optional<bool> color;           // Absent: on a terminal, unless NO_COLOR is set.
};

// One run of one command. Used by one thread.
class Session {
 public:
  Session(const Environment& environment, const GlobalOptions& options)
      : environment_(environment), options_(options) {}

  // Connects on first use.
  [[nodiscard]] const client::Client& Record();

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
  [[nodiscard]] const std::string& Server() const { return options_.server; }

 private:
  const Environment& environment_;
  const GlobalOptions& options_;
  std::optional<client::Client> client_;
};

}  // namespace annals::cli
