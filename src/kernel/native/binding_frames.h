/* What bindings of functions that take frames share. */
#ifndef FDBROKER_BINDING_FRAMES_H
#define FDBROKER_BINDING_FRAMES_H

#include "convert.h"
#include "frames.h"

/* What framesBind gave; NULL, and an exception, when it is none. */
struct frames *get_frames(napi_env env, napi_value value);

#endif
