/* What a program asks its reader to do: files and commands whose output is printed, texts joined. */
#include "state.h"

#include "bpf/abi.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PRINTED_MOST = 1 << 20 }; /* bytes of a file or of a command's output that JSON holds */

extern char **environ;

/* What was found as a part of the results: as it is, or {"cat":"..."}. */
static void put_result(struct output *o, const char *name, const char *bytes, size_t length)
{
	if (o->options.form == OUTPUT_TEXT) {
		put_bytes(&o->text, bytes, length);
		return;
	}
	if (o->options.form == OUTPUT_BPFTRACE) {
		bpftrace_text(o, strcmp(name, "system") ? name : "syscall", bytes, length);
		return;
	}
	buffer_print(&o->text, "{\"%s\":", name);
	if (!put_json_string(&o->text, bytes, length)) {
		buffer_print(&o->text, ",\"raw\":{\"%s\":\"", name);
		put_hex_bytes(&o->text, bytes, length);
		put_text(&o->text, "\"}");
	}
	put_text(&o->text, "}\n");
}

/* Up to the end, or to `most` bytes: 1 when there is more, or a negative errno. */
static int read_all(int fd, size_t most, struct buffer *b)
{
	char part[4096];
	ssize_t n = 1;

	while (n > 0 && b->length < most) {
		size_t left = most - b->length;

		n = read(fd, part, left < sizeof(part) ? left : sizeof(part));
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			buffer_add(b, part, (size_t)n);
	}
	return n < 0 ? -errno : n > 0 && read(fd, part, 1) > 0;
}

/* Results have gone out before this, so that what follows stands behind them. */
static void complain_of(struct output *o, const char *what, const char *name, const char *why)
{
	output_flush(o);
	fprintf(stderr, "telltale: %s '%s': %s\n", what, name, why);
}

static void cat(struct output *o, const char *path)
{
	size_t most = o->options.cat_bytes ? o->options.cat_bytes : PRINTED_MOST;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct buffer content = {0};
	char why[80];
	int more;

	if (fd < 0) {
		complain_of(o, "cat", path, strerror(errno));
		return;
	}
	more = read_all(fd, most, &content);
	if (more < 0) {
		complain_of(o, "cat", path, strerror(-more));
	} else if (more) {
		snprintf(why, sizeof(why), "only the first %zu bytes are printed (max_cat_bytes)", most);
		complain_of(o, "cat", path, why);
	}
	put_result(o, "cat", buffer_string(&content), content.length);
	buffer_free(&content);
	close(fd);
}

/* Starts a shell whose standard output is `out`. */
static int spawn(const char *command, int out, pid_t *child)
{
	char *const argv[] = {"sh", "-c", (char *)command, NULL};
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);

	if (code)
		return code;
	code = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!code)
		code = posix_spawn(child, "/bin/sh", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

static void wait_for(pid_t child)
{
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* In JSON what the command prints is one string; as text it goes where the results go. */
static void run_command(struct output *o, const char *command)
{
	bool json = o->options.form != OUTPUT_TEXT;
	struct buffer content = {0};
	int ends[2] = {-1, -1}, code;
	pid_t child;

	if (output_flush(o))
		return;
	if (json && pipe2(ends, O_CLOEXEC)) {
		complain_of(o, "system", command, strerror(errno));
		return;
	}
	code = spawn(command, json ? ends[1] : fileno(o->file), &child);
	if (json)
		close(ends[1]);
	if (code)
		complain_of(o, "system", command, strerror(code));
	if (json && !code) {
		if (read_all(ends[0], PRINTED_MOST, &content) > 0)
			complain_of(o, "system", command, "only its first megabyte is printed");
		put_result(o, "system", buffer_string(&content), content.length);
		buffer_free(&content);
	}
	if (json)
		close(ends[0]);
	if (!code)
		wait_for(child);
}

static int join(struct output *o, const struct plan_record *shape, const struct abi_record *record,
                size_t size)
{
	struct value v;
	size_t length;
	int r;

	if (shape->field_count != 1 || !shape->format)
		return -EBADMSG;
	buffer_clear(&o->line);
	if (record->unreadable & 1) {
		put_text(&o->line, "<unreadable>");
	} else {
		r = value_take(&shape->fields[0].value, record, size, &v);
		if (r)
			return r;
		for (size_t at = 0; at < v.length; at += length + 1) {
			length = strnlen(v.bytes + at, v.length - at);
			put_text(&o->line, at ? shape->format : "");
			if (o->options.form != OUTPUT_TEXT)
				put_bytes(&o->line, v.bytes + at, length);
			else
				put_harmless(&o->line, v.bytes + at, length);
		}
		put_text(&o->line, v.cut ? "..." : "");
	}
	if (o->options.form == OUTPUT_TEXT)
		put_char(&o->line, '\n');
	put_result(o, "join", buffer_string(&o->line), o->line.length);
	return o->line.failed ? -ENOMEM : 0;
}

int async_record(struct output *o, const struct plan_record *shape, const struct abi_record *record,
                 size_t size)
{
	char *text;
	int r;

	if (shape->kind == PLAN_RECORD_JOIN)
		return join(o, shape, record, size);
	buffer_clear(&o->line);
	r = format_record(o, &o->line, shape, record, size);
	if (r)
		return r;
	text = strdup(buffer_string(&o->line));
	if (!text)
		return -ENOMEM;
	if (shape->kind == PLAN_RECORD_CAT) {
		cat(o, text);
	} else if (shape->kind == PLAN_RECORD_SYSTEM) {
		run_command(o, text);
	} else {
		output_flush(o);
		fprintf(stderr, "%s: ERROR: %s%s", shape->place, text,
		        *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
	}
	free(text);
	return 0;
}
