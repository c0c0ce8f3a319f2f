/* Probes on functions; private to this folder. */
#ifndef TELLTALE_PROBE_FUNCTION_H
#define TELLTALE_PROBE_FUNCTION_H

#include "probe.h"

/* As probes_match(), for PROBE_UPROBE and PROBE_URETPROBE in the chosen files, a flag each. */
int match_functions(struct probe_set *set, const struct probe_spec *spec, const bool *chosen,
		    const char *text, const struct probe ***found, size_t *count,
		    struct error *err);

#endif
