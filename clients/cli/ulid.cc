#include "clients/cli/ulid.h"

#include <random>

#include "absl/time/clock.h"

namespace annals::cli {
namespace {

constexpr char kDigits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr int kTimeDigits = 10;
constexpr int kBitsPerDigit = 5;

}  // namespace

std::string MakeUlid(absl::Time time, const std::array<std::uint8_t, 10>& random) {
  std::string ulid;
  const std::int64_t milliseconds = absl::ToUnixMillis(time);
  for (int digit = kTimeDigits - 1; digit >= 0; --digit) {
    ulid += kDigits[milliseconds >> (kBitsPerDigit * digit) & 31];
  }
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (const std::uint8_t byte : random) {
    bits = bits << 8 | byte;
    bit_count += 8;
    for (; bit_count >= kBitsPerDigit; bit_count -= kBitsPerDigit) {
      ulid += kDigits[bits >> (bit_count - kBitsPerDigit) & 31];
    }
  }
  return ulid;
}

std::string NewUlid() {
  std::random_device device;
  std::array<std::uint8_t, 10> random{};
  for (std::uint8_t& byte : random) byte = static_cast<std::uint8_t>(device() & 0xff);
  return MakeUlid(absl::Now(), random);
}

}  // namespace annals::cli
