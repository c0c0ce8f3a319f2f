/* SPDX-License-Identifier: MIT */
/*
 * telltale.h - markers (USDT probes) for C and C++: `#include <telltale.h>`, nothing else.
 *
 * A marker is a named place in a program, with arguments, that a tracer can watch while the program
 * runs. While nobody watches it costs a nop:
 *
 *	TELLTALE(myapp, request__start, req->id, req->path);
 *
 * The provider (`myapp`) and the probe (`request__start`) are identifiers; no quotes. The arguments
 * are zero to twelve expressions, each evaluated once: integers of any size, bool, characters,
 * enums, bit-fields, pointers, strings, arrays, functions (their address), float and double. A
 * struct is refused: pass a pointer to it or its members. An argument is named by the text of its
 * expression.
 *
 *	TELLTALE(myapp, request__done, TELLTALE_ARG(status, r->hdr[0].st),
 *		 TELLTALE_BUF(r->body, r->n));
 *
 * TELLTALE_ARG gives it another name; TELLTALE_BUF passes bytes with their number (and counts as
 * two).
 *
 * Where computing an argument costs something, let the program know whether someone watches. That
 * takes a semaphore, a counter which tracers raise, and which this header defines by itself:
 *
 *	TELLTALE_LAZY(myapp, query, describe(q));	describe() runs while someone watches
 *
 *	if (TELLTALE_ENABLED(myapp, stats))		or, in steps of one's own
 *		TELLTALE_SEMA(myapp, stats, sum_up());
 *
 * No library, no other file. C99 and later, C++11 and later, GCC and clang; ELF systems. What it
 * writes is the .note.stapsdt of systemtap's <sys/sdt.h>, which gdb, bpftrace, perf, BCC, systemtap
 * and others read, and beside it a .note.telltale with the kinds and names of the arguments, which
 * NOTE.md describes.
 *
 * Define TELLTALE_DISABLE before the include, and no marker is compiled; arguments are still
 * checked.
 */
#ifndef TELLTALE_H
#define TELLTALE_H

#define TELLTALE_VERSION 100 /* major * 10000 + minor * 100 + patch */

#if !defined(__ELF__) && !defined(TELLTALE_DISABLE)
#define TELLTALE_DISABLE /* the notes are ELF's */
#endif

/*
 * What of clang's -Weverything has to be switched off, because the header can't say it differently:
 *  - c++98-compat-pedantic: that variadic macros, auto, decltype and static_assert came with C++11;
 */
#ifdef __clang__
#define TELLTALE_X_QUIET                                                                           \
	_Pragma("clang diagnostic push")                                                           \
	        _Pragma("clang diagnostic ignored \"-Wc++98-compat-pedantic\"")
#define TELLTALE_X_LOUD _Pragma("clang diagnostic pop")
#else
#define TELLTALE_X_QUIET
#define TELLTALE_X_LOUD
#endif
TELLTALE_X_QUIET

/*
 * The markers
 * ===========
 */

/*
 * TELLTALE(provider, probe, args...) - a marker.
 *
 * A statement. It may stand in inline functions, templates and lambdas; each copy that the compiler
 * makes is a site of the same probe.
 */
#define TELLTALE(provider, ...) TELLTALE_X_MARK(NONE, "", #provider, #__VA_ARGS__, __VA_ARGS__)

/*
 * TELLTALE_SEMA(provider, probe, args...) - a marker with a semaphore.
 *
 * All markers of one provider:probe in a program or shared library share one semaphore, which this
 * header defines. The arguments are evaluated always; for the other way see TELLTALE_LAZY.
 */
#define TELLTALE_SEMA(provider, ...) TELLTALE_X_MARK(OWN, "", #provider, #__VA_ARGS__, __VA_ARGS__)

/*
 * TELLTALE_ENABLED(provider, probe) - whether someone watches that TELLTALE_SEMA or TELLTALE_LAZY.
 *
 * An expression. It reads the semaphore of the program or library it stands in; while nobody
 * watches, and in a binary without such a marker, it is false.
 */
