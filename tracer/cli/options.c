#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "-n" or "--filter": what a person typed, or should. */
static const char *spelled(const struct option_row *row, bool by_letter, char *room, size_t size)
{
	if (by_letter || !row->name)
		snprintf(room, size, "-%c", row->letter);
	else
		snprintf(room, size, "--%s", row->name);
	return room;
}

/* ---- values ---- */

static bool read_count(const char *text, uint64_t *value)
{
	int64_t number;

	if (!text_number(text, &number) || number < 1)
		return false;
	*value = (uint64_t)number;
	return true;
}

static bool read_size(const char *text, uint64_t *value)
{
	static const char units[] = "KMG";
	char digits[24], *end;
	const char *unit;
	size_t length = strcspn(text, "kKmMgG");
	unsigned shift = 0;

	if (length >= sizeof(digits))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (text[length]) {
		unit = strchr(units, text[length] & ~0x20);
		shift = (unsigned)(unit - units + 1) * 10;
		end = (char *)text + length + 1;
		if (*end && strcmp(end, "B") && strcmp(end, "iB"))
			return false;
	}
	if (!read_count(digits, value) || *value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}

static bool read_seconds(const char *text, double *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*value = strtod(text, &end);
	if (!strcmp(end, "s"))
		end++;
	return !*end && isfinite(*value) && *value > 0;
}

static int set_value(const struct option_row *row, const char *name, const char *text,
                     struct error *err)
{
	struct words *words = row->place;
	char **word;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)row->place = true;
		return 0;
	case OPTION_LEVEL:
		++*(unsigned *)row->place;
		return 0;
	case OPTION_TEXT:
		*(const char **)row->place = text;
		return 0;
	case OPTION_LIST:
		word = array_add(&words->items, &words->count, &words->room, sizeof(*word));
		if (!word)
			return error_memory(err);
		*word = (char *)text;
		return 0;
	case OPTION_COUNT:
		if (read_count(text, row->place))
			return 0;
		return error_set(err, -EINVAL, "%s: '%s' is not a whole number above 0", name,
		                 text);
	case OPTION_SIZE:
		if (read_size(text, row->place))
			return 0;
		return error_set(err, -EINVAL, "%s: '%s' is not a size such as 65536, 64K or 8M",
		                 name, text);
	case OPTION_SECONDS:
		if (read_seconds(text, row->place))
			return 0;
		return error_set(err, -EINVAL, "%s: '%s' is not a number of seconds above 0", name,
		                 text);
	case OPTION_HEADING: /* has no name to be asked by */
		break;
	}
	return -EINVAL;
}

/* ---- parsing ---- */

struct parser {
	const struct usage *usage;
	const struct option_row *rows;
	int argc, at; /* at: the argument that is read next */
	char **argv;
	struct error *err;
};

static int unknown(const struct parser *p, const char *spelling)
{
	const struct option_row *near = NULL;
	const char *start = spelling + strspn(spelling, "-");
	unsigned least = 3;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(start, "="), start);
	for (const struct option_row *row = p->rows; !option_is_end(row); row++) {
		unsigned distance =
		        row->name && spelling[1] == '-' ? text_distance(row->name, name) : least;

		if (distance < least && distance < strlen(row->name)) {
			least = distance;
			near = row;
		}
	}
	if (near)
		return error_set(p->err, -EINVAL, "unknown option '%s'; did you mean '--%s'?",
		                 spelling, near->name);
	return error_set(p->err, -EINVAL, "unknown option '%s'; see 'telltale %s --help'", spelling,
	                 p->usage->verb);
}

/* Takes the value from behind the option itself, or from the next argument. */
static int parse_value(struct parser *p, const struct option_row *row, bool by_letter,
                       const char *attached)
{
	char name[64];

	spelled(row, by_letter, name, sizeof(name));
	if (!option_takes_value(row)) {
		if (attached)
			return error_set(p->err, -EINVAL, "%s takes no value", name);
	} else if (!attached) {
		if (p->at >= p->argc)
			return error_set(p->err, -EINVAL, "%s needs a value: %s %s", name, name,
			                 row->value);
		attached = p->argv[p->at++];
	}
	return set_value(row, name, attached, p->err);
}

static int parse_long(struct parser *p, char *argument)
{
	const char *name = argument + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_row *found = NULL;
	unsigned matches = 0;

	for (const struct option_row *row = p->rows; !option_is_end(row); row++) {
		if (!row->name || strncmp(row->name, name, length))
			continue;
		found = row;
		matches++;
		if (!row->name[length]) {
			matches = 1;
			break;
		}
	}
	if (!matches || !length)
		return unknown(p, argument);
	if (matches > 1)
		return error_set(p->err, -EINVAL,
		                 "option '%s' is ambiguous; see 'telltale %s --help'", argument,
		                 p->usage->verb);
	return parse_value(p, found, false, equals ? equals + 1 : NULL);
}

static int parse_letters(struct parser *p, const char *letters)
{
	while (*letters) {
		const struct option_row *row = p->rows;
		char spelling[3] = {'-', *letters++};
		int r;

		while (!option_is_end(row) && row->letter != spelling[1])
			row++;
		if (option_is_end(row))
			return unknown(p, spelling);
		if (option_takes_value(row))
			return parse_value(p, row, true, *letters ? letters : NULL);
		r = parse_value(p, row, true, NULL);
		if (r)
			return r;
	}
	return 0;
}

/* ---- words ---- */

static int add_word(struct words *words, char *text, struct error *err)
{
	char **word = array_add(&words->items, &words->count, &words->room, sizeof(*word));

	if (!word)
		return error_memory(err);
	*word = text;
	return 0;
}

int options_parse(const struct usage *usage, const struct option_row *rows, int argc, char **argv,
                  struct words *words, char ***command, struct error *err)
{
	struct parser p = {usage, rows, argc, 1, argv, err};
	int r = 0;

	while (p.at < argc && !r) {
		char *argument = argv[p.at++];

		if (!strcmp(argument, "--")) {
			if (!command)
				return error_set(err, -EINVAL, "'telltale %s' takes no command",
				                 usage->verb);
			if (p.at == argc)
				return error_set(err, -EINVAL, "a command must follow '--'");
			*command = argv + p.at;
			break;
		}
		if (explain_answer(usage, rows, argument))
			return OPTIONS_DONE;
		if (argument[0] != '-' || !argument[1])
			r = add_word(words, argument, err);
		else if (argument[1] == '-')
			r = parse_long(&p, argument);
		else
			r = parse_letters(&p, argument + 1);
	}
	return r;
}

void words_free(struct words *words)
{
	free(words->items);
	*words = (struct words){0};
}
