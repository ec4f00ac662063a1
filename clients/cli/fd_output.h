// A stream buffer over a file descriptor that remembers why writing failed, which std::cout
// forgets.
#pragma once

#include <array>
#include <streambuf>
#include <string>

namespace annals::cli {

class FdOutput : public std::streambuf {
 public:
  // Does not own `fd`.
  explicit FdOutput(int fd);
  ~FdOutput() override;

  // True where a write failed for another reason than that the reader went away (`| head`), which
  // is no failure: the reader has what it wanted.
  [[nodiscard]] bool Failed() const;
  [[nodiscard]] std::string ErrorText() const;

 protected:
  int_type overflow(int_type character) override;
  int sync() override;

 private:
  const int fd_;
  int error_ = 0;  // errno of the first failed write.
  std::array<char, 1 << 16> buffer_;
};

}  // namespace annals::cli
