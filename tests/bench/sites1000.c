/* A thousand sites: what `sites.h` says. */
#define SITES 1000
#include "sites.h"
