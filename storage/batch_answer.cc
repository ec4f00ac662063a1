#include "storage/batch_answer.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "annals/internal/batch_answer.pb.h"
#include "fmt/format.h"
#include "storage/error.h"

namespace annals::storage {

BatchHash HashBatch(std::span<const SentRow> rows) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const SentRow& row : rows) {
    const std::string head = fmt::format(
        "{} {} {} {} ", row.name.size(), row.name,
        row.source_version ? fmt::format("{}", *row.source_version) : "-", row.reinstate);
    EVP_DigestUpdate(context.get(), head.data(), head.size());
    EVP_DigestUpdate(context.get(), row.content.data(), row.content.size());
  }
  BatchHash hash;
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), hash.data(), &size);
  return hash;
}

bool IsRemembered(const UpsertOptions& options, const UpsertReceipt& receipt) {
  return !options.atomic || std::ranges::none_of(receipt.rows, [](const UpsertReceipt::Row& row) {
    return row.outcome == annals::v1::ROW_OUTCOME_INVALID;
  });
}

absl::Status BatchIdReusedError(std::string_view batch_id) {
  return Error(absl::StatusCode::kInvalidArgument, "BATCH_ID_REUSED",
               fmt::format("batch_id: {} was sent before with other rows", batch_id), "batch_id");
}

std::string WriteReceipt(const UpsertReceipt& receipt) {
  annals::internal::BatchAnswer answer;
  answer.set_position(receipt.position.value);
  for (const UpsertReceipt::Row& row : receipt.rows) {
    auto* written = answer.add_rows();
    written->set_outcome(row.outcome);
    written->set_revision(row.revision);
    if (row.error.ok()) continue;
    written->set_error_code(static_cast<int>(row.error.code()));
    written->set_error_message(std::string(row.error.message()));
    written->set_error_reason(ErrorReason(row.error));
    written->set_error_field(ErrorField(row.error));
  }
  return answer.SerializeAsString();
}

absl::StatusOr<UpsertReceipt> ReadReceipt(std::string_view bytes) {
  annals::internal::BatchAnswer answer;
  if (!answer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(absl::StatusCode::kInternal, "RECORD_DAMAGED", "a stored answer cannot be read");
  }
  UpsertReceipt receipt;
  receipt.position = Position{answer.position()};
  for (const auto& row : answer.rows()) {
    UpsertReceipt::Row& read = receipt.rows.emplace_back();
    read.outcome = row.outcome();
    read.revision = row.revision();
    if (row.error_code() == 0) continue;
    read.error = Error(static_cast<absl::StatusCode>(row.error_code()), row.error_reason(),
                       row.error_message(), row.error_field());
  }
  return receipt;
}

}  // namespace annals::storage
