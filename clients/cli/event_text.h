// One event told in full, for a person.
#pragma once

#include <string>

#include "annals/v1/events.pb.h"
#include "clients/cli/offer_text.h"

namespace annals::cli {

// Lines of "Name   value", free of control characters, cut to `columns_max` where it is not 0 (long
// text is wrapped, not cut).
[[nodiscard]] std::string EventText(const v1::Event& event, int columns_max);

// The same of other lines; a name that repeats the one before is left out, and so are lines without
// a value.
[[nodiscard]] std::string LinesText(const TextLines& text, int columns_max);

// The value of a field, or of its element `index` where it is repeated, as tables show it. Empty
// where it is absent. Of a kind that annals.v1 has in events: no floats, maps or bytes.
[[nodiscard]] std::string FieldText(const google::protobuf::Message& message,
                                    const google::protobuf::FieldDescriptor& field, int index = 0);

// The message on one line: "category: soldier, persons: 2". Counts, windows and enum values as
// tables show them. Empty where it says nothing.
[[nodiscard]] std::string InlineText(const google::protobuf::Message& message);

// Where it happened, on one line: "RU-KRS Sudzha", "RU-KRS", "Sudzha" or a point's coordinates.
// Empty where nothing is said.
[[nodiscard]] std::string PlaceText(const v1::Location& location);

// The title, and before it that the event does not stand: "[retracted] …".
[[nodiscard]] std::string TitleText(const v1::Event& event);

}  // namespace annals::cli
