/* The calls of realtime.h for JavaScript; src/kernel/native-realtime.ts has their types. */
#include "convert.h"
#include "realtime.h"

static napi_value js_pin_thread(napi_env env, napi_callback_info info) {
    napi_value argument;
    int32_t *processors;
    size_t count;
    if (!get_arguments(env, info, 1, &argument) || !get_ints(env, argument, &processors, &count)) return NULL;
    return make_int(env, pin_thread(processors, count));
}

static napi_value js_schedule_thread(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, schedule_thread);
}

static napi_value js_lock_memory(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, lock_memory());
}

void register_realtime(napi_env env, napi_value exports) {
    export_function(env, exports, "pinThread", js_pin_thread);
    export_function(env, exports, "scheduleThread", js_schedule_thread);
    export_function(env, exports, "lockMemory", js_lock_memory);
}
