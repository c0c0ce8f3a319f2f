/*
 * Owns headers: where they are looked for, and how their text becomes part of the program's. What
 * can't be found is an error, but for headers of the kernel's where it tells its types by itself.
 */
#include "lang/preprocess.h"

#include "base/text.h"
#include "lang/ast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	HEADERS_MOST = 5000,	       /* of one program, each time that one is included */
	HEADERS_DEEP_MOST = 100,       /* in each other */
	PROGRAM_MOST = 64 * 1024 * 1024, /* bytes of the program with all of them */
};

/* ---- where ---- */

static void add_folder(struct preprocessor *p, const char *folder)
{
	const char **slot = array_add(&p->folders, &p->folder_count, &p->folder_room, sizeof(*slot));

	if (slot)
		*slot = folder;
	else
		p->arena->failed = true;
}

/* A list such as CPATH; an empty part is the current folder. */
static void add_folders(struct preprocessor *p, const char *list)
{
	while (list && *list) {
		size_t length = strcspn(list, ":");

		add_folder(p, arena_copy(p->arena, list, length));
		list += length + (list[length] != '\0');
	}
}

/* Where C compilers look. */
static void know_folders(struct preprocessor *p)
{
	static const char *const system[] = {
		"/usr/local/include",
#ifdef __x86_64__
		"/usr/include/x86_64-linux-gnu",
#elif defined(__aarch64__)
		"/usr/include/aarch64-linux-gnu",
#endif
		"/usr/include",
	};

	if (p->folder_count)
		return;
	for (size_t i = 0; i < p->program->include_folder_count; i++)
		add_folder(p, p->program->include_folders[i]);
	if (p->program->no_headers)
		return;
	add_folders(p, getenv("CPATH"));
	add_folders(p, getenv("C_INCLUDE_PATH"));
	for (size_t i = 0; i < sizeof(system) / sizeof(*system); i++)
		add_folder(p, system[i]);
}

/* The path of such a file in the folder; NULL when there is none. */
static const char *in_folder(struct preprocessor *p, const char *folder, const char *name)
{
	const char *path;
	struct stat st;

	if (!folder)
		return NULL;
	path = *folder ? arena_print(p->arena, "%s/%s", folder, name) : name;
	return path && !stat(path, &st) && S_ISREG(st.st_mode) ? path : NULL;
}

static const char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return !slash ? "" : slash == path ? "/" : arena_copy(arena, path, (size_t)(slash - path));
}

static const struct text *text_at(const struct preprocessor *p, size_t at)
{
	const struct source_part *part = source_part(p->source, at);

	/* Every origin here is the first member of a text. */
	return part && p->part_count ? (const struct text *)part->origin : &p->main;
}

bool header_has(const struct preprocessor *p, size_t at)
{
	return text_at(p, at) != &p->main;
}

/* `after`: among the folders behind the one that this text is from, as #include_next does. */
static const char *find(struct preprocessor *p, const struct text *from, const char *name, bool quoted,
			bool after, size_t *place)
{
	const char *path;
	size_t first = after && from->place != NO_PLACE ? from->place + 1 : 0;

	know_folders(p);
	*place = NO_PLACE;
	if (*name == '/')
		return p->program->no_headers ? NULL : in_folder(p, "", name);
	path = quoted && !after && !p->program->no_headers ? in_folder(p, from->folder, name) : NULL;
	for (size_t i = first; !path && i < p->folder_count; i++) {
		path = in_folder(p, p->folders[i], name);
		*place = path ? i : NO_PLACE;
	}
	return path;
}

bool header_exists(const struct lexer *l, const char *name, bool quoted)
{
	struct preprocessor *p = l->preprocessor;
	struct buffer known = {0};
	size_t place;
	bool there = find(p, text_at(p, l->next), name, quoted, false, &place) ||
		     standard_header(name, &known);

	buffer_free(&known);
	return there;
}

/* ---- the text ---- */

static bool out_of_memory(struct preprocessor *p)
{
	p->arena->failed = true;
	return false;
}

/* The first header: the program's text becomes one that is put together. */
static bool start_text(struct preprocessor *p)
{
	struct source_part *part;

	if (p->part_count)
		return true;
	p->main.source = *p->source;
	buffer_add(&p->text, p->source->text, p->source->length);
	part = array_add(&p->parts, &p->part_count, &p->part_room, sizeof(*part));
	if (!part || p->text.failed)
		return out_of_memory(p);
	*part = (struct source_part){0, p->source->length, 0, &p->main.source};
	p->source->origin = &p->main.source;
	return true;
}

