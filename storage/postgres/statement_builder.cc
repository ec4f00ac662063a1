#include "storage/postgres/statement_builder.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "fmt/format.h"

namespace annals::storage {

std::string StatementBuilder::Bind(std::string value, std::string_view type) {
  parameters_.push_back(std::move(value));
  return fmt::format("${}::{}", parameters_.size(), type);
}

// PostgreSQL refuses a parameter that no one refers to: those are dropped, and the others
// renumbered.
Statement StatementBuilder::Finish(std::string_view text) && {
  Statement statement;
  std::map<std::size_t, std::size_t> numbers;  // old -> new
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    statement.text += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    std::size_t number = 0;
    const auto end = std::from_chars(text.data() + 1, text.data() + text.size(), number).ptr;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto [found, is_new] = numbers.try_emplace(number, numbers.size() + 1);
    if (is_new) statement.parameters.push_back(parameters_[number - 1]);
    statement.text += fmt::format("${}", found->second);
  }
  return statement;
}

}  // namespace annals::storage
