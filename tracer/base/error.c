#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void mark_cut(char *text, size_t size, int needed)
{
	if (needed >= 0 && (size_t)needed >= size)
		memcpy(text + size - 4, "...", 4);
}

int error_setv(struct error *err, int code, const char *format, va_list args)
{
	err->code = code;
	mark_cut(err->text, sizeof(err->text),
		 vsnprintf(err->text, sizeof(err->text), format, args));
	return code;
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_setv(err, code, format, args);
	va_end(args);
	return code;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char old[sizeof(err->text)];
	va_list args;
	int length;

	memcpy(old, err->text, sizeof(old));
	va_start(args, format);
	length = vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < sizeof(err->text))
		mark_cut(err->text + length, sizeof(err->text) - (size_t)length,
			 snprintf(err->text + length, sizeof(err->text) - (size_t)length, ": %s",
				  old));
	return err->code;
}

int error_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

void warn(struct warnings *warnings, const char *format, ...)
{
	char line[2048];
	va_list args;

	warnings->count++;
	if (!warnings->say)
		return;
	va_start(args, format);
	mark_cut(line, sizeof(line), vsnprintf(line, sizeof(line), format, args));
	va_end(args);
	warnings->say(warnings->context, line);
}

void remark(struct warnings *warnings, const char *format, ...)
{
	char line[2048];
	va_list args;

	if (!warnings->remark)
		return;
	va_start(args, format);
	mark_cut(line, sizeof(line), vsnprintf(line, sizeof(line), format, args));
	va_end(args);
	warnings->remark(warnings->context, line);
}
