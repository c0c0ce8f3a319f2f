/* SPDX-License-Identifier: MIT */
/* gen.c - telltale gen: provider files to headers and objects; takes the options of dtrace(1). */
#include "explain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/gen.h"

int gen_main(int argc, char **argv);

static const struct usage usage = {
	"gen",
	"[-h | -G] [OPTIONS] -s FILE [-o FILE]",
	"Makes of provider definitions (dtrace's .d, QEMU's trace-events) a C header or an object\n"
	"file. The options are those of dtrace(1), so that -h is not help.",
};

static const struct option_row rows[] = {
	{'h', NULL, OPTION_FLAG, NULL, NULL,
	 "write the header: PROVIDER_PROBE(...) and PROVIDER_PROBE_ENABLED(); the default"},
	{'G', NULL, OPTION_FLAG, NULL, NULL,
	 "write the object file with the semaphores, with $CC and $CFLAGS"},
	{'s', NULL, OPTION_TEXT, NULL, "FILE", "the definitions; also as an argument"},
	{'o', NULL, OPTION_TEXT, NULL, "FILE", "where to; - is standard output, for a header"},
	{'C', NULL, OPTION_FLAG, NULL, NULL,
	 "run the definitions through the C preprocessor ($CC) first"},
	{'I', NULL, OPTION_LIST, NULL, "DIR", "for the preprocessor"},
	{'D', NULL, OPTION_LIST, NULL, "NAME=VALUE", "for the preprocessor"},
	{'k', NULL, OPTION_FLAG, NULL, NULL, "keep the source of the object file"},
	{'x', NULL, OPTION_LIST, NULL, "OPTION",
	 "taken and ignored, as are dtrace's -32, -64, -m32, -m64, -fPIC and objects after -G"},
	{0, "format", OPTION_TEXT, NULL, "FORMAT",
	 "d or trace-events; without it, told by the name: trace-events* and *.trace-events"},
	{0, "provider", OPTION_TEXT, NULL, "NAME", "of trace events; qemu where not given"},
	{0},
};

struct options {
	bool object, preprocess, keep;
	const char *in, *out, *format, *provider;
	char **flags; /* of the preprocessor, NULL-terminated */
	size_t flag_count;
};

static int complain(const char *what, const char *about)
{
	fprintf(stderr, "telltale gen: %s%s%s\n", what, about ? ": " : "", about ? about : "");
	return 2;
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t a = strlen(text), b = strlen(suffix);

	return a >= b && !strcmp(text + a - b, suffix);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* -I and -D, with what they want beside or behind them. */
static void add_flag(struct options *o, char *flag, char *value)
{
	o->flags[o->flag_count++] = flag;
	if (value)
		o->flags[o->flag_count++] = value;
}

static bool is_ignored(const char *option)
{
	static const char *const ignored[] = {"-32",  "-64",     "-fpic",    "-fPIC",
	                                      "-m32", "-m64",    "-q",       "-w",
	                                      "-Z",   "--types", "-xnolibs", "--no-pyparsing"};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		if (!strcmp(option, ignored[i]))
			return true;
	return false;
}

/* 0: go on; 1: all is said; otherwise the exit code is 2. */
static int parse(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
		const char **wants = NULL;

		if (explain_answer(&usage, rows, a)) {
			return 1;
		} else if (!strcmp(a, "-h")) {
			o->object = false;
		} else if (!strcmp(a, "-G")) {
			o->object = true;
		} else if (!strcmp(a, "-C")) {
			o->preprocess = true;
		} else if (!strcmp(a, "-k")) {
			o->keep = true;
		} else if (!strcmp(a, "-s")) {
			wants = &o->in;
		} else if (!strcmp(a, "-o")) {
			wants = &o->out;
		} else if (!strcmp(a, "--format")) {
			wants = &o->format;
		} else if (!strcmp(a, "--provider")) {
			wants = &o->provider;
		} else if (!strncmp(a, "-o", 2) || (!strncmp(a, "-s", 2) && a[2])) {
			*(a[1] == 'o' ? &o->out : &o->in) = a + 2;
		} else if (!strncmp(a, "-I", 2) || !strncmp(a, "-D", 2)) {
			if (!a[2] && !value)
				return complain("an option without its value", a);
			add_flag(o, a, a[2] ? NULL : value);
			i += !a[2];
		} else if (!strcmp(a, "-x") || !strcmp(a, "-b")) {
			i++;
		} else if (is_ignored(a) || !strncmp(a, "-x", 2)) {
			continue;
		} else if (a[0] == '-' && a[1]) {
			return complain("no such option (telltale gen --help lists them)", a);
		} else if (!o->in) {
			o->in = a;
		} else if (!o->object) {
			return complain("one file of definitions at a time", a);
		}
		if (wants) {
			if (!value)
				return complain("an option without its value", a);
			*wants = value;
			i++;
		}
	}
	if (!o->in)
		return complain("which definitions? -s FILE", NULL);
	if (!o->out && !o->object && !strcmp(o->in, "-"))
		o->out = "-";
	if (o->format && strcmp(o->format, "d") && strcmp(o->format, "trace-events"))
		return complain("no such format (d, trace-events)", o->format);
	return 0;
}

