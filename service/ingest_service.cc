#include "service/ingest_service.h"

#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "service/grpc_status.h"
#include "service/ingest_reactor.h"
#include "service/validate/details_checker.h"
#include "service/validate/reference_checker.h"
#include "service/validate/row_validator.h"
#include "storage/error.h"
#include "storage/event_columns.h"

namespace annals::service {
namespace {

constexpr int kEtagCharactersMax = 128;

// Where any row is wrong: INVALID_ARGUMENT (FAILED_PRECONDITION or PERMISSION_DENIED where all that
// is wrong are illegal steps or feeds of others) that lists each.
absl::Status Refusal(const std::vector<absl::Status>& rows) {
  std::vector<absl::Status> violations;
  const absl::Status* first = nullptr;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].ok()) continue;
    const std::string field = storage::ErrorField(rows[i]);
    const std::string prefix = fmt::format("rows[{}]{}", i, IsOfRow(field) ? "" : ".event");
    violations.push_back(field.empty()
                             ? storage::InvalidField(prefix, storage::ErrorReason(rows[i]),
                                                     std::string(rows[i].message()))
                             : storage::PrefixField(rows[i], prefix));
  }
  for (const absl::Status& violation : violations) {
    if (first == nullptr ||
        (!absl::IsInvalidArgument(*first) && absl::IsInvalidArgument(violation))) {
      first = &violation;
    }
  }
  return first == nullptr ? absl::OkStatus() : WithViolations(*first, violations);
}

// What the store says of each row.
std::vector<absl::Status> ErrorsOf(const storage::UpsertReceipt& receipt) {
  std::vector<absl::Status> errors;
  for (const auto& row : receipt.rows) errors.push_back(row.error);
  return errors;
}

// What the sender of a batch is told; `names` are those of its rows.
absl::StatusOr<annals::v1::BatchUpsertEventsResponse> AnswerOf(
    const TokenCodec& tokens, const std::vector<std::string>& names,
    const absl::StatusOr<storage::UpsertReceipt>& receipt) {
  if (!receipt.ok()) return receipt.status();
  const absl::Status refused = Refusal(ErrorsOf(*receipt));
  if (!refused.ok()) return refused;
  annals::v1::BatchUpsertEventsResponse response;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& row = receipt->rows[i];
    *response.add_results() = StoredRow(static_cast<int>(i), names[i], row);
    CountOutcome(row.outcome, response.mutable_counts());
  }
  response.set_position(tokens.SealPosition(receipt->position));
  return response;
}

}  // namespace

absl::Status IngestService::BatchUpsert(
    const Call& call, annals::v1::BatchUpsertEventsRequest&& request,
    Respond<annals::v1::BatchUpsertEventsResponse> respond) const {
  storage::CallContext context = call.StoreContext();
  const absl::Status count = CheckRowCount(request.rows_size(), "rows");
  if (!count.ok()) return count;
  const absl::Status id = CheckBatchId(request.batch_id(), request.validate_only(), "batch_id");
  if (!id.ok()) return id;
  const auto catalog = backend_.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  const EventValidator validator(*backend_.gazetteer, {**catalog, context.visibility});
  const auto statuses = ValidateRows(validator, call.principal(), request.mutable_rows());
  const absl::Status refusal = Refusal(statuses);
  if (!refusal.ok()) return refusal;
  context.reason = CheckedLabels(validator, request.rows(), statuses);
  const absl::Status within = call.TakeRows(request.rows_size());
  if (!within.ok()) return within;
  std::vector<storage::UpsertRow> rows;
  std::vector<std::string> names;
  for (annals::v1::EventUpsert& row : *request.mutable_rows()) {
    names.push_back(row.event().name());
    rows.push_back(TakeRow(&row));
  }
  backend_.events->StartUpsert(
      context, std::move(rows),
      {.validate_only = request.validate_only(), .atomic = true, .batch_id = request.batch_id()},
      [tokens = backend_.tokens, names = std::move(names),
       respond = std::move(respond)](const absl::StatusOr<storage::UpsertReceipt>& receipt) {
        respond(Guarded([&] { return AnswerOf(*tokens, names, receipt); }));
      });
  return absl::OkStatus();
}

