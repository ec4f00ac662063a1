#include "service/summary_messages.h"

#include <algorithm>

#include "fmt/format.h"
#include "service/read_request.h"
#include "service/validate/field_checker.h"
#include "storage/time_span.h"

namespace annals::service {
namespace {

using annals::v1::SummaryDimension;
using Kind = storage::Dimension::Kind;

Kind TimeKind(annals::v1::TimeBucket bucket) {
  switch (bucket) {
    case annals::v1::TIME_BUCKET_DAY:
      return Kind::kDay;
    case annals::v1::TIME_BUCKET_WEEK:
      return Kind::kWeek;
    case annals::v1::TIME_BUCKET_QUARTER:
      return Kind::kQuarter;
    case annals::v1::TIME_BUCKET_YEAR:
      return Kind::kYear;
    default:
      return Kind::kMonth;
  }
}

Kind AttributeKind(annals::v1::EventAttribute attribute) {
  switch (attribute) {
    case annals::v1::EVENT_ATTRIBUTE_ACTOR:
      return Kind::kActor;
    case annals::v1::EVENT_ATTRIBUTE_REGION:
      return Kind::kRegion;
    case annals::v1::EVENT_ATTRIBUTE_COUNTRY:
      return Kind::kCountry;
    case annals::v1::EVENT_ATTRIBUTE_FEED:
      return Kind::kFeed;
    case annals::v1::EVENT_ATTRIBUTE_VERIFICATION:
      return Kind::kVerification;
    default:
      return Kind::kKind;
  }
}

Kind TakeDimension(const SummaryDimension& dimension, FieldChecker* check) {
  switch (dimension.dimension_case()) {
    case SummaryDimension::kTimeBucket:
      check->Value("time_bucket", dimension.time_bucket(), true);
      return TimeKind(dimension.time_bucket());
    case SummaryDimension::kAttribute:
      check->Value("attribute", dimension.attribute(), true);
      return AttributeKind(dimension.attribute());
    case SummaryDimension::DIMENSION_NOT_SET:
      check->Fail("", "REQUIRED", "needs a time bucket or an attribute");
  }
  return Kind::kMonth;
}

void FillSum(const storage::CountTotals& totals, annals::v1::CountSum* sum) {
  sum->set_low(totals.low);
  sum->set_best(totals.best);
  sum->set_high(totals.high);
  sum->set_known_count(totals.known_count);
}

void FillTotals(const storage::Totals& totals, annals::v1::EventTotals* message) {
  message->set_event_count(totals.event_count);
  if (totals.persons.known_count > 0) FillSum(totals.persons, message->mutable_persons());
  if (totals.fatalities.known_count > 0) FillSum(totals.fatalities, message->mutable_fatalities());
}

}  // namespace

absl::StatusOr<std::vector<storage::Dimension>> TakeDimensions(
    const annals::v1::SummarizeEventsRequest& request) {
  FieldChecker check;
  std::vector<storage::Dimension> dimensions;
  check.Items("dimensions", request.dimensions_size(), kDimensionsMax);
  for (int i = 0; i < request.dimensions_size() && check.ok(); ++i) {
    const auto scope = check.In("dimensions", i);
    const Kind kind = TakeDimension(request.dimensions(i), &check);
    if (std::ranges::find(dimensions, kind, &storage::Dimension::kind) != dimensions.end()) {
      check.Fail("", "DUPLICATE_DIMENSION", "is there twice");
    }
    dimensions.push_back({kind});
  }
  if (!check.ok()) return check.status();
  return dimensions;
}

void FillSummary(const storage::Summary& summary, annals::v1::SummarizeEventsResponse* response) {
  for (const storage::Summary::Group& group : summary.groups) {
    auto* message = response->add_groups();
    for (const std::string& key : group.keys) message->add_keys(key);
    FillTotals(group.totals, message->mutable_totals());
  }
  FillTotals(summary.totals, response->mutable_totals());
  response->set_record_count(summary.record_count);
  response->set_remainder_count(summary.remainder_count);
}

std::optional<std::int64_t> FillRevisions(const storage::RevisionPage& page,
                                          const TokenCodec& tokens,
                                          annals::v1::ListEventRevisionsResponse* response) {
  std::int64_t bytes = 0;
  for (const storage::RevisionPage::Revision& revision : page.revisions) {
    bytes += static_cast<std::int64_t>(revision.event.ByteSizeLong());
    if (!response->revisions().empty() && bytes > kPageBytesMax) return revision.event.revision();
    auto* message = response->add_revisions();
    *message->mutable_event() = revision.event;
    message->set_position(tokens.SealPosition(revision.position));
    if (!revision.audit.principal().empty()) *message->mutable_audit() = revision.audit;
    if (revision.end_time) *message->mutable_end_time() = storage::ToTimestamp(*revision.end_time);
  }
  return page.next_revision;
}

}  // namespace annals::service
