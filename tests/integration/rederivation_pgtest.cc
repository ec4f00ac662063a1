#include "storage/postgres/rederivation.h"

#include "tests/integration/postgres_fixture.h"

namespace annals::testing {
namespace {

class Rederivation : public PostgresStore {};

constexpr char kDerived[] =
    "SELECT string_agg(concat_ws(' ', id, verification, radius_m, place_uncertainty_m, area_region,"
    " reach_keys, reach_regions, beyond_regions, ST_AsText(circle), source_keys, words,"
    " encode(record, 'hex')), '; ' ORDER BY id, revision) FROM ";

TEST_F(Rederivation, FillsWhatAnOlderProgramDidNotDerive) {
  auto circle = EventBuilder("f", "circle").Place(36.2, 51.7).Row();
  circle.event.mutable_location()->set_radius_m(25'000);
  auto* claim = circle.event.add_claims();
  claim->set_source("A");
  claim->set_stance(annals::v1::CLAIM_STANCE_DENIES);
  claim->set_url("https://example.org/a");
  ASSERT_TRUE(events_.UpsertEvents(context_, {circle}, {}).ok());
  circle.event.set_title("Changed");
  ASSERT_TRUE(events_.UpsertEvents(context_, {circle}, {}).ok());
  ASSERT_TRUE(Upsert(EventBuilder("f", "oblast").Region("RU-KRS")).ok());
  const std::string current = database_.Run(std::string(kDerived) + "event");
  const std::string past = database_.Run(std::string(kDerived) + "event_revision");
  const std::string postings =
      database_.Run("SELECT string_agg(key::text, ' ' ORDER BY key) FROM event_posting");

  // As the migration leaves them.
  for (const char* table : {"event", "event_revision"}) {
    (void)database_.Run(fmt::format(
        "UPDATE {} SET verification = 1, radius_m = NULL, place_uncertainty_m = NULL,"
        " area_region = NULL, reach_keys = NULL, reach_regions = NULL, beyond_regions = NULL,"
        " circle = NULL, source_keys = '{{}}', words = ''",
        table));
  }
  (void)database_.Run("DELETE FROM event_posting");
  (void)database_.Run("UPDATE store SET derivation_version = 0");
  EXPECT_NE(database_.Run(std::string(kDerived) + "event"), current);

  const auto& gazetteer = PostgresTestGazetteer();
  ASSERT_TRUE(storage::RederiveRecords(pool_, gazetteer, context_.deadline).ok());
  EXPECT_EQ(database_.Run(std::string(kDerived) + "event"), current);
  EXPECT_EQ(database_.Run(std::string(kDerived) + "event_revision"), past);
  EXPECT_EQ(database_.Run("SELECT string_agg(key::text, ' ' ORDER BY key) FROM event_posting"),
            postings);
  EXPECT_EQ(database_.Run("SELECT derivation_version FROM store"),
            std::to_string(storage::kDerivationVersion));
  // Done once: what is changed by hand afterwards stays.
  (void)database_.Run("UPDATE event SET verification = 4");
  ASSERT_TRUE(storage::RederiveRecords(pool_, gazetteer, context_.deadline).ok());
  EXPECT_EQ(database_.Run("SELECT DISTINCT verification FROM event"), "4");
}

}  // namespace
}  // namespace annals::testing
