#include "service/token_codec.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "openssl/evp.h"
#include "openssl/rand.h"
#include "openssl/sha.h"
#include "service/base64url.h"
#include "storage/error.h"

namespace annals::service {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kStoreSize = 8;
constexpr std::size_t kHeadSize = 1 + kStoreSize;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kChecksumSize = 4;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kOverhead = kHeadSize + kNonceSize + kTagSize + kChecksumSize;

// Bodies are padded so that whole tokens are multiples of three bytes: base64 then has no spare
// bits.
constexpr std::size_t kPositionBodySize = 10;
constexpr std::size_t kNameMax = 63;
constexpr std::size_t kPageBodySize = 106;
static_assert((kOverhead + kPositionBodySize) % 3 == 0 && (kOverhead + kPageBodySize) % 3 == 0);

constexpr char kPositionKind = 0;
constexpr std::uint8_t kDone = 1;
constexpr std::uint8_t kHasCursor = 2;
constexpr std::uint8_t kHasPinned = 4;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Checksum(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(Bytes(bytes), bytes.size(), digest.data());
  return std::string(digest.begin(), digest.begin() + kChecksumSize);
}

void AppendNumber(std::int64_t number, std::string* out) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    *out += static_cast<char>((static_cast<std::uint64_t>(number) >> shift) & 255);
  }
}

std::int64_t TakeNumber(std::string_view* in) {
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | Bytes(*in)[i];
  in->remove_prefix(8);
  return static_cast<std::int64_t>(number);
}

// Ciphertext and tag; `head` is authenticated.
std::string Encrypt(const std::string& key, std::string_view nonce, std::string_view head,
                    std::string_view body) {
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::string out(body.size() + kTagSize, '\0');
  int length = 0;
  EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(std::string_view(key)),
                     Bytes(nonce));
  EVP_EncryptUpdate(context.get(), nullptr, &length, Bytes(head), static_cast<int>(head.size()));
  EVP_EncryptUpdate(context.get(), Bytes(out), &length, Bytes(body), static_cast<int>(body.size()));
  EVP_EncryptFinal_ex(context.get(), Bytes(out) + length, &length);
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, Bytes(out) + body.size());
  return out;
}

// The body, unless key or tag do not fit.
std::optional<std::string> Decrypt(const std::string& key, std::string_view nonce,
                                   std::string_view head, std::string_view sealed) {
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  const std::size_t size = sealed.size() - kTagSize;
  std::string body(size, '\0');
  std::string tag(sealed.substr(size));
  int length = 0;
  EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(std::string_view(key)),
                     Bytes(nonce));
  EVP_DecryptUpdate(context.get(), nullptr, &length, Bytes(head), static_cast<int>(head.size()));
  EVP_DecryptUpdate(context.get(), Bytes(body), &length, Bytes(sealed), static_cast<int>(size));
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data());
  if (EVP_DecryptFinal_ex(context.get(), Bytes(body) + length, &length) <= 0) return std::nullopt;
  return body;
}

bool AreKeys(const std::vector<std::string>& keys) {
  return !keys.empty() &&
         std::ranges::all_of(keys, [](const std::string& key) { return key.size() == kKeySize; });
}

// What the first key that fits makes of the ciphertext.
std::optional<std::string> DecryptWithAny(const std::vector<std::string>& keys,
                                          std::string_view nonce, std::string_view head,
                                          std::string_view sealed) {
  for (const std::string& key : keys) {
    if (auto body = Decrypt(key, nonce, head, sealed)) return body;
  }
  return std::nullopt;
}

std::optional<std::string> StoreBytes(std::string_view store_id) {
  std::string bytes;
  for (std::size_t i = 0; i < 2 * kStoreSize && i + 1 < store_id.size(); i += 2) {
    const auto digit = [&](std::size_t at) {
      return std::string_view("0123456789abcdef").find(store_id[at]);
    };
    if (digit(i) == std::string_view::npos || digit(i + 1) == std::string_view::npos) break;
    bytes += static_cast<char>(digit(i) << 4 | digit(i + 1));
  }
  if (store_id.size() != 32 || bytes.size() != kStoreSize) return std::nullopt;
  return bytes;
}

}  // namespace

