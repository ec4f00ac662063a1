// A range over answers that arrive bit by bit: the pages of a list, the messages of an export.
//
//   for (absl::StatusOr<Event>& event : client.ListEvents(request)) {
//     if (!event.ok()) return event.status();
//     ...
//   }
//
// Single pass. An error is the last element. Pages are fetched when reached; leaving the loop early
// fetches no more. Next() gives the same one by one. Used by one thread at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"

namespace annals::client {

template <typename T>
class StreamRange {
 public:
  // Gives the next element, an error, or nullopt at the end. Not called again after an error or the
  // end.
  using Reader = std::function<absl::StatusOr<std::optional<T>>()>;

  explicit StreamRange(Reader reader) : reader_(std::move(reader)) {}

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = absl::StatusOr<T>;
    using difference_type = std::ptrdiff_t;
    using pointer = value_type*;
    using reference = value_type&;

    reference operator*() const { return *range_->current_; }
    pointer operator->() const { return &*range_->current_; }
    Iterator& operator++() {
      if (!range_->Advance()) range_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.range_ == b.range_; }

   private:
    friend class StreamRange;
    explicit Iterator(StreamRange* range) : range_(range) {}

    StreamRange* range_;  // nullptr at the end.
  };

  // REQUIRES: called once.
  Iterator begin() { return Iterator(Advance() ? this : nullptr); }
  Iterator end() { return Iterator(nullptr); }

  // The next element, or nullopt at the end and after an error. REQUIRES: begin was not called.
  absl::StatusOr<std::optional<T>> Next() {
    if (!Advance()) return std::nullopt;
    if (!current_->ok()) return current_->status();
    return *std::move(*current_);
  }

 private:
  bool Advance() {
    if (current_ && !current_->ok()) return false;
    absl::StatusOr<std::optional<T>> next = reader_();
    if (!next.ok()) {
      current_.emplace(next.status());
    } else if (*next) {
      current_.emplace(*std::move(*next));
    } else {
      current_.reset();
    }
    return current_.has_value();
  }

  Reader reader_;
  std::optional<absl::StatusOr<T>> current_;
};

}  // namespace annals::client