/* Cuts the part at hand in two, and puts one of the header's between them. */
static bool split_part(struct preprocessor *p, const struct source *header, size_t at, size_t end)
{
	size_t place = (size_t)(source_part(p->source, at) - p->source->parts), more = header->length;
	struct source_part whole;

	for (int i = 0; i < 2; i++)
		if (!array_add(&p->parts, &p->part_count, &p->part_room, sizeof(*p->parts)))
			return out_of_memory(p);
	whole = p->parts[place];
	memmove(p->parts + place + 2, p->parts + place,
		(p->part_count - place - 2) * sizeof(*p->parts));
	p->parts[place].length = at - whole.at;
	p->parts[place + 1] = (struct source_part){at, more, 0, header};
	p->parts[place + 2] = (struct source_part){at + more, whole.at + whole.length - end,
						   whole.from + end - whole.at, whole.origin};
	for (size_t i = place + 3; i < p->part_count; i++)
		p->parts[i].at += more - (end - at);
	return true;
}

/* The header's text in the place of what stands from `at` to `end`. */
static bool put_text(struct preprocessor *p, const struct source *header, size_t at, size_t end)
{
	size_t length = p->source->length, tail = length - end;

	if (!start_text(p))
		return false;
	p->source->parts = p->parts;
	p->source->part_count = p->part_count;
	if (!split_part(p, header, at, end))
		return false;
	buffer_add(&p->text, header->text, header->length); /* for the room */
	if (p->text.failed)
		return out_of_memory(p);
	memmove(p->text.data + at + header->length, p->text.data + end, tail);
	memcpy(p->text.data + at, header->text, header->length);
	p->text.length = at + header->length + tail;
	p->text.data[p->text.length] = '\0';
	*p->source = (struct source){p->source->name,   p->text.data, p->text.length,
				     p->source->origin, p->parts,     p->part_count};
	return true;
}

/* ---- the line ---- */

const char *header_name(struct lexer *l, bool *quoted)
{
	const char *text = l->source->text, *close;
	size_t start;

	while (l->next < l->source->length && (text[l->next] == ' ' || text[l->next] == '\t'))
		l->next++;
	if (l->next >= l->source->length || (text[l->next] != '<' && text[l->next] != '"'))
		return NULL;
	start = l->next + 1;
	*quoted = text[l->next] == '"';
	close = memchr(text + start, *quoted ? '"' : '>', l->source->length - start);
	if (!close || close == text + start)
		return NULL;
	l->next = (size_t)(close - text) + 1;
	return arena_copy(l->arena, text + start, (size_t)(close - text) - start);
}

/* #include NAME, of a macro that is a text. */
static const char *name_by_macro(struct lexer *l, size_t end, bool *quoted)
{
	struct source text;
	struct lexer line = line_lexer(l, &text, end);
	struct token first = lex_plain(&line);
	struct tokens meant = {0};
	const char *name = NULL;

	*quoted = true;
	if (first.kind == TOKEN_NAME)
		macro_expand_all(l, &first, 1, &meant);
	if (meant.count == 1 && meant.items->kind == TOKEN_STRING && meant.items->length)
		name = meant.items->text;
	free(meant.items);
	return name;
}

