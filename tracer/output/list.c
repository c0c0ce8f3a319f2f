/*
 * The listing: what can be traced, for people as signatures, for programs as INTERFACE promises.
 */
#include "state.h"

#include <errno.h>

static void put_name(struct buffer *b, const char *name)
{
	put_escaped(b, name, strlen(name), 0);
}

/* ---- text ---- */

static void argument_text(struct buffer *b, const struct listing_argument *argument)
{
	const char *type = argument->type_name, *brackets = strchr(type, '[');
	size_t length = brackets ? (size_t)(brackets - type) : strlen(type);

	put_escaped(b, type, length, 0);
	if (length && type[length - 1] != '*')
		put_char(b, ' ');
	put_name(b, argument->name);
	if (brackets) /* as C declares an array */
		put_name(b, brackets);
}

static void signature_text(struct buffer *b, const struct listing_probe *probe,
                           const struct output_options *options)
{
	put_text(b, "  ");
	put_text(b, paint(options, PAINT_PROBE));
	put_name(b, probe->provider);
	put_text(b, *probe->provider ? ":" : "");
	put_name(b, probe->name);
	put_text(b, paint(options, PAINT_OFF));
	put_char(b, '(');
	for (size_t i = 0; i < probe->argument_count; i++) {
		if (i)
			put_text(b, ", ");
		argument_text(b, &probe->arguments[i]);
	}
	put_text(b, ")\n");
}

static void site_text(struct buffer *b, const struct listing_site *site)
{
	put_text(b, "    site ");
	put_hex(b, site->address);
	put_text(b, " (file offset ");
	put_hex(b, site->offset);
	put_char(b, ')');
	if (site->has_semaphore) {
		put_text(b, ", semaphore ");
		put_hex(b, site->semaphore_address);
		put_text(b, " (file offset ");
		put_hex(b, site->semaphore_offset);
		put_char(b, ')');
	}
	if (site->operand_text && *site->operand_text) {
		put_text(b, ", operands ");
		put_name(b, site->operand_text);
	}
	put_char(b, '\n');
	for (size_t i = 0; i < site->operand_count; i++) {
		if (!site->operands[i].reason)
			continue;
		put_text(b, "      argument ");
		put_unsigned(b, i);
		put_text(b, " can't be read: ");
		put_name(b, site->operands[i].reason);
		put_char(b, '\n');
	}
}

static void probe_text(struct buffer *b, const struct listing_probe *probe, bool verbose,
                       const struct output_options *options)
{
	signature_text(b, probe, options);
	for (size_t i = 0; verbose && i < probe->site_count; i++)
		site_text(b, &probe->sites[i]);
}

static void file_text(struct buffer *b, const char *file, bool first)
{
	if (!first)
		put_char(b, '\n');
	put_name(b, *file ? file : "the kernel");
	put_text(b, ":\n");
}

/* ---- JSON ---- */

static void member_text(struct buffer *b, const char *name, const char *text)
{
	if (!text)
		return;
	put_text(b, name);
	put_json_string(b, text, strlen(text));
}

static void member_number(struct buffer *b, const char *name, uint64_t number)
{
	put_text(b, name);
	put_unsigned(b, number);
}

static void member_bool(struct buffer *b, const char *name, bool value)
{
	put_text(b, name);
	put_text(b, value ? "true" : "false");
}

static void argument_json(struct buffer *b, const struct listing_argument *argument)
{
	member_text(b, "{\"name\":", argument->name);
	member_text(b, ",\"type\":", argument->type_name);
	member_number(b, ",\"size\":", argument->size);
	member_bool(b, ",\"signed\":", argument->is_signed);
	put_char(b, '}');
}

static void operand_json(struct buffer *b, const struct listing_operand *operand)
{
	member_number(b, "{\"size\":", operand->size);
	member_bool(b, ",\"signed\":", operand->is_signed);
	member_bool(b, ",\"float\":", operand->is_float);
	member_text(b, ",\"kind\":", operand->kind);
	member_text(b, ",\"register\":", operand->reg);
	member_text(b, ",\"index\":", operand->index);
	if (operand->index)
		member_number(b, ",\"scale\":", operand->scale);
	if (operand->has_displacement) {
		put_text(b, ",\"displacement\":");
		put_signed(b, operand->displacement);
	}
	member_text(b, ",\"symbol\":", operand->symbol);
	if (operand->has_value && operand->is_signed) {
		put_text(b, ",\"value\":");
		put_signed(b, (int64_t)operand->value);
	} else if (operand->has_value) {
		member_number(b, ",\"value\":", operand->value);
	}
	member_text(b, ",\"reason\":", operand->reason);
	put_char(b, '}');
}

