#include "service/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

#include "storage/error.h"
#include "tests/unit/temp_folder.h"
#include "tests/unit/test_certificate.h"

namespace annals::service {
namespace {

using ::annals::testing::MakeTestCertificate;
using ::annals::testing::TempFolder;
using storage::ErrorField;
using storage::ErrorReason;
using ::testing::HasSubstr;

// The same key behind a pass phrase.
std::string Locked(const std::string& key_pem) {
  using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
  const Bio in(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  const std::string phrase = "phrase";
  EXPECT_EQ(PEM_write_bio_PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(),
                                     reinterpret_cast<const unsigned char*>(phrase.data()),
                                     static_cast<int>(phrase.size()), nullptr, nullptr),
            1);
  return annals::testing::TextOf(out.get());
}

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    const auto made = MakeTestCertificate();
    files.certificate = folder.Write("cert.pem", made.certificate_pem);
    files.key = folder.Write("key.pem", made.key_pem);
    key_pem = made.key_pem;
  }

  // Refused because of the file at `path`, given by the flag `field`.
  void ExpectRefused(const std::string& field, const std::string& path) {
    const absl::Status status = MakeTlsCredentials(files).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(ErrorReason(status), "BAD_TLS_FILE");
    EXPECT_EQ(ErrorField(status), field);
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }

  const TempFolder folder;
  TlsFiles files;
  std::string key_pem;
};

TEST_F(TlsTest, TakesAPairWithAndWithoutClientCertificates) {
  const auto plain = MakeTlsCredentials(files);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_NE(*plain, nullptr);
  files.client_ca = files.certificate;
  const auto mutual = MakeTlsCredentials(files);
  ASSERT_TRUE(mutual.ok()) << mutual.status();
  EXPECT_NE(*mutual, nullptr);
}

TEST_F(TlsTest, NamesAFileThatIsMissing) {
  const TlsFiles good = files;
  const std::string none = folder.Path("none.pem");
  files.certificate = none;
  ExpectRefused("tls-cert", none);
  files = good;
  files.key = none;
  ExpectRefused("tls-key", none);
  files = good;
  files.client_ca = none;
  ExpectRefused("tls-client-ca", none);
}

TEST_F(TlsTest, NamesAFileOfAnotherKind) {
  const TlsFiles good = files;
  const std::string text = folder.Write("text.pem", "no certificate\n");
  for (const std::string& path : {text, folder.Write("empty.pem", ""), folder.Path("")}) {
    files = good;
    files.certificate = path;
    ExpectRefused("tls-cert", path);
    files = good;
    files.key = path;
    ExpectRefused("tls-key", path);
    files = good;
    files.client_ca = path;
    ExpectRefused("tls-client-ca", path);
  }
  files = good;
  files.certificate = good.key;
  ExpectRefused("tls-cert", good.key);
  files = good;
  files.key = good.certificate;
  ExpectRefused("tls-key", good.certificate);
}

TEST_F(TlsTest, RefusesTheKeyOfAnotherCertificate) {
  files.key = folder.Write("other.pem", MakeTestCertificate().key_pem);
  ExpectRefused("tls-key", files.key);
}

TEST_F(TlsTest, RefusesAKeyBehindAPassPhrase) {
  files.key = folder.Write("locked.pem", Locked(key_pem));
  ExpectRefused("tls-key", files.key);
}

}  // namespace
}  // namespace annals::service
