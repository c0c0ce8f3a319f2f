/*
 * What a program or its environment sets: config = { name = value; ... } in front of the clauses, and
 * BPFTRACE_NAME, which counts more, as in bpftrace.
 */
#include "lang/config.h"
#include "lang/parse.h"

#include "base/text.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In the order of enum program_missing. */
static const char *const missing_words[] = {"error", "warn", "ignore", NULL};
/* In the order of enum type_stack. */
static const char *const stack_words[] = {"bpftrace", "perf", "raw", NULL};

static const struct setting settings[] = {
#define PLACE(member) offsetof(struct program_config, member)
	{"max_strlen", "STRLEN", SETTING_NUMBER, 1, PROGRAM_TEXT_LIMIT_MOST, PLACE(text_room), NULL,
	 "bytes of a text at the most, and one; 1024 where not given"},
	{"str_trunc_trailer", NULL, SETTING_TEXT, 0, 0, PLACE(trailer), NULL,
	 "what printf() puts behind a text that max_strlen has cut; .. where not given"},
	{"max_cat_bytes", "CAT_BYTES_MAX", SETTING_NUMBER, 1, 1 << 30, PLACE(cat_bytes), NULL,
	 "what cat() prints of a file at the most; 10000 where not given"},
	{"cpp_demangle", NULL, SETTING_TRUTH, 0, 1, PLACE(demangle), NULL,
	 "names of C++ and Rust in stacks as people write them", "NO_CPP_DEMANGLE"},
	{"max_map_keys", "MAP_KEYS_MAX", SETTING_NUMBER, 1, 1 << 26, PLACE(map_keys), NULL,
	 "keys of a map at the most; 4096 where not given"},
	{"max_probes", NULL, SETTING_NUMBER, 1, 1 << 26, PLACE(probes_most), NULL,
	 "probes on the kernel's functions and tracepoints that may be attached; 1024 where not given"},
	{"perf_rb_pages", NULL, SETTING_NUMBER, 1, 1 << 18, PLACE(ring_pages), NULL,
	 "room for events that wait to be printed, in pages; as --ring-size"},
	{"print_maps_on_exit", NULL, SETTING_TRUTH, 0, 1, PLACE(print_maps), NULL,
	 "print the maps at the end"},
	{"missing_probes", NULL, SETTING_WORD, 0, 0, PLACE(missing_probes), missing_words,
	 "what a probe is that matches nothing; where not given, a warning if another one matches, else an error"},
	{"stack_mode", NULL, SETTING_WORD, 0, 0, PLACE(stack_mode), stack_words,
	 "how stacks look that say nothing of it themselves, as ustack(perf) does"},
#undef PLACE
	{.name = "cache_user_symbols", .kind = SETTING_NOTHING},
	{.name = "lazy_symbolication", .kind = SETTING_NOTHING},
	{.name = "license", .kind = SETTING_NOTHING},
	{.name = "log_size", .kind = SETTING_NOTHING},
	{.name = "max_bpf_progs", .kind = SETTING_NOTHING},
	{.name = "max_type_res_iterations", .kind = SETTING_NOTHING},
	{.name = "on_stack_limit", .kind = SETTING_NOTHING},
	{.name = "show_debug_info", .kind = SETTING_NOTHING},
	{.name = "symbol_source", .kind = SETTING_NOTHING},
	{.name = "unstable_import", .kind = SETTING_NOTHING},
	{.name = "unstable_macro", .kind = SETTING_NOTHING},
	{.name = "unstable_map_decl", .kind = SETTING_NOTHING},
	{.name = "unstable_tseries", .kind = SETTING_NOTHING},
	{.name = "use_blazesym", .kind = SETTING_NOTHING},
};

enum { SETTINGS = sizeof(settings) / sizeof(*settings) };

const struct setting *setting_at(size_t place)
{
	return place < SETTINGS ? &settings[place] : NULL;
}

/* ---- values ---- */

static bool read_truth(const char *text, uint64_t *value)
{
	*value = !strcmp(text, "true") || !strcmp(text, "1");
	return *value || !strcmp(text, "false") || !strcmp(text, "0");
}

static bool read_number(const struct setting *s, const char *text, uint64_t *value)
{
	int64_t number;

	if (!text_number(text, &number) || number < 0)
		return false;
	*value = (uint64_t)number;
	return *value >= s->least && *value <= s->most;
}

static bool read_word(const struct setting *s, const char *text, uint64_t *value)
{
	for (*value = 0; s->words[*value]; ++*value)
		if (!strcmp(s->words[*value], text))
			return true;
	return false;
}

