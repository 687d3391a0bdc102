#include "base/core_dump.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void core_dump_forbid(void)
{
	const struct rlimit none = { 0, 0 };

	/* Neither can fail with these arguments. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