static void site_json(struct buffer *b, const struct listing_site *site)
{
	member_number(b, "{\"address\":", site->address);
	member_number(b, ",\"offset\":", site->offset);
	if (site->has_semaphore) {
		member_number(b, ",\"semaphore_address\":", site->semaphore_address);
		member_number(b, ",\"semaphore_offset\":", site->semaphore_offset);
	}
	member_text(b, ",\"operands\":", site->operand_text ? site->operand_text : "");
	put_text(b, ",\"args\":[");
	for (size_t i = 0; i < site->operand_count; i++) {
		if (i)
			put_char(b, ',');
		operand_json(b, &site->operands[i]);
	}
	put_text(b, "]}");
}

static void probe_json(struct buffer *b, const struct listing_probe *probe)
{
	member_text(b, "{\"file\":", probe->file ? probe->file : "");
	member_text(b, ",\"provider\":", probe->provider);
	member_text(b, ",\"probe\":", probe->name);
	member_text(b, ",\"kind\":", probe->kind);
	member_bool(b, ",\"semaphore\":", probe->semaphore);
	put_text(b, ",\"args\":[");
	for (size_t i = 0; i < probe->argument_count; i++) {
		if (i)
			put_char(b, ',');
		argument_json(b, &probe->arguments[i]);
	}
	put_text(b, "],\"sites\":[");
	for (size_t i = 0; i < probe->site_count; i++) {
		if (i)
			put_char(b, ',');
		site_json(b, &probe->sites[i]);
	}
	put_text(b, "]}\n");
}

/* ---- both ---- */

static int write_probe(FILE *file, struct buffer *b, struct error *err)
{
	errno = 0;
	if (b->failed)
		return error_memory(err);
	if (fwrite(buffer_string(b), 1, b->length, file) != b->length) {
		int code = errno ? -errno : -EIO;

		return error_set(err, code, "can't write the listing: %s", strerror(-code));
	}
	buffer_clear(b);
	return 0;
}

static void names_text(struct buffer *b, const struct listing_probe *probe, bool verbose)
{
	put_name(b, probe->full);
	put_char(b, '\n');
	for (size_t i = 0; verbose && i < probe->argument_count; i++) {
		put_text(b, "    ");
		if (probe->arguments[i].declared)
			put_name(b, probe->arguments[i].declared);
		else
			argument_text(b, &probe->arguments[i]);
		put_char(b, '\n');
	}
}

static int finish(FILE *file, struct buffer *b, int r, struct error *err)
{
	errno = 0;
	if (!r && fflush(file)) {
		r = errno ? -errno : -EIO;
		error_set(err, r, "can't write the listing: %s", strerror(-r));
	}
	buffer_free(b);
	return r;
}

int output_names(FILE *file, const struct listing_probe *probes, size_t count, bool verbose,
                 const struct output_options *options, struct error *err)
{
	struct buffer b = {0};
	int r = 0;

	for (size_t i = 0; i < count && !r; i++) {
		if (options->form == OUTPUT_JSON)
			probe_json(&b, &probes[i]);
		else
			names_text(&b, &probes[i], verbose);
		r = write_probe(file, &b, err);
	}
	return finish(file, &b, r, err);
}

int output_type(FILE *file, const char *name, const char *declaration,
                const struct output_options *options, struct error *err)
{
	struct buffer b = {0};
	int r;

	if (options->form == OUTPUT_JSON) {
		put_text(&b, "{\"type\":");
		put_json_string(&b, name, strlen(name));
		if (declaration) {
			put_text(&b, ",\"declaration\":");
			put_json_string(&b, declaration, strlen(declaration));
		}
		put_text(&b, "}\n");
	} else {
		put_text(&b, declaration ? declaration : name);
		put_char(&b, '\n');
	}
	r = write_probe(file, &b, err);
	return finish(file, &b, r, err);
}

int output_listing(FILE *file, const struct listing_probe *probes, size_t count, bool verbose,
                   const struct output_options *options, struct error *err)
{
	const char *last_file = NULL;
	struct buffer b = {0};
	int r = 0;

	for (size_t i = 0; i < count && !r; i++) {
		const char *name = probes[i].file ? probes[i].file : "";

		if (options->form == OUTPUT_JSON) {
			probe_json(&b, &probes[i]);
		} else {
			if (!last_file || strcmp(last_file, name))
				file_text(&b, name, !last_file);
			probe_text(&b, &probes[i], verbose, options);
			last_file = name;
		}
		r = write_probe(file, &b, err);
	}
	return finish(file, &b, r, err);
}