RequestHash HashRequest(std::string_view caller, const google::protobuf::Message& request,
                        const std::vector<std::string>& fields_apart) {
  const std::unique_ptr<google::protobuf::Message> bound(request.New());
  bound->CopyFrom(request);
  for (const std::string& name : fields_apart) {
    const auto* field = bound->GetDescriptor()->FindFieldByName(name);
    if (field != nullptr) bound->GetReflection()->ClearField(bound.get(), field);
  }
  std::string bytes = fmt::format("{} {} ", caller, bound->GetDescriptor()->full_name());
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    bound->SerializeToCodedStream(&coded);
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(Bytes(std::string_view(bytes)), bytes.size(), digest.data());
  RequestHash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

TokenCodec::TokenCodec(KeySource source, std::string store, Clock clock)
    : source_(std::move(source)), store_(std::move(store)), clock_(std::move(clock)) {}

absl::StatusOr<std::unique_ptr<TokenCodec>> TokenCodec::Create(KeySource source,
                                                               std::string_view store_id,
                                                               Clock clock) {
  const auto store = StoreBytes(store_id);
  if (!store) return absl::InternalError("the store's id is damaged");
  std::unique_ptr<TokenCodec> codec(new TokenCodec(std::move(source), *store, std::move(clock)));
  const auto keys = codec->source_();
  if (!keys.ok()) return keys.status();
  if (!AreKeys(*keys)) return absl::InternalError("the store's token keys are damaged");
  codec->keys_ = std::make_shared<const std::vector<std::string>>(*keys);
  codec->read_time_ = codec->clock_();
  return codec;
}

TokenCodec::Keys TokenCodec::KeysReadSince(absl::Time since, WhileRead while_read) const {
  const auto fresh = [&]() -> Keys {
    const std::lock_guard lock(mutex_);
    return read_time_ >= since ? keys_ : nullptr;
  };
  if (auto keys = fresh()) return keys;
  std::unique_lock reading(reading_, std::defer_lock);
  if (while_read == WhileRead::kWait) {
    reading.lock();
    if (auto keys = fresh()) return keys;  // read meanwhile
  } else if (!reading.try_lock()) {
    const std::lock_guard lock(mutex_);
    return keys_;
  }
  const absl::Time now = clock_();
  const auto read = source_();
  const std::lock_guard lock(mutex_);
  read_time_ = now;
  if (read.ok() && AreKeys(*read)) {
    keys_ = std::make_shared<const std::vector<std::string>>(*read);
  }
  return keys_;
}

std::string TokenCodec::Seal(std::string_view body) const {
  std::string token(1, kVersion);
  token += store_;
  std::string nonce(kNonceSize, '\0');
  // Without randomness a nonce could repeat, which would give the key away.
  if (RAND_bytes(Bytes(nonce), static_cast<int>(nonce.size())) != 1) std::abort();
  const std::string sealed =
      Encrypt(KeysReadSince(clock_() - kKeysAgeMax, WhileRead::kGoOn)->front(), nonce, token, body);
  token += nonce + sealed;
  token += Checksum(token);
  return ToBase64Url(token);
}

absl::StatusOr<std::string> TokenCodec::Open(std::string_view text, std::size_t body_size,
                                             std::string_view reason,
                                             std::string_view field) const {
  const auto bad = [&] {
    return storage::InvalidField(field, reason, "is damaged or was never given");
  };
  if (text.size() != (kOverhead + body_size) / 3 * 4) return bad();
  const auto decoded = FromBase64Url(text);
  if (!decoded) return bad();
  std::string_view token = *decoded;
  const std::string_view checked = token.substr(0, token.size() - kChecksumSize);
  if (token.substr(checked.size()) != Checksum(checked) || token[0] != kVersion) return bad();
  const std::string_view head = token.substr(0, kHeadSize);
  if (head.substr(1) != store_) {
    return storage::Error(absl::StatusCode::kFailedPrecondition, "OTHER_STORE",
                          fmt::format("{}: belongs to another store", field), field);
  }
  const std::string_view nonce = token.substr(kHeadSize, kNonceSize);
  const std::string_view sealed = checked.substr(kHeadSize + kNonceSize);
  const absl::Time now = clock_();
  auto body =
      DecryptWithAny(*KeysReadSince(now - kKeysAgeMax, WhileRead::kGoOn), nonce, head, sealed);
  if (!body) body = DecryptWithAny(*KeysReadSince(now, WhileRead::kWait), nonce, head, sealed);
  if (!body) return bad();
  return *std::move(body);
}

std::string TokenCodec::SealPosition(storage::Position position) const {
  std::string body(1, kPositionKind);
  AppendNumber(position.value, &body);
  body.resize(kPositionBodySize, '\0');
  return Seal(body);
}

absl::StatusOr<storage::Position> TokenCodec::OpenPosition(std::string_view text,
                                                           std::string_view field) const {
  auto body = Open(text, kPositionBodySize, "BAD_POSITION", field);
  if (!body.ok()) return body.status();
  std::string_view rest = std::string_view(*body).substr(1);
  return storage::Position{TakeNumber(&rest)};
}

std::string TokenCodec::SealPage(const PageToken& token) const {
  std::string body(1, static_cast<char>(token.kind));
  body.append(token.request.begin(), token.request.end());
  body += static_cast<char>((token.done ? kDone : 0) | (token.cursor ? kHasCursor : 0) |
                            (token.pinned ? kHasPinned : 0));
  AppendNumber(token.cursor ? token.cursor->key : 0, &body);
  AppendNumber(token.cursor ? token.cursor->id : 0, &body);
  AppendNumber(token.pinned ? token.pinned->value : 0, &body);
  const std::string_view after = std::string_view(token.after).substr(0, kNameMax);
  body += static_cast<char>(after.size());
  body += after;
  body.resize(kPageBodySize, '\0');
  return Seal(body);
}

absl::StatusOr<PageToken> TokenCodec::OpenPage(std::string_view text, std::string_view field,
                                               PageKind kind, const RequestHash& request) const {
  auto body = Open(text, kPageBodySize, "BAD_PAGE_TOKEN", field);
  if (!body.ok()) return body.status();
  PageToken token;
  std::string_view rest = *body;
  token.kind = static_cast<PageKind>(rest[0]);
  rest.remove_prefix(1);
  std::copy_n(Bytes(rest), token.request.size(), token.request.begin());
  rest.remove_prefix(token.request.size());
  const auto flags = static_cast<std::uint8_t>(rest[0]);
  rest.remove_prefix(1);
  token.done = (flags & kDone) != 0;
  storage::Cursor cursor;
  cursor.key = TakeNumber(&rest);
  cursor.id = TakeNumber(&rest);
  if ((flags & kHasCursor) != 0) token.cursor = cursor;
  const std::int64_t pinned = TakeNumber(&rest);
  if ((flags & kHasPinned) != 0) token.pinned = storage::Position{pinned};
  token.after = rest.substr(1, std::min<std::size_t>(Bytes(rest)[0], kNameMax));
  if (token.kind != kind || token.request != request) {
    return storage::InvalidField(field, "TOKEN_MISMATCH",
                                 "was given to another caller or for another request; all but the "
                                 "page size must stay");
  }
  return token;
}

}  // namespace annals::service
