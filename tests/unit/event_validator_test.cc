#include "service/validate/event_validator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "storage/error.h"
#include "tests/support/event_builder.h"
#include "tests/support/service_fixture.h"
#include "tests/support/small_gazetteer.h"

namespace annals::service {
namespace {

using annals::testing::EventBuilder;
using annals::v1::Event;
using storage::ErrorField;
using storage::ErrorReason;

absl::Status Validate(Event* event) {
  return EventValidator(testing::SmallGazetteer(), testing::TestSight()).Validate(event);
}

Event Valid() { return EventBuilder("f", "1").Build(); }

// Expects that the event, changed so, is refused for that reason at that field.
void ExpectRefused(const std::function<void(Event*)>& change, const std::string& field,
                   const std::string& reason) {
  Event event = Valid();
  change(&event);
  const absl::Status status = Validate(&event);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << field << ": " << status;
  EXPECT_EQ(ErrorField(status), field);
  EXPECT_EQ(ErrorReason(status), reason) << field;
}

void ExpectTaken(const std::function<void(Event*)>& change) {
  Event event = Valid();
  change(&event);
  EXPECT_TRUE(Validate(&event).ok()) << Validate(&event);
}

TEST(EventValidator, TakesTheLeastThatAnEventNeeds) {
  ExpectTaken([](Event*) {});
}

TEST(EventValidator, ChecksNames) {
  ExpectRefused([](Event* e) { e->clear_name(); }, "name", "REQUIRED");
  ExpectRefused([](Event* e) { e->set_name("feeds/f/events/"); }, "name", "BAD_NAME");
  ExpectRefused([](Event* e) { e->set_name("feeds/f/events/a b"); }, "name", "BAD_NAME");
  ExpectRefused([](Event* e) { e->set_name("feeds/f/events/" + std::string(129, 'x')); }, "name",
                "BAD_NAME");
  ExpectRefused([](Event* e) { e->set_name("feeds/no-feed/events/1"); }, "name", "UNKNOWN_FEED");
}

TEST(EventValidator, ChecksKinds) {
  ExpectRefused([](Event* e) { e->clear_kind(); }, "kind", "REQUIRED");
  ExpectRefused([](Event* e) { e->set_kind(static_cast<annals::v1::EventKind>(99)); }, "kind",
                "UNKNOWN_KIND");
  ExpectRefused([](Event* e) { e->mutable_capture(); }, "capture", "DETAILS_MISMATCH");
  ExpectTaken([](Event* e) {
    e->set_kind(annals::v1::EVENT_KIND_CAPTURE);
    e->mutable_capture()->add_captives()->set_category("soldier");
  });
}

TEST(EventValidator, ChecksWindows) {
  const auto seconds = [](Event* e, std::int64_t start, std::int64_t end) {
    e->mutable_occurred()->mutable_start()->set_seconds(start);
    e->mutable_occurred()->mutable_end()->set_seconds(end);
  };
  ExpectRefused([](Event* e) { e->clear_occurred(); }, "occurred", "REQUIRED");
  ExpectRefused([](Event* e) { e->mutable_occurred()->clear_start(); }, "occurred.start",
                "REQUIRED");
  ExpectRefused([&](Event* e) { seconds(e, 100, 99); }, "occurred.end", "END_BEFORE_START");
  ExpectRefused([](Event* e) { e->mutable_occurred()->clear_precision(); }, "occurred.precision",
                "REQUIRED");
  ExpectRefused([&](Event* e) { seconds(e, 100, 100); }, "occurred.precision",
                "PRECISION_MISMATCH");
  ExpectRefused(
      [](Event* e) { e->mutable_occurred()->set_precision(annals::v1::TIME_PRECISION_INSTANT); },
      "occurred.precision", "PRECISION_MISMATCH");
  ExpectRefused([&](Event* e) { seconds(e, -62'135'596'801, 0); }, "occurred.start", "TIME_RANGE");
  ExpectRefused([&](Event* e) { seconds(e, 0, 253'402'300'800); }, "occurred.end", "TIME_RANGE");
  ExpectRefused([](Event* e) { e->mutable_reported_time()->set_nanos(-1); }, "reported_time",
                "TIME_RANGE");
  ExpectTaken([](Event* e) {
    e->mutable_occurred()->clear_end();
    e->mutable_occurred()->set_precision(annals::v1::TIME_PRECISION_INSTANT);
  });
}

TEST(EventValidator, ChecksPlaces) {
  const auto point = [](double latitude, double longitude) {
    return [=](Event* e) {
      e->mutable_location()->mutable_point()->set_latitude(latitude);
      e->mutable_location()->mutable_point()->set_longitude(longitude);
    };
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ExpectRefused(point(91, 0), "location.point.latitude", "LATITUDE_RANGE");
  ExpectRefused(point(nan, 0), "location.point.latitude", "NOT_FINITE");
  ExpectRefused(point(0, nan), "location.point.longitude", "NOT_FINITE");
  ExpectRefused(point(0, 361), "location.point.longitude", "LONGITUDE_RANGE");
  ExpectRefused([](Event* e) { e->mutable_location()->set_radius_m(5); }, "location.radius_m",
                "RADIUS_NEEDS_POINT");
  for (const double radius : {0.0, -1.0, 20'100'001.0, nan}) {
    ExpectRefused(
        [&](Event* e) {
          point(1, 1)(e);
          e->mutable_location()->set_radius_m(radius);
        },
        "location.radius_m", "RADIUS_RANGE");
  }
  ExpectRefused(
      [&](Event* e) {
        point(1, 1)(e);
        e->mutable_location()->set_radius_m(5);
        e->mutable_location()->set_area_region("regions/RU-KRS");
      },
      "location.radius_m", "RADIUS_AND_AREA_REGION");
  ExpectRefused([](Event* e) { e->mutable_location()->set_region("regions/XX-NO"); },
                "location.region", "UNKNOWN_REGION");
  ExpectRefused([](Event* e) { e->mutable_location()->set_area_region("RU-KRS"); },
                "location.area_region", "BAD_NAME");
  ExpectRefused([](Event* e) { e->mutable_location()->set_place_name(std::string(301, 'x')); },
                "location.place_name", "TOO_LONG");
}

TEST(EventValidator, BringsLongitudesIntoTheirRange) {
  Event event = EventBuilder("f", "1").Place(180, 10).Build();
  ASSERT_TRUE(Validate(&event).ok());
  EXPECT_EQ(event.location().point().longitude(), -180);
  event = EventBuilder("f", "1").Place(-190, 10).Build();
  ASSERT_TRUE(Validate(&event).ok());
  EXPECT_EQ(event.location().point().longitude(), 170);
}

TEST(EventValidator, ChecksParticipants) {
  const auto add = [](Event* e) {
    auto* participant = e->add_participants();
    participant->set_role(annals::v1::PARTICIPANT_ROLE_TARGET);
    return participant;
  };
  ExpectRefused([&](Event* e) { add(e); }, "participants[0]", "REQUIRED");
  ExpectRefused([&](Event* e) { add(e)->set_label(""); }, "participants[0].label", "REQUIRED");
  ExpectRefused([&](Event* e) { add(e)->set_label(std::string(301, 'x')); },
                "participants[0].label", "TOO_LONG");
  ExpectRefused([&](Event* e) { add(e)->set_actor("actors/nobody"); }, "participants[0].actor",
                "UNKNOWN_ACTOR");
  ExpectRefused([&](Event* e) { add(e)->set_actor("nobody"); }, "participants[0].actor",
                "BAD_NAME");
  ExpectRefused([&](Event* e) { e->add_participants()->set_label("x"); }, "participants[0].role",
                "REQUIRED");
  ExpectRefused(
      [&](Event* e) {
        for (int i = 0; i < 201; ++i) add(e)->set_label("x");
      },
      "participants", "TOO_MANY_VALUES");
  ExpectTaken([&](Event* e) { add(e)->set_actor("actors/army"); });
}

TEST(EventValidator, RefusesLabelsOfCaptivesThatLookLikeNames) {
  const auto captive = [](const std::string& label) {
    return [=](Event* e) {
      e->add_participants()->set_label("Ivan Petrenko");  // who captures may be named
      e->mutable_participants(0)->set_role(annals::v1::PARTICIPANT_ROLE_CAPTOR);
      e->add_participants()->set_label(label);
      e->mutable_participants(1)->set_role(annals::v1::PARTICIPANT_ROLE_CAPTIVE);
    };
  };
  ExpectRefused(captive("Kim Chol Su"), "participants[1].label", "LOOKS_LIKE_A_NAME");
  ExpectRefused(captive("soldiers Kim Chol Su and Ri Yong Ho"), "participants[1].label",
                "LOOKS_LIKE_A_NAME");
  ExpectTaken(captive("two North Korean soldiers"));
  ExpectTaken(captive("First Battalion"));
  Event event = Valid();
  captive("Kim Chol Su")(&event);
  const EventValidator validator(testing::SmallGazetteer(), testing::TestSight());
  EXPECT_TRUE(validator.Validate(&event, /*captive_labels_checked=*/true).ok());
  EXPECT_TRUE(validator.SeemsToNameCaptives(event));
  event.mutable_participants(1)->set_label("two soldiers");
  EXPECT_FALSE(validator.SeemsToNameCaptives(event));
}

TEST(EventValidator, TakesNamesOfActorsForCaptivesButNotThoseOfOfficeHolders) {
  auto group = testing::MakeActor("group", "Boko Haram");
  auto holder = testing::MakeActor("holder", "The President", "Ivan Petrenko");
  holder.set_kind(annals::v1::ACTOR_KIND_OFFICE_HOLDER);
  const CatalogSnapshot catalog(1, {{.feed = "f"}}, {group, holder});
  static const storage::Visibility kPublic;
  const EventValidator validator(testing::SmallGazetteer(), {catalog, kPublic});
  Event event =
      EventBuilder("f", "1").Label("Boko Haram", annals::v1::PARTICIPANT_ROLE_CAPTIVE).Build();
  EXPECT_TRUE(validator.Validate(&event).ok());
  event.mutable_participants(0)->set_label("Ivan Petrenko");
  EXPECT_EQ(ErrorReason(validator.Validate(&event)), "LOOKS_LIKE_A_NAME");
}

TEST(EventValidator, ChecksCounts) {
  ExpectRefused([](Event* e) { e->mutable_persons(); }, "persons", "EMPTY_COUNT");
  ExpectRefused([](Event* e) { e->mutable_persons()->set_low(-1); }, "persons.low",
                "NEGATIVE_COUNT");
  ExpectRefused([](Event* e) { e->mutable_persons()->set_high(1'000'000'001); }, "persons.high",
                "COUNT_TOO_LARGE");
  ExpectRefused(
      [](Event* e) {
        e->mutable_fatalities()->set_low(3);
        e->mutable_fatalities()->set_high(2);
      },
      "fatalities.low", "COUNT_ORDER");
  ExpectRefused(
      [](Event* e) {
        e->mutable_fatalities()->set_best(3);
        e->mutable_fatalities()->set_high(2);
      },
      "fatalities.best", "COUNT_ORDER");
  ExpectTaken([](Event* e) { e->mutable_fatalities()->set_best(0); });
}

TEST(EventValidator, ChecksTexts) {
  const auto cyrillic = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "К";
    return text;
  };
  ExpectRefused([](Event* e) { e->clear_title(); }, "title", "REQUIRED");
  ExpectRefused([&](Event* e) { e->set_title(cyrillic(301)); }, "title", "TOO_LONG");
  ExpectTaken([&](Event* e) { e->set_title(cyrillic(300)); });
  ExpectRefused([](Event* e) { e->set_title("two\nlines"); }, "title", "LINE_BREAK");
  ExpectRefused([](Event* e) { e->set_title("bad\xFF"); }, "title", "INVALID_UTF8");
  ExpectRefused([](Event* e) { e->set_title(std::string("a\0b", 3)); }, "title",
                "CONTROL_CHARACTER");
  ExpectRefused([&](Event* e) { e->set_description(cyrillic(20'001)); }, "description", "TOO_LONG");
  ExpectTaken([](Event* e) { e->set_description("two\n\nparagraphs"); });
  for (const char* code : {"e", "en_GB", "12", "en-", "en-123456789", "-en"}) {
    ExpectRefused([&](Event* e) { e->set_language_code(code); }, "language_code", "BAD_LANGUAGE");
  }
  for (const char* code : {"en", "uk", "zh-Hant-TW"}) {
    ExpectTaken([&](Event* e) { e->set_language_code(code); });
  }
}

TEST(EventValidator, ChecksClaimsLinksCodesAndTags) {
  const auto claim = [](Event* e) {
    auto* added = e->add_claims();
    added->set_source("Agency");
    added->set_stance(annals::v1::CLAIM_STANCE_ASSERTS);
    return added;
  };
  ExpectTaken([&](Event* e) {
    claim(e)->set_url("https://example.org/a?b#c");
    claim(e)->mutable_fatalities()->set_low(9);
    e->mutable_claims(1)->mutable_fatalities()->set_high(2);
  });
  ExpectRefused([&](Event* e) { claim(e)->clear_source(); }, "claims[0]", "REQUIRED");
  ExpectRefused([&](Event* e) { claim(e)->clear_stance(); }, "claims[0].stance", "REQUIRED");
  ExpectRefused([&](Event* e) { claim(e)->set_actor("actors/nobody"); }, "claims[0].actor",
                "UNKNOWN_ACTOR");
  for (const char* url :
       {"ftp://example.org", "example.org", "https://", "http://a b", "javascript:1"}) {
    ExpectRefused([&](Event* e) { claim(e)->set_url(url); }, "claims[0].url", "BAD_URL");
  }
  ExpectRefused([&](Event* e) { claim(e)->set_url("http://a/" + std::string(2'048, 'x')); },
                "claims[0].url", "TOO_LONG");
  ExpectRefused([&](Event* e) { claim(e)->set_sha256(std::string(64, 'A')); }, "claims[0].sha256",
                "BAD_SHA256");
  ExpectTaken([&](Event* e) { claim(e)->set_sha256(std::string(64, 'a')); });
  ExpectRefused([&](Event* e) { claim(e)->mutable_persons()->set_low(-1); },
                "claims[0].persons.low", "NEGATIVE_COUNT");
  ExpectRefused([](Event* e) { e->add_links()->set_target("feeds/f/events/2"); }, "links[0].kind",
                "REQUIRED");
  ExpectRefused(
      [](Event* e) {
        e->add_links()->set_kind(annals::v1::LINK_KIND_CONCERNS);
        e->mutable_links(0)->set_target("event 2");
      },
      "links[0].target", "BAD_NAME");
  ExpectRefused([](Event* e) { e->add_codes()->set_taxonomy("t"); }, "codes[0].value", "REQUIRED");
  ExpectRefused([](Event* e) { e->add_tags(std::string(65, 'x')); }, "tags[0]", "TOO_LONG");
  ExpectRefused([](Event* e) { e->add_tags(""); }, "tags[0]", "REQUIRED");
}

TEST(EventValidator, ChecksDetails) {
  ExpectRefused(
      [](Event* e) {
        e->set_kind(annals::v1::EVENT_KIND_CAPTURE);
        e->mutable_capture()->mutable_wishes()->set_stay_count(-1);
      },
      "capture.wishes.stay_count", "NEGATIVE_COUNT");
  ExpectRefused(
      [](Event* e) {
        e->set_kind(annals::v1::EVENT_KIND_DEPLOYMENT);
        e->mutable_deployment()->set_to_region("regions/XX");
      },
      "deployment.to_region", "UNKNOWN_REGION");
  ExpectRefused(
      [](Event* e) {
        e->set_kind(annals::v1::EVENT_KIND_EXCHANGE);
        e->mutable_exchange()->add_delivered()->set_held_by("actors/nobody");
      },
      "exchange.delivered[0].held_by", "UNKNOWN_ACTOR");
  ExpectRefused(
      [](Event* e) {
        e->set_kind(annals::v1::EVENT_KIND_EXCHANGE_OFFER);
        e->mutable_exchange_offer()->add_conditions(std::string(2'001, 'x'));
      },
      "exchange_offer.conditions[0]", "TOO_LONG");
  ExpectRefused(
      [](Event* e) {
        e->set_kind(annals::v1::EVENT_KIND_EXCHANGE_OFFER);
        e->mutable_exchange_offer()->add_steps()->set_status(annals::v1::OFFER_STATUS_AGREED);
      },
      "exchange_offer.steps[0].occurred", "REQUIRED");
}

TEST(EventValidator, LimitsTheWholeEvent) {
  Event event = Valid();
  for (int i = 0; i < 40; ++i) {
    auto* claim = event.add_claims();
    claim->set_source("Agency");
    claim->set_stance(annals::v1::CLAIM_STANCE_ASSERTS);
    claim->set_note(std::string(2'000, 'x'));
  }
  EXPECT_EQ(ErrorReason(Validate(&event)), "EVENT_TOO_LARGE");
}

TEST(EventValidator, ClearsWhatOnlyTheServerFills) {
  Event event = Valid();
  event.set_revision(9);
  event.set_etag("e");
  event.mutable_location()->set_region("regions/RU-KRS");
  event.mutable_location()->set_resolved_region("regions/UA");
  ASSERT_TRUE(Validate(&event).ok());
  EXPECT_EQ(event.revision(), 0);
  EXPECT_EQ(event.etag(), "");
  EXPECT_EQ(event.location().resolved_region(), "");
}

// An offer with these steps, a day apart.
Event OfferWith(const std::vector<annals::v1::OfferStatus>& statuses) {
  Event event = EventBuilder("f", "1").Kind(annals::v1::EVENT_KIND_EXCHANGE_OFFER).Build();
  std::int64_t day = 0;
  for (const auto status : statuses) {
    auto* step = event.mutable_exchange_offer()->add_steps();
    step->set_status(status);
    step->mutable_occurred()->mutable_start()->set_seconds(86'400 * day++);
    step->mutable_occurred()->set_precision(annals::v1::TIME_PRECISION_INSTANT);
  }
  return event;
}

TEST(EventValidator, RefusesStepsThatCannotFollow) {
  using namespace annals::v1;  // NOLINT(google-build-using-namespace): many enum values
  for (const auto& path :
       std::vector<std::vector<OfferStatus>>{{OFFER_STATUS_AGREED, OFFER_STATUS_PROPOSED},
                                             {OFFER_STATUS_REJECTED, OFFER_STATUS_AGREED},
                                             {OFFER_STATUS_EXECUTED, OFFER_STATUS_CALLED_OFF},
                                             {OFFER_STATUS_EXPIRED, OFFER_STATUS_EXPIRED}}) {
    Event event = OfferWith(path);
    const absl::Status status = Validate(&event);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_EQ(ErrorReason(status), "ILLEGAL_STEP");
    EXPECT_EQ(ErrorField(status), "exchange_offer.steps[1]");
    const std::string message(status.message());
    EXPECT_NE(message.find(OfferStatus_Name(path[0])), std::string::npos);
    EXPECT_NE(message.find(OfferStatus_Name(path[1])), std::string::npos);
  }
}

}  // namespace
}  // namespace annals::service
