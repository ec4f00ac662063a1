#include "service/explain_empty.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "service/read_request.h"
#include "storage/time_span.h"

namespace annals::service {
namespace {

using annals::v1::EmptyCause;
using annals::v1::EmptyReason;
using annals::v1::EventFilter;

std::string EventsText(std::int64_t count) {
  return count == 1 ? "1 event" : fmt::format("{} events", count);
}

std::string DayText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

std::string FeedsText(const EventFilter& filter) {
  if (filter.feeds().empty()) return "the record";
  if (filter.feeds_size() == 1) return filter.feeds(0);
  return fmt::format("{} and {} more", filter.feeds(0), filter.feeds_size() - 1);
}

absl::Time QuestionDeadline(absl::Time deadline) {
  const absl::Time now = absl::Now();
  // No part of an infinite time is taken.
  if (deadline - now > 2 * kExplainTimeMax) return now + kExplainTimeMax;
  return now + (deadline - now) / 2;
}

// Asks one question after another, until one fails or there were too many.
class Explainer {
 public:
  Explainer(const Backend& backend, const storage::CallContext& context, const EmptyAnswer& answer,
            EmptyReasons* reasons)
      : backend_(backend),
        context_(context),
        filter_(answer.filter),
        then_{answer.position},
        as_of_(answer.as_of),
        reasons_(reasons) {
    context_.deadline = QuestionDeadline(context.deadline);
  }

  void Explain() {
    EventFilter feeds_alone;
    *feeds_alone.mutable_feeds() = filter_.feeds();
    feeds_alone.set_include_retracted(filter_.include_retracted());
    const auto held = Count(feeds_alone);
    if (!held) return;
    if (*held == 0) {
      ExplainNoEvents(feeds_alone);
    } else {
      if (!ExplainCoverage(feeds_alone)) ExplainPart("occurred");
      ExplainParts();
      ExplainMatch();
    }
    ExplainRetracted();
    ExplainAsOf();
  }

 private:
  // How many events match as of the answer, or now; nullopt where that cannot be said.
  std::optional<std::int64_t> Count(const EventFilter& filter, bool now = false) {
    if (failed_ || ++questions_ > kExplainQuestionsMax) return std::nullopt;
    const auto query = TakeFilter(backend_, context_, filter);
    const auto summary = query.ok() ? backend_.events->SummarizeEvents(
                                          context_, *query, {}, now ? storage::Snapshot{} : then_)
                                    : query.status();
    failed_ = !summary.ok();
    if (failed_) return std::nullopt;
    return summary->totals.event_count;
  }

  EmptyReason* Add(EmptyCause cause, std::string_view field, std::int64_t count,
                   const std::string& message) {
    EmptyReason* reason = reasons_->Add();
    reason->set_cause(cause);
    reason->set_field(std::string(field));
    reason->set_event_count(count);
    reason->set_message(message);
    return reason;
  }

  void ExplainNoEvents(const EventFilter& feeds_alone) {
    // What only came in later is told by ExplainAsOf.
    if (as_of_ && Count(feeds_alone, true).value_or(1) > 0) return;
    Add(annals::v1::EMPTY_CAUSE_FEED_EMPTY, filter_.feeds().empty() ? "" : "filter.feeds", 0,
        fmt::format("{} holds no events", FeedsText(filter_)));
  }

  // When the first event in the order begins.
  std::optional<google::protobuf::Timestamp> Start(const EventFilter& filter,
                                                   storage::EventOrder order) {
    if (failed_ || ++questions_ > kExplainQuestionsMax) return std::nullopt;
    const auto query = TakeFilter(backend_, context_, filter);
    const auto page = query.ok() ? backend_.events->ListEvents(context_, *query,
                                                               {.order = order, .limit = 1}, then_)
                                 : query.status();
    failed_ = !page.ok();
    if (failed_ || page->events.empty()) return std::nullopt;
    return page->events.front().occurred().start();
  }

