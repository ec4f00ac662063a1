#include "storage/event_columns.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

#include "annals/v1/annotations.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "storage/event_name.h"
#include "storage/event_words.h"
#include "storage/gazetteer.h"
#include "storage/name_fold.h"
#include "storage/offer_path.h"
#include "storage/source_url.h"

namespace annals::storage {
namespace {

std::string RegionCode(const std::string& name) {
  const auto code = ParseRegionName(name);
  return code.ok() ? *code : std::string();
}

std::optional<LonLat> PointOf(const annals::v1::Event& event) {
  if (!event.location().has_point()) return std::nullopt;
  const auto& point = event.location().point();
  return LonLat{point.longitude(), point.latitude()};
}

CountColumns CountsOf(bool present, const annals::v1::CountRange& range) {
  CountColumns counts;
  if (!present) return counts;
  if (range.has_low()) counts.low = range.low();
  if (range.has_best()) counts.best = range.best();
  if (range.has_high()) counts.high = range.high();
  return counts;
}

std::vector<ParticipantColumns> ParticipantsOf(const annals::v1::Event& event) {
  std::vector<ParticipantColumns> participants;
  for (const auto& participant : event.participants()) {
    ParticipantColumns columns;
    columns.role = participant.role();
    if (participant.has_actor()) {
      const auto id = ParseCatalogName("actors", participant.actor());
      if (!id.ok()) continue;
      columns.key = ActorKey(*id);
      columns.text = participant.actor();
    } else {
      columns.key = LabelKey(participant.label());
      columns.text = participant.label();
    }
    const bool known = std::ranges::any_of(participants, [&](const ParticipantColumns& other) {
      return other.key == columns.key && other.role == columns.role;
    });
    if (!known) participants.push_back(std::move(columns));
  }
  return participants;
}

// The rule of annals.v1.Verification.
annals::v1::Verification VerificationOf(const annals::v1::Event& event) {
  std::set<std::string> asserting;
  bool denied = false, confirmed = false;
  for (const auto& claim : event.claims()) {
    denied = denied || claim.stance() == annals::v1::CLAIM_STANCE_DENIES;
    if (claim.stance() != annals::v1::CLAIM_STANCE_ASSERTS) continue;
    asserting.insert(claim.has_actor() ? claim.actor() : "source:" + FoldName(claim.source()));
    confirmed = confirmed || claim.credibility() == annals::v1::INFORMATION_CREDIBILITY_1;
  }
  if (asserting.empty()) {
    return denied ? annals::v1::VERIFICATION_DENIED : annals::v1::VERIFICATION_UNCLAIMED;
  }
  if (denied) return annals::v1::VERIFICATION_DISPUTED;
  if (confirmed) return annals::v1::VERIFICATION_CONFIRMED;
  return asserting.size() > 1 ? annals::v1::VERIFICATION_CORROBORATED
                              : annals::v1::VERIFICATION_CLAIMED;
}

// Where the place is a region's polygon or a circle; fills the columns of uncertainty.
void DerivePlace(const Gazetteer& gazetteer, const annals::v1::Location& location,
                 EventColumns* columns) {
  columns->area_region = RegionCode(location.area_region());
  if (columns->area_region.empty() && !columns->point) columns->area_region = columns->region;
  if (!columns->area_region.empty()) {
    const Region* region = gazetteer.Find(columns->area_region);
    if (region != nullptr) columns->place_uncertainty_m = gazetteer.RadiusOf(region->code);
    return;
  }
  if (!columns->point) return;
  columns->place_uncertainty_m = location.radius_m();
  if (!location.has_radius_m()) return;
  columns->radius_m = location.radius_m();
  auto circle = std::make_shared<CircleColumns>();
  circle->circle = MakeUncertaintyCircle(*columns->point, *columns->radius_m);
  auto reach = gazetteer.ReachOf(circle->circle);
  circle->keys = ReachKeysOf(circle->circle);
  for (const std::string& code : reach.regions) circle->keys.push_back(RegionKey(code));
  circle->regions = std::move(reach.regions);
  circle->beyond_regions = reach.beyond;
  columns->circle = std::move(circle);
}

// Where a message has output-only fields: itself, and below which of its fields. Kept for each type
// from when it is first asked for.
struct OutputOnlyFields {
  std::vector<const google::protobuf::FieldDescriptor*> own, around;
  [[nodiscard]] bool empty() const { return own.empty() && around.empty(); }
};

// No type of ours holds itself. An offer's steps are looked at whatever their fields.
OutputOnlyFields FindFields(const google::protobuf::Descriptor* type) {
  OutputOnlyFields fields;
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (field->options().GetExtension(annals::v1::output_only)) {
      fields.own.push_back(field);
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE &&
               (field->message_type() == annals::v1::ExchangeOffer::descriptor() ||
                !FindFields(field->message_type()).empty())) {
      fields.around.push_back(field);
    }
  }
  return fields;
}

const OutputOnlyFields& FieldsOf(const google::protobuf::Descriptor* type) {
  static std::shared_mutex mutex;
  static std::unordered_map<const google::protobuf::Descriptor*, OutputOnlyFields> known;
  {
    const std::shared_lock lock(mutex);
    if (const auto found = known.find(type); found != known.end()) return found->second;
  }
  const std::unique_lock lock(mutex);
  return known.try_emplace(type, FindFields(type)).first->second;
}

}  // namespace

