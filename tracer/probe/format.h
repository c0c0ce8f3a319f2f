/*
 * A tracepoint's format as the kernel writes it: the events' number and the fields of their
 * records. Private to this folder.
 */
#ifndef TELLTALE_PROBE_FORMAT_H
#define TELLTALE_PROBE_FORMAT_H

#include "base/error.h"
#include "base/memory.h"

enum field_place {
	FIELD_HERE,	/* at `offset` */
	FIELD_LOCATED,	/* __data_loc: 16 bits there say where in the record, 16 how many bytes */
	FIELD_RELATIVE, /* __rel_loc: the same, from behind these 32 bits on */
};

struct format_field {
	const char *type, *name; /* type without the name: "const char *", "char[16]" */
	uint32_t offset, size;
	bool is_signed;
	bool is_array;
	enum field_place place;
	const char *declared; /* type and name, as the kernel has them: "const char * filename" */
};

struct format {
	uint32_t number;
	struct format_field *fields; /* those that a program can see */
	size_t field_count;
};

enum {
	FORMAT_RECORD_MOST = 8192, /* PERF_MAX_TRACE_SIZE, include/linux/trace_events.h */
	/* In place of the common fields a program finds a pointer of the kernel's own. */
	FORMAT_FIRST = 8,
};

/* Cuts a format file's text; texts go into the arena. -EBADMSG when it is none. */
int format_parse(const char *text, struct arena *arena, struct format *format, struct error *err);

#endif
