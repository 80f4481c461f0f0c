# The ISAs, the most capable first: name, processors, compiler flags. Adding one means a file here and a line below.
# Each file is compiled once for each of the tables of kernels/.
set(GS_TABLES tiles sample derivatives prefilter weighted)
set(GS_ISAS "")
set(GS_ONLY "" CACHE STRING "While developing: build only the ISAs that match this regular expression, beside scalar")
function(gs_isa name processors)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "${processors}" AND (name STREQUAL "scalar" OR name MATCHES "${GS_ONLY}"))
    foreach(table IN LISTS GS_TABLES)
      add_library(gs_${name}_${table} OBJECT isa/${name}.cpp)
      gs_core_target(gs_${name}_${table})
      # Nothing is thrown here or through here, and the tables for it would be a twentieth of the library.
      target_compile_options(gs_${name}_${table} PRIVATE -fno-exceptions -fno-unwind-tables -fno-asynchronous-unwind-tables)
      # Two thirds of the size of -O3: most inner loops are vectors as they are written, and the plain ones are still vectorised.
      # With sanitizers the level is theirs.
      if(NOT GS_SANITIZE)
        target_compile_options(gs_${name}_${table} PRIVATE -O2)
      endif()
      if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        target_compile_options(gs_${name}_${table} PRIVATE -ftree-vectorize -fvect-cost-model=dynamic -fno-align-functions -fno-align-loops -fno-align-jumps -fno-align-labels)
      endif()
      target_compile_options(gs_${name}_${table} PRIVATE ${ARGN})
      target_compile_definitions(gs_${name}_${table} PRIVATE GS_TABLE="kernels/${table}_table.h")
    endforeach()
    set(GS_ISAS ${GS_ISAS} ${name} PARENT_SCOPE)
  endif()
endfunction()

gs_isa(avx512 "x86_64|AMD64" -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma -mprefer-vector-width=512
  -Wno-uninitialized -Wno-maybe-uninitialized)  # GCC 12 warns of its own header
gs_isa(avx2 "x86_64|AMD64" -mavx2 -mfma -mf16c)
gs_isa(neon "aarch64|arm64")
if(GS_SANITIZE OR GS_ONLY)
  gs_isa(scalar ".*" -O0)  # what is worked lane by lane takes ten minutes to optimise once it is instrumented
else()
  gs_isa(scalar ".*" -O1)  # as fast as -O2, and three quarters of it. Not -Os: GCC 12 then takes a constructor for one without effects, and drops it
endif()
