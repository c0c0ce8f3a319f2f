/*
 * The target of a session: the files whose probes can be had, each opened once and used by its
 * descriptor from then on, and the processes that are meant.
 */
#ifndef TELLTALE_PROCESS_TARGET_H
#define TELLTALE_PROCESS_TARGET_H

#include "base/error.h"
#include "base/memory.h"

#include <sys/types.h>

struct elf_file;

struct target_file {
	const char *path; /* as people know it: the path given, or that of the mapping */
	int fd;           /* open for reading; "/proc/self/fd/N" names the file to the kernel */
	struct elf_file *elf;
	dev_t device;
	ino_t inode;
	/* Processes of the target that have it mapped; none: every process counts (-b, which wins
	 * where a file is meant both ways). */
	pid_t *pids;
	size_t pid_count, pid_room;
};

struct target {
	struct target_file *files;
	size_t file_count, file_room;
	struct target_process *processes;
	size_t process_count, process_room;
	struct table said; /* warnings that target_look_again() has given, in the arena */
	int watch_fd;	   /* inotify(7), once target_watch_paths() was called; else 0 */
	struct arena arena;
};

/* One process that the person named, or the command. */
struct target_process {
	pid_t pid;
	int pidfd;        /* readable when the process has ended; -1 where the kernel has none */
	const char *name; /* command: its argv[0] */
	bool command;     /* we started it: it waits for target_start(), and we reap it */
	int go_fd;        /* command: a byte written here lets it call execve(2); -1 once started */
	int error_fd; /* command: where the errno of a failed execve(2) arrives; -1 once started */
	bool watched; /* an engine waits for it, and sets what follows */
	bool ended;
	int status; /* command: as waitpid(2) gives it, once ended */
};

/* True when a file's name (without folders) is that name, or a library's in full: libc.so.6 is libc,
 * and libc.so. */
bool library_is(const char *file, const char *name);

/* Adds a program or library file. A name without a slash is looked for along PATH, then among the
 * libraries that ld.so would find, then in the current folder. Adding a file twice (same inode) is
 * no error and adds nothing. */
int target_add_file(struct target *target, const char *path, struct error *err);

/* Adds a running process: its program and every library mapped as code, each once. A mapping that
 * can't be opened or is not ELF is a warning (nothing is said of non-ELF mappings that are no
 * code). -ESRCH when there is no such process. */
int target_add_process(struct target *target, pid_t pid, struct warnings *warnings,
                       struct error *err);

/*
 * Looks again at what a process has mapped, one of the target or a descendant of one, and adds what is
 * new. Its files count for it, or, when it is not the target's own, for the first one that is. An
 * unreadable file is a warning, once. A process that has ended is none.
 */
int target_look_again(struct target *target, pid_t pid, struct warnings *warnings,
                      struct error *err);

/*
 * A descriptor that becomes readable when another file may stand at the path of one of the target's
 * (those that count for every process), as after an upgrade; target_replaced() then adds the files
 * that do. -1: no such files, or not to be had.
 */
int target_watch_paths(struct target *target, struct warnings *warnings);
int target_replaced(struct target *target, struct warnings *warnings, struct error *err);

/*
 * Remembers the signal mask and the ignored signals as they are now, for the commands: main() calls
 * it before it changes any, so that a command starts as if telltale were not there (nohup(1) keeps
 * its meaning). Without it, they are taken as they are when the command is added.
 */
void target_remember_signals(void);

/*
 * Starts a command up to, but not including, its execve(2), and adds its program file and the
 * libraries that its interpreter would load (ld.so --list). An argv[0] that can't be executed is
 * an error now. A script adds the file of its interpreter (#!).
 */
int target_add_command(struct target *target, char *const argv[], struct warnings *warnings,
                       struct error *err);

/* Lets the commands run. Fails when execve(2) did, with its reason. */
int target_start(struct target *target, struct error *err);

/* Looks which processes have ended, without waiting; true when there were some and all have. */
bool target_ended(struct target *target);

/* Passes a signal on to the commands that still run. */
void target_signal(struct target *target, int signal);

/*
 * Ends it: a command that still waits for its start is killed, one that runs is left alone.
 * Closes every file. The exit status of the (first) command must be fetched before.
 */
void target_close(struct target *target);

#endif
