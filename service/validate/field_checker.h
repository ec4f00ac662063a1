// Checks fields one by one and remembers the first that is wrong, with its path
// ("participants[2].label"). Paths are put together only when something is wrong. Not thread-safe;
// lives on the stack of one check.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "annals/v1/events.pb.h"
#include "annals/v1/values.pb.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace annals::service {

inline constexpr int kListItemsMax = 200;
inline constexpr std::int64_t kCountMax = 1'000'000'000;
inline constexpr int kUrlCharactersMax = 2'048;

// Limits of a text, in characters.
struct TextLimits {
  int characters_min = 0;
  int characters_max = 0;
  bool one_line = false;
};

class FieldChecker {
 public:
  // While it lives, fields are named below it.
  class [[nodiscard]] Scope {
   public:
    explicit Scope(FieldChecker* checker) : checker_(checker) {}
    ~Scope() { checker_->path_.pop_back(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    FieldChecker* checker_;
  };
  // `field` must outlive the scope. `index`, where not negative, is that of an item of a repeated
  // field.
  Scope In(std::string_view field, int index = -1);

  // Notes INVALID_ARGUMENT at a field of the scope (empty: the scope itself), unless another came
  // before.
  void Fail(std::string_view field, std::string_view reason, std::string_view message);
  // Notes an error made elsewhere, whose field path, if any, goes below `field`.
  void Fail(std::string_view field, const absl::Status& status);

  [[nodiscard]] bool ok() const { return status_.ok(); }
  [[nodiscard]] const absl::Status& status() const { return status_; }

  // TOO_SHORT, TOO_LONG, INVALID_UTF8, CONTROL_CHARACTER, LINE_BREAK.
  void Text(std::string_view field, std::string_view value, const TextLimits& limits);
  // As Text, and REQUIRED where empty.
  void RequiredText(std::string_view field, std::string_view value, int characters_max);
  // TOO_MANY_VALUES.
  void Items(std::string_view field, int count, int count_max = kListItemsMax);
  // TIME_RANGE unless within the years 0001 to 9999.
  void Time(std::string_view field, const google::protobuf::Timestamp& time);
  // REQUIRED, END_BEFORE_START, PRECISION_MISMATCH, UNKNOWN_VALUE.
  void Window(std::string_view field, bool present, const annals::v1::OccurredWindow& window);
  // TIME_RANGE; EMPTY_RANGE unless start < end.
  void Range(std::string_view field, const annals::v1::TimeRange& range);
  // EMPTY_COUNT, NEGATIVE_COUNT, COUNT_TOO_LARGE, COUNT_ORDER.
  void Counts(std::string_view field, const annals::v1::CountRange& counts);
  // NEGATIVE_COUNT, COUNT_TOO_LARGE.
  void Count(std::string_view field, std::int64_t count);
  // NOT_FINITE, LATITUDE_RANGE, LONGITUDE_RANGE.
  void Point(std::string_view field, const annals::v1::Point& point);
  // BAD_URL unless empty or an http or https URL.
  void Url(std::string_view field, std::string_view url);
  // BAD_LANGUAGE unless empty or shaped like a BCP 47 language.
  void Language(std::string_view field, std::string_view code);
  // UNKNOWN_VALUE; REQUIRED where 0 and `required`.
  template <typename Enum>
  void Value(std::string_view field, Enum value, bool required) {
    CheckValue(field, value, google::protobuf::GetEnumDescriptor<Enum>(), required);
  }

 private:
  struct Step {
    std::string_view field;
    int index;
  };

  void CheckValue(std::string_view field, int value, const google::protobuf::EnumDescriptor* type,
                  bool required);
  [[nodiscard]] std::string PathTo(std::string_view field) const;

  std::vector<Step> path_;
  absl::Status status_;
};

}  // namespace annals::service
