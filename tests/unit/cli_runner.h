// Runs whole command lines against a fake record.
#pragma once

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "clients/cli/app.h"
#include "fake_connection.h"

namespace annals::cli {

struct Ran {
  int exit_code;
  std::string out;
  std::string err;
};

struct Runner {
  std::shared_ptr<client::FakeConnection> record = std::make_shared<client::FakeConnection>();
  bool on_terminal = false;
  int columns = 100;
  std::string input;
  std::string server;                    // Of the environment.
  std::string editor;                    // Of the environment.
  CredentialFiles credentials;           // Of the environment.
  client::ConnectionOptions connection;  // What the last command asked for.
  std::function<void(EndCause)> end;     // Ends the command that listens for it.

  Ran operator()(const std::vector<std::string>& arguments) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    Environment environment;
    environment.in = &in;
    environment.out = &out;
    environment.err = &err;
    environment.out_is_terminal = on_terminal;
    environment.no_color = true;
    environment.columns = columns;
    environment.server = server;
    environment.editor = editor;
    environment.credentials = credentials;
    environment.connect = [this](const client::ConnectionOptions& options) {
      connection = options;
      return record;
    };
    environment.retry.sleep = [](absl::Duration, absl::Notification*) {};
    environment.listen_for_end = [this](std::function<void(EndCause)> on_end) {
      end = std::move(on_end);
      return std::shared_ptr<void>(this, [](Runner* runner) { runner->end = nullptr; });
    };
    const int exit_code = Run(arguments, environment);
    return {exit_code, out.str(), err.str()};
  }
};

}  // namespace annals::cli