absl::Status IngestService::CheckMayWrite(const Call& call, const storage::CallContext& context,
                                          const storage::EventName& name,
                                          std::string_view field) const {
  if (call.principal().MayWrite(name.feed)) return absl::OkStatus();
  // Of what the caller does not see it is not told that it may not be written to. The store is
  // not asked: it knows what a caller may see, not what it may change.
  const auto catalog = backend_.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  return (*catalog)->HasFeed(name.feed, context.visibility)
             ? FeedNotYours(call.principal(), name.feed, field)
             : storage::Error(absl::StatusCode::kNotFound, "EVENT_NOT_FOUND",
                              fmt::format("there is no event {}", name.ToString()), field);
}

absl::Status IngestService::Retract(const Call& call,
                                    const annals::v1::RetractEventRequest& request,
                                    annals::v1::RetractEventResponse* response) const {
  FieldChecker check;
  if (request.name().empty()) check.Fail("name", "REQUIRED", "must be given");
  const auto name = storage::ParseEventName(request.name());
  if (!name.ok()) check.Fail("name", name.status());
  check.RequiredText("reason", request.reason(), kNoteCharactersMax);
  check.Text("etag", request.etag(), {.characters_max = kEtagCharactersMax});
  if (!check.ok()) return check.status();
  const storage::CallContext context = call.StoreContext();
  const absl::Status allowed = CheckMayWrite(call, context, *name, "name");
  if (!allowed.ok()) return allowed;
  auto receipt = backend_.events->RetractEvent(context, *name, request.reason(), request.etag(),
                                               request.validate_only());
  if (!receipt.ok()) return receipt.status();
  *response->mutable_event() = std::move(receipt->event);
  response->set_position(backend_.tokens->SealPosition(receipt->position));
  return absl::OkStatus();
}

absl::Status IngestService::Advance(const Call& call,
                                    annals::v1::AdvanceExchangeOfferRequest&& request,
                                    annals::v1::AdvanceExchangeOfferResponse* response) const {
  const storage::CallContext context = call.StoreContext();
  const auto catalog = backend_.catalog_cache->Get(context);
  if (!catalog.ok()) return catalog.status();
  ReferenceChecker check(*backend_.gazetteer, {**catalog, context.visibility});
  check.EventReference("name", request.name());
  if (!request.has_step()) check.Fail("step", "REQUIRED", "must be given");
  storage::ClearOutputOnlyFields(request.mutable_step());
  request.mutable_step()->DiscardUnknownFields();
  {
    const auto scope = check.In("step");
    CheckStep(request.step(), &check);
  }
  check.Text("etag", request.etag(), {.characters_max = kEtagCharactersMax});
  if (!check.ok()) return check.status();
  const auto name = storage::ParseEventName(request.name());
  const absl::Status may_write = CheckMayWrite(call, context, *name, "name");
  if (!may_write.ok()) return may_write;
  auto receipt = backend_.events->AdvanceOffer(context, *name, request.step(), request.etag(),
                                               request.validate_only());
  if (!receipt.ok()) return receipt.status();
  *response->mutable_event() = std::move(receipt->event);
  response->set_position(backend_.tokens->SealPosition(receipt->position));
  return absl::OkStatus();
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* IngestService::IngestEvents(
    grpc::CallbackServerContext* context) {
  return StartIngest(backend_, context);
}

grpc::ServerUnaryReactor* IngestService::BatchUpsertEvents(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request,
                                                           grpc::ByteBuffer* response) {
  using Request = annals::v1::BatchUpsertEventsRequest;
  using Response = annals::v1::BatchUpsertEventsResponse;
  return RunUnaryLater<Request, Response>(
      backend_, "annals.v1.IngestService/BatchUpsertEvents", context, request, response,
      [this](const Call& call, Request&& message, Respond<Response> respond) {
        return BatchUpsert(call, std::move(message), std::move(respond));
      });
}

grpc::ServerUnaryReactor* IngestService::RetractEvent(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.IngestService/RetractEvent", context, request, response,
                  this, &IngestService::Retract);
}

grpc::ServerUnaryReactor* IngestService::AdvanceExchangeOffer(grpc::CallbackServerContext* context,
                                                              const grpc::ByteBuffer* request,
                                                              grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.IngestService/AdvanceExchangeOffer", context, request,
                  response, this, &IngestService::Advance);
}

}  // namespace annals::service
