// Nothing of this header of Gloo is needed; see context.h.
#pragma once
#include <gloo/context.h>
