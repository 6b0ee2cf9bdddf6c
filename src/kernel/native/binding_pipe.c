/* The calls of pipe.h for JavaScript; src/kernel/native-pipe.ts has their types. */
#include "convert.h"
#include "pipe.h"

static napi_value js_open_pipe(napi_env env, napi_callback_info info) {
    napi_value argument;
    int32_t *ends;
    size_t count;
    if (!get_arguments(env, info, 1, &argument) || !get_ints(env, argument, &ends, &count)) return NULL;
    if (count < 2) {
        napi_throw_range_error(env, NULL, "a pipe has two ends");
        return NULL;
    }
    return make_int(env, open_pipe(ends));
}

void register_pipe(napi_env env, napi_value exports) {
    export_function(env, exports, "openPipe", js_open_pipe);
}
