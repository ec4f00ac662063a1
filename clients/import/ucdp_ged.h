// Reads UCDP's event files (Georeferenced Event Dataset and Candidate) as rows to ingest. README.md
// beside this file has the mapped columns and what becomes of them.
//
// Takes memory for one row and the ids read so far. Used by one thread.
#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "annals/v1/ingest_service.pb.h"
#include "clients/import/csv_reader.h"
#include "clients/import/region_resolver.h"
#include "clients/import/row_error.h"
#include "clients/import/ucdp_row.h"

namespace annals::import {

struct UcdpGedOptions {
  std::string feed = {};                           // The feed's id, without `feeds/`.
  RegionResolver* regions = nullptr;               // Must outlive the reader.
  std::map<std::string, std::string> actors = {};  // `actors/{actor}` by UCDP's actor id.
};

// What was read so far.
struct UcdpGedSummary {
  std::int64_t rows = 0;              // With those that have an error.
  std::int64_t contradictions = 0;    // Rows whose low, best and high contradict each other.
  std::int64_t unresolved_areas = 0;  // Rows known to a region or country that was not resolved.
  std::int64_t labelled_sides = 0;    // Sides whose actor is not catalogued.
};

struct UcdpGedRow {
  std::int64_t line = 0;  // Where it begins, from 1.
  bool valid = false;
  v1::EventUpsert upsert;  // Where valid.
  RowError error;          // Where not.
};

class UcdpGedReader {
 public:
  // Reads the header. INVALID_ARGUMENT where the file is empty, or as UcdpColumns::FromHeader. `in`
  // must outlive the reader.
  [[nodiscard]] static absl::StatusOr<UcdpGedReader> Open(std::istream* in, UcdpGedOptions options);

  // Reads the next row into `row` and returns true; false at the end. Besides those of
  // UcdpColumns::Read a row may have the reasons DUPLICATE_ID and BAD_CSV. An error is one of the
  // region resolver, and final.
  [[nodiscard]] absl::StatusOr<bool> Next(UcdpGedRow* row);

  [[nodiscard]] const UcdpGedSummary& Summary() const { return summary_; }

 private:
  UcdpGedReader(CsvReader csv, UcdpColumns columns, UcdpGedOptions options);

  absl::Status Convert(UcdpRow row, v1::Event* event);
  absl::Status AddLocation(const UcdpRow& row, v1::Location* location);
  void AddSide(const std::string& id, const std::string& name, v1::ParticipantRole role,
               v1::Event* event);
  bool SetDeaths(const UcdpRow& row, v1::Event* event);

  CsvReader csv_;
  UcdpColumns columns_;
  UcdpGedOptions options_;
  UcdpGedSummary summary_;
  CsvRecord record_;
  std::unordered_map<std::string, std::int64_t> lines_by_id_;
};

}  // namespace annals::import
