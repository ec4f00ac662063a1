#include "clients/cli/event_diff.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include "annals/v1/annotations.pb.h"
#include "clients/cli/event_text.h"
#include "clients/cli/printer.h"

namespace annals::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

constexpr int kNone = -1;

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// Messages that are one value to a person.
bool IsValue(const FieldDescriptor& field) {
  return !IsMessage(field) || field.message_type() == google::protobuf::Timestamp::descriptor() ||
         field.message_type() == v1::Point::descriptor();
}

bool IsLeftOut(const FieldDescriptor& field) {
  if (!field.options().GetExtension(v1::output_only)) return false;
  return field.containing_type() != v1::Event::descriptor() ||
         (field.number() != v1::Event::kStateFieldNumber &&
          field.number() != v1::Event::kRetractionReasonFieldNumber &&
          field.number() != v1::Event::kMergedIntoFieldNumber &&
          field.number() != v1::Event::kRedactedFieldNumber);
}

int SizeOf(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field);
  return reflection.HasField(message, &field) ? 1 : 0;
}

bool IsSame(const Message& a, const Message& b, const FieldDescriptor& field) {
  // A size apart, as the differencer takes an absent count for 0.
  return SizeOf(a, field) == SizeOf(b, field) &&
         MessageDifferencer().CompareWithFields(a, b, {&field}, {&field});
}

// The field, or its element `index` alone, in the protobuf JSON mapping; null where it is absent.
std::string JsonOf(const Message& owner, const FieldDescriptor& field, int index = kNone) {
  if (SizeOf(owner, field) == 0) {
    // A bool that cannot be absent is absent where it is false.
    const bool is_no = field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL && !field.has_presence();
    return is_no ? "false" : "null";
  }
  return FieldJson(owner, field, index);
}

// "a; b" of a list.
std::string ListText(const Message& owner, const FieldDescriptor& field) {
  std::string text;
  for (int i = 0; i < SizeOf(owner, field); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : "; ", FieldText(owner, field, i));
  }
  return text;
}

FieldSide SideOf(const Message& owner, const FieldDescriptor& field) {
  FieldSide side{.text = field.is_repeated() ? ListText(owner, field) : FieldText(owner, field),
                 .json = JsonOf(owner, field)};
  // There, and says nothing.
  if (side.text.empty() && IsMessage(field) && SizeOf(owner, field) > 0) side.text = side.json;
  return side;
}

FieldSide ElementOf(const Message& owner, const FieldDescriptor& field, int index) {
  if (index == kNone) return {};
  return {.text = FieldText(owner, field, index), .json = JsonOf(owner, field, index)};
}

// The elements of a list in two revisions, and which of the earlier ones each of the later ones
// was.
class Matching {
 public:
  Matching(const Message& before, const Message& after, const FieldDescriptor& field)
      : before_(before),
        after_(after),
        field_(field),
        successors_(static_cast<std::size_t>(SizeOf(before, field)), kNone),
        origins_(static_cast<std::size_t>(SizeOf(after, field)), kNone) {
    MatchEqual();
    MatchAlike();
  }

  // Indices into the earlier list, one for each of the later one; kNone for what was added.
  [[nodiscard]] const std::vector<int>& Origins() const { return origins_; }
  // Indices into the later list, one for each of the earlier one; kNone for what was removed.
  [[nodiscard]] const std::vector<int>& Successors() const { return successors_; }

 private:
  // Better ones first.
  struct Candidate {
    int fields_unlike = 0;
    int first_shared = 0;  // What identifies an element comes first in the contract.
    int distance = 0;
    int after = 0;
    int before = 0;

    [[nodiscard]] auto Rank() const {
      return std::tie(fields_unlike, first_shared, distance, after, before);
    }
  };

  static std::vector<std::string> Bytes(const Message& owner, const FieldDescriptor& field) {
    std::vector<std::string> bytes;
    for (int i = 0; i < SizeOf(owner, field); ++i) {
      bytes.push_back(
          IsMessage(field)
              ? owner.GetReflection()->GetRepeatedMessage(owner, &field, i).SerializeAsString()
              : FieldText(owner, field, i));
    }
    return bytes;
  }

  [[nodiscard]] bool IsOpen(int before, int after) const {
    return successors_[static_cast<std::size_t>(before)] == kNone &&
           origins_[static_cast<std::size_t>(after)] == kNone;
  }

  void Match(int before, int after) {
    successors_[static_cast<std::size_t>(before)] = after;
    origins_[static_cast<std::size_t>(after)] = before;
  }

