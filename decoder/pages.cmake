# SPDX-License-Identifier: GPL-2.0-or-later
# Writes OUTPUT, a C file with the pages of FOLDER (*.md), for text/pages.h:
#     cmake -DFOLDER=docs/findings -DOUTPUT=pages.c -P pages.cmake
file(GLOB files ${FOLDER}/*.md)
set(texts)
set(rows)
set(number 0)
foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND texts "static const char text_${number}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", text_${number}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"pages.h\"\n\n${texts}\nconst page pages[] = {\n${rows}    {0, 0},\n};\n")
