// Positions and page tokens as clients see them: opaque, of one length for each kind, sealed.
//
// A token is base64url without padding of
//   version (1) | store (8) | nonce (12) | ciphertext | tag (16) | checksum (4)
// sealed with AES-256-GCM under the store's newest key (older ones still open it), version and
// store being authenticated too. `store` is the first half of the store's id. The checksum, over
// all before it, tells a damaged token from an intact one of another store. Positions and page
// tokens of the different calls are different kinds; a page token is also bound to its caller and
// request. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "storage/event_query.h"
#include "storage/position.h"

namespace annals::service {

// Of everything in a request that a page token is bound to.
using RequestHash = std::array<std::uint8_t, 16>;

// The call that a page token belongs to. The number is inside stored tokens: it never changes.
enum class PageKind : std::uint8_t {
  kListEvents = 1,
  kExportEvents = 2,
  kListRevisions = 3,
  kListFeeds = 4,
  kListRegions = 5,
  kListActors = 6,
  kListDuplicates = 7,
};

// Where a page ended.
struct PageToken {
  PageKind kind = PageKind::kListEvents;
  RequestHash request{};
  bool done = false;                             // nothing follows
  std::optional<storage::Cursor> cursor = {};    // none: at the beginning, or `after` says
  std::optional<storage::Position> pinned = {};  // the position that all pages are read at
  std::string after = {};                        // last name answered, at most 63 bytes
  bool operator==(const PageToken&) const = default;
};

// The hash of who asks and of the request without the fields of these names (those that may change
// from page to page).
[[nodiscard]] RequestHash HashRequest(std::string_view caller,
                                      const google::protobuf::Message& request,
                                      const std::vector<std::string>& fields_apart);

// Keys are read again when they are older than this, and for a token that they do not open: another
// server may have sealed it with a key that was made a moment ago.
inline constexpr absl::Duration kKeysAgeMax = absl::Minutes(1);

class TokenCodec {
 public:
  // Answers the store's keys, newest first, 32 bytes each, at least one.
  using KeySource = std::function<absl::StatusOr<std::vector<std::string>>()>;
  using Clock = std::function<absl::Time()>;

  // `store_id`: 32 hexadecimal digits. INTERNAL where it or the keys are not as they should be, and
  // what `source` answers. Later, keys that cannot be read leave those before in force.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<TokenCodec>> Create(KeySource source,
                                                                          std::string_view store_id,
                                                                          Clock clock = absl::Now);

  [[nodiscard]] std::string SealPosition(storage::Position position) const;
  [[nodiscard]] std::string SealPage(const PageToken& token) const;

  // INVALID_ARGUMENT (BAD_POSITION) unless it is a position as sealed; FAILED_PRECONDITION
  // (OTHER_STORE) where it is one of another store.
  [[nodiscard]] absl::StatusOr<storage::Position> OpenPosition(std::string_view text,
                                                               std::string_view field) const;
  // INVALID_ARGUMENT (BAD_PAGE_TOKEN), FAILED_PRECONDITION (OTHER_STORE), and INVALID_ARGUMENT
  // (TOKEN_MISMATCH) where the token belongs to another call or another request.
  [[nodiscard]] absl::StatusOr<PageToken> OpenPage(std::string_view text, std::string_view field,
                                                   PageKind kind, const RequestHash& request) const;

 private:
  using Keys = std::shared_ptr<const std::vector<std::string>>;
  TokenCodec(KeySource source, std::string store, Clock clock);

  // What is done while another thread reads the keys: wait for them, or go on with those there are.
  enum class WhileRead { kWait, kGoOn };
  // The keys, read again where that was last begun before `since`.
  [[nodiscard]] Keys KeysReadSince(absl::Time since, WhileRead while_read) const;
  [[nodiscard]] std::string Seal(std::string_view body) const;
  [[nodiscard]] absl::StatusOr<std::string> Open(std::string_view text, std::size_t body_size,
                                                 std::string_view reason,
                                                 std::string_view field) const;

  const KeySource source_;
  const std::string store_;  // 8 bytes
  const Clock clock_;
  mutable std::mutex reading_;  // held while `source_` is asked, before mutex_
  mutable std::mutex mutex_;
  mutable Keys keys_;  // guarded by mutex_
  // When the last reading of keys began; guarded by mutex_.
  mutable absl::Time read_time_ = absl::InfinitePast();
};

}  // namespace annals::service
