// Statements while they are written: values only ever enter as parameters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/transaction.h"

namespace annals::storage {

class StatementBuilder {
 public:
  // "$n::type" for a new parameter.
  std::string Bind(std::string value, std::string_view type);
  // `text` refers to parameters by what Bind answered; those it does not use are left out.
  Statement Finish(std::string_view text) &&;

 private:
  std::vector<std::string> parameters_;
};

}  // namespace annals::storage
