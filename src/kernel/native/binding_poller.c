/* The calls of poller.h for JavaScript; src/kernel/native-frames.ts has their types. */
#include "convert.h"
#include "poller.h"

static napi_value js_open(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, poller_open());
}

static napi_value js_add(napi_env env, napi_callback_info info) {
    napi_value arguments[4];
    int poller, fd, id, edge;
    if (!get_arguments(env, info, 4, arguments) || !get_int(env, arguments[0], &poller) ||
        !get_int(env, arguments[1], &fd) || !get_int(env, arguments[2], &id) || !get_bool(env, arguments[3], &edge))
        return NULL;
    return make_int(env, poller_add(poller, fd, id, edge));
}

static napi_value js_remove(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int poller, fd;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &poller) ||
        !get_int(env, arguments[1], &fd))
        return NULL;
    return make_int(env, poller_remove(poller, fd));
}

static napi_value js_wait(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int poller, milliseconds;
    int32_t *pairs;
    size_t places;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &poller) ||
        !get_ints(env, arguments[1], &pairs, &places) || !get_int(env, arguments[2], &milliseconds))
        return NULL;
    return make_int(env, poller_wait(poller, pairs, (uint32_t)(places / 2), milliseconds));
}

static napi_value js_waker_open(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, waker_open());
}

static napi_value js_waker_wake(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, waker_wake);
}

static napi_value js_waker_drain(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, waker_drain);
}

void register_poller(napi_env env, napi_value exports) {
    export_function(env, exports, "pollerOpen", js_open);
    export_function(env, exports, "pollerAdd", js_add);
    export_function(env, exports, "pollerRemove", js_remove);
    export_function(env, exports, "pollerWait", js_wait);
    export_function(env, exports, "wakerOpen", js_waker_open);
    export_function(env, exports, "wakerWake", js_waker_wake);
    export_function(env, exports, "wakerDrain", js_waker_drain);
}
