# The programs of the node are static programs on musl, whatever compiler and sanitizers build the builder: their sources,
# and base/ with them, are compiled again by musl-gcc. Debian's musl knows no kernel headers: a folder of links to them
# comes last in the search path, so that musl's own headers win.
find_program(MUSL_GCC musl-gcc REQUIRED)
execute_process(COMMAND ${MUSL_GCC} -print-multiarch OUTPUT_VARIABLE MULTIARCH OUTPUT_STRIP_TRAILING_WHITESPACE)
# The builder finds the programs in here, beside itself.
set(NODE_DIR ${CMAKE_BINARY_DIR}/init)
set(KERNEL_HEADERS ${NODE_DIR}/kernel-headers)
file(MAKE_DIRECTORY ${KERNEL_HEADERS})
foreach(folder linux asm-generic)
  file(CREATE_LINK /usr/include/${folder} ${KERNEL_HEADERS}/${folder} SYMBOLIC)
endforeach()
if(EXISTS /usr/include/${MULTIARCH}/asm)
  file(CREATE_LINK /usr/include/${MULTIARCH}/asm ${KERNEL_HEADERS}/asm SYMBOLIC)
else()
  file(CREATE_LINK /usr/include/asm ${KERNEL_HEADERS}/asm SYMBOLIC)
endif()

# The same bytes from any folder: no path of the build, no build id.
set(NODE_FLAGS -std=gnu17 -Os -static -ffunction-sections -fdata-sections -fstack-protector-strong
    -fno-asynchronous-unwind-tables -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
    -DMKDL_VERSION="${PROJECT_VERSION}" -I${CMAKE_SOURCE_DIR} -idirafter ${KERNEL_HEADERS}
    ${MKDL_WARNINGS} $<$<BOOL:${MKDL_WERROR}>:-Werror> $<$<BOOL:${MKDL_ANALYZE}>:-fanalyzer>)
set(NODE_LINK_FLAGS -static -s -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,relro -Wl,-z,noexecstack)

set(NODE_BASE_SOURCES ${BASE_SOURCES})
list(REMOVE_ITEM NODE_BASE_SOURCES ${CMAKE_SOURCE_DIR}/base/hash.c)

# node_program(NAME GLOB…): what matches, and base/; what is not called is left out by the linker. An object is compiled
# once, whoever uses it.
function(node_program program)
  file(GLOB sources CONFIGURE_DEPENDS ${ARGN})
  set(objects)
  foreach(source ${sources} ${NODE_BASE_SOURCES})
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR} ${source})
    string(REPLACE "/" "-" name ${name})
    set(object ${NODE_DIR}/${name}.o)
    get_property(known GLOBAL PROPERTY NODE_OBJECTS)
    if(NOT object IN_LIST known)
      set_property(GLOBAL APPEND PROPERTY NODE_OBJECTS ${object})
      add_custom_command(OUTPUT ${object}
        COMMAND ${MUSL_GCC} ${NODE_FLAGS} -MMD -MF ${object}.d -MT ${object} -c ${source} -o ${object}
        DEPENDS ${source} DEPFILE ${object}.d COMMAND_EXPAND_LISTS VERBATIM
        COMMENT "musl: ${name}")
    endif()
    list(APPEND objects ${object})
  endforeach()
  add_custom_command(OUTPUT ${NODE_DIR}/${program}
    COMMAND ${MUSL_GCC} ${NODE_LINK_FLAGS} ${objects} -o ${NODE_DIR}/${program}
    DEPENDS ${objects} COMMAND_EXPAND_LISTS VERBATIM
    COMMENT "musl: ${program}")
  set_property(GLOBAL APPEND PROPERTY NODE_PROGRAMS ${NODE_DIR}/${program})
endfunction()

node_program(mkdl-init init/*.c)
node_program(nodectl node/nodectl/*.c)
node_program(syslog node/syslog/*.c)
node_program(network node/network/*.c init/plan*.c init/cmdline*.c init/names.c)
node_program(state node/state/*.c init/plan*.c init/names.c)

# One target for all: two targets that share objects would compile them twice at once.
get_property(programs GLOBAL PROPERTY NODE_PROGRAMS)
add_custom_target(node ALL DEPENDS ${programs})
install(PROGRAMS ${programs} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/mkdl)
