/* SPDX-License-Identifier: MIT */
/* object.c - the compiler's part: preprocessing provider files, and objects with their semaphores.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gen.h"

extern char **environ;

#define MAX_WORDS 256

/* The words of a command; what $CC and $CFLAGS say is split at blanks, as make does. */
struct command {
	char *words[MAX_WORDS + 1];
	size_t count;
	char *split[2]; /* the texts that words point into */
	size_t splits;
};

static void add(struct command *command, const char *word)
{
	if (command->count < MAX_WORDS)
		command->words[command->count++] = (char *)word;
}

static int add_variable(struct command *command, const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	char *copy = strdup(value && *value ? value : otherwise), *rest;

	if (!copy)
		return -ENOMEM;
	command->split[command->splits++] = copy;
	for (char *word = strtok_r(copy, " \t\n", &rest); word;
	     word = strtok_r(NULL, " \t\n", &rest))
		add(command, word);
	return 0;
}

static void release(struct command *command)
{
	for (size_t i = 0; i < command->splits; i++)
		free(command->split[i]);
}

static int fail(struct gen_error *error, const char *file, int err, const char *text)
{
	memset(error, 0, sizeof(*error));
	snprintf(error->file, sizeof(error->file), "%s", file);
	if (err == -EINVAL)
		snprintf(error->text, sizeof(error->text), "%s", text);
	else
		snprintf(error->text, sizeof(error->text), "%s: %s", text, strerror(-err));
	return err;
}

/* Run it, its standard output to out where that is not -1. 0, or why not. */
static int run(struct command *command, int out, struct gen_error *error)
{
	posix_spawn_file_actions_t actions;
	int status, err;
	pid_t pid;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return fail(error, command->words[0], -err, "can't be started");
	if (out >= 0)
		err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawnp(&pid, command->words[0], &actions, NULL, command->words,
		                   environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return fail(error, command->words[0], -err, "can't be started");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(error, command->words[0], -errno, "can't be waited for");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return fail(error, command->words[0], -EINVAL, "failed");
	return 0;
}

int gen_preprocess(const char *path, char *const options[], char **text, size_t *size,
                   struct gen_error *error)
{
	struct command command = {0};
	FILE *out = tmpfile();
	long length = -1;
	int err;

	*text = NULL;
	if (!out)
		return fail(error, path, -errno, "no temporary file");
	err = add_variable(&command, "CC", "cc");
	add(&command, "-E");
	add(&command,
	    "-std=c11"); /* without the macros `unix` and `linux`, which are names of providers */
	for (; *options; options++)
		add(&command, *options);
	add(&command, "-x");
	add(&command, "c");
	add(&command, path);
	if (!err)
		err = run(&command, fileno(out), error);
	release(&command);
	if (!err && (fseek(out, 0, SEEK_END) || (length = ftell(out)) < 0))
		err = fail(error, path, -errno, "the preprocessor's output is unreadable");
	if (!err) {
		rewind(out);
		*size = (size_t)length;
		*text = malloc(*size + 1);
		if (!*text)
			err = -ENOMEM;
		else if (fread(*text, 1, *size, out) != *size)
			err = fail(error, path, -EIO, "the preprocessor's output is unreadable");
	}
	fclose(out);
	return err;
}

int gen_write_object(const struct gen_file *file, const char *source, const char *path, bool keep,
                     struct gen_error *error)
{
	struct command command = {0};
	char *name = NULL;
	FILE *out = NULL;
	int fd, err = 0;

	if (asprintf(&name, "%s.XXXXXX.c", path) < 0)
		return -ENOMEM;
	fd = mkstemps(name, 2);
	if (fd < 0 || !(out = fdopen(fd, "w"))) {
		err = fail(error, name, -errno, "can't be written");
		goto end;
	}
	err = gen_write_semaphores(file, source, out);
	if (fclose(out) && !err)
		err = -errno;
	if (err) {
		fail(error, name, err, "can't be written");
		goto unlink;
	}
	err = add_variable(&command, "CC", "cc");
	if (!err)
		err = add_variable(&command, "CFLAGS", "");
	add(&command, "-fPIC");
	add(&command, "-c");
	add(&command, name);
	add(&command, "-o");
	add(&command, path);
	if (!err)
		err = run(&command, -1, error);
	release(&command);
unlink:
	if (!keep)
		unlink(name);
end:
	if (fd >= 0 && !out)
		close(fd);
	free(name);
	return err;
}