/* The whole file, or standard input for -. */
static int slurp(const char *path, char **text, size_t *size)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	size_t room = 0;
	int err = 0;

	*text = NULL;
	*size = 0;
	if (!in)
		return -errno;
	do {
		if (*size == room) {
			char *more = realloc(*text, room = room ? room * 2 : 65536);

			if (!more) {
				err = -ENOMEM;
				break;
			}
			*text = more;
		}
		errno = 0;
		*size += fread(*text + *size, 1, room - *size, in);
	} while (!feof(in) && !ferror(in));
	if (ferror(in))
		err = errno ? -errno : -EIO;
	if (in != stdin)
		fclose(in);
	return err;
}

static int read_definitions(const struct options *o, struct gen_file *file, struct gen_error *error)
{
	const char *name = base_name(o->in);
	bool events =
	        o->format ? !strcmp(o->format, "trace-events")
	                  : !strncmp(name, "trace-events", 12) || has_suffix(name, ".trace-events");
	char *text;
	size_t size;
	int err;

	if (o->preprocess && !events) {
		err = gen_preprocess(o->in, o->flags, &text, &size, error);
	} else {
		err = slurp(o->in, &text, &size);
		if (err) {
			memset(error, 0, sizeof(*error));
			snprintf(error->file, sizeof(error->file), "%s", o->in);
			snprintf(error->text, sizeof(error->text), "%s", strerror(-err));
		}
	}
	if (!err && events)
		err = gen_read_events(file, text, size, o->in, o->provider ? o->provider : "qemu",
		                      error);
	else if (!err)
		err = gen_read_d(file, text, size, o->in, error);
	free(text);
	return err;
}

/* FILE.d to FILE.h or FILE.o, in the current directory, as dtrace does. */
static char *default_out(const struct options *o)
{
	const char *name = base_name(o->in);
	size_t length = strlen(name) - (has_suffix(name, ".d") ? 2 : 0);
	char *out = malloc(length + 3);

	if (out)
		sprintf(out, "%.*s.%c", (int)length, name, o->object ? 'o' : 'h');
	return out;
}

static int write_out(const struct options *o, const struct gen_file *file, const char *path,
                     struct gen_error *error)
{
	FILE *out;
	int err;

	if (o->object)
		return gen_write_object(file, o->in, path, o->keep, error);
	out = strcmp(path, "-") ? fopen(path, "w") : stdout;
	err = out ? gen_write_header(file, o->in, out) : -errno;
	if (out && (out == stdout ? fflush(out) : fclose(out)) && !err)
		err = -errno;
	if (err) {
		memset(error, 0, sizeof(*error));
		snprintf(error->file, sizeof(error->file), "%s", path);
		snprintf(error->text, sizeof(error->text), "%s", strerror(-err));
	}
	return err;
}

int gen_main(int argc, char **argv)
{
	struct options options = {0};
	struct gen_file file = {0};
	struct gen_error error = {0};
	char *out = NULL;
	int result, err;

	options.flags = calloc((size_t)argc * 2 + 1, sizeof(*options.flags));
	if (!options.flags)
		return complain(strerror(ENOMEM), NULL);
	result = parse(argc, argv, &options);
	if (result) {
		free(options.flags);
		return result == 1 ? 0 : 2;
	}
	out = options.out ? NULL : default_out(&options);
	err = read_definitions(&options, &file, &error);
	if (!err)
		err = write_out(&options, &file, options.out ? options.out : out, &error);
	if (err == -ENOMEM)
		complain(strerror(ENOMEM), NULL);
	else if (err)
		gen_print_error(&error, stderr);
	gen_free(&file);
	free(options.flags);
	free(out);
	return err ? 2 : 0;
}
