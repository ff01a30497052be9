// SPDX-License-Identifier: Apache-2.0
// The ladder: what starts before what.
#include "cscf.h"

const struct module *const modules[] = {
	&module_store,
	&module_media,
	&module_auth,
	&module_registration,
	&module_sip,
	&module_calls,
	&module_doors, // what was before is restored by now
	&module_admin,
};
const unsigned module_count = sizeof(modules) / sizeof(modules[0]);
