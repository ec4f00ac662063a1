#include "storage/postgres/statements.h"

#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "storage/postgres/question_sql.h"
#include "storage/postgres/sql_value.h"

namespace annals::storage {
namespace {

constexpr char kSummaryColumns[] =
    "e.kind, e.feed_id, e.verification, e.region, e.occurred_start, e.actor_keys,"
    " e.persons_low, e.persons_best, e.persons_high,"
    " e.fatalities_low, e.fatalities_best, e.fatalities_high";

constexpr char kTotalsColumns[] =
    "event_count, persons_low, persons_best, persons_high, persons_known,"
    " fatalities_low, fatalities_best, fatalities_high, fatalities_known";

// See annals.v1.CountSum for how absent bounds add up.
std::string CountSums(std::string_view count) {
  return fmt::format(
      "coalesce(sum(coalesce(m.{0}_low, m.{0}_best)), 0)::bigint AS {0}_low,"
      " coalesce(sum(coalesce(m.{0}_best, m.{0}_low)), 0)::bigint AS {0}_best,"
      " coalesce(sum(coalesce(m.{0}_high, m.{0}_best, m.{0}_low)), 0)::bigint AS {0}_high,"
      " count(coalesce(m.{0}_low, m.{0}_best, m.{0}_high)) AS {0}_known",
      count);
}

std::string TotalsList() {
  return fmt::format("count(*) AS event_count, {}, {}", CountSums("persons"),
                     CountSums("fatalities"));
}

std::string_view TruncationUnit(Dimension::Kind kind) {
  switch (kind) {
    case Dimension::Kind::kDay:
      return "day";
    case Dimension::Kind::kWeek:
      return "week";
    case Dimension::Kind::kMonth:
      return "month";
    case Dimension::Kind::kQuarter:
      return "quarter";
    case Dimension::Kind::kYear:
      return "year";
    default:
      return {};
  }
}

// Everything a dimension adds to a statement about matching events m.
struct DimensionSql {
  std::string join;    // beside m
  std::string key;     // what is grouped by; null where the event has no place
  std::string text;    // the key of a group g as an answer, in terms of {} = its column
  std::string placed;  // whether the event has a place, without the join of actors
};

class SummarySql {
 public:
  SummarySql(const Question& question, const Gazetteer& gazetteer, StatementBuilder* builder)
      : question_(question), gazetteer_(gazetteer), builder_(*builder) {}

  DimensionSql Of(Dimension dimension, std::size_t index) {
    switch (dimension.kind) {
      case Dimension::Kind::kKind:
        return {"", "m.kind", "{}", "true"};
      case Dimension::Kind::kVerification:
        return {"", "m.verification", "{}", "true"};
      case Dimension::Kind::kFeed:
        return {"", "m.feed_id", "(SELECT 'feeds/' || f.feed FROM feed f WHERE f.id = {})", "true"};
      case Dimension::Kind::kRegion:
        return {"", "m.region", "'regions/' || {}", "m.region IS NOT NULL"};
      case Dimension::Kind::kCountry:
        return Country(index);
      case Dimension::Kind::kActor:
        return {
            fmt::format(" CROSS JOIN LATERAL (SELECT DISTINCT unnest(m.actor_keys)) AS a{}(key)",
                        index),
            fmt::format("a{}.key", index),
            fmt::format("(SELECT min(p.text) FROM participant p WHERE p.actor_key = {{}}"
                        " AND p.feed_id = ANY ({}))",
                        builder_.Bind(ArrayText(question_.feeds.seen_ids()), "int[]")),
            "cardinality(m.actor_keys) > 0"};
      default:
        return Bucket(dimension.kind);
    }
  }

 private:
  DimensionSql Bucket(Dimension::Kind kind) {
    std::string time = "m.occurred_start";
    if (question_.query.occurred.start) {
      time =
          fmt::format("greatest({}, {})", time,
                      builder_.Bind(TimestampText(*question_.query.occurred.start), "timestamptz"));
    }
    return {"", fmt::format("date_trunc('{}', {}, 'UTC')", TruncationUnit(kind), time),
            MicrosOf("{}"), "true"};
  }

  // Regions are today's, whatever the position: the gazetteer says which country they are in.
  DimensionSql Country(std::size_t index) {
    std::vector<std::string> codes, countries;
    for (const Region& region : gazetteer_.regions()) {
      codes.push_back(region.code);
      countries.emplace_back(gazetteer_.CountryOf(region.code));
    }
    const std::string column = fmt::format("c{}.country", index);
    return {fmt::format(" LEFT JOIN unnest({}, {}) AS c{}(code, country) ON c{}.code = m.region",
                        builder_.Bind(ArrayText(codes), "text[]"),
                        builder_.Bind(ArrayText(countries), "text[]"), index, index),
            column, "'regions/' || {}", fmt::format("{} IS NOT NULL", column)};
  }

