#include "service/status_service.h"

#include "storage/time_span.h"

namespace annals::service {

absl::Status StatusService::Get(const Call& call, const annals::v1::GetStatusRequest&,
                                annals::v1::GetStatusResponse* response) const {
  const auto info = backend_.events->Info(call.StoreContext());
  if (!info.ok()) return info.status();
  response->set_version(ANNALS_VERSION);
  response->set_store_id(info->store_id);
  response->set_position(backend_.tokens->SealPosition(info->position));
  if (info->last_change) {
    *response->mutable_last_change_time() = storage::ToTimestamp(*info->last_change);
  }
  response->set_event_count(info->event_count);
  response->set_retracted_count(info->retracted_count);
  response->set_merged_count(info->merged_count);
  response->set_superseded_revision_count(info->superseded_revision_count);
  response->set_feed_count(info->feed_count);
  response->set_engine(info->engine);
  auto* caller = response->mutable_caller();
  caller->set_principal(call.principal().name());
  caller->set_role(call.principal().role);
  for (const std::string& feed : call.principal().feeds) caller->add_feeds("feeds/" + feed);
  *response->mutable_start_time() = storage::ToTimestamp(storage::ToMicros(backend_.start_time));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* StatusService::GetStatus(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request,
                                                   grpc::ByteBuffer* response) {
  return RunUnary(backend_, "annals.v1.StatusService/GetStatus", context, request, response, this,
                  &StatusService::Get);
}

}  // namespace annals::service
