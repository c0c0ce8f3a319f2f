/*
 * The separate debug file of a program or library: symbols and DWARF that the distribution took out
 * of it.
 */
#ifndef TELLTALE_ELF_DEBUGFILE_H
#define TELLTALE_ELF_DEBUGFILE_H

#include "elf/file.h"

/*
 * Looks for it by build-id under /usr/lib/debug/.build-id and by .gnu_debuglink beside the file, in
 * .debug beside it, and under /usr/lib/debug; for a file of /proc/PID/root in there first. A file
 * that does not belong to this one (another build-id, another checksum) is passed over.
 * Returns 1 found (to be closed by the caller), 0 none, -errno.
 */
int debug_file_open(struct elf_file *file, struct elf_file **debug, struct error *err);

/* Unpacks .gnu_debugdata, an ELF file with symbols only. Returns as above. */
int debug_data_open(struct elf_file *file, struct elf_file **debug, struct error *err);

#endif
