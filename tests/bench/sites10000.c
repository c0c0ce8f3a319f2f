/* Ten thousand sites: what `sites.h` says. */
#define SITES 10000
#include "sites.h"