#define TELLTALE_ENABLED(provider, probe)                                                          \
	TELLTALE_X_ENABLED(telltale_x_semaphore_##provider##_, #provider, probe, 0)

/*
 * TELLTALE_LAZY(provider, probe, args...) - like TELLTALE_SEMA, but the arguments are evaluated
 * only while someone watches. Costs a load, a compare and a branch.
 */
#define TELLTALE_LAZY(provider, ...)                                                               \
	do {                                                                                       \
		if (__builtin_expect(TELLTALE_X_ENABLED(telltale_x_semaphore_##provider##_,        \
		                                        #provider, __VA_ARGS__, 0),                \
		                     0))                                                           \
			TELLTALE_X_MARK(OWN, "", #provider, #__VA_ARGS__, __VA_ARGS__);            \
	} while (0)

/*
 * In an argument list
 * ===================
 */

/*
 * TELLTALE_ARG(name, expr) - the argument expr, shown as name. Around a TELLTALE_BUF it names the
 * bytes.
 */
#define TELLTALE_ARG(name, ...) TELLTALE_X_ARG(#name, __VA_ARGS__)

/*
 * TELLTALE_BUF(ptr, len) - len bytes at ptr. Two arguments to any other tool: the pointer, the
 * length.
 */
#define TELLTALE_BUF(ptr, len) ((void)#ptr, telltale_x_bytes_at(ptr)), ((void)#len, (len))

/*
 * A semaphore for several markers
 * ===============================
 *
 *	TELLTALE_DEFINE_SEMAPHORE(myapp_io);			in one file, outside of functions
 *	TELLTALE_DECLARE_SEMAPHORE(myapp_io);			in others, or in a header
 *
 *	if (TELLTALE_SEMAPHORE_ENABLED(myapp_io)) {		raised by a watcher of either
 *		TELLTALE_WITH(myapp_io, myapp, read, fd, n);
 *		TELLTALE_WITH(myapp_io, myapp, write, fd, n);
 *	}
 *
 * It is hidden in the program or library that defines it. In C++, define and declare it in any
 * namespace; the id is the same in all.
 */
#define TELLTALE_DEFINE_SEMAPHORE(id)  TELLTALE_X_DEFINE_SEMAPHORE(id, "telltale_semaphore_" #id)
#define TELLTALE_DECLARE_SEMAPHORE(id) TELLTALE_X_DECLARE_SEMAPHORE(id, "telltale_semaphore_" #id)
#define TELLTALE_SEMAPHORE_ENABLED(id) TELLTALE_X_SEMAPHORE_ENABLED(id)
#define TELLTALE_WITH(id, provider, ...)                                                           \
	do {                                                                                       \
		(void)TELLTALE_X_DECLARED(id);                                                     \
		TELLTALE_X_MARK(SHARED, "telltale_semaphore_" #id, #provider, #__VA_ARGS__,        \
		                __VA_ARGS__);                                                      \
	} while (0)

/*
 * For headers that `telltale gen` writes
 * ======================================
 *
 * A marker whose semaphore, a symbol, is defined elsewhere, with the text of its argument list: the
 * probe's name and for each argument TELLTALE_TYPE(type, name), which is no macro but words for the
 * reader of the note; there is no % { | } in it.
 */
#define TELLTALE_GENERATED(symbol, provider, text, ...)                                            \
	TELLTALE_X_MARK(GENERATED, symbol, provider, text, __VA_ARGS__)

/*
 * How it works
 * ============
 *
 * From here on nothing is for use; names that begin with TELLTALE_X_ and telltale_x_ may change.
 *
 * A marker becomes, in order:
 *  1. its arguments, evaluated into the variables telltale_x_a1 to telltale_x_a12;
 *  2. the site: the nops, the stapsdt note, the kinds for .note.telltale, the base section and, for
 *     TELLTALE_SEMA, the semaphore;
 *  3. a statement without instructions: the text of the argument list, for .note.telltale.
 *
 * First the means to get there: strings, and choosing a macro by the number of arguments.
 */
#define TELLTALE_X_STR(...)         TELLTALE_X_STR_(__VA_ARGS__)
#define TELLTALE_X_STR_(...)        #__VA_ARGS__
#define TELLTALE_X_CAT(a, b)        TELLTALE_X_CAT_(a, b)
#define TELLTALE_X_CAT_(a, b)       a##b
#define TELLTALE_X_CALL(macro, ...) macro(__VA_ARGS__)

/* The number of arguments after the first; MANY for 13 to 31. */
#define TELLTALE_X_COUNT(...)                                                                      \
	TELLTALE_X_COUNT_(__VA_ARGS__, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, \
	                  MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, 12, 11, 10, 9, 8,  \
	                  7, 6, 5, 4, 3, 2, 1, 0, 0)
#define TELLTALE_X_COUNT_(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15,    \
                          a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29,    \
                          a30, a31, n, ...)                                                        \
	n

/* TELLTALE_ARG of a plain argument, and of TELLTALE_BUF's two. */
#define TELLTALE_X_ARG(name, ...)                                                                  \
	TELLTALE_X_CALL(TELLTALE_X_CAT(TELLTALE_X_ARG, TELLTALE_X_COUNT(__VA_ARGS__)), name,       \
	                __VA_ARGS__)
#define TELLTALE_X_ARG0(name, expr)     ((void)name, (expr))
#define TELLTALE_X_ARG1(name, ptr, len) ((void)name, (ptr)), len

/* What the compiler says of an argument that can't travel, or of too many. */
#ifdef __cplusplus
#define TELLTALE_X_CHECK(ok, why) static_assert(ok, why)
#else
/* glibc has a macro of this name for clang and C99, without the message: keep the `(` from it. */
#define TELLTALE_X_NOTHING
#define TELLTALE_X_CHECK(ok, why) __extension__ _Static_assert TELLTALE_X_NOTHING(ok, why)
#endif
#define TELLTALE_X_NOTYPE                                                                          \
	"telltale: an argument of this type cannot travel in a marker; pass an integer, bool, "    \
	"enum, pointer, string, float or double (of a struct: a pointer, or its members)"
#define TELLTALE_X_NOCOUNT                                                                         \
	"telltale: a marker takes at most twelve arguments (TELLTALE_BUF counts as two)"

/*
 * What an argument is
 * -------------------
 *
 * Of a variable x that holds an argument: KIND, as NOTE.md numbers them, or -1 for what is refused;
 * SIZE and SIGNED, for the stapsdt note; VALUE, what travels. A float travels as its bits in a
 * general register or in memory, since a tracer in the kernel can't see vector registers.
 */
#define TELLTALE_X_INLINE static __inline__ __attribute__((__always_inline__))

/* The type by which a buffer's pointer is told from others. */
struct telltale_x_bytes;

TELLTALE_X_INLINE const volatile struct telltale_x_bytes *
telltale_x_bytes_at(const volatile void *ptr)
{
#ifdef __cplusplus
	return static_cast<const volatile struct telltale_x_bytes *>(ptr);
#else
	return (const volatile struct telltale_x_bytes *)ptr;
#endif
}

/* Bytes of any number: what an operand of this type points at is in memory. */
typedef const volatile char telltale_x_memory[];

TELLTALE_X_INLINE telltale_x_memory *telltale_x_memory_at(const volatile void *ptr)
{
#ifdef __cplusplus
	return static_cast<telltale_x_memory *>(ptr);
#else
	return (telltale_x_memory *)ptr;
#endif
}

TELLTALE_X_INLINE unsigned int telltale_x_bits32(float value)
{
	unsigned int bits;

	__builtin_memcpy(&bits, &value, sizeof(bits));
	return bits;
}

__extension__ TELLTALE_X_INLINE unsigned long long telltale_x_bits64(double value)
{
	__extension__ unsigned long long bits;

	__builtin_memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/*
 * Where a register has 32 bits, what has 64 travels in memory, because an operand can't name two
 * registers: in a struct that no register takes.
 */
#ifndef __LP64__
struct telltale_x_wide {
	__extension__ unsigned long long value;
	unsigned int more;
};

__extension__ TELLTALE_X_INLINE struct telltale_x_wide telltale_x_widen(unsigned long long value)
{
	struct telltale_x_wide wide;

	wide.value = value;
	wide.more = 0;
	return wide;
}
#endif

#ifdef __cplusplus

/* One class says it all. The primary template is what is refused. */
template <typename T, bool = __is_enum(T)> struct telltale_x_type {
	enum { kind = -1, size = 4, is_signed = 0 };
	static int value(const T &)
	{
		return 0;
	}
};

/* How a value travels, by its size. */
template <typename T, bool Wide = (sizeof(T) > sizeof(void *))> struct telltale_x_travel {
	typedef T type;
	static T of(T x)
	{
		return x;
	}
};
#ifndef __LP64__
template <typename T> struct telltale_x_travel<T, true> {
	typedef telltale_x_wide type;
	static telltale_x_wide of(T x)
	{
		return telltale_x_widen(static_cast<unsigned long long>(x));
	}
};
#endif

/* What comes as it is. */
template <typename T, int Kind, bool Signed> struct telltale_x_plain {
	enum { kind = Kind, size = sizeof(T), is_signed = Signed };
	static typename telltale_x_travel<T>::type value(T x)
	{
		return telltale_x_travel<T>::of(x);
	}
};
template <typename T>
struct telltale_x_integer : telltale_x_plain<T, (static_cast<T>(-1) < static_cast<T>(1)) ? 1 : 2,
                                             (static_cast<T>(-1) < static_cast<T>(1))> {
};
#define TELLTALE_X_INTEGER(T)                                                                      \
	template <> struct telltale_x_type<T, false> : telltale_x_integer<T> {                     \
	}
TELLTALE_X_INTEGER(signed char);
TELLTALE_X_INTEGER(unsigned char);
TELLTALE_X_INTEGER(short);
TELLTALE_X_INTEGER(unsigned short);
TELLTALE_X_INTEGER(int);
TELLTALE_X_INTEGER(unsigned int);
TELLTALE_X_INTEGER(long);
TELLTALE_X_INTEGER(unsigned long);
__extension__ TELLTALE_X_INTEGER(long long);
__extension__ TELLTALE_X_INTEGER(unsigned long long);
TELLTALE_X_INTEGER(wchar_t);
TELLTALE_X_INTEGER(char16_t);
TELLTALE_X_INTEGER(char32_t);
#undef TELLTALE_X_INTEGER
template <> struct telltale_x_type<bool, false> : telltale_x_plain<bool, 3, false> {
};
template <>
struct telltale_x_type<char, false>
    : telltale_x_plain<char, 4, (static_cast<char>(-1) < static_cast<char>(1))> {
};
template <typename T> struct telltale_x_type<T *, false> : telltale_x_plain<T *, 6, false> {
};
template <>
struct telltale_x_type<const volatile telltale_x_bytes *, false>
    : telltale_x_plain<const volatile telltale_x_bytes *, 8, false> {
};
#define TELLTALE_X_STRING(C)                                                                       \
	template <> struct telltale_x_type<C *, false> : telltale_x_plain<C *, 7, false> {         \
	}
TELLTALE_X_STRING(char);
TELLTALE_X_STRING(const char);
TELLTALE_X_STRING(volatile char);
TELLTALE_X_STRING(const volatile char);
#ifdef __cpp_char8_t
template <> struct telltale_x_type<char8_t, false> : telltale_x_integer<char8_t> {
};
TELLTALE_X_STRING(char8_t);
TELLTALE_X_STRING(const char8_t);
#endif
#undef TELLTALE_X_STRING

/* What travels as something else. */
template <> struct telltale_x_type<float, false> {
	enum { kind = 5, size = 4, is_signed = 0 };
	static unsigned int value(float x)
	{
		return telltale_x_bits32(x);
	}
};
template <> struct telltale_x_type<double, false> {
	enum { kind = 5, size = 8, is_signed = 0 };
	__extension__ typedef unsigned long long bits;
	static telltale_x_travel<bits>::type value(double x)
	{
		return telltale_x_travel<bits>::of(telltale_x_bits64(x));
	}
};
template <> struct telltale_x_type<decltype(nullptr), false> {
	enum { kind = 6, size = sizeof(void *), is_signed = 0 };
	static const void *value(decltype(nullptr))
	{
		return nullptr;
	}
};
template <typename T> struct telltale_x_type<T, true> {
	typedef __underlying_type(T) integer;
	typedef telltale_x_type<integer> as_integer;
	enum { kind = as_integer::kind, size = sizeof(T), is_signed = as_integer::is_signed };
	static typename telltale_x_travel<integer>::type value(T x)
	{
		return telltale_x_travel<integer>::of(static_cast<integer>(x));
	}
};

/* Passing by value makes of an argument what a variable can hold: no reference, array or bit-field.
 */
template <typename T> TELLTALE_X_INLINE T telltale_x_pass(T x)
{
	return x;
}
template <bool Text> struct telltale_x_text {
	template <typename T> static const volatile void *of(const T &)
	{
		return nullptr;
	}
};
template <> struct telltale_x_text<true> {
	static const volatile void *of(const volatile void *x)
	{
		return x;
	}
};

#define TELLTALE_X_VARIABLE(x, expr)                auto x = telltale_x_pass(expr)
#define TELLTALE_X_TYPE(x)                          telltale_x_type<decltype(x)>
#define TELLTALE_X_NULL                             nullptr
#define TELLTALE_X_KIND(x)                          (static_cast<int>(TELLTALE_X_TYPE(x)::kind))
#define TELLTALE_X_SIZE(x)                          (static_cast<int>(TELLTALE_X_TYPE(x)::size))
#define TELLTALE_X_SIGNED(x)                        (TELLTALE_X_TYPE(x)::is_signed != 0)
#define TELLTALE_X_VALUE_(x, kind, size, is_signed) (TELLTALE_X_TYPE(x)::value(x))
#define TELLTALE_X_TEXTPTR(x, kind)                 (telltale_x_text<(kind >= 7)>::of(x))

#else /* C */

#define TELLTALE_X_NULL              ((void *)0)

/* The comma decays arrays and functions and drops qualifiers. */
#define TELLTALE_X_VARIABLE(x, expr) __extension__ __auto_type x = ((void)0, (expr))
#define TELLTALE_X_IS(x, type)       __builtin_types_compatible_p(__typeof__(x), type)
#define TELLTALE_X_IS_INTEGER(x)                                                                   \
	(__builtin_classify_type(x) >= 1 && __builtin_classify_type(x) <= 4 && sizeof(x) <= 8)
#define TELLTALE_X_IS_POINTER(x) (__builtin_classify_type(x) == 5)
#define TELLTALE_X_IS_BYTES(x)   TELLTALE_X_IS(x, const volatile struct telltale_x_bytes *)
#define TELLTALE_X_IS_STRING(x)                                                                    \
	(TELLTALE_X_IS(x, char *) || TELLTALE_X_IS(x, const char *) ||                             \
	 TELLTALE_X_IS(x, volatile char *) || TELLTALE_X_IS(x, const volatile char *))
#define TELLTALE_X_TEXTPTR(x, kind) __builtin_choose_expr((kind) >= 7, x, (void *)0)

/* x where it is an integer, so that what is said of integers compiles for any x. */
#define TELLTALE_X_INT(x)                                                                          \
	__builtin_choose_expr(TELLTALE_X_IS_INTEGER(x) && !TELLTALE_X_IS(x, _Bool), x, 0U)
#define TELLTALE_X_SIGNED(x) ((__typeof__(TELLTALE_X_INT(x)))-1 < (__typeof__(TELLTALE_X_INT(x)))1)

#define TELLTALE_X_KIND(x)                                                                         \
	(TELLTALE_X_IS(x, _Bool)                               ? 3                                 \
	 : TELLTALE_X_IS(x, char)                              ? 4                                 \
	 : TELLTALE_X_IS(x, float) || TELLTALE_X_IS(x, double) ? 5                                 \
	 : TELLTALE_X_IS_STRING(x)                             ? 7                                 \
	 : TELLTALE_X_IS_BYTES(x)                              ? 8                                 \
	 : TELLTALE_X_IS_POINTER(x)                            ? 6                                 \
	 : !TELLTALE_X_IS_INTEGER(x)                           ? -1                                \
	 : TELLTALE_X_SIGNED(x)                                ? 1                                 \
	                                                       : 2)

/*
 * GCC gives a bit-field's value a type of the field's width, which no register has: it travels in
 * the integer around it. Such a type can't hold the largest number of its size.
 */
#ifdef __clang__
#define TELLTALE_X_IS_FIELD(x) 0
#else
#define TELLTALE_X_MAX(x) (~0ULL >> (65 - 8 * sizeof(TELLTALE_X_INT(x))))
#define TELLTALE_X_IS_FIELD(x)                                                                     \
	((unsigned long long)(__typeof__(TELLTALE_X_INT(x)))TELLTALE_X_MAX(x) != TELLTALE_X_MAX(x))
#endif
#define TELLTALE_X_SIZE(x) ((int)(TELLTALE_X_IS_FIELD(x) && sizeof(x) < 4 ? 4 : sizeof(x)))
#define TELLTALE_X_AROUND(x, size, is_signed)                                                      \
	__builtin_choose_expr(                                                                     \
	        (size) == 8,                                                                       \
	        __builtin_choose_expr(is_signed, (long long)(x), (unsigned long long)(x)),         \
	        __builtin_choose_expr(is_signed, (int)(x), (unsigned int)(x)))
#define TELLTALE_X_NARROW(x, kind, size, is_signed)                                                \
	__builtin_choose_expr(                                                                     \
	        (kind) == 5,                                                                       \
	        __builtin_choose_expr((size) == 4,                                                 \
	                              telltale_x_bits32(__builtin_choose_expr(                     \
	                                      (kind) == 5 && (size) == 4, x, 0)),                  \
	                              telltale_x_bits64(__builtin_choose_expr(                     \
	                                      (kind) == 5 && (size) == 8, x, 0))),                 \
	        __builtin_choose_expr((kind) < 0, 0,                                               \
	                              __builtin_choose_expr(TELLTALE_X_IS_FIELD(x),                \
	                                                    TELLTALE_X_AROUND(TELLTALE_X_INT(x),   \
	                                                                      size, is_signed),    \
	                                                    x)))
#ifdef __LP64__
#define TELLTALE_X_VALUE_(x, kind, size, is_signed) TELLTALE_X_NARROW(x, kind, size, is_signed)
#else
#define TELLTALE_X_VALUE_(x, kind, size, is_signed)                                                \
	__builtin_choose_expr(                                                                     \
	        (size) == 8,                                                                       \
	        telltale_x_widen((unsigned long long)__builtin_choose_expr(                        \
	                (size) == 8, TELLTALE_X_NARROW(x, kind, size, is_signed), 0)),             \
	        TELLTALE_X_NARROW(x, kind, size, is_signed))
#endif
#define TELLTALE_X_VALUE(x)                                                                        \
	TELLTALE_X_VALUE_(x, TELLTALE_X_KIND(x), TELLTALE_X_SIZE(x), TELLTALE_X_SIGNED(x))

#endif /* C */

/*
 * An argument's part in the marker: its variable; what is known of it; its kind, size and sign in a
 * byte, four of which make an operand; its value.
 */
#define TELLTALE_X_EVAL(i, expr)                                                                   \
	TELLTALE_X_VARIABLE(telltale_x_a##i, expr);                                                \
	enum {                                                                                     \
		telltale_x_signed##i = TELLTALE_X_SIGNED(telltale_x_a##i),                         \
		telltale_x_kind##i = TELLTALE_X_KIND(telltale_x_a##i),                             \
		telltale_x_size##i = TELLTALE_X_SIZE(telltale_x_a##i),                             \
		telltale_x_byte##i = TELLTALE_X_BYTE(telltale_x_kind##i, telltale_x_size##i,       \
		                                     telltale_x_signed##i)                         \
	};
#define TELLTALE_X_CHECKED(i) TELLTALE_X_CHECK(telltale_x_kind##i >= 0, TELLTALE_X_NOTYPE);
#define TELLTALE_X_BYTE(kind, size, is_signed)                                                     \
	(((kind)&15) | ((size) == 8 ? 3 : (size) == 4 ? 2 : (size)-1) << 4 | ((is_signed) ? 64 : 0))
#define TELLTALE_X_PACK(name, a, b, c, d) [name] "n"((a) | (b) << 8 | (c) << 16 | (d) << 24)
#define TELLTALE_X_VALUEOF(i)                                                                      \
	[telltale_a##i] TELLTALE_X_CONSTRAINT(TELLTALE_X_VALUE_(                                   \
	        telltale_x_a##i, telltale_x_kind##i, telltale_x_size##i, telltale_x_signed##i))

/*
 * A string or buffer must be in memory when the site is reached; the compiler has to know that the
 * site's statement looks at it. (To clang, a volatile one may look at anything. What a plain
 * pointer points at need not be there: a marker should not order a program's stores.) Such a
 * statement has one more operand for each argument: the text, or where the argument is none, the
 * first text of the others.
 */
#ifndef __clang__
#define TELLTALE_X_IS_TEXT(i) (telltale_x_kind##i >= 7)
#define TELLTALE_X_FIRSTTEXT(i)                                                                    \
	TELLTALE_X_IS_TEXT(i) ? TELLTALE_X_TEXTPTR(telltale_x_a##i, telltale_x_kind##i):
#define TELLTALE_X_TEXTOF(i) "m"(*telltale_x_memory_at(TELLTALE_X_FIRSTTEXT(i) telltale_x_anytext))
#endif

/*
 * The architecture
 * ----------------
 */
#ifdef __LP64__
#define TELLTALE_X_ADDR     ".8byte "
#define TELLTALE_X_ADDRSIZE "8"
#else
#define TELLTALE_X_ADDR     ".4byte "
#define TELLTALE_X_ADDRSIZE "4"
#endif

/*
 * Where an argument may be: a number, a register, memory. clang, given the choice, takes memory,
 * and so stores each argument before the site; it may choose between a number and a register only,
 * where there are registers for twelve. PowerPC has memory that one register points at.
 */
#if defined(__clang__) && defined(__LP64__)
#define TELLTALE_X_CONSTRAINT "nr"
#elif defined(__powerpc__)
#define TELLTALE_X_CONSTRAINT "nZr"
#elif defined(__arm__) && !defined(__clang__)
#define TELLTALE_X_CONSTRAINT "g" /* any other choice with memory in it stops GCC at constants */
#else
#define TELLTALE_X_CONSTRAINT "nor"
#endif

/* How an operand is written: for i386, a register by its 32 bits; for PowerPC, with an i if a
 * number. */
#if defined(__i386__)
#define TELLTALE_X_OPERAND(i) "%k[telltale_a" #i "]"
#elif defined(__powerpc__)
#define TELLTALE_X_OPERAND(i) "%I[telltale_a" #i "]%[telltale_a" #i "]"
#else
#define TELLTALE_X_OPERAND(i) "%[telltale_a" #i "]"
#endif

/* An operand that is a number, as the assembler's: %n writes it negated, which every compiler can.
 */
#define TELLTALE_X_NUMBER(operand) "-(%n" operand ")"

/*
 * The site's instructions. On x86-64, a nop of ten bytes behind the one that the note points at:
 * new kernels turn a probe on it into a call, which is faster than a trap.
 */
#ifdef __x86_64__
#define TELLTALE_X_NOPS "nop\n.byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n"
#else
#define TELLTALE_X_NOPS "nop\n"
#endif

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 9
#define TELLTALE_X_ASM __asm__ __volatile__ __inline__ /* "inline": counts as short */
#else
#define TELLTALE_X_ASM __asm__ __volatile__
#endif

/*
 * The text
 * --------
 *
 * In a statement with operands a % or {a|b} is special, so a basic one holds the text. GCC makes of
 * that a barrier for memory, which must not be paid for; so there the text goes in as numbers, four
 * bytes each, where it is short enough and the optimizer sees through it.
 */
#define TELLTALE_X_TEXTNOTE(prov, probe, n, text)                                                  \
	".pushsection .note.telltale,\"?\",\"note\"\n"                                             \
	".balign 4\n"                                                                              \
	".4byte 982f-981f, 984f-983f, 2\n"                                                         \
	"981: .asciz \"telltale\"\n"                                                               \
	"982: .balign 4\n"                                                                         \
	"983: .byte 1, 0, " #n ", 0\n"                                                             \
	".4byte " TELLTALE_X_STR(__LINE__) "\n"                                                    \
	                                   ".asciz \"" prov                                        \
	                                   "\", \"" TELLTALE_X_STR(probe) "\"\n" text              \
	                                                                  "984: .balign 4\n"       \
	                                                                  ".popsection\n"
#define TELLTALE_X_TEXT_BASIC(prov, probe, n, text)                                                \
	TELLTALE_X_ASM(TELLTALE_X_TEXTNOTE(prov, probe, n, ".asciz " TELLTALE_X_STR(text) "\n"))

/* For text without such characters. */
#define TELLTALE_X_TEXT_PLAIN(prov, probe, n, text)                                                \
	TELLTALE_X_ASM(TELLTALE_X_TEXTNOTE(prov, probe, n, ".asciz " TELLTALE_X_STR(text) "\n")    \
	               :                                                                           \
	               : "n"(0))

#ifdef __clang__
#define TELLTALE_X_TEXT TELLTALE_X_TEXT_BASIC
#else
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define TELLTALE_X_CHAR(t, i)                                                                      \
	((unsigned int)(unsigned char)((i) < telltale_x_length ? (t)[i] : 0) << (24 - (i) % 4 * 8))
#else
#define TELLTALE_X_CHAR(t, i)                                                                      \
	((unsigned int)(unsigned char)((i) < telltale_x_length ? (t)[i] : 0) << ((i) % 4 * 8))
#endif
#define TELLTALE_X_WORD(t, i)                                                                      \
	((int)(TELLTALE_X_CHAR(t, i) | TELLTALE_X_CHAR(t, i + 1) | TELLTALE_X_CHAR(t, i + 2) |     \
	       TELLTALE_X_CHAR(t, i + 3)))
#define TELLTALE_X_WORDS(t, i)                                                                     \
	"n"(TELLTALE_X_WORD(t, i)), "n"(TELLTALE_X_WORD(t, i + 4)),                                \
	        "n"(TELLTALE_X_WORD(t, i + 8)), "n"(TELLTALE_X_WORD(t, i + 12))
#define TELLTALE_X_FOUR(a, b, c, d)                                                                \
	".4byte " TELLTALE_X_NUMBER(a) ", " TELLTALE_X_NUMBER(b) ", " TELLTALE_X_NUMBER(           \
	        c) ", " TELLTALE_X_NUMBER(d) "\n"
#define TELLTALE_X_IF(size, a, b, c, d)                                                            \
	".if " TELLTALE_X_NUMBER("0") " > " #size "\n" TELLTALE_X_FOUR(a, b, c, d) ".endif\n"
#define TELLTALE_X_TEXT(prov, probe, n, text)                                                      \
	enum { telltale_x_length = sizeof(text) };                                                 \
	if (telltale_x_length <= 112 && __builtin_constant_p(TELLTALE_X_WORD(text, 0)))            \
		TELLTALE_X_ASM(                                                                    \
		        TELLTALE_X_TEXTNOTE(                                                       \
		                prov, probe, n,                                                    \
		                TELLTALE_X_FOUR("1", "2", "3", "4") TELLTALE_X_IF(16, "5", "6",    \
		                                                                  "7", "8")        \
		                        TELLTALE_X_IF(32, "9", "10", "11", "12") TELLTALE_X_IF(    \
		                                48, "13", "14", "15",                              \
		                                "16") TELLTALE_X_IF(64, "17", "18", "19", "20")    \
		                                TELLTALE_X_IF(80, "21", "22", "23", "24")          \
		                                        TELLTALE_X_IF(96, "25", "26", "27", "28")) \
		        :                                                                          \
		        : "n"(telltale_x_length), TELLTALE_X_WORDS(text, 0),                       \
		          TELLTALE_X_WORDS(text, 16), TELLTALE_X_WORDS(text, 32),                  \
		          TELLTALE_X_WORDS(text, 48), TELLTALE_X_WORDS(text, 64),                  \
		          TELLTALE_X_WORDS(text, 80), TELLTALE_X_WORDS(text, 96));                 \
	else                                                                                       \
		TELLTALE_X_TEXT_BASIC(prov, probe, n, text)
#endif

/*
 * The semaphore
 * -------------
 *
 * A marker has NONE; its OWN, defined in the site's statement, in a group of its own so that the
 * link editor keeps one; or a SHARED one, defined in C, as has one of a GENERATED header. ADDRESS
 * and DEFINE are assembler text, TEXT is how the argument list goes out.
 */
#define TELLTALE_X_OWN_NAME(prov, probe)          "telltale_semaphore." prov "." TELLTALE_X_STR(probe)
#define TELLTALE_X_NONE_TEXT                      TELLTALE_X_TEXT
#define TELLTALE_X_NONE_ADDRESS(sem, prov, probe) "0"
#define TELLTALE_X_NONE_DEFINE(sem, prov, probe)  ""
#define TELLTALE_X_OWN_TEXT                       TELLTALE_X_TEXT
#define TELLTALE_X_OWN_ADDRESS(sem, prov, probe)  TELLTALE_X_OWN_NAME(prov, probe)
#define TELLTALE_X_OWN_DEFINE(sem, prov, probe)                                                    \
	TELLTALE_X_KEEP(TELLTALE_X_OWN_NAME(prov, probe))                                          \
	TELLTALE_X_OWN(TELLTALE_X_OWN_NAME(prov, probe))
#define TELLTALE_X_SHARED_TEXT                      TELLTALE_X_TEXT
#define TELLTALE_X_SHARED_ADDRESS(sem, prov, probe) sem
#define TELLTALE_X_SHARED_DEFINE(sem, prov, probe)  TELLTALE_X_KEEP(sem)
#define TELLTALE_X_GENERATED_TEXT                   TELLTALE_X_TEXT_PLAIN
#define TELLTALE_X_GENERATED_ADDRESS                TELLTALE_X_SHARED_ADDRESS
#define TELLTALE_X_GENERATED_DEFINE                 TELLTALE_X_SHARED_DEFINE
#define TELLTALE_X_OWN(symbol)                                                                     \
	".ifndef " symbol "\n"                                                                     \
	".pushsection .probes,\"awG\",\"progbits\"," symbol ",comdat\n"                            \
	".balign 2\n"                                                                              \
	".weak " symbol "\n"                                                                       \
	".hidden " symbol "\n"                                                                     \
	".type " symbol ",\"object\"\n"                                                            \
	".size " symbol ", 2\n" symbol ": .2byte 0\n"                                              \
	".popsection\n"                                                                            \
	".endif\n"

#ifdef TELLTALE_DISABLE
#define TELLTALE_X_ENABLED(id, prov, probe, ...) 0
#define TELLTALE_X_DECLARE_SEMAPHORE(id, symbol) struct telltale_x_shared_##id
#define TELLTALE_X_DEFINE_SEMAPHORE(id, symbol)  struct telltale_x_shared_##id
#define TELLTALE_X_SEMAPHORE_ENABLED(id)         0
#define TELLTALE_X_DECLARED(id)                  0
#else
#define TELLTALE_X_ENABLED(id, prov, probe, ...) TELLTALE_X_ENABLED_(id##probe, prov, probe)
/*
 * Reading one's own. It has to be declared where it is read, and in a template g++ forgets the
 * symbol that such a declaration gives; there, where we know how, the assembler reads it.
 */
#if !defined(__cplusplus) || defined(__clang__)
#elif defined(__x86_64__)
#define TELLTALE_X_LOAD(symbol)                                                                    \
	"{movzwl\t" symbol "(%%rip), %k0|movzx\t%k0, word ptr " symbol "[rip]}\n"
#elif defined(__aarch64__)
#define TELLTALE_X_LOAD(symbol) "adrp %0, " symbol "\nldrh %w0, [%0, :lo12:" symbol "]\n"
#elif defined(__riscv)
#define TELLTALE_X_LOAD(symbol) "lla %0, " symbol "\nlhu %0, 0(%0)\n"
#endif
#ifdef TELLTALE_X_LOAD
#define TELLTALE_X_ENABLED_(id, prov, probe)                                                       \
	(__extension__({                                                                           \
		unsigned long telltale_x_raised;                                                   \
		TELLTALE_X_ASM(TELLTALE_X_LOAD(TELLTALE_X_OWN_NAME(prov, probe))                   \
		                       TELLTALE_X_OWN(TELLTALE_X_OWN_NAME(prov, probe))            \
		               : "=r"(telltale_x_raised));                                         \
		telltale_x_raised != 0;                                                            \
	}))
#else
#define TELLTALE_X_ENABLED_(id, prov, probe)                                                       \
	(__extension__({                                                                           \
		extern const volatile unsigned short id __asm__(TELLTALE_X_OWN_NAME(prov, probe))  \
		        __attribute__((__visibility__("hidden")));                                 \
		unsigned short telltale_x_raised = id;                                             \
		__asm__(TELLTALE_X_OWN(TELLTALE_X_OWN_NAME(prov, probe))                           \
		        : "+r"(telltale_x_raised));                                                \
		telltale_x_raised != 0;                                                            \
	}))
#endif

#define TELLTALE_X_DECLARE_SEMAPHORE(id, symbol)                                                   \
	extern volatile unsigned short telltale_x_shared_##id __asm__(symbol)                      \
	        __attribute__((__visibility__("hidden")))
#define TELLTALE_X_DEFINE_SEMAPHORE(id, symbol)                                                    \
	TELLTALE_X_DECLARE_SEMAPHORE(id, symbol);                                                  \
	volatile unsigned short telltale_x_shared_##id                                             \
	        __attribute__((__section__(".probes"), __used__)) = 0
#define TELLTALE_X_SEMAPHORE_ENABLED(id) (telltale_x_shared_##id != 0)
#define TELLTALE_X_DECLARED(id)          sizeof(telltale_x_shared_##id)
#endif

/*
 * The site
 * --------
 *
 * KEEP makes the code refer to a symbol without using it: so that the link editor's --gc-sections
 * keeps the section; notes don't count for all of them.
 */
#define TELLTALE_X_KEEP(symbol) ".reloc 990b, BFD_RELOC_NONE, " symbol "\n"
#define TELLTALE_X_SITE(how, sem, prov, probe, formats)                                            \
	"990: " TELLTALE_X_NOPS TELLTALE_X_KEEP("_.stapsdt.base") TELLTALE_X_##how##_DEFINE(       \
	        sem, prov,                                                                         \
	        probe) ".pushsection .note.stapsdt,\"?\",\"note\"\n"                               \
	               ".balign 4\n"                                                               \
	               ".4byte 992f-991f, 994f-993f, 3\n"                                          \
	               "991: .asciz \"stapsdt\"\n"                                                 \
	               "992: .balign 4\n"                                                          \
	               "993: " TELLTALE_X_ADDR                                                     \
	               "990b, _.stapsdt.base, " TELLTALE_X_##how##_ADDRESS(                        \
	                       sem, prov,                                                          \
	                       probe) "\n"                                                         \
	                              ".asciz \"" prov "\", \"" TELLTALE_X_STR(                    \
	                                      probe) "\"\n" formats ".byte 0\n"                    \
	                                             "994: .balign 4\n"                            \
	                                             ".popsection\n"                               \
	                                             ".ifndef _.stapsdt.base\n"                    \
	                                             ".pushsection "                               \
	                                             ".stapsdt.base,\"aG\",\"progbits\",.stapsdt." \
	                                             "base,comdat\n"                               \
	                                             ".weak _.stapsdt.base\n"                      \
	                                             ".hidden _.stapsdt.base\n"                    \
	                                             "_.stapsdt.base: .space 1\n"                  \
	                                             ".size _.stapsdt.base, 1\n"                   \
	                                             ".popsection\n"                               \
	                                             ".endif\n"
#define TELLTALE_X_SITENOTE(n, kinds)                                                              \
	".pushsection .note.telltale,\"?\",\"note\"\n"                                             \
	".balign 4\n"                                                                              \
	".4byte 996f-995f, 998f-997f, 1\n"                                                         \
	"995: .asciz \"telltale\"\n"                                                               \
	"996: .balign 4\n"                                                                         \
	"997: .byte 1, " TELLTALE_X_ADDRSIZE ", " #n ", 0\n"                                       \
	".4byte " TELLTALE_X_STR(__LINE__) "\n" TELLTALE_X_ADDR "990b, _.stapsdt.base\n" kinds     \
	                                   "998: .balign 4\n"                                      \
	                                   ".popsection\n"

/*
 * Of an argument: `-4@%eax` for the stapsdt note, with what follows it, and the kind for ours. (As
 * few lines as can be: GCC takes each for an instruction, and ARM's constants must not be far.)
 */
#define TELLTALE_X_FORMAT(i, pack, shift, next)                                                    \
	".fill " TELLTALE_X_PART(pack, shift, 6, 1) ", 1, 45\n"                                    \
	                                            ".byte 48 + (1 << " TELLTALE_X_PART(           \
	                                                    pack, shift, 4,                        \
	                                                    3) ")\n"                               \
	                                                       ".ascii \"@" TELLTALE_X_OPERAND(i)  \
	                                                               next "\"\n"
#define TELLTALE_X_KINDBYTE(pack, shift) TELLTALE_X_PART(pack, shift, 0, 15)
#define TELLTALE_X_PART(pack, shift, bit, mask)                                                    \
	"(" TELLTALE_X_NUMBER("[" pack "]") " >> (" shift " + " #bit ") & " #mask ")"

/*
 * Twelve times
 * ------------
 */
#define TELLTALE_X_EVALS1(e1)             TELLTALE_X_EVAL(1, e1)
#define TELLTALE_X_EVALS2(e1, e2)         TELLTALE_X_EVALS1(e1) TELLTALE_X_EVAL(2, e2)
#define TELLTALE_X_EVALS3(e1, e2, e3)     TELLTALE_X_EVALS2(e1, e2) TELLTALE_X_EVAL(3, e3)
#define TELLTALE_X_EVALS4(e1, e2, e3, e4) TELLTALE_X_EVALS3(e1, e2, e3) TELLTALE_X_EVAL(4, e4)
#define TELLTALE_X_EVALS5(e1, e2, e3, e4, e5)                                                      \
	TELLTALE_X_EVALS4(e1, e2, e3, e4) TELLTALE_X_EVAL(5, e5)
#define TELLTALE_X_EVALS6(e1, e2, e3, e4, e5, e6)                                                  \
	TELLTALE_X_EVALS5(e1, e2, e3, e4, e5) TELLTALE_X_EVAL(6, e6)
#define TELLTALE_X_EVALS7(e1, e2, e3, e4, e5, e6, e7)                                              \
	TELLTALE_X_EVALS6(e1, e2, e3, e4, e5, e6) TELLTALE_X_EVAL(7, e7)
#define TELLTALE_X_EVALS8(e1, e2, e3, e4, e5, e6, e7, e8)                                          \
	TELLTALE_X_EVALS7(e1, e2, e3, e4, e5, e6, e7) TELLTALE_X_EVAL(8, e8)
#define TELLTALE_X_EVALS9(e1, e2, e3, e4, e5, e6, e7, e8, e9)                                      \
	TELLTALE_X_EVALS8(e1, e2, e3, e4, e5, e6, e7, e8) TELLTALE_X_EVAL(9, e9)
#define TELLTALE_X_EVALS10(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10)                                \
	TELLTALE_X_EVALS9(e1, e2, e3, e4, e5, e6, e7, e8, e9) TELLTALE_X_EVAL(10, e10)
#define TELLTALE_X_EVALS11(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11)                           \
	TELLTALE_X_EVALS10(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10) TELLTALE_X_EVAL(11, e11)
#define TELLTALE_X_EVALS12(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12)                      \
	TELLTALE_X_EVALS11(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11) TELLTALE_X_EVAL(12, e12)

#define TELLTALE_X_CHECKS1  TELLTALE_X_CHECKED(1)
#define TELLTALE_X_CHECKS2  TELLTALE_X_CHECKS1 TELLTALE_X_CHECKED(2)
#define TELLTALE_X_CHECKS3  TELLTALE_X_CHECKS2 TELLTALE_X_CHECKED(3)
#define TELLTALE_X_CHECKS4  TELLTALE_X_CHECKS3 TELLTALE_X_CHECKED(4)
#define TELLTALE_X_CHECKS5  TELLTALE_X_CHECKS4 TELLTALE_X_CHECKED(5)
#define TELLTALE_X_CHECKS6  TELLTALE_X_CHECKS5 TELLTALE_X_CHECKED(6)
#define TELLTALE_X_CHECKS7  TELLTALE_X_CHECKS6 TELLTALE_X_CHECKED(7)
#define TELLTALE_X_CHECKS8  TELLTALE_X_CHECKS7 TELLTALE_X_CHECKED(8)
#define TELLTALE_X_CHECKS9  TELLTALE_X_CHECKS8 TELLTALE_X_CHECKED(9)
#define TELLTALE_X_CHECKS10 TELLTALE_X_CHECKS9 TELLTALE_X_CHECKED(10)
#define TELLTALE_X_CHECKS11 TELLTALE_X_CHECKS10 TELLTALE_X_CHECKED(11)
#define TELLTALE_X_CHECKS12 TELLTALE_X_CHECKS11 TELLTALE_X_CHECKED(12)

#define TELLTALE_X_SPACED1  TELLTALE_X_FORMAT(1, "telltale_k1", "0", " ")
#define TELLTALE_X_SPACED2  TELLTALE_X_SPACED1 TELLTALE_X_FORMAT(2, "telltale_k1", "8", " ")
#define TELLTALE_X_SPACED3  TELLTALE_X_SPACED2 TELLTALE_X_FORMAT(3, "telltale_k1", "16", " ")
#define TELLTALE_X_SPACED4  TELLTALE_X_SPACED3 TELLTALE_X_FORMAT(4, "telltale_k1", "24", " ")
#define TELLTALE_X_SPACED5  TELLTALE_X_SPACED4 TELLTALE_X_FORMAT(5, "telltale_k5", "0", " ")
#define TELLTALE_X_SPACED6  TELLTALE_X_SPACED5 TELLTALE_X_FORMAT(6, "telltale_k5", "8", " ")
#define TELLTALE_X_SPACED7  TELLTALE_X_SPACED6 TELLTALE_X_FORMAT(7, "telltale_k5", "16", " ")
#define TELLTALE_X_SPACED8  TELLTALE_X_SPACED7 TELLTALE_X_FORMAT(8, "telltale_k5", "24", " ")
#define TELLTALE_X_SPACED9  TELLTALE_X_SPACED8 TELLTALE_X_FORMAT(9, "telltale_k9", "0", " ")
#define TELLTALE_X_SPACED10 TELLTALE_X_SPACED9 TELLTALE_X_FORMAT(10, "telltale_k9", "8", " ")
#define TELLTALE_X_SPACED11 TELLTALE_X_SPACED10 TELLTALE_X_FORMAT(11, "telltale_k9", "16", " ")

#define TELLTALE_X_FORMATS1  TELLTALE_X_FORMAT(1, "telltale_k1", "0", "")
#define TELLTALE_X_FORMATS2  TELLTALE_X_SPACED1 TELLTALE_X_FORMAT(2, "telltale_k1", "8", "")
#define TELLTALE_X_FORMATS3  TELLTALE_X_SPACED2 TELLTALE_X_FORMAT(3, "telltale_k1", "16", "")
#define TELLTALE_X_FORMATS4  TELLTALE_X_SPACED3 TELLTALE_X_FORMAT(4, "telltale_k1", "24", "")
#define TELLTALE_X_FORMATS5  TELLTALE_X_SPACED4 TELLTALE_X_FORMAT(5, "telltale_k5", "0", "")
#define TELLTALE_X_FORMATS6  TELLTALE_X_SPACED5 TELLTALE_X_FORMAT(6, "telltale_k5", "8", "")
#define TELLTALE_X_FORMATS7  TELLTALE_X_SPACED6 TELLTALE_X_FORMAT(7, "telltale_k5", "16", "")
#define TELLTALE_X_FORMATS8  TELLTALE_X_SPACED7 TELLTALE_X_FORMAT(8, "telltale_k5", "24", "")
#define TELLTALE_X_FORMATS9  TELLTALE_X_SPACED8 TELLTALE_X_FORMAT(9, "telltale_k9", "0", "")
#define TELLTALE_X_FORMATS10 TELLTALE_X_SPACED9 TELLTALE_X_FORMAT(10, "telltale_k9", "8", "")
#define TELLTALE_X_FORMATS11 TELLTALE_X_SPACED10 TELLTALE_X_FORMAT(11, "telltale_k9", "16", "")
#define TELLTALE_X_FORMATS12 TELLTALE_X_SPACED11 TELLTALE_X_FORMAT(12, "telltale_k9", "24", "")

#define TELLTALE_X_KINDS1  TELLTALE_X_KINDBYTE("telltale_k1", "0")
#define TELLTALE_X_KINDS2  TELLTALE_X_KINDS1 ", " TELLTALE_X_KINDBYTE("telltale_k1", "8")
#define TELLTALE_X_KINDS3  TELLTALE_X_KINDS2 ", " TELLTALE_X_KINDBYTE("telltale_k1", "16")
#define TELLTALE_X_KINDS4  TELLTALE_X_KINDS3 ", " TELLTALE_X_KINDBYTE("telltale_k1", "24")
#define TELLTALE_X_KINDS5  TELLTALE_X_KINDS4 ", " TELLTALE_X_KINDBYTE("telltale_k5", "0")
#define TELLTALE_X_KINDS6  TELLTALE_X_KINDS5 ", " TELLTALE_X_KINDBYTE("telltale_k5", "8")
#define TELLTALE_X_KINDS7  TELLTALE_X_KINDS6 ", " TELLTALE_X_KINDBYTE("telltale_k5", "16")
#define TELLTALE_X_KINDS8  TELLTALE_X_KINDS7 ", " TELLTALE_X_KINDBYTE("telltale_k5", "24")
#define TELLTALE_X_KINDS9  TELLTALE_X_KINDS8 ", " TELLTALE_X_KINDBYTE("telltale_k9", "0")
#define TELLTALE_X_KINDS10 TELLTALE_X_KINDS9 ", " TELLTALE_X_KINDBYTE("telltale_k9", "8")
#define TELLTALE_X_KINDS11 TELLTALE_X_KINDS10 ", " TELLTALE_X_KINDBYTE("telltale_k9", "16")
#define TELLTALE_X_KINDS12 TELLTALE_X_KINDS11 ", " TELLTALE_X_KINDBYTE("telltale_k9", "24")

#define TELLTALE_X_VALUES1  TELLTALE_X_VALUEOF(1)
#define TELLTALE_X_VALUES2  TELLTALE_X_VALUES1, TELLTALE_X_VALUEOF(2)
#define TELLTALE_X_VALUES3  TELLTALE_X_VALUES2, TELLTALE_X_VALUEOF(3)
#define TELLTALE_X_VALUES4  TELLTALE_X_VALUES3, TELLTALE_X_VALUEOF(4)
#define TELLTALE_X_VALUES5  TELLTALE_X_VALUES4, TELLTALE_X_VALUEOF(5)
#define TELLTALE_X_VALUES6  TELLTALE_X_VALUES5, TELLTALE_X_VALUEOF(6)
#define TELLTALE_X_VALUES7  TELLTALE_X_VALUES6, TELLTALE_X_VALUEOF(7)
#define TELLTALE_X_VALUES8  TELLTALE_X_VALUES7, TELLTALE_X_VALUEOF(8)
#define TELLTALE_X_VALUES9  TELLTALE_X_VALUES8, TELLTALE_X_VALUEOF(9)
#define TELLTALE_X_VALUES10 TELLTALE_X_VALUES9, TELLTALE_X_VALUEOF(10)
#define TELLTALE_X_VALUES11 TELLTALE_X_VALUES10, TELLTALE_X_VALUEOF(11)
#define TELLTALE_X_VALUES12 TELLTALE_X_VALUES11, TELLTALE_X_VALUEOF(12)

#define TELLTALE_X_PACKS1 TELLTALE_X_PACK(telltale_k1, telltale_x_byte1, 0, 0, 0)
#define TELLTALE_X_PACKS2 TELLTALE_X_PACK(telltale_k1, telltale_x_byte1, telltale_x_byte2, 0, 0)
#define TELLTALE_X_PACKS3                                                                          \
	TELLTALE_X_PACK(telltale_k1, telltale_x_byte1, telltale_x_byte2, telltale_x_byte3, 0)
#define TELLTALE_X_PACKS4                                                                          \
	TELLTALE_X_PACK(telltale_k1, telltale_x_byte1, telltale_x_byte2, telltale_x_byte3,         \
	                telltale_x_byte4)
#define TELLTALE_X_PACKS5 TELLTALE_X_PACKS4, TELLTALE_X_PACK(telltale_k5, telltale_x_byte5, 0, 0, 0)
#define TELLTALE_X_PACKS6                                                                          \
	TELLTALE_X_PACKS4, TELLTALE_X_PACK(telltale_k5, telltale_x_byte5, telltale_x_byte6, 0, 0)
#define TELLTALE_X_PACKS7                                                                          \
	TELLTALE_X_PACKS4, TELLTALE_X_PACK(telltale_k5, telltale_x_byte5, telltale_x_byte6,        \
	                                   telltale_x_byte7, 0)
#define TELLTALE_X_PACKS8                                                                          \
	TELLTALE_X_PACKS4, TELLTALE_X_PACK(telltale_k5, telltale_x_byte5, telltale_x_byte6,        \
	                                   telltale_x_byte7, telltale_x_byte8)
#define TELLTALE_X_PACKS9 TELLTALE_X_PACKS8, TELLTALE_X_PACK(telltale_k9, telltale_x_byte9, 0, 0, 0)
#define TELLTALE_X_PACKS10                                                                         \
	TELLTALE_X_PACKS8, TELLTALE_X_PACK(telltale_k9, telltale_x_byte9, telltale_x_byte10, 0, 0)
#define TELLTALE_X_PACKS11                                                                         \
	TELLTALE_X_PACKS8, TELLTALE_X_PACK(telltale_k9, telltale_x_byte9, telltale_x_byte10,       \
	                                   telltale_x_byte11, 0)
#define TELLTALE_X_PACKS12                                                                         \
	TELLTALE_X_PACKS8, TELLTALE_X_PACK(telltale_k9, telltale_x_byte9, telltale_x_byte10,       \
	                                   telltale_x_byte11, telltale_x_byte12)

#ifndef __clang__
#define TELLTALE_X_ANYTEXT1  TELLTALE_X_IS_TEXT(1)
#define TELLTALE_X_ANYTEXT2  TELLTALE_X_ANYTEXT1 || TELLTALE_X_IS_TEXT(2)
#define TELLTALE_X_ANYTEXT3  TELLTALE_X_ANYTEXT2 || TELLTALE_X_IS_TEXT(3)
#define TELLTALE_X_ANYTEXT4  TELLTALE_X_ANYTEXT3 || TELLTALE_X_IS_TEXT(4)
#define TELLTALE_X_ANYTEXT5  TELLTALE_X_ANYTEXT4 || TELLTALE_X_IS_TEXT(5)
#define TELLTALE_X_ANYTEXT6  TELLTALE_X_ANYTEXT5 || TELLTALE_X_IS_TEXT(6)
#define TELLTALE_X_ANYTEXT7  TELLTALE_X_ANYTEXT6 || TELLTALE_X_IS_TEXT(7)
#define TELLTALE_X_ANYTEXT8  TELLTALE_X_ANYTEXT7 || TELLTALE_X_IS_TEXT(8)
#define TELLTALE_X_ANYTEXT9  TELLTALE_X_ANYTEXT8 || TELLTALE_X_IS_TEXT(9)
#define TELLTALE_X_ANYTEXT10 TELLTALE_X_ANYTEXT9 || TELLTALE_X_IS_TEXT(10)
#define TELLTALE_X_ANYTEXT11 TELLTALE_X_ANYTEXT10 || TELLTALE_X_IS_TEXT(11)
#define TELLTALE_X_ANYTEXT12 TELLTALE_X_ANYTEXT11 || TELLTALE_X_IS_TEXT(12)

#define TELLTALE_X_FIRSTTEXTS1  TELLTALE_X_FIRSTTEXT(1)
#define TELLTALE_X_FIRSTTEXTS2  TELLTALE_X_FIRSTTEXTS1 TELLTALE_X_FIRSTTEXT(2)
#define TELLTALE_X_FIRSTTEXTS3  TELLTALE_X_FIRSTTEXTS2 TELLTALE_X_FIRSTTEXT(3)
#define TELLTALE_X_FIRSTTEXTS4  TELLTALE_X_FIRSTTEXTS3 TELLTALE_X_FIRSTTEXT(4)
#define TELLTALE_X_FIRSTTEXTS5  TELLTALE_X_FIRSTTEXTS4 TELLTALE_X_FIRSTTEXT(5)
#define TELLTALE_X_FIRSTTEXTS6  TELLTALE_X_FIRSTTEXTS5 TELLTALE_X_FIRSTTEXT(6)
#define TELLTALE_X_FIRSTTEXTS7  TELLTALE_X_FIRSTTEXTS6 TELLTALE_X_FIRSTTEXT(7)
#define TELLTALE_X_FIRSTTEXTS8  TELLTALE_X_FIRSTTEXTS7 TELLTALE_X_FIRSTTEXT(8)
#define TELLTALE_X_FIRSTTEXTS9  TELLTALE_X_FIRSTTEXTS8 TELLTALE_X_FIRSTTEXT(9)
#define TELLTALE_X_FIRSTTEXTS10 TELLTALE_X_FIRSTTEXTS9 TELLTALE_X_FIRSTTEXT(10)
#define TELLTALE_X_FIRSTTEXTS11 TELLTALE_X_FIRSTTEXTS10 TELLTALE_X_FIRSTTEXT(11)
#define TELLTALE_X_FIRSTTEXTS12 TELLTALE_X_FIRSTTEXTS11 TELLTALE_X_FIRSTTEXT(12)

#define TELLTALE_X_TEXTS1  TELLTALE_X_TEXTOF(1)
#define TELLTALE_X_TEXTS2  TELLTALE_X_TEXTS1, TELLTALE_X_TEXTOF(2)
#define TELLTALE_X_TEXTS3  TELLTALE_X_TEXTS2, TELLTALE_X_TEXTOF(3)
#define TELLTALE_X_TEXTS4  TELLTALE_X_TEXTS3, TELLTALE_X_TEXTOF(4)
#define TELLTALE_X_TEXTS5  TELLTALE_X_TEXTS4, TELLTALE_X_TEXTOF(5)
#define TELLTALE_X_TEXTS6  TELLTALE_X_TEXTS5, TELLTALE_X_TEXTOF(6)
#define TELLTALE_X_TEXTS7  TELLTALE_X_TEXTS6, TELLTALE_X_TEXTOF(7)
#define TELLTALE_X_TEXTS8  TELLTALE_X_TEXTS7, TELLTALE_X_TEXTOF(8)
#define TELLTALE_X_TEXTS9  TELLTALE_X_TEXTS8, TELLTALE_X_TEXTOF(9)
#define TELLTALE_X_TEXTS10 TELLTALE_X_TEXTS9, TELLTALE_X_TEXTOF(10)
#define TELLTALE_X_TEXTS11 TELLTALE_X_TEXTS10, TELLTALE_X_TEXTOF(11)
#define TELLTALE_X_TEXTS12 TELLTALE_X_TEXTS11, TELLTALE_X_TEXTOF(12)
#endif

#define TELLTALE_X_USES1  (void)telltale_x_a1;
#define TELLTALE_X_USES2  TELLTALE_X_USES1(void) telltale_x_a2;
#define TELLTALE_X_USES3  TELLTALE_X_USES2(void) telltale_x_a3;
#define TELLTALE_X_USES4  TELLTALE_X_USES3(void) telltale_x_a4;
#define TELLTALE_X_USES5  TELLTALE_X_USES4(void) telltale_x_a5;
#define TELLTALE_X_USES6  TELLTALE_X_USES5(void) telltale_x_a6;
#define TELLTALE_X_USES7  TELLTALE_X_USES6(void) telltale_x_a7;
#define TELLTALE_X_USES8  TELLTALE_X_USES7(void) telltale_x_a8;
#define TELLTALE_X_USES9  TELLTALE_X_USES8(void) telltale_x_a9;
#define TELLTALE_X_USES10 TELLTALE_X_USES9(void) telltale_x_a10;
#define TELLTALE_X_USES11 TELLTALE_X_USES10(void) telltale_x_a11;
#define TELLTALE_X_USES12 TELLTALE_X_USES11(void) telltale_x_a12;

/* The site, for which a text's bytes are wanted or not. */
#define TELLTALE_X_ATSITE(how, sem, prov, probe, n)                                                \
	TELLTALE_X_SITE(how, sem, prov, probe, TELLTALE_X_FORMATS##n)                              \
	TELLTALE_X_SITENOTE(n, ".byte " TELLTALE_X_KINDS##n "\n")
#ifdef __clang__
#define TELLTALE_X_STAND(how, sem, prov, probe, n)                                                 \
	TELLTALE_X_ASM(TELLTALE_X_ATSITE(how, sem, prov, probe, n)                                 \
	               :                                                                           \
	               : TELLTALE_X_PACKS##n, TELLTALE_X_VALUES##n);
#else
#define TELLTALE_X_STAND(how, sem, prov, probe, n)                                                 \
	if (TELLTALE_X_ANYTEXT##n) {                                                               \
		const volatile void *telltale_x_anytext =                                          \
		        TELLTALE_X_FIRSTTEXTS##n TELLTALE_X_NULL;                                  \
		TELLTALE_X_ASM(TELLTALE_X_ATSITE(how, sem, prov, probe, n)                         \
		               :                                                                   \
		               : TELLTALE_X_PACKS##n, TELLTALE_X_VALUES##n, TELLTALE_X_TEXTS##n);  \
	} else {                                                                                   \
		TELLTALE_X_ASM(TELLTALE_X_ATSITE(how, sem, prov, probe, n)                         \
		               :                                                                   \
		               : TELLTALE_X_PACKS##n, TELLTALE_X_VALUES##n);                       \
	}
#endif

/* A marker, by the number of its arguments. */
#define TELLTALE_X_MARK(how, sem, prov, text, ...)                                                 \
	TELLTALE_X_CALL(TELLTALE_X_CAT(TELLTALE_X_MARK, TELLTALE_X_COUNT(__VA_ARGS__)), how, sem,  \
	                prov, text, __VA_ARGS__)
#define TELLTALE_X_MARKMANY(...)                                                                   \
	do {                                                                                       \
		TELLTALE_X_CHECK(0, TELLTALE_X_NOCOUNT);                                           \
	} while (0)
#ifdef TELLTALE_DISABLE
#define TELLTALE_X_MARKN(how, sem, prov, text, probe, n, evals)                                    \
	do {                                                                                       \
		TELLTALE_X_QUIET                                                                   \
		if (0) {                                                                           \
			evals TELLTALE_X_CHECKS##n TELLTALE_X_USES##n                              \
		}                                                                                  \
		TELLTALE_X_LOUD                                                                    \
	} while (0)
#define TELLTALE_X_MARK0(how, sem, prov, text, probe)                                              \
	do {                                                                                       \
	} while (0)
#else
#define TELLTALE_X_MARKN(how, sem, prov, text, probe, n, evals)                                    \
	do {                                                                                       \
		TELLTALE_X_QUIET                                                                   \
		evals TELLTALE_X_CHECKS##n TELLTALE_X_STAND(how, sem, prov, probe, n)              \
		{                                                                                  \
			TELLTALE_X_##how##_TEXT(prov, probe, n, text);                             \
		}                                                                                  \
		TELLTALE_X_LOUD                                                                    \
	} while (0)
#define TELLTALE_X_MARK0(how, sem, prov, text, probe)                                              \
	TELLTALE_X_ASM(TELLTALE_X_SITE(how, sem, prov, probe, "") TELLTALE_X_SITENOTE(0, "")       \
	               :                                                                           \
	               : "n"(0))
#endif
#define TELLTALE_X_MARK1(how, sem, prov, text, probe, e1)                                          \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 1, TELLTALE_X_EVALS1(e1))
#define TELLTALE_X_MARK2(how, sem, prov, text, probe, e1, e2)                                      \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 2, TELLTALE_X_EVALS2(e1, e2))
#define TELLTALE_X_MARK3(how, sem, prov, text, probe, e1, e2, e3)                                  \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 3, TELLTALE_X_EVALS3(e1, e2, e3))
#define TELLTALE_X_MARK4(how, sem, prov, text, probe, e1, e2, e3, e4)                              \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 4, TELLTALE_X_EVALS4(e1, e2, e3, e4))
#define TELLTALE_X_MARK5(how, sem, prov, text, probe, e1, e2, e3, e4, e5)                          \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 5, TELLTALE_X_EVALS5(e1, e2, e3, e4, e5))
#define TELLTALE_X_MARK6(how, sem, prov, text, probe, e1, e2, e3, e4, e5, e6)                      \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 6, TELLTALE_X_EVALS6(e1, e2, e3, e4, e5, e6))
#define TELLTALE_X_MARK7(how, sem, prov, text, probe, e1, e2, e3, e4, e5, e6, e7)                  \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 7,                                           \
	                 TELLTALE_X_EVALS7(e1, e2, e3, e4, e5, e6, e7))
#define TELLTALE_X_MARK8(how, sem, prov, text, probe, e1, e2, e3, e4, e5, e6, e7, e8)              \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 8,                                           \
	                 TELLTALE_X_EVALS8(e1, e2, e3, e4, e5, e6, e7, e8))
#define TELLTALE_X_MARK9(how, sem, prov, text, probe, e1, e2, e3, e4, e5, e6, e7, e8, e9)          \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 9,                                           \
	                 TELLTALE_X_EVALS9(e1, e2, e3, e4, e5, e6, e7, e8, e9))
#define TELLTALE_X_MARK10(how, sem, prov, text, probe, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10)    \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 10,                                          \
	                 TELLTALE_X_EVALS10(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10))
#define TELLTALE_X_MARK11(how, sem, prov, text, probe, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10,    \
                          e11)                                                                     \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 11,                                          \
	                 TELLTALE_X_EVALS11(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11))
#define TELLTALE_X_MARK12(how, sem, prov, text, probe, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10,    \
                          e11, e12)                                                                \
	TELLTALE_X_MARKN(how, sem, prov, text, probe, 12,                                          \
	                 TELLTALE_X_EVALS12(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12))

TELLTALE_X_LOUD

#endif /* TELLTALE_H */
