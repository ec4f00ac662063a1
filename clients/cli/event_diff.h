// What differs between two revisions of an event, field by field.
#pragma once

#include <string>
#include <vector>

#include "annals/v1/events.pb.h"

namespace annals::cli {

// One side of a field.
struct FieldSide {
  std::string text;           // As tables show it, in full; empty where absent.
  std::string json = "null";  // In the protobuf JSON mapping.
};

// A field that differs, and its two sides.
struct FieldChange {
  // "fatalities.best", "participants[2].role". Elements count from 0, in the later revision; those
  // that it no longer has, in the earlier one.
  std::string field;
  FieldSide before;
  FieldSide after;
};

// The fields that differ, in the order of the contract. Times and points are compared as one value.
// What the server fills is left out, except `state`, `retraction_reason`, `merged_into` and
// `redacted`: a retraction is a change, and so are a merge and a redaction.
//
// Elements of lists are matched before they are compared, so that one that was put in does not make
// all after it differ: equal ones wherever they stand, then those that share at least half of their
// fields. An element without a match was added or removed, which is one change. A list that has
// nothing but its order changed is one change as well.
[[nodiscard]] std::vector<FieldChange> EventDiff(const v1::Event& before, const v1::Event& after);

}  // namespace annals::cli