static bool is_kernels(const char *name)
{
	static const char *const folders[] = {"linux/", "net/",	  "asm/",    "asm-generic/", "uapi/",
					      "scsi/",	"trace/", "crypto/", "generated/",   "vdso/",
					      "rdma/",	"sound/", "drm/",    "xen/",	      "acpi/"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (!strncmp(name, folders[i], strlen(folders[i])))
			return true;
	return false;
}

/* What is in the file, and behind it what is known of such a header. */
static int read_header(const char *path, const char *name, struct buffer *text, struct error *err)
{
	int rc = path ? text_read(path, text, err) : 0;

	if (!rc && path)
		buffer_char(text, '\n');
	if (!rc && !standard_header(name, text) && !path)
		rc = error_set(err, -ENOENT, "'%s' file not found", name);
	return !rc && text->failed ? error_memory(err) : rc;
}

static unsigned depth_of(const struct text *text)
{
	unsigned depth = 0;

	for (; text->includer; text = text->includer)
		depth++;
	return depth;
}

static bool within_bounds(struct preprocessor *p, const struct text *from, size_t at)
{
	const char *what = depth_of(from) >= HEADERS_DEEP_MOST	? "are nested too deeply"
			   : p->header_count++ >= HEADERS_MOST	? "are too many"
			   : p->source->length > PROGRAM_MOST	? "are too long"
								: NULL;

	if (what)
		diagnose(p->diagnostics, at, "the headers that are included here %s", what);
	return !what;
}

static void include(struct lexer *l, const char *name, bool quoted, bool after, size_t at, size_t end)
{
	struct preprocessor *p = l->preprocessor;
	const struct text *from = text_at(p, at);
	struct buffer content = {0};
	struct text *header;
	struct error err;
	size_t place, seen;
	const char *path = find(p, from, name, quoted, after, &place);
	int rc;

	l->next = end;
	if (path && table_get(&p->once, path, strlen(path), &seen))
		return;
	rc = read_header(path, name, &content, &err);
	if (rc == -ENOENT && (after || (is_kernels(name) && p->program->have_btf)))
		goto out;
	if (rc) {
		diagnose(p->diagnostics, at, "%s%s", err.text,
			 rc == -ENOENT && is_kernels(name)
				 ? " (and this kernel does not tell its types: no BTF)"
				 : "");
		goto out;
	}
	header = arena_alloc(p->arena, sizeof(*header));
	if (!header || !within_bounds(p, from, at))
		goto out;
	*header = (struct text){
		.source = {.name = path ? path : name,
			   .text = arena_copy(p->arena, content.data, content.length),
			   .length = content.length},
		.includer = from,
		.folder = path ? folder_of(p->arena, path) : NULL,
		.place = place,
	};
	if (header->source.text && put_text(p, &header->source, at, end))
		l->next = at;
out:
	buffer_free(&content);
}

void header_include(struct lexer *l, size_t from, size_t end, bool next)
{
	struct source text;
	struct lexer line = line_lexer(l, &text, end);
	bool quoted;
	const char *name = header_name(&line, &quoted);

	if (!name)
		name = name_by_macro(l, end, &quoted);
	if (name) {
		include(l, name, quoted, next, from, end);
		return;
	}
	diagnose(l->preprocessor->diagnostics, from, "#include is followed by <HEADER> or \"HEADER\"");
	l->next = end;
}

void header_once(struct lexer *l)
{
	struct preprocessor *p = l->preprocessor;
	const struct text *text = text_at(p, l->next);
	size_t seen;

	if (text != &p->main && table_put(&p->once, text->source.name, strlen(text->source.name), 0,
					  &seen) < 0)
		p->arena->failed = true;
}

/* ---- in front of the program ---- */

/* What the command line includes. The last one first, since each stands in front of the text so far. */
static void include_first(struct preprocessor *p, struct lexer *l)
{
	const char *text = p->source->text;
	size_t at = 0, i;

	if (!strncmp(text, "#!", 2))
		at = strcspn(text, "\n") + (text[strcspn(text, "\n")] != '\0');
	for (i = p->program->include_count; i; i--) {
		struct lexer line = *l;

		include(&line, p->program->includes[i - 1], true, false, at, at);
	}
}

struct preprocessor *preprocessor_new(struct program *program, struct lexer *l)
{
	struct preprocessor *p = arena_alloc(&program->arena, sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct preprocessor){
		.program = program,
		.source = &program->source,
		.arena = &program->arena,
		.diagnostics = &program->diagnostics,
		.main = {.source = program->source, .place = NO_PLACE},
	};
	p->main.folder = folder_of(p->arena, program->source.name);
	l->preprocessor = p;
	if (program->have_btf)
		macro_predefine(p, MACRO_HAVE_BTF, "");
	if (program->include_count || memchr(program->source.text, '#', program->source.length))
		standard_names(p);
	include_first(p, l);
	return p;
}

void preprocessor_free(struct preprocessor *p)
{
	if (!p)
		return;
	buffer_free(&p->text);
	table_free(&p->names);
	table_free(&p->once);
	free(p->macros);
	free(p->parts);
	free(p->folders);
}
