/* What the files of this folder share; nobody else includes it. */
#ifndef TELLTALE_PROCESS_INTERNAL_H
#define TELLTALE_PROCESS_INTERNAL_H

#include "limits.h"
#include "target.h"

/*
 * Makes an open descriptor a file of the target; takes the descriptor over, whatever happens. With
 * a pid the file counts for that process, with 0 for every process. A file that is there already
 * (same device and inode) only gains the pid.
 */
int target_take(struct target *target, int fd, const char *path, pid_t pid, struct error *err);

/* Files are looked at again and again; what is wrong with one is news once. */
void target_warn_once(struct target *target, struct warnings *warnings, const char *text,
                      const char *more);

/* Opens a file for reading that must be a regular one: a descriptor, or a negative errno with its
 * text. Never waits (FIFOs) and never touches a terminal or a device's driver more than open(2)
 * does. */
int open_regular(int folder, const char *path, const char *shown, struct error *err);

/* A process of the target that has been added with no descriptor yet; NULL: no memory. */
struct target_process *target_new_process(struct target *target, pid_t pid);

/* pidfd_open(2), which glibc knows only since 2.36: the descriptor or -errno. */
int pidfd_of(pid_t pid);

/*
 * Finds an executable as execvp(3) does: along PATH, or as it is with a slash in it. The path is in
 * the arena. NULL with the error set: -ENOENT, -EACCES, ...
 */
const char *find_executable(struct arena *arena, const char *name, struct error *err);

/* Finds a library by its name as ld.so does; a descriptor and its path, or -ENOENT (no text). */
int find_library(struct arena *arena, const char *name, const char **path);

/* Adds the libraries that the interpreter (PT_INTERP) would load for a program, and itself. */
void add_needed(struct target *target, const char *interpreter, const char *program, pid_t pid,
                struct warnings *warnings);

/* In a forked child, before execve(2): limits, signal dispositions and mask as they were. */
void restore_for_command(void);

#endif
