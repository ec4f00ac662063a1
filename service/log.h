// Structured logs on stderr: one line an entry, as text or JSON. Thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace annals::service {

enum class LogFormat { kText, kJson };
enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Sets up the process's log, and leads what gRPC and protobuf have to say into it. Call once,
// before any thread logs.
void ConfigureLog(LogFormat format, LogLevel level);

// A field of an entry: name and value.
using LogField = std::pair<std::string_view, std::string>;

// Logs a message with fields. In JSON each field is a member of its own.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace annals::service