static void wrong_value(struct parser *p, const struct setting *s, const char *from, size_t at,
			const char *text)
{
	struct diagnostics *d = &p->program->diagnostics;
	struct buffer words = {0};

	if (s->kind == SETTING_NUMBER)
		diagnose(d, at, "%s%s is a number from %llu to %llu, not '%s'", from, s->name,
			 (unsigned long long)s->least, (unsigned long long)s->most, text);
	else if (s->kind == SETTING_TRUTH)
		diagnose(d, at, "%s%s is true or false, not '%s'", from, s->name, text);
	for (size_t i = 0; s->kind == SETTING_WORD && s->words[i]; i++)
		buffer_print(&words, "%s%s", i ? ", " : "", s->words[i]);
	if (s->kind == SETTING_WORD)
		diagnose(d, at, "%s%s can be %s here, not '%s'", from, s->name,
			 buffer_string(&words), text);
	buffer_free(&words);
}

static void set(struct parser *p, const struct setting *s, const char *from, size_t at,
		const char *text)
{
	uint64_t value = 0;
	bool good = s->kind == SETTING_NUMBER  ? read_number(s, text, &value)
		    : s->kind == SETTING_TRUTH ? read_truth(text, &value)
		    : s->kind == SETTING_WORD  ? read_word(s, text, &value)
					       : true;

	void *place = (char *)&p->program->config + s->place;

	if (!good)
		wrong_value(p, s, from, at, text);
	else if (s->kind == SETTING_TEXT)
		*(const char **)place = arena_string(&p->program->arena, text);
	else if (s->kind != SETTING_NOTHING)
		*(uint64_t *)place = value;
}

/* ---- the environment ---- */

static const char *environment(const char *name)
{
	char variable[64] = "BPFTRACE_";
	size_t length = strlen(variable);

	for (size_t i = 0; name[i] && length + 1 < sizeof(variable); i++)
		variable[length++] = (char)toupper((unsigned char)name[i]);
	variable[length] = '\0';
	return getenv(variable);
}

static const char *from_environment(const struct setting *s)
{
	const char *text = environment(s->name);

	if (!text && s->old)
		text = environment(s->old);
	if (!text && s->opposite && environment(s->opposite))
		text = strcmp(environment(s->opposite), "0") != 0 ? "0" : "1";
	return text;
}

void config_defaults(struct parser *p)
{
	p->program->config = (struct program_config){.print_maps = true,
						   .demangle = true,
						   .cat_bytes = PROGRAM_CAT_BYTES,
						   .missing_probes = MISSING_UNSAID};
	for (size_t i = 0; i < SETTINGS; i++)
		if (from_environment(&settings[i]))
			set(p, &settings[i], "in the environment, ", 0,
			    from_environment(&settings[i]));
}

/* ---- the block ---- */

/* By its name, or by that of its environment variable. */
static const struct setting *find_setting(const char *name, const char **near)
{
	char plain[64];
	size_t length = 0;
	unsigned distance = TEXT_FAR;

	if (!strncasecmp(name, "BPFTRACE_", 9))
		name += 9;
	for (; name[length] && length + 1 < sizeof(plain); length++)
		plain[length] = (char)tolower((unsigned char)name[length]);
	plain[length] = '\0';
	*near = NULL;
	for (size_t i = 0; i < SETTINGS; i++) {
		if (!strcmp(plain, settings[i].name) ||
		    (settings[i].old && !strcasecmp(plain, settings[i].old)))
			return &settings[i];
		text_keep_nearer(plain, settings[i].name, near, &distance);
	}
	return NULL;
}

static bool parse_setting(struct parser *p)
{
	const struct setting *s;
	const char *near;
	char number[24];

	if (p->token.kind != TOKEN_NAME) {
		unexpected(p, "the name of a setting");
		return false;
	}
	s = find_setting(p->token.text, &near);
	if (!s)
		diagnose(&p->program->diagnostics, p->token.at, "there is no setting '%s'%s%s%s",
			 p->token.text, near ? "; did you mean '" : "", near ? near : "",
			 near ? "'?" : "");
	next(p);
	if (!expect(p, "="))
		return false;
	if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_NUMBER &&
	    p->token.kind != TOKEN_STRING) {
		unexpected(p, "a value");
		return false;
	}
	if (s && !from_environment(s)) {
		/* A number is one however it is written: 1e3, 1_000, 0x10. */
		snprintf(number, sizeof(number), "%llu", (unsigned long long)p->token.number);
		set(p, s, "", p->token.at, p->token.kind == TOKEN_NUMBER ? number : p->token.text);
	}
	next(p);
	return is(p, "}") || expect(p, ";");
}

bool starts_config(const struct parser *p)
{
	struct lexer ahead = p->lexer;

	return is(p, "config") && !strcmp(lex(&ahead).text, "=");
}

/* From `config` to behind the }. */
bool parse_config(struct parser *p)
{
	if (p->program->clauses)
		diagnose(&p->program->diagnostics, p->token.at,
			 "config = { ... } stands in front of the clauses");
	next(p);
	if (!expect(p, "=") || !expect(p, "{"))
		return false;
	while (!accept(p, "}")) {
		if (p->token.kind == TOKEN_END) {
			unexpected(p, "'}'");
			return false;
		}
		if (!accept(p, ";") && !parse_setting(p))
			return false;
	}
	return true;
}
