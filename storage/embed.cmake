# annals_embed(TARGET FILE...): compiles files (paths from the root of the source tree) into TARGET. Each is
# readable through storage/embedded_file.h: FindEmbeddedFile("storage/migrations/0001_events.sql").
function(annals_embed target)
  set(assembly "\t.section .rodata\n")
  set(table "")
  set(index 0)
  foreach(file IN LISTS ARGN)
    set(path ${CMAKE_SOURCE_DIR}/${file})
    string(APPEND assembly
      "\t.global annals_embedded_${target}_${index}\n\t.global annals_embedded_${target}_${index}_end\n"
      "\t.balign 16\nannals_embedded_${target}_${index}:\n\t.incbin \"${path}\"\n"
      "annals_embedded_${target}_${index}_end:\n\t.byte 0\n")
    string(APPEND declarations
      "extern \"C\" const char annals_embedded_${target}_${index}[];\n"
      "extern \"C\" const char annals_embedded_${target}_${index}_end[];\n")
    string(APPEND table
      "  annals::storage::RegisterEmbeddedFile(\"${file}\", {annals_embedded_${target}_${index},\n"
      "      static_cast<std::size_t>(annals_embedded_${target}_${index}_end -\n"
      "                               annals_embedded_${target}_${index})});\n")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND assembly "\t.section .note.GNU-stack,\"\",%progbits\n")
  set(stem ${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded)
  file(CONFIGURE OUTPUT ${stem}.S CONTENT "${assembly}" @ONLY)
  file(CONFIGURE OUTPUT ${stem}.cc CONTENT
"#include <cstddef>\n\n#include \"storage/embedded_file.h\"\n\n${declarations}
namespace annals::storage {
void Register_${target}_Files();
void Register_${target}_Files() {
${table}}
}  // namespace annals::storage
" @ONLY)
  target_sources(${target} PRIVATE ${stem}.S ${stem}.cc)
  set(paths ${ARGN})
  list(TRANSFORM paths PREPEND ${CMAKE_SOURCE_DIR}/)
  set_source_files_properties(${stem}.S PROPERTIES OBJECT_DEPENDS "${paths}")
endfunction()
