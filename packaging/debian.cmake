# SPDX-License-Identifier: GPL-2.0-or-later
# Run by cpack on the folders of which it makes packages, one for each component: adds what
# Debian's policy asks for (chapter 12: copyright, changelogs, compressed manual pages), and gives
# all files usual rights and the time SOURCE_DATE_EPOCH, so that the same source makes the same
# package.
set(source ${CMAKE_CURRENT_LIST_DIR}/..)

function(compress file)
    execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(component ${CPACK_COMPONENTS_ALL})
    string(TOUPPER ${component} upper)
    set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
    set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component})
    set(documents ${root}/usr/share/doc/${package})

    file(MAKE_DIRECTORY ${documents})
    configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright ${documents}/copyright COPYONLY)
    configure_file(${source}/CHANGELOG.md ${documents}/changelog COPYONLY)
    string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
    file(WRITE ${documents}/changelog.Debian
         "${package} (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; "
         "urgency=medium\n\n  * Version ${CPACK_PACKAGE_VERSION}: see the file changelog.\n\n"
         " -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${now}\n")
    file(GLOB pages ${root}/usr/share/man/man*/*)
    foreach(file ${documents}/changelog ${documents}/changelog.Debian ${pages})
        compress(${file})
    endforeach()

    # cpack has stripped programs and plugins, but not of what the compiler says of itself.
    file(GLOB_RECURSE binaries ${root}/usr/bin/* ${root}/*.so ${root}/*.a)
    foreach(file ${binaries})
        execute_process(COMMAND strip --strip-debug --remove-section=.comment
                                --enable-deterministic-archives ${file}
                        COMMAND_ERROR_IS_FATAL ANY)
    endforeach()

    execute_process(COMMAND chmod -R u+w,go+rX,go-w ${root} COMMAND_ERROR_IS_FATAL ANY)
    if(DEFINED ENV{SOURCE_DATE_EPOCH})
        execute_process(COMMAND find ${root} -exec touch -h -d @$ENV{SOURCE_DATE_EPOCH} {} +
                        COMMAND_ERROR_IS_FATAL ANY)
    endif()
endforeach()
