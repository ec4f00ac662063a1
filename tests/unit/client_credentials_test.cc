#include "clients/cpp/credentials.h"

#include "clients/cpp/grpc_connection.h"
#include "gtest/gtest.h"
#include "test_certificate.h"

namespace annals::client {
namespace {

TEST(IsLocal, KnowsLoopbackAndUnixSockets) {
  for (const char* server : {"127.0.0.1:7070", "127.200.3.4:1", "localhost:7070", "[::1]:7070",
                             "unix:/run/annals.sock", "unix:annals.sock"}) {
    EXPECT_TRUE(IsLocal(server)) << server;
  }
}

TEST(IsLocal, TakesNothingElseForLocal) {
  for (const char* server :
       {"", ":7070", "192.0.2.7:7070", "annals.example:443", "0.0.0.0:7070", "[::]:7070",
        "[2001:db8::1]:7070", "[::1].example:7070", "127.0.0.1.example:7070", "127.1:7070",
        "localhost.example:7070", "dns:///localhost:7070", "ipv4:127.0.0.1:1,192.0.2.7:1",
        "127.0.0.1:1,192.0.2.7:1", "localhost", "localhost:", "localhost:x", "unixx:/a"}) {
    EXPECT_FALSE(IsLocal(server)) << server;
  }
}

TEST(IsToken, TakesWhatMetadataCanCarry) {
  EXPECT_TRUE(IsToken("anna.c2VjcmV0-_~+/="));
  EXPECT_TRUE(IsToken(std::string(kTokenBytesMax, 'x')));
  EXPECT_FALSE(IsToken(""));
  EXPECT_FALSE(IsToken("two words"));
  EXPECT_FALSE(IsToken("line\n"));
  EXPECT_FALSE(IsToken("caf\xc3\xa9"));
  EXPECT_FALSE(IsToken(std::string(kTokenBytesMax + 1, 'x')));
}

TEST(CheckTls, WantsACertificateAndItsKeyOrNeither) {
  const auto [certificate, key] = testing::MakeTestCertificate();
  const std::string other_key = testing::MakeTestCertificate().key_pem;
  EXPECT_TRUE(CheckTls({}).ok());
  EXPECT_TRUE(CheckTls({.ca_pem = certificate}).ok());
  EXPECT_TRUE(CheckTls({.certificate_pem = certificate, .key_pem = key}).ok());
  for (const TlsOptions& wrong : {TlsOptions{.ca_pem = key},
                                  {.certificate_pem = certificate},
                                  {.key_pem = key},
                                  {.certificate_pem = key, .key_pem = certificate},
                                  {.certificate_pem = certificate, .key_pem = other_key}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckTls(wrong)));
  }
}

TEST(MakeGrpcConnection, SendsNoTokenInTheClearToOtherMachines) {
  const auto made = [](const char* server, std::optional<TlsOptions> tls) {
    return MakeGrpcConnection({.server = server, .token = "secret", .tls = std::move(tls)})
        .status()
        .code();
  };
  EXPECT_EQ(made("192.0.2.7:7070", {}), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(made("annals.example:443", {}), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(made("annals.example:443", TlsOptions()), absl::StatusCode::kOk);
  EXPECT_EQ(made("127.0.0.1:7070", {}), absl::StatusCode::kOk);
  EXPECT_EQ(made("unix:/run/annals.sock", {}), absl::StatusCode::kOk);
  EXPECT_TRUE(MakeGrpcConnection({.server = "192.0.2.7:7070"}).ok());
}

TEST(MakeGrpcConnection, RefusesWhatCannotBeSent) {
  EXPECT_TRUE(absl::IsInvalidArgument(MakeGrpcConnection({.token = "a\nb"}).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(MakeGrpcConnection({.tls = TlsOptions{.ca_pem = "x"}}).status()));
}

}  // namespace
}  // namespace annals::client
