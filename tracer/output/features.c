/*
 * What the kernel and the user may do, one line a feature, with the remedy below each no.
 */
#include "state.h"

#include <errno.h>

static void feature_text(struct buffer *b, const struct listing_feature *feature)
{
	size_t width = strlen(feature->name);

	put_text(b, feature->present ? "yes  " : "no   ");
	put_text(b, feature->name);
	for (; width < 14; width++)
		put_char(b, ' ');
	put_text(b, feature->what);
	put_text(b, " (Linux ");
	put_text(b, feature->since);
	put_text(b, ")\n");
	if (feature->remedy && *feature->remedy) {
		put_text(b, feature->permitted ? "     " : "     not permitted: ");
		put_escaped(b, feature->remedy, strlen(feature->remedy), 0);
		put_char(b, '\n');
	}
}

static void member(struct buffer *b, const char *name, const char *text)
{
	put_text(b, name);
	put_json_string(b, text, strlen(text));
}

static void feature_json(struct buffer *b, const struct listing_feature *feature)
{
	member(b, "{\"feature\":", feature->name);
	member(b, ",\"what\":", feature->what);
	member(b, ",\"since\":", feature->since);
	put_text(b, feature->present ? ",\"present\":true" : ",\"present\":false");
	put_text(b, feature->permitted ? ",\"permitted\":true" : ",\"permitted\":false");
	if (feature->remedy && *feature->remedy)
		member(b, ",\"remedy\":", feature->remedy);
	put_text(b, "}\n");
}

int output_features(FILE *file, const struct listing_feature *features, size_t count,
		    const struct output_options *options, struct error *err)
{
	struct buffer b = {0};
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		if (options->form == OUTPUT_JSON)
			feature_json(&b, &features[i]);
		else
			feature_text(&b, &features[i]);
	}
	if (b.failed)
		r = error_memory(err);
	errno = 0;
	if (!r && (fwrite(buffer_string(&b), 1, b.length, file) != b.length || fflush(file))) {
		r = errno ? -errno : -EIO;
		error_set(err, r, "can't write the features: %s", strerror(-r));
	}
	buffer_free(&b);
	return r;
}