  // Whether the range lies beyond all events of the feeds, on one side.
  bool ExplainCoverage(const EventFilter& feeds_alone) {
    const auto is_empty = [&](bool with_start, bool with_end) {
      EventFilter filter = feeds_alone;
      annals::v1::TimeRange* range = filter.mutable_occurred();
      if (with_start) *range->mutable_start() = filter_.occurred().start();
      if (with_end) *range->mutable_end() = filter_.occurred().end();
      return Count(filter).value_or(1) == 0;
    };
    const bool beyond = (filter_.occurred().has_start() && is_empty(true, false)) ||
                        (filter_.occurred().has_end() && is_empty(false, true));
    if (!beyond) return false;
    const auto first = Start(feeds_alone, storage::EventOrder::kOccurredOldestFirst);
    const auto last = Start(feeds_alone, storage::EventOrder::kOccurredNewestFirst);
    EventFilter without = filter_;
    without.clear_occurred();
    const auto count = Count(without);
    if (!first || !last || !count) return false;
    EmptyReason* reason = Add(annals::v1::EMPTY_CAUSE_OUTSIDE_COVERAGE, "filter.occurred", *count,
                              fmt::format("the events of {} begin between {} and {}",
                                          FeedsText(filter_), DayText(*first), DayText(*last)));
    *reason->mutable_first_start_time() = *first;
    *reason->mutable_last_start_time() = *last;
    return true;
  }

  // Tells where events match without the field.
  void ExplainPart(const std::string& name) {
    const auto* field = EventFilter::descriptor()->FindFieldByName(name);
    EventFilter without = filter_;
    const auto* reflection = without.GetReflection();
    if (field->has_presence() && !reflection->HasField(without, field)) return;
    const bool is_area =
        field->containing_oneof() != nullptr && field->containing_oneof()->name() == "area";
    reflection->ClearField(&without, field);
    const auto count = Count(without);
    if (count.value_or(0) == 0) return;
    EmptyCause cause = annals::v1::EMPTY_CAUSE_NOTHING_OF_PART;
    std::string part = fmt::format("filter.{}", name);
    if (field->number() == EventFilter::kOccurredFieldNumber) {
      cause = annals::v1::EMPTY_CAUSE_NOTHING_IN_RANGE;
    } else if (is_area) {
      cause = annals::v1::EMPTY_CAUSE_NOTHING_IN_AREA;
    }
    Add(cause, part, *count, fmt::format("without {} {} would match", part, EventsText(*count)));
  }

  // The parts other than the range, how they are matched, and what does not stand.
  void ExplainParts() {
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    filter_.GetReflection()->ListFields(filter_, &fields);
    for (const auto* field : fields) {
      if (field->number() == EventFilter::kOccurredFieldNumber ||
          field->number() == EventFilter::kMatchFieldNumber ||
          field->number() == EventFilter::kIncludeRetractedFieldNumber) {
        continue;
      }
      ExplainPart(field->name());
    }
  }

  void ExplainMatch() {
    if (!filter_.has_occurred() && filter_.area_case() == EventFilter::AREA_NOT_SET) return;
    std::vector<annals::v1::MatchMode> wider;
    if (filter_.match() == annals::v1::MATCH_MODE_DEFINITE) {
      wider.push_back(annals::v1::MATCH_MODE_NOMINAL);
    }
    if (filter_.match() != annals::v1::MATCH_MODE_POSSIBLE) {
      wider.push_back(annals::v1::MATCH_MODE_POSSIBLE);
    }
    for (const annals::v1::MatchMode mode : wider) {
      EventFilter filter = filter_;
      filter.set_match(mode);
      const auto count = Count(filter);
      if (count.value_or(0) == 0) continue;
      const std::string word = mode == annals::v1::MATCH_MODE_POSSIBLE ? "POSSIBLE" : "NOMINAL";
      Add(annals::v1::EMPTY_CAUSE_MATCH_MODE, "filter.match", *count,
          fmt::format("matched as {} {} would", word, EventsText(*count)));
      return;
    }
  }

  void ExplainRetracted() {
    if (filter_.include_retracted()) return;
    EventFilter filter = filter_;
    filter.set_include_retracted(true);
    const auto count = Count(filter);
    if (count.value_or(0) == 0) return;
    Add(annals::v1::EMPTY_CAUSE_RETRACTED, "filter.include_retracted", *count,
        fmt::format("{} that do not stand would match: include_retracted", EventsText(*count)));
  }

  void ExplainAsOf() {
    if (!as_of_) return;
    const auto count = Count(filter_, true);
    if (count.value_or(0) == 0) return;
    Add(annals::v1::EMPTY_CAUSE_AS_OF, "as_of", *count,
        fmt::format("not recorded so at that time; {} match now", EventsText(*count)));
  }

  const Backend& backend_;
  storage::CallContext context_;
  const EventFilter& filter_;
  const storage::Snapshot then_;
  const bool as_of_;
  EmptyReasons* const reasons_;
  int questions_ = 0;
  bool failed_ = false;
};

}  // namespace

void ExplainEmpty(const Backend& backend, const storage::CallContext& context,
                  const EmptyAnswer& answer, EmptyReasons* reasons) {
  Explainer(backend, context, answer, reasons).Explain();
}

}  // namespace annals::service
