// The handlers of IngestService that merge events and remove content.
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "service/ingest_service.h"
#include "service/validate/details_checker.h"
#include "service/validate/field_checker.h"
#include "storage/error.h"
#include "storage/merge_decision.h"

namespace annals::service {
namespace {

constexpr int kEtagCharactersMax = 128;

using Names = google::protobuf::RepeatedPtrField<std::string>;

// As many as could be taken at all: the store says how many may be.
std::vector<storage::EventName> TakeNames(std::string_view field, const Names& names,
                                          FieldChecker* check) {
  std::vector<storage::EventName> taken;
  check->Items(field, names.size(), storage::kMergedEventsMax);
  for (int i = 0; i < names.size() && check->ok(); ++i) {
    auto name = storage::ParseEventName(names[i]);
    const auto scope = check->In(field, i);
    if (!name.ok()) {
      check->Fail("", name.status());
    } else {
      taken.push_back(*std::move(name));
    }
  }
  return taken;
}

storage::EventName TakeName(std::string_view field, const std::string& name, FieldChecker* check) {
  if (name.empty()) check->Fail(field, "REQUIRED", "must be given");
  auto taken = storage::ParseEventName(name);
  if (taken.ok()) return *std::move(taken);
  check->Fail(field, taken.status());
  return {};
}

template <typename Receipt, typename Response>
void FillEvents(const TokenCodec& tokens, Receipt* receipt, Response* response) {
  for (annals::v1::Event& event : receipt->events) *response->add_events() = std::move(event);
  response->set_position(tokens.SealPosition(receipt->position));
}

}  // namespace

absl::Status IngestService::Merge(const Call& call, const annals::v1::MergeEventsRequest& request,
                                  annals::v1::MergeEventsResponse* response) const {
  FieldChecker check;
  storage::MergeOrder order;
  order.sources = TakeNames("sources", request.sources(), &check);
  order.target = TakeName("target", request.target(), &check);
  check.RequiredText("reason", request.reason(), kNoteCharactersMax);
  order.reason = request.reason();
  for (int i = 0; i < request.etags_size() && check.ok(); ++i) {
    const auto scope = check.In("etags", i);
    check.Text("", request.etags(i), {.characters_max = kEtagCharactersMax});
    order.etags.push_back(request.etags(i));
  }
  if (!check.ok()) return check.status();
  const storage::CallContext context = call.StoreContext();
  for (std::size_t i = 0; i < order.sources.size(); ++i) {
    const absl::Status allowed =
        CheckMayWrite(call, context, order.sources[i], fmt::format("sources[{}]", i));
    if (!allowed.ok()) return allowed;
  }
  auto receipt = backend_.events->MergeEvents(context, order, request.validate_only());
  if (!receipt.ok()) return receipt.status();
  FillEvents(*backend_.tokens, &*receipt, response);
  return absl::OkStatus();
}

absl::Status IngestService::Unmerge(const Call& call,
                                    const annals::v1::UnmergeEventsRequest& request,
                                    annals::v1::UnmergeEventsResponse* response) const {
  FieldChecker check;
  const auto names = TakeNames("names", request.names(), &check);
  check.RequiredText("reason", request.reason(), kNoteCharactersMax);
  if (!check.ok()) return check.status();
  const storage::CallContext context = call.StoreContext();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const absl::Status allowed =
        CheckMayWrite(call, context, names[i], fmt::format("names[{}]", i));
    if (!allowed.ok()) return allowed;
  }
  auto receipt =
      backend_.events->UnmergeEvents(context, names, request.reason(), request.validate_only());
  if (!receipt.ok()) return receipt.status();
  FillEvents(*backend_.tokens, &*receipt, response);
  return absl::OkStatus();
}

absl::Status IngestService::Redact(const Call& call, const annals::v1::RedactEventRequest& request,
                                   annals::v1::RedactEventResponse* response) const {
  FieldChecker check;
  const storage::EventName name = TakeName("name", request.name(), &check);
  check.RequiredText("reason", request.reason(), kNoteCharactersMax);
  if (!check.ok()) return check.status();
  auto receipt = backend_.events->RedactEvent(call.StoreContext(), name, request.reason(),
                                              request.validate_only());
  if (!receipt.ok()) return receipt.status();
  *response->mutable_event() = std::move(receipt->event);
  response->set_position(backend_.tokens->SealPosition(receipt->position));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* IngestService::MergeEvents(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.IngestService/MergeEvents", context, request, response, this,
                  &IngestService::Merge);
}

grpc::ServerUnaryReactor* IngestService::UnmergeEvents(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.IngestService/UnmergeEvents", context, request, response,
                  this, &IngestService::Unmerge);
}

grpc::ServerUnaryReactor* IngestService::RedactEvent(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.IngestService/RedactEvent", context, request, response, this,
                  &IngestService::Redact);
}

}  // namespace annals::service