  const Question& question_;
  const Gazetteer& gazetteer_;
  StatementBuilder& builder_;
};

bool IsActor(const Dimension& dimension) { return dimension.kind == Dimension::Kind::kActor; }

}  // namespace

Statement PageStatement(const Question& question, const PageSpec& page) {
  StatementBuilder builder;
  QuestionSql sql(question.query, question.plan, question.as_of, question.feeds, &builder);
  const int limit = page.limit + 1;
  const std::string_view direction =
      page.order == EventOrder::kOccurredOldestFirst ? "ASC" : "DESC";
  const std::string arms = sql.PageArms(page, limit);
  const std::string_view more = sql.has_past() ? ", past, revision" : "";
  const std::string columns =
      fmt::format("SELECT e.record, e.position, p.key, p.id, {} AS strength", sql.Strength());
  std::string rows = columns + " FROM page p JOIN event e ON e.id = p.id";
  if (sql.has_past()) {
    rows += fmt::format(
        " AND NOT p.past UNION ALL {} FROM page p JOIN event_revision e"
        " ON p.past AND e.id = p.id AND e.revision = p.revision",
        columns);
  }
  // Only what fits the page's bytes is sent; octet_length reads no stored-apart record.
  const std::string text = fmt::format(
      "WITH page AS MATERIALIZED (SELECT {distinct}key, id{more} FROM (\n{arms}\n) AS arm\n"
      " ORDER BY key {direction}, id {direction} LIMIT {limit}),\n"
      "found AS ({rows})\n"
      "SELECT record, position, strength FROM (SELECT record, position, strength, key, id,"
      " coalesce(sum(octet_length(record)) OVER (ORDER BY key {direction}, id {direction}"
      " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before FROM found) AS "
      "sized\n"
      "WHERE bytes_before <= {bytes} ORDER BY key {direction}, id {direction}",
      fmt::arg("distinct", sql.may_repeat() ? "DISTINCT " : ""), fmt::arg("more", more),
      fmt::arg("arms", arms), fmt::arg("direction", direction), fmt::arg("limit", limit),
      fmt::arg("rows", rows),
      fmt::arg("bytes", builder.Bind(fmt::format("{}", page.bytes_max), "bigint")));
  return std::move(builder).Finish(text);
}

Statement TotalsStatement(const Question& question, const Gazetteer& gazetteer,
                          const std::vector<Dimension>& dimensions) {
  StatementBuilder builder;
  QuestionSql sql(question.query, question.plan, question.as_of, question.feeds, &builder);
  SummarySql summary(question, gazetteer, &builder);
  std::string joins;
  std::vector<std::string> placed = {"true"};
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const DimensionSql part = summary.Of(dimensions[i], i);
    if (!IsActor(dimensions[i])) joins += part.join;
    placed.push_back(part.placed);
  }
  return std::move(builder).Finish(
      fmt::format("SELECT {} AS placed, {} FROM (\n{}\n) AS m{} GROUP BY 1",
                  fmt::join(placed, " AND "), TotalsList(), sql.AllArms(kSummaryColumns), joins));
}

Statement GroupsStatement(const Question& question, const Gazetteer& gazetteer,
                          const std::vector<Dimension>& dimensions) {
  StatementBuilder builder;
  QuestionSql sql(question.query, question.plan, question.as_of, question.feeds, &builder);
  SummarySql summary(question, gazetteer, &builder);
  std::string joins;
  std::vector<std::string> keys, placed, texts;
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const DimensionSql part = summary.Of(dimensions[i], i);
    const std::string column = fmt::format("k{}", i);
    joins += part.join;
    keys.push_back(fmt::format("{} AS {}", part.key, column));
    placed.push_back(part.placed);
    texts.push_back(fmt::format(fmt::runtime(part.text), "g." + column));
  }
  const std::string_view positions = dimensions.size() == 1 ? "1" : "1, 2";
  return std::move(builder).Finish(fmt::format(
      "SELECT {}, {} FROM (SELECT {}, {} FROM (\n{}\n) AS m{} WHERE {} GROUP BY {} LIMIT {}) AS g",
      fmt::join(texts, ", "), kTotalsColumns, fmt::join(keys, ", "), TotalsList(),
      sql.AllArms(kSummaryColumns), joins, fmt::join(placed, " AND "), positions, kGroupsMax + 1));
}

}  // namespace annals::storage
