#include "storage/postgres/store_setup.h"

#include "tests/integration/postgres_fixture.h"

namespace annals::testing {
namespace {

class Setup : public PostgresStore {};

TEST_F(Setup, AddsTheStarterActorsOnce) {
  const std::string count = database_.Run("SELECT count(*) FROM actor");
  EXPECT_EQ(count, std::to_string(storage::StarterActors().size()));
  (void)database_.Run("DELETE FROM actor WHERE actor = (SELECT min(actor) FROM actor)");
  ASSERT_TRUE(storage::PrepareStore(pool_, context_.deadline).ok());
  EXPECT_EQ(database_.Run("SELECT count(*) + 1 FROM actor"), count);
}

TEST_F(Setup, CopiesTheGazetteerWhereItDiffers) {
  const auto& gazetteer = PostgresTestGazetteer();
  ASSERT_TRUE(storage::LoadRegions(pool_, gazetteer, context_.deadline).ok());
  EXPECT_EQ(database_.Run("SELECT count(*) FROM region"),
            std::to_string(gazetteer.regions().size()));
  EXPECT_EQ(database_.Run("SELECT parent || ' ' || country || ' ' || level || ' ' ||"
                          " ST_Covers(geom, 'SRID=4326;POINT(35.3 51.2)'::geometry)"
                          " FROM region WHERE code = 'RU-KRS'"),
            "RU RU 2 true");
  EXPECT_EQ(database_.Run("SELECT count(*) FROM region WHERE NOT ST_IsValid(geom)"), "0");
  (void)database_.Run("DELETE FROM region WHERE code = 'RU-KRS'");
  ASSERT_TRUE(storage::LoadRegions(pool_, gazetteer, context_.deadline).ok());
  EXPECT_EQ(database_.Run("SELECT count(*) FROM region WHERE code = 'RU-KRS'"), "0");
  (void)database_.Run("UPDATE store SET region_version = 'another'");
  ASSERT_TRUE(storage::LoadRegions(pool_, gazetteer, context_.deadline).ok());
  EXPECT_EQ(database_.Run("SELECT count(*) FROM region WHERE code = 'RU-KRS'"), "1");
}

}  // namespace
}  // namespace annals::testing
