/*
 * Owns what the verifier says: of a program that it refuses the reason, in the words of who wrote it where
 * that can be; of one that it takes all of it, where that is asked for.
 */
#include "features.h"
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The start of the last `lines` lines that say something; the statistics at the end do not. */
static const char *last_lines(char *log, int lines)
{
	size_t length = strlen(log);
	char *stats = strstr(log, "\nprocessed ");
	char *at;

	if (stats)
		length = (size_t)(stats - log);
	log[length] = '\0';
	while (length && log[length - 1] == '\n')
		log[--length] = '\0';
	for (at = log + length; at > log; at--)
		if (at[-1] == '\n' && !--lines)
			break;
	return at;
}

static void say_whole_log(struct warnings *warnings, char *log)
{
	char *rest = NULL;

	for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		warn(warnings, "verifier: %s", line);
}

/* A helper that the kernel does not have, or not for this kind of probe: what it is for, and since when
 * kernels have it. */
static bool missing_helper(const char *log, struct error *err)
{
	static const struct {
		int number;
		const char *what, *since;
	} helpers[] = {
	        {BPF_FUNC_override_return, "override(), and CONFIG_BPF_KPROBE_OVERRIDE with it,", "4.16"},
	        {BPF_FUNC_d_path, "path()", "5.10"},
	        {BPF_FUNC_per_cpu_ptr, "percpu_kaddr()", "5.10"},
	        {BPF_FUNC_this_cpu_ptr, "percpu_kaddr()", "5.10"},
	        {BPF_FUNC_get_current_cgroup_id, "cgroup", "4.18"},
	        {BPF_FUNC_send_signal, "signal()", "5.3"},
	        {BPF_FUNC_ktime_get_boot_ns, "nsecs(boot)", "5.8"},
	        {BPF_FUNC_ktime_get_tai_ns, "nsecs(tai); nsecs(sw_tai) does without", "6.1"},
	};
	const char *at = strstr(log, "invalid func ");

	if (!at)
		at = strstr(log, "unknown func ");
	if (!at)
		at = strstr(log, "cannot use helper ");
	at = at ? strchr(at, '#') : NULL;
	for (size_t i = 0; at && i < sizeof(helpers) / sizeof(*helpers); i++) {
		if (atoi(at + 1) != helpers[i].number)
			continue;
		error_set(err, -EOPNOTSUPP, "the kernel lacks what %s needs here (since Linux %s)",
		          helpers[i].what, helpers[i].since);
		return true;
	}
	return false;
}

/* What the verifier has against a program that is right but for the kernel's own rules. */
static bool known_refusal(const char *log, struct error *err)
{
	static const struct {
		const char *said, *means;
	} refusals[] = {
	        {"failed to find the address for kernel symbol",
	         "the kernel does not tell where its variables are, needed for percpu_kaddr(): it takes "
	         "CONFIG_KALLSYMS_ALL"},
	        {"helper call is not allowed in probe",
	         "the kernel does not permit path() in this function"},
	        {"expected=ptr_, trusted_ptr_, rcu_ptr_",
	         "path(): the kernel does not trust the way there: what the pointers lead to may be gone"},
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (strstr(log, refusals[i].said)) {
			error_set(err, -EOPNOTSUPP, "%s", refusals[i].means);
			return true;
		}
	return false;
}

/* It goes all ways through a program, and has given up before it had been everywhere. */
static bool gave_up(const char *log, const char *place, struct error *err)
{
	if (!strstr(log, "BPF program is too large. Processed") && !strstr(log, "is too complex"))
		return false;
	error_set(err, -E2BIG,
	          "%s: error: this clause is too much for the kernel's verifier, which looks at a million "
	          "instructions at the most and goes all ways through it; make several clauses of it, or "
	          "a simpler one", place);
	return true;
}

/* Loads once more with a log. Kernels before 6.4 say ENOSPC when it does not fit. */
void explain_verifier(struct kernel *e, struct sys_program *program, const char *place,
                             int code, struct warnings *warnings, struct error *err)
{
	size_t size = 1 << 20;
	char *log = NULL, *at;
	struct buffer line = {0};
	int fd;

	do {
		free(log);
		log = calloc(1, size);
		if (!log) {
			error_memory(err);
			return;
		}
		program->log = log;
		program->log_size = size;
		fd = sys_program_load(program);
		if (fd >= 0)
			close(fd);
		size *= 4;
	} while (fd == -ENOSPC && size <= 16 << 20);
	program->log = NULL;
	if (e->options.debug_verifier) {
		char *copy = strdup(log);

		if (copy)
			say_whole_log(warnings, copy);
		free(copy);
	}
	if (missing_helper(log, err) || known_refusal(log, err) || gave_up(log, place, err)) {
		free(log);
		return;
	}
	for (at = (char *)last_lines(log, 6); *at; at++) {
		if (*at == '\n')
			buffer_text(&line, " | ");
		else
			buffer_char(&line, *at);
	}
	error_set(err, code == -EPERM || code == -EACCES ? -EINVAL : code,
	          "the kernel refused a program that telltale made (%s; please report it): %s: %s",
	          program->name ? program->name : "", strerror(-code),
	          line.length ? buffer_string(&line) : "the verifier said nothing");
	buffer_free(&line);
	free(log);
}

/* What it says of a program that it takes, which is loaded once more for that. */
void hear_verifier(struct kernel *e, struct sys_program *program)
{
	struct buffer *said = e->options.verifier;
	size_t size = 16 << 20;
	char *log = calloc(1, size);
	int fd;

	said->failed |= !log;
	if (!log)
		return;
	program->log = log;
	program->log_size = size;
	program->log_states = true;
	fd = sys_program_load(program);
	program->log = NULL;
	if (fd >= 0)
		close(fd);
	buffer_print(said, "%s:\n%s%s\n", program->name, log,
		     fd < 0 ? "(there is more: it does not fit in 16 MB)\n" : "");
	free(log);
}
