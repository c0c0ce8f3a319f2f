# find_package(telltale): the interface targets
#   telltale::telltale  #include <telltale.h>
#   telltale::sdt       #include <sys/sdt.h>, for software that has its markers already
# and telltale_provider(TARGET FILE.d), which makes FILE.h and the semaphores of provider definitions part of a target.
get_filename_component(_telltale_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET telltale::telltale)
  add_library(telltale::telltale INTERFACE IMPORTED)
  set_target_properties(telltale::telltale PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${_telltale_prefix}/include")
  add_library(telltale::sdt INTERFACE IMPORTED)
  set_target_properties(telltale::sdt PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${_telltale_prefix}/include/telltale/compat;${_telltale_prefix}/include")
endif()

find_program(TELLTALE_COMMAND telltale HINTS "${_telltale_prefix}/bin")

function(telltale_provider target file)
  if(NOT TELLTALE_COMMAND)
    message(FATAL_ERROR "telltale_provider: the telltale command is not found")
  endif()
  get_filename_component(name "${file}" NAME_WE)
  get_filename_component(path "${file}" ABSOLUTE)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  add_custom_command(OUTPUT "${out}.h" "${out}.telltale.o"
    COMMAND ${TELLTALE_COMMAND} gen -h -s "${path}" -o "${out}.h"
    COMMAND ${CMAKE_COMMAND} -E env "CC=${CMAKE_C_COMPILER}"
      ${TELLTALE_COMMAND} gen -G -s "${path}" -o "${out}.telltale.o"
    DEPENDS "${path}" VERBATIM)
  set_source_files_properties("${out}.telltale.o" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  target_sources(${target} PRIVATE "${out}.h" "${out}.telltale.o")
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}")
  target_link_libraries(${target} PRIVATE telltale::telltale)
endfunction()
