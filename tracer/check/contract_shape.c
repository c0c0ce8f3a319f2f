/*
 * Size and sign of arguments: what the text of a type says, and how the rest is written. The words
 * are those that people know from other languages: i32, u8, f64.
 */
#include "check/contract.h"

#include <stdlib.h>
#include <string.h>

static const char letters[SHAPE_FORMS] = {
        [SHAPE_SIGNED] = 'i',
        [SHAPE_UNSIGNED] = 'u',
        [SHAPE_FLOAT] = 'f',
};

/* Types whose text says it all. A size of 0 is that of an address. */
static const struct {
	const char *type;
	enum shape_form form;
	uint8_t size;
} types[] = {
        {"signed char", SHAPE_SIGNED, 1},
        {"unsigned char", SHAPE_UNSIGNED, 1},
        {"int8_t", SHAPE_SIGNED, 1},
        {"uint8_t", SHAPE_UNSIGNED, 1},
        {"short", SHAPE_SIGNED, 2},
        {"unsigned short", SHAPE_UNSIGNED, 2},
        {"int16_t", SHAPE_SIGNED, 2},
        {"uint16_t", SHAPE_UNSIGNED, 2},
        {"int", SHAPE_SIGNED, 4},
        {"unsigned", SHAPE_UNSIGNED, 4},
        {"unsigned int", SHAPE_UNSIGNED, 4},
        {"int32_t", SHAPE_SIGNED, 4},
        {"uint32_t", SHAPE_UNSIGNED, 4},
        {"long long", SHAPE_SIGNED, 8},
        {"unsigned long long", SHAPE_UNSIGNED, 8},
        {"int64_t", SHAPE_SIGNED, 8},
        {"uint64_t", SHAPE_UNSIGNED, 8},
        {"bool", SHAPE_UNSIGNED, 1},
        {"_Bool", SHAPE_UNSIGNED, 1},
        {"float", SHAPE_FLOAT, 4},
        {"double", SHAPE_FLOAT, 8},
        {"long", SHAPE_SIGNED, 0},
        {"unsigned long", SHAPE_UNSIGNED, 0},
        {"size_t", SHAPE_UNSIGNED, 0},
        {"ssize_t", SHAPE_SIGNED, 0},
        {"intptr_t", SHAPE_SIGNED, 0},
        {"uintptr_t", SHAPE_UNSIGNED, 0},
        {"ptrdiff_t", SHAPE_SIGNED, 0},
        {"bytes", SHAPE_UNSIGNED, 0}, /* telltale's own: a pointer to bytes with their length */
};

uint64_t shapes_of_type(const char *type, unsigned bits)
{
	size_t length = strlen(type);

	if (length && type[length - 1] == '*')
		return SHAPE(SHAPE_UNSIGNED, bits / 8);
	/* Of a plain char the architecture decides the sign: neither is a change. */
	if (!strcmp(type, "char"))
		return SHAPE(SHAPE_SIGNED, 1) | SHAPE(SHAPE_UNSIGNED, 1);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(types[i].type, type))
			return SHAPE(types[i].form, types[i].size ? types[i].size : bits / 8);
	return 0;
}

void shapes_print(struct buffer *b, uint64_t shapes)
{
	const char *between = "";

	for (unsigned form = 0; form < SHAPE_FORMS; form++) {
		for (unsigned size = 1; size <= SHAPE_SIZES; size++) {
			if (!(shapes & SHAPE(form, size)))
				continue;
			buffer_print(b, "%s%c%u", between, letters[form], size * 8);
			between = "|";
		}
	}
	if (shapes & SHAPE_NONE) {
		buffer_print(b, "%snone", between);
		between = "|";
	}
	if (shapes & SHAPE_UNKNOWN)
		buffer_print(b, "%sunknown", between);
}

uint64_t shape_parse(const char *word, size_t length)
{
	const char *letter;
	unsigned bits = 0;

	if (length == 4 && !memcmp(word, "none", 4))
		return SHAPE_NONE;
	if (length == 7 && !memcmp(word, "unknown", 7))
		return SHAPE_UNKNOWN;
	letter = length >= 2 && length <= 4 ? memchr(letters, *word, sizeof(letters)) : NULL;
	for (size_t i = 1; letter && i < length; i++) {
		if (word[i] < '0' || word[i] > '9' || (i == 1 && word[i] == '0'))
			return 0;
		bits = bits * 10 + (unsigned)(word[i] - '0');
	}
	if (!letter || bits % 8 || bits < 8 || bits > SHAPE_SIZES * 8)
		return 0;
	return SHAPE((unsigned)(letter - letters), bits / 8);
}

/* True when a blank must stand between two characters that have none between them now. */
static bool parted(char before, char after)
{
	return after == '*' && before != '*' && before != '(';
}

char *type_normal(const char *text, size_t length, struct arena *arena)
{
	struct buffer b = {0};
	bool blank = false;
	char *copy;

	for (size_t i = 0; i < length; i++) {
		char last = b.length ? b.data[b.length - 1] : '\0';

		if (text[i] == ' ' || text[i] == '\t') {
			blank = true;
			continue;
		}
		if (last && (parted(last, text[i]) || (blank && !(last == '*' && text[i] == '*'))))
			buffer_char(&b, ' ');
		blank = false;
		buffer_char(&b, text[i]);
	}
	copy = b.failed ? NULL : arena_copy(arena, buffer_string(&b), b.length);
	arena->failed |= b.failed;
	buffer_free(&b);
	return copy;
}
