# annals_embed(TARGET FUNCTION FILE...): compiles files (paths from the root of the source tree)
# into TARGET and defines `std::span<const EmbeddedFile> annals::storage::FUNCTION()`, which lists
# them in this order (storage/embedded_file.h). The header that speaks for the files declares the
# function.
function(annals_embed target function)
  set(assembly "\t.section .rodata\n")
  set(declarations "")
  set(entries "")
  set(index 0)
  foreach(file IN LISTS ARGN)
    set(symbol annals_${function}_${index})
    string(APPEND assembly
      "\t.global ${symbol}\n\t.global ${symbol}_end\n\t.balign 16\n${symbol}:\n"
      "\t.incbin \"${CMAKE_SOURCE_DIR}/${file}\"\n${symbol}_end:\n\t.byte 0\n")
    string(APPEND declarations
      "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
    string(APPEND entries
      "      EmbeddedFile{\"${file}\", std::string_view(${symbol}, ${symbol}_end)},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND assembly "\t.section .note.GNU-stack,\"\",%progbits\n")
  set(stem ${CMAKE_CURRENT_BINARY_DIR}/${function})
  file(CONFIGURE OUTPUT ${stem}.S CONTENT "${assembly}" @ONLY)
  file(CONFIGURE OUTPUT ${stem}.cc CONTENT
"#include <span>
#include <string_view>

#include \"storage/embedded_file.h\"

${declarations}
namespace annals::storage {
std::span<const EmbeddedFile> ${function}();
std::span<const EmbeddedFile> ${function}() {
  static const EmbeddedFile files[] = {
${entries}  };
  return files;
}
}  // namespace annals::storage
" @ONLY)
  target_sources(${target} PRIVATE ${stem}.S ${stem}.cc)
  set(paths ${ARGN})
  list(TRANSFORM paths PREPEND ${CMAKE_SOURCE_DIR}/)
  set_source_files_properties(${stem}.S PROPERTIES OBJECT_DEPENDS "${paths}")
endfunction()