  // Equal elements, at their own place where they are there.
  void MatchEqual() {
    const std::vector<std::string> before = Bytes(before_, field_);
    const std::vector<std::string> after = Bytes(after_, field_);
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
      if (before[i] == after[i]) Match(static_cast<int>(i), static_cast<int>(i));
    }
    for (std::size_t j = 0; j < after.size(); ++j) {
      for (std::size_t i = 0; i < before.size() && origins_[j] == kNone; ++i) {
        if (successors_[i] == kNone && before[i] == after[j]) {
          Match(static_cast<int>(i), static_cast<int>(j));
        }
      }
    }
  }

  void MatchAlike() {
    std::vector<Candidate> candidates;
    for (int i = 0; i < static_cast<int>(successors_.size()); ++i) {
      for (int j = 0; j < static_cast<int>(origins_.size()); ++j) {
        Candidate candidate{.distance = std::abs(i - j), .after = j, .before = i};
        if (IsOpen(i, j) && IsAlike(candidate)) candidates.push_back(candidate);
      }
    }
    std::sort(candidates.begin(), candidates.end(),
              [](const Candidate& a, const Candidate& b) { return a.Rank() < b.Rank(); });
    for (const Candidate& candidate : candidates) {
      if (IsOpen(candidate.before, candidate.after)) Match(candidate.before, candidate.after);
    }
  }

  // Whether two elements share at least half of the fields that either has. Words of a list are
  // alike where they have the same place.
  bool IsAlike(Candidate& candidate) const {
    if (!IsMessage(field_)) return candidate.distance == 0;
    const auto element = [this](const Message& owner, int i) -> const Message& {
      return owner.GetReflection()->GetRepeatedMessage(owner, &field_, i);
    };
    const Message& before = element(before_, candidate.before);
    const Message& after = element(after_, candidate.after);
    int shared = 0;
    for (int i = 0; i < field_.message_type()->field_count(); ++i) {
      const FieldDescriptor& part = *field_.message_type()->field(i);
      if (SizeOf(before, part) == 0 && SizeOf(after, part) == 0) continue;
      if (!IsSame(before, after, part)) {
        ++candidate.fields_unlike;
      } else if (shared++ == 0) {
        candidate.first_shared = part.number();
      }
    }
    return shared > 0 && shared >= candidate.fields_unlike;
  }

  const Message& before_;
  const Message& after_;
  const FieldDescriptor& field_;
  std::vector<int> successors_;
  std::vector<int> origins_;
};

class Differ {
 public:
  // Compares field by field; the path of each opens with `prefix`.
  void Compare(const Message& before, const Message& after, const std::string& prefix) {
    for (int i = 0; i < before.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *before.GetDescriptor()->field(i);
      if (IsLeftOut(field) || IsSame(before, after, field)) continue;
      const std::string path = prefix + field.name();
      if (field.is_repeated()) {
        CompareLists(before, after, field, path);
      } else if (IsValue(field)) {
        changes_.push_back({path, SideOf(before, field), SideOf(after, field)});
      } else {
        CompareParts(before, after, field, path);
      }
    }
  }

  std::vector<FieldChange> Take() { return std::move(changes_); }

 private:
  // A part that is absent on one side has none of its fields there.
  void CompareParts(const Message& before, const Message& after, const FieldDescriptor& field,
                    const std::string& path) {
    const std::size_t known = changes_.size();
    Compare(before.GetReflection()->GetMessage(before, &field),
            after.GetReflection()->GetMessage(after, &field), path + ".");
    // It came or went without a field.
    if (changes_.size() == known && SizeOf(before, field) != SizeOf(after, field)) {
      changes_.push_back({path, SideOf(before, field), SideOf(after, field)});
    }
  }

  void CompareLists(const Message& before, const Message& after, const FieldDescriptor& field,
                    const std::string& path) {
    const std::size_t known = changes_.size();
    const Matching matching(before, after, field);
    for (int j = 0; j < SizeOf(after, field); ++j) {
      CompareElements(before, after, field, matching.Origins()[static_cast<std::size_t>(j)], j,
                      fmt::format("{}[{}]", path, j));
    }
    for (int i = 0; i < SizeOf(before, field); ++i) {
      if (matching.Successors()[static_cast<std::size_t>(i)] == kNone) {
        changes_.push_back(
            {fmt::format("{}[{}]", path, i), ElementOf(before, field, i), FieldSide()});
      }
    }
    if (changes_.size() == known) {  // Nothing but the order.
      changes_.push_back({path, SideOf(before, field), SideOf(after, field)});
    }
  }

  void CompareElements(const Message& before, const Message& after, const FieldDescriptor& field,
                       int before_index, int after_index, const std::string& path) {
    if (before_index != kNone && IsMessage(field)) {
      Compare(before.GetReflection()->GetRepeatedMessage(before, &field, before_index),
              after.GetReflection()->GetRepeatedMessage(after, &field, after_index), path + ".");
      return;
    }
    FieldChange change{path, ElementOf(before, field, before_index),
                       ElementOf(after, field, after_index)};
    if (change.before.json != change.after.json) changes_.push_back(std::move(change));
  }

  std::vector<FieldChange> changes_;
};

}  // namespace

std::vector<FieldChange> EventDiff(const v1::Event& before, const v1::Event& after) {
  Differ differ;
  differ.Compare(before, after, "");
  return differ.Take();
}

}  // namespace annals::cli