void FillDerivedFields(const Gazetteer& gazetteer, annals::v1::Event* event) {
  event->set_verification(VerificationOf(*event));
  if (event->has_exchange_offer()) {
    auto* offer = event->mutable_exchange_offer();
    offer->set_status(StatusOf(offer->steps()));
  }
  if (!event->has_location()) return;
  auto* location = event->mutable_location();
  const auto point = PointOf(*event);
  const Region* at = point ? gazetteer.RegionAt(*point) : nullptr;
  if (at != nullptr) location->set_point_region("regions/" + at->code);
  if (!location->region().empty()) {
    location->set_resolved_region(location->region());
  } else if (!location->area_region().empty()) {
    location->set_resolved_region(location->area_region());
  } else {
    location->set_resolved_region(location->point_region());
  }
}

EventColumns DeriveColumns(const Gazetteer& gazetteer, const annals::v1::Event& event) {
  EventColumns columns;
  if (auto name = ParseEventName(event.name()); name.ok()) {
    columns.id = name->Id();
    columns.feed = std::move(name->feed);
    columns.event = std::move(name->event);
  }
  columns.kind = event.kind();
  columns.occurred.start = ToMicros(event.occurred().start());
  columns.occurred.end =
      event.occurred().has_end() ? ToMicros(event.occurred().end()) : columns.occurred.start;
  if (event.has_reported_time()) columns.reported = ToMicros(event.reported_time());
  columns.point = PointOf(event);
  columns.region = RegionCode(event.location().resolved_region());
  columns.point_region = RegionCode(event.location().point_region());
  columns.persons = CountsOf(event.has_persons(), event.persons());
  columns.fatalities = CountsOf(event.has_fatalities(), event.fatalities());
  columns.participants = ParticipantsOf(event);
  columns.verification = event.verification();
  columns.words = WordsOf(event);
  columns.source_keys = SourceKeysOf(event);
  if (event.has_location()) DerivePlace(gazetteer, event.location(), &columns);
  return columns;
}

void PrepareDerivation(const Gazetteer& gazetteer, const annals::v1::Event& event) {
  const auto point = PointOf(event);
  if (!point || !event.location().has_radius_m()) return;
  (void)gazetteer.ReachOf(MakeUncertaintyCircle(*point, event.location().radius_m()));
}

void ClearOutputOnlyFields(google::protobuf::Message* message) {
  if (auto* offer = dynamic_cast<annals::v1::ExchangeOffer*>(message)) {
    KeepContent(offer->mutable_steps());
  }
  const auto* reflection = message->GetReflection();
  const OutputOnlyFields& fields = FieldsOf(message->GetDescriptor());
  for (const auto* field : fields.own) reflection->ClearField(message, field);
  for (const auto* field : fields.around) {
    if (field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        ClearOutputOnlyFields(reflection->MutableRepeatedMessage(message, field, i));
      }
    } else if (reflection->HasField(*message, field)) {
      ClearOutputOnlyFields(reflection->MutableMessage(message, field));
    }
  }
}

}  // namespace annals::storage
