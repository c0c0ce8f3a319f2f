/*
 * Owns the type of a variable: its text as the source writes it, and whether it goes with an operand.
 * Typedefs keep their names in the text; what is behind them decides.
 */
#include "scope.h"

#include "operand/operand.h"

#include <dwarf.h>
#include <string.h>

enum { TYPE_DEPTH_MOST = 16 };

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type);
}

static void star(struct buffer *b, const char *text)
{
	if (b->length && b->data[b->length - 1] != '*')
		buffer_char(b, ' ');
	buffer_text(b, text);
}

/* gcc's names of integers, as people write them (and clang does). */
static const char *plain_name(const char *name)
{
	static const char *const names[][2] = {
		{"_Bool", "bool"},
		{"short int", "short"},
		{"long int", "long"},
		{"long long int", "long long"},
		{"short unsigned int", "unsigned short"},
		{"long unsigned int", "unsigned long"},
		{"long long unsigned int", "unsigned long long"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i][0], name))
			return names[i][1];
	return name;
}

static void named(struct buffer *b, const char *keyword, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	buffer_text(b, keyword);
	buffer_text(b, name ? plain_name(name) : "(unnamed)");
}

/* C's structs have their keyword, other languages' classes do without. */
static bool is_c(Dwarf_Die *die)
{
	Dwarf_Die unit;
	int language = dwarf_diecu(die, &unit, NULL, NULL) ? dwarf_srclang(&unit) : -1;

	return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 ||
	       language == DW_LANG_C11;
}

static bool is_pointer(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_pointer_type;
}

/* A qualifier stands in front of what it qualifies, but behind a pointer. NULL die: void. */
static bool write_type(struct buffer *b, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Die target, *below = die && type_of(die, &target) ? &target : NULL;
	const char *qualifier = NULL;

	if (depth > TYPE_DEPTH_MOST)
		return false;
	if (!die) {
		buffer_text(b, "void");
		return true;
	}
	switch (dwarf_tag(die)) {
	case DW_TAG_const_type:
		qualifier = "const";
		break;
	case DW_TAG_volatile_type:
		qualifier = "volatile";
		break;
	case DW_TAG_restrict_type:
		qualifier = "restrict";
		break;
	case DW_TAG_pointer_type:
		if (below && dwarf_tag(below) == DW_TAG_subroutine_type) {
			Dwarf_Die result;

			if (!write_type(b, type_of(below, &result) ? &result : NULL, depth + 1))
				return false;
			star(b, "(*)()");
			return true;
		}
		if (!write_type(b, below, depth + 1))
			return false;
		star(b, "*");
		return true;
	case DW_TAG_structure_type:
		named(b, is_c(die) ? "struct " : "", die);
		return true;
	case DW_TAG_union_type:
		named(b, is_c(die) ? "union " : "", die);
		return true;
	case DW_TAG_enumeration_type:
		named(b, is_c(die) ? "enum " : "", die);
		return true;
	case DW_TAG_class_type:
	case DW_TAG_base_type:
	case DW_TAG_typedef:
		named(b, "", die);
		return true;
	default:
		return false;
	}
	if (below && is_pointer(below)) {
		if (!write_type(b, below, depth + 1))
			return false;
		buffer_text(b, qualifier);
		return true;
	}
	buffer_print(b, "%s ", qualifier);
	return write_type(b, below, depth + 1);
}

/* Behind typedefs and qualifiers; false: void, or more of them than there can be. */
static bool peel(Dwarf_Die *die)
{
	Dwarf_Die next;

	for (unsigned depth = 0; depth < TYPE_DEPTH_MOST; depth++) {
		switch (dwarf_tag(die)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!type_of(die, &next))
				return false;
			*die = next;
			break;
		default:
			return true;
		}
	}
	return false;
}

static bool encoding_of(Dwarf_Die *die, Dwarf_Word *encoding)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, DW_AT_encoding, &attribute) && !dwarf_formudata(&attribute, encoding);
}

/* Plain char, which texts are made of. */
static bool is_char(Dwarf_Die *die)
{
	const char *name = dwarf_tag(die) == DW_TAG_base_type ? dwarf_diename(die) : NULL;

	return name && !strcmp(name, "char");
}

static bool is_text(Dwarf_Die *pointer)
{
	Dwarf_Die target;

	return type_of(pointer, &target) && peel(&target) && is_char(&target);
}

static bool number_kind(Dwarf_Die *die, const struct operand *op, enum note_kind *kind)
{
	Dwarf_Word encoding;
	bool is_signed;

	if (!encoding_of(die, &encoding))
		return false;
	switch (encoding) {
	case DW_ATE_boolean:
		*kind = NOTE_BOOL;
		return true;
	case DW_ATE_float:
		*kind = NOTE_FLOAT;
		return true;
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		is_signed = true;
		break;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		is_signed = false;
		break;
	default:
		return false;
	}
	*kind = is_char(die) ? NOTE_CHAR : is_signed ? NOTE_SIGNED : NOTE_UNSIGNED;
	/* Another sign is a cast's: the value is not the variable's any more. */
	return !op->sized || op->is_signed == is_signed;
}

bool variable_type(Dwarf_Die *variable, const struct operand *op, struct buffer *text,
		   enum note_kind *kind)
{
	Dwarf_Die type, whole;
	int tag, size;

	if (!type_of(variable, &whole))
		return false;
	type = whole;
	if (!peel(&type))
		return false;
	tag = dwarf_tag(&type);
	size = dwarf_bytesize(&type);
	if (size < 0 && tag == DW_TAG_pointer_type) {
		Dwarf_Die unit;
		uint8_t width;

		size = dwarf_diecu(&type, &unit, &width, NULL) ? width : -1;
	}
	if (size != op->size)
		return false;
	*kind = NOTE_SIGNED;
	if (tag == DW_TAG_pointer_type)
		*kind = is_text(&type) ? NOTE_STRING : NOTE_POINTER;
	else if (tag == DW_TAG_enumeration_type)
		*kind = op->is_signed ? NOTE_SIGNED : NOTE_UNSIGNED;
	else if (tag != DW_TAG_base_type || !number_kind(&type, op, kind))
		return false;
	return write_type(text, &whole, 0);
}

bool variable_text(Dwarf_Die *variable, struct buffer *text)
{
	Dwarf_Die type;

	return type_of(variable, &type) && write_type(text, &type, 0);
}
