#include "service/log.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "nlohmann/json.hpp"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace annals::service {
namespace {

// Before a payload whose fields are JSON already; no other payload begins with it.
constexpr char kStructured = '\x01';

std::atomic<LogFormat> log_format = LogFormat::kText;

std::string ToJson(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The payload as members of a JSON object.
class JsonMembers final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    std::string_view payload(message.payload.data(), message.payload.size());
    const std::string members = payload.starts_with(kStructured)
                                    ? std::string(payload.substr(1))
                                    : fmt::format("\"message\":{}", ToJson(payload));
    out.append(members.data(), members.data() + members.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return spdlog::details::make_unique<JsonMembers>();
  }
};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// gRPC calls an error what often is a client gone or a taken port, told elsewhere in our own words.
void LogGrpc(gpr_log_func_args* entry) {
  Log(entry->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kInfo : LogLevel::kDebug,
      entry->message, {{"component", "grpc"}});
}

// What protobuf finds wrong in received bytes is told to the client (service/message_parser.h).
void LogProtobuf(google::protobuf::LogLevel, const char*, int, const std::string& message) {
  Log(LogLevel::kDebug, message, {{"component", "protobuf"}});
}

bool IsPlain(std::string_view value) {
  return !value.empty() && value.find_first_of(" \"=\t\n\r") == std::string_view::npos;
}

}  // namespace

void ConfigureLog(LogFormat format, LogLevel level) {
  log_format = format;
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (format == LogFormat::kJson) {
    formatter->add_flag<JsonMembers>('*').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%*})");
  } else {
    formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v");
  }
  auto logger = std::make_shared<spdlog::logger>("annalsd",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::move(formatter));
  logger->set_level(ToSpdlog(level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
  gpr_set_log_function(&LogGrpc);
  google::protobuf::SetLogHandler(&LogProtobuf);
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  const auto spdlog_level = ToSpdlog(level);
  if (!spdlog::should_log(spdlog_level)) return;
  std::string line;
  if (log_format == LogFormat::kJson) {
    line = fmt::format("{}\"message\":{}", kStructured, ToJson(message));
    for (const auto& [name, value] : fields) {
      line += fmt::format(",{}:{}", ToJson(name), ToJson(value));
    }
  } else {
    line = message;
    for (const auto& [name, value] : fields) {
      line += fmt::format(" {}={}", name, IsPlain(value) ? value : ToJson(value));
    }
  }
  spdlog::log(spdlog_level, "{}", line);
}

}  // namespace annals::service
