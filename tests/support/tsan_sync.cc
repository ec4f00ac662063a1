// Tells ThreadSanitizer how gRPC keeps its threads apart: Debian's gRPC and absl are not
// instrumented, and absl::Mutex is no mutex that the sanitizer knows. Linked into tests under the
// preset tsan alone, these functions stand before those of the libraries and call them.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/mutex.h"

namespace {

// The function of this name in the library.
template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// Runs `wait`, during which the mutex is free.
template <typename Wait>
auto Apart(absl::Mutex* mutex, Wait wait) {
  __tsan_release(mutex);
  const auto result = wait();
  __tsan_acquire(mutex);
  return result;
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static auto* const next = Next<void(Mutex*)>("_ZN4absl7debian35Mutex4LockEv");
  next(this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  static auto* const next = Next<void(Mutex*)>("_ZN4absl7debian35Mutex6UnlockEv");
  __tsan_release(this);
  next(this);
}

bool Mutex::TryLock() {
  static auto* const next = Next<bool(Mutex*)>("_ZN4absl7debian35Mutex7TryLockEv");
  const bool locked = next(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void CondVar::Wait(Mutex* mutex) {
  static auto* const next =
      Next<void(CondVar*, Mutex*)>("_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE");
  Apart(mutex, [&] {
    next(this, mutex);
    return false;
  });
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static auto* const next = Next<bool(CondVar*, Mutex*, Duration)>(
      "_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  return Apart(mutex, [&] { return next(this, mutex, timeout); });
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static auto* const next = Next<bool(CondVar*, Mutex*, Time)>(
      "_ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return Apart(mutex, [&] { return next(this, mutex, deadline); });
}

ABSL_NAMESPACE_END
}  // namespace absl

// gRPC's queue without locks has no public header: these are
// grpc_core::MultiProducerSingleConsumerQueue's Push and PopAndCheckEnd, and Pop.
#define ANNALS_QUEUE "_ZN9grpc_core32MultiProducerSingleConsumerQueue"
bool Push(void* queue, void* node) __asm__(ANNALS_QUEUE "4PushEPNS0_4NodeE");
void* PopAndCheckEnd(void* queue, bool* empty) __asm__(ANNALS_QUEUE "14PopAndCheckEndEPb");
void* Pop(void* queue) __asm__(ANNALS_QUEUE "3PopEv");

bool Push(void* queue, void* node) {
  static auto* const next = Next<bool(void*, void*)>(ANNALS_QUEUE "4PushEPNS0_4NodeE");
  __tsan_release(queue);
  return next(queue, node);
}

void* PopAndCheckEnd(void* queue, bool* empty) {
  static auto* const next = Next<void*(void*, bool*)>(ANNALS_QUEUE "14PopAndCheckEndEPb");
  void* const node = next(queue, empty);
  __tsan_acquire(queue);
  return node;
}

void* Pop(void* queue) {
  static auto* const next = Next<void*(void*)>(ANNALS_QUEUE "3PopEv");
  void* const node = next(queue);
  __tsan_acquire(queue);
  return node;
}

// The last of a server call's callbacks to end, by a count, gives the call to this
// grpc::internal::ServerCallbackCall::ScheduleOnDone; code of ours in headers counts where the
// sanitizer sees it, code in the library where it does not. The count is the second of two after
// the table of virtual functions.
#define ANNALS_SCHEDULE "_ZN4grpc8internal18ServerCallbackCall14ScheduleOnDoneEb"
void ScheduleOnDone(void* call, bool at_once) __asm__(ANNALS_SCHEDULE);

void ScheduleOnDone(void* call, bool at_once) {
  static auto* const next = Next<void(void*, bool)>(ANNALS_SCHEDULE);
  __tsan_acquire(static_cast<char*>(call) + sizeof(void*) + sizeof(int));
  next(call, at_once);
}

// What happens to a call happens in turn, by grpc_core::CallCombiner, which counts without locks.
// An absl::Status travels as it is passed: by its address. File, line and reason are for gRPC's
// log.
#define ANNALS_COMBINER "_ZN9grpc_core12CallCombiner"
#define ANNALS_START ANNALS_COMBINER "5StartEP12grpc_closureN4absl7debian36StatusEPKciS7_"
#define ANNALS_STOP ANNALS_COMBINER "4StopEPKciS2_"
void StartTurn(void* combiner, void* closure, void* status, const char* file, int line,
               const char* reason) __asm__(ANNALS_START);
void StopTurn(void* combiner, const char* file, int line, const char* reason) __asm__(ANNALS_STOP);

void StartTurn(void* combiner, void* closure, void* status, const char* file, int line,
               const char* reason) {
  static auto* const next =
      Next<void(void*, void*, void*, const char*, int, const char*)>(ANNALS_START);
  next(combiner, closure, status, file, line, reason);
  __tsan_acquire(combiner);
}

void StopTurn(void* combiner, const char* file, int line, const char* reason) {
  static auto* const next = Next<void(void*, const char*, int, const char*)>(ANNALS_STOP);
  __tsan_release(combiner);
  next(combiner, file, line, reason);
}

// A grpc::Server counts the calls that are not over, and ends when none is left.
#define ANNALS_SERVER "_ZN4grpc6Server"
void ServerUnref(void* server) __asm__(ANNALS_SERVER "23UnrefWithPossibleNotifyEv");
void ServerUnrefAndWait(void* server) __asm__(ANNALS_SERVER "18UnrefAndWaitLockedEv");

void ServerUnref(void* server) {
  static auto* const next = Next<void(void*)>(ANNALS_SERVER "23UnrefWithPossibleNotifyEv");
  __tsan_release(server);
  next(server);
}

void ServerUnrefAndWait(void* server) {
  static auto* const next = Next<void(void*)>(ANNALS_SERVER "18UnrefAndWaitLockedEv");
  next(server);
  __tsan_acquire(server);
}
