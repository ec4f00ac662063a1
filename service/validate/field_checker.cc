#include "service/validate/field_checker.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "fmt/format.h"
#include "service/validate/text.h"
#include "storage/error.h"

namespace annals::service {
namespace {

using google::protobuf::Timestamp;

// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
constexpr std::int64_t kSecondsMin = -62'135'596'800;
constexpr std::int64_t kSecondsMax = 253'402'300'799;
constexpr int kNanosMax = 999'999'999;

constexpr std::size_t kLanguageBytesMax = 35;

bool Earlier(const Timestamp& a, const Timestamp& b) {
  return a.seconds() != b.seconds() ? a.seconds() < b.seconds() : a.nanos() < b.nanos();
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The shape of BCP 47: a subtag of 2-8 letters, then subtags of 1-8 letters and digits.
bool IsLanguage(std::string_view code) {
  if (code.size() > kLanguageBytesMax) return false;
  int length = 0;
  bool first = true;
  for (const char c : code) {
    if (c == '-') {
      if (length < (first ? 2 : 1)) return false;
      first = false;
      length = 0;
    } else if (!(IsLetter(c) || (IsDigit(c) && !first)) || ++length > 8) {
      return false;
    }
  }
  return length >= (first ? 2 : 1);
}

bool IsUrl(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view rest = url.substr(scheme.size());
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    return !host.empty() && std::ranges::none_of(url, [](char c) {
      return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '<' || c == '>' ||
             c == '\\' || c == 0x7F;
    });
  }
  return false;
}

}  // namespace

FieldChecker::Scope FieldChecker::In(std::string_view field, int index) {
  path_.push_back({field, index});
  return Scope(this);
}

std::string FieldChecker::PathTo(std::string_view field) const {
  std::string path;
  for (const Step& step : path_) {
    if (!path.empty()) path += '.';
    path += step.field;
    if (step.index >= 0) path += fmt::format("[{}]", step.index);
  }
  if (!path.empty() && !field.empty()) path += '.';
  path += field;
  return path;
}

void FieldChecker::Fail(std::string_view field, std::string_view reason, std::string_view message) {
  if (ok()) status_ = storage::InvalidField(PathTo(field), reason, message);
}

void FieldChecker::Fail(std::string_view field, const absl::Status& status) {
  if (!ok() || status.ok()) return;
  const std::string path = PathTo(field);
  if (path.empty() || !storage::ErrorField(status).empty()) {
    status_ = storage::PrefixField(status, path);
  } else {
    status_ = storage::Error(status.code(), storage::ErrorReason(status),
                             fmt::format("{}: {}", path, std::string(status.message())), path);
  }
}

void FieldChecker::Text(std::string_view field, std::string_view value, const TextLimits& limits) {
  const std::optional<int> count = CharacterCount(value);
  if (!count) {
    Fail(field, "INVALID_UTF8", "is not valid UTF-8");
  } else if (*count < limits.characters_min) {
    Fail(field, "TOO_SHORT", fmt::format("needs {} characters at least", limits.characters_min));
  } else if (*count > limits.characters_max) {
    Fail(field, "TOO_LONG",
         fmt::format("has {} characters, at most {} are taken", *count, limits.characters_max));
  } else if (limits.one_line && HasLineBreaks(value)) {
    Fail(field, "LINE_BREAK", "holds a line break or tab, and must be one line");
  } else if (HasControls(value)) {
    Fail(field, "CONTROL_CHARACTER", "holds a control character");
  }
}

void FieldChecker::RequiredText(std::string_view field, std::string_view value,
                                int characters_max) {
  if (value.empty()) Fail(field, "REQUIRED", "must be given");
  Text(field, value, {.characters_min = 1, .characters_max = characters_max});
}

void FieldChecker::Items(std::string_view field, int count, int count_max) {
  if (count > count_max) {
    Fail(field, "TOO_MANY_VALUES",
         fmt::format("has {} values, at most {} are taken", count, count_max));
  }
}

void FieldChecker::Time(std::string_view field, const Timestamp& time) {
  if (time.seconds() < kSecondsMin || time.seconds() > kSecondsMax || time.nanos() < 0 ||
      time.nanos() > kNanosMax) {
    Fail(field, "TIME_RANGE", "lies outside the years 0001 to 9999");
  }
}

void FieldChecker::Window(std::string_view field, bool present,
                          const annals::v1::OccurredWindow& window) {
  if (!present || !window.has_start()) {
    const Scope scope = In(field);
    return Fail(present ? "start" : "", "REQUIRED", "must be given");
  }
  const Scope scope = In(field);
  Time("start", window.start());
  if (window.has_end()) {
    Time("end", window.end());
    if (Earlier(window.end(), window.start()))
      Fail("end", "END_BEFORE_START", "is before the start");
  }
  Value("precision", window.precision(), true);
  const bool instant = !window.has_end() || !Earlier(window.start(), window.end());
  if (instant != (window.precision() == annals::v1::TIME_PRECISION_INSTANT)) {
    Fail("precision", "PRECISION_MISMATCH",
         instant ? "must be INSTANT where start and end are equal"
                 : "must not be INSTANT where the end is after the start");
  }
}

void FieldChecker::Range(std::string_view field, const annals::v1::TimeRange& range) {
  const Scope scope = In(field);
  if (range.has_start()) Time("start", range.start());
  if (range.has_end()) Time("end", range.end());
  if (range.has_start() && range.has_end() && !Earlier(range.start(), range.end())) {
    Fail("end", "EMPTY_RANGE", "must be after the start");
  }
}

void FieldChecker::Count(std::string_view field, std::int64_t count) {
  if (count < 0) Fail(field, "NEGATIVE_COUNT", "must not be negative");
  if (count > kCountMax) Fail(field, "COUNT_TOO_LARGE", fmt::format("is above {}", kCountMax));
}

void FieldChecker::Counts(std::string_view field, const annals::v1::CountRange& counts) {
  const Scope scope = In(field);
  if (!counts.has_low() && !counts.has_best() && !counts.has_high()) {
    Fail("", "EMPTY_COUNT", "needs low, best or high; leave it out where nothing is known");
  }
  if (counts.has_low()) Count("low", counts.low());
  if (counts.has_best()) Count("best", counts.best());
  if (counts.has_high()) Count("high", counts.high());
  if (counts.has_low() && counts.has_best() && counts.low() > counts.best()) {
    Fail("low", "COUNT_ORDER", fmt::format("{} is above best {}", counts.low(), counts.best()));
  }
  if (counts.has_best() && counts.has_high() && counts.best() > counts.high()) {
    Fail("best", "COUNT_ORDER", fmt::format("{} is above high {}", counts.best(), counts.high()));
  }
  if (counts.has_low() && counts.has_high() && counts.low() > counts.high()) {
    Fail("low", "COUNT_ORDER", fmt::format("{} is above high {}", counts.low(), counts.high()));
  }
}

void FieldChecker::Point(std::string_view field, const annals::v1::Point& point) {
  const Scope scope = In(field);
  if (!std::isfinite(point.latitude())) Fail("latitude", "NOT_FINITE", "is not a number");
  if (!std::isfinite(point.longitude())) Fail("longitude", "NOT_FINITE", "is not a number");
  if (std::abs(point.latitude()) > 90) {
    Fail("latitude", "LATITUDE_RANGE", fmt::format("{} is outside [-90, 90]", point.latitude()));
  }
  if (std::abs(point.longitude()) > 360) {
    Fail("longitude", "LONGITUDE_RANGE",
         fmt::format("{} is outside [-360, 360]", point.longitude()));
  }
}

void FieldChecker::Url(std::string_view field, std::string_view url) {
  if (url.empty()) return;
  Text(field, url, {.characters_max = kUrlCharactersMax});
  if (!IsUrl(url)) Fail(field, "BAD_URL", fmt::format("{} is no http or https URL", Quoted(url)));
}

void FieldChecker::Language(std::string_view field, std::string_view code) {
  if (!code.empty() && !IsLanguage(code)) {
    Fail(field, "BAD_LANGUAGE", fmt::format("{} is no BCP 47 language", Quoted(code)));
  }
}

void FieldChecker::CheckValue(std::string_view field, int value,
                              const google::protobuf::EnumDescriptor* type, bool required) {
  if (value == 0 && required) Fail(field, "REQUIRED", "must be given");
  if (type->FindValueByNumber(value) == nullptr) {
    Fail(field, "UNKNOWN_VALUE", fmt::format("{} is no {}", value, type->name()));
  }
}

}  // namespace annals::service
