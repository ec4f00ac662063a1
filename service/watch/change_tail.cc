#include "service/watch/change_tail.h"

#include <chrono>
#include <limits>
#include <utility>

#include "absl/time/clock.h"
#include "service/call.h"
#include "service/log.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr absl::Duration kReadTimeMax = absl::Seconds(10);
// No record is there, so that asking what differs from it answers at once.
constexpr storage::RecordHead kNowhere = {storage::Position{-1}, -1};

storage::CallContext For(absl::Duration time_max) {
  return {.visibility = storage::Visibility::All(), .deadline = absl::Now() + time_max};
}

absl::Status ShuttingDown() {
  return storage::Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                        "the server ends; resume with the last position");
}

}  // namespace

ChangeTail::ChangeTail(storage::ChangeLog* log, const storage::Gazetteer* gazetteer,
                       CatalogCache* catalog, const WatchOptions& options)
    : log_(log),
      gazetteer_(gazetteer),
      catalog_cache_(catalog),
      options_(options),
      readers_(options.reader_threads, std::numeric_limits<std::size_t>::max()),
      ring_(options_),
      thread_([this] { Run(); }) {}

ChangeTail::~ChangeTail() { Stop(); }

void ChangeTail::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  readers_.Shutdown();
}

absl::Status ChangeTail::Follow(std::shared_ptr<Follower> follower) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || stopping_) return ShuttingDown();
    followers_[follower.get()] = follower;
  }
  changed_.notify_all();
  return absl::OkStatus();
}

void ChangeTail::Leave(const Follower* follower) {
  const std::lock_guard lock(mutex_);
  followers_.erase(follower);
}

void ChangeTail::EndAll() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  for (const auto& follower : followers()) follower->EndWith(ShuttingDown());
}

std::vector<std::shared_ptr<Follower>> ChangeTail::followers() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Follower>> all;
  all.reserve(followers_.size());
  for (const auto& [key, follower] : followers_) all.push_back(follower);
  return all;
}

bool ChangeTail::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool ChangeTail::Submit(std::function<void()> step) { return readers_.TrySubmit(std::move(step)); }

WhatFollows ChangeTail::After(const storage::ChangeCursor& cursor) const {
  const std::lock_guard lock(mutex_);
  // Where the ring is not there yet, the watch is woken when it is.
  if (!has_ring_) return {};
  if (cursor < ring_.begin()) return {.behind = true, .block = {}, .catalog = catalog_};
  return {.behind = false, .block = ring_.After(cursor), .catalog = catalog_};
}

absl::Status ChangeTail::ReadAfter(const storage::ChangeCursor& cursor,
                                   std::shared_ptr<const ChangeBlock>* block,
                                   std::shared_ptr<const CatalogSnapshot>* catalog) const {
  auto page = log_->ReadChanges(For(kReadTimeMax), cursor, options_.own_page);
  if (!page.ok()) return page.status();
  {
    const std::lock_guard lock(mutex_);
    *catalog = catalog_;
  }
  if (*catalog == nullptr || (*catalog)->version() < page->catalog_version) {
    auto newest = catalog_cache_->Get(For(kReadTimeMax));
    if (!newest.ok()) return newest.status();
    *catalog = *std::move(newest);
  }
  *block =
      std::make_shared<const ChangeBlock>(MakeChangeBlock(*gazetteer_, cursor, *std::move(page)));
  return absl::OkStatus();
}

void ChangeTail::Run() {
  while (WaitForFollowers()) {
    const absl::Status status = Guarded([this] { return following_ ? Advance() : Begin(); });
    NoteFailure(status);
    TickWhenDue();
  }
}

bool ChangeTail::WaitForFollowers() {
  std::unique_lock lock(mutex_);
  if (followers_.empty() && !stopping_) {
    following_ = false;
    has_ring_ = false;
    ring_.Restart({});
    changed_.wait(lock, [this] { return stopping_ || !followers_.empty(); });
  }
  return !stopping_;
}

absl::Status ChangeTail::Begin() {
  const auto head = log_->WaitForChange(For(kReadTimeMax), kNowhere);
  if (!head.ok()) return head.status();
  auto catalog = catalog_cache_->Get(For(kReadTimeMax));
  if (!catalog.ok()) return catalog.status();
  seen_ = *head;
  following_ = true;
  {
    const std::lock_guard lock(mutex_);
    ring_.Restart({head->position});
    catalog_ = *std::move(catalog);
    has_ring_ = true;
  }
  WakeAll();
  return absl::OkStatus();
}

absl::Status ChangeTail::Advance() {
  const auto head = log_->WaitForChange(For(options_.tick_interval), seen_);
  // A store that is slow to answer that nothing has changed is asked again.
  if (absl::IsDeadlineExceeded(head.status())) return absl::OkStatus();
  if (!head.ok()) return head.status();
  if (head->position == seen_.position && head->catalog_version == seen_.catalog_version) {
    return absl::OkStatus();
  }
  for (bool at_end = false; !at_end && !stopping();) {
    const absl::Status taken = TakePage(&at_end);
    if (!taken.ok()) return taken;
    TickWhenDue();
  }
  Pause(options_.pass_interval_min);
  return absl::OkStatus();
}

absl::Status ChangeTail::TakePage(bool* at_end) {
  // Only this thread moves the ring and the catalogue.
  const storage::ChangeCursor after = ring_.end();
  auto page = log_->ReadChanges(For(kReadTimeMax), after, options_.tail_page);
  if (!page.ok()) return page.status();
  std::shared_ptr<const CatalogSnapshot> catalog = catalog_;
  if (catalog->version() < page->catalog_version) {
    auto newest = catalog_cache_->Get(For(kReadTimeMax));
    if (!newest.ok()) return newest.status();
    catalog = *std::move(newest);
  }
  *at_end = page->at_end;
  if (page->at_end) seen_ = {page->through.position, page->catalog_version};
  Publish(MakeChangeBlock(*gazetteer_, after, *std::move(page)), std::move(catalog));
  WakeAll();
  return absl::OkStatus();
}

void ChangeTail::Publish(ChangeBlock block, std::shared_ptr<const CatalogSnapshot> catalog) {
  auto shared = std::make_shared<const ChangeBlock>(std::move(block));
  const std::lock_guard lock(mutex_);
  if (shared->has_redacted || catalog != catalog_) ring_.Restart(shared->after);
  ring_.Append(std::move(shared));
  catalog_ = std::move(catalog);
}

void ChangeTail::NoteFailure(const absl::Status& status) {
  if (failing_ != !status.ok()) {
    failing_ = !status.ok();
    Log(failing_ ? LogLevel::kWarning : LogLevel::kInfo,
        failing_ ? "watches wait for the store" : "watches go on",
        {{"error", std::string(status.message())}});
  }
  if (status.ok()) return;
  // The record went back: what was told is not in it.
  if (absl::IsOutOfRange(status)) {
    following_ = false;
    for (const auto& follower : followers()) follower->EndWith(status);
  }
  Pause(options_.retry_pause);
}

void ChangeTail::Pause(absl::Duration duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoMicroseconds(duration), [this] { return stopping_; });
}

void ChangeTail::WakeAll() {
  for (const auto& follower : followers()) follower->Wake();
}

void ChangeTail::TickWhenDue() {
  const absl::Time now = absl::Now();
  if (now - last_tick_ < options_.tick_interval) return;
  last_tick_ = now;
  for (const auto& follower : followers()) follower->Tick(now);
}

}  // namespace annals::service
