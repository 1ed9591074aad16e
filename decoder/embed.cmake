# SPDX-License-Identifier: GPL-2.0-or-later
# Writes a file as an array in C:
#     cmake -DFILE=report.css -DNAME=report_css -DOUTPUT=FOLDER/report_css -P embed.cmake
# makes FOLDER/report_css.c and FOLDER/report_css.h.
file(READ ${FILE} bytes HEX)
string(LENGTH "${bytes}" size)
math(EXPR size "${size} / 2")
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT}.h "/* Made from ${NAME}'s file by embed.cmake. */
extern const unsigned char ${NAME}[];
extern const unsigned long ${NAME}_size;
")
file(WRITE ${OUTPUT}.c "#include \"${NAME}.h\"
const unsigned char ${NAME}[] = {${bytes}};
const unsigned long ${NAME}_size = ${size};
")
