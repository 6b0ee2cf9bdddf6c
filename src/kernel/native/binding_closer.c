/* The calls of closer.h for JavaScript; src/kernel/native.ts has their types. */
#include "closer.h"
#include "convert.h"

#include <errno.h>

static void on_collected(napi_env env, void *data, void *hint) {
    (void)env;
    (void)hint;
    closer_stop(data);
    closer_free(data);
}

static napi_value js_closer_open(napi_env env, napi_callback_info info) {
    (void)info;
    napi_value handle = NULL;
    struct closer *closer = closer_open();
    if (!closer) return make_int(env, -ENOMEM);
    if (napi_create_external(env, closer, on_collected, NULL, &handle) != napi_ok) closer_free(closer);
    return handle;
}

static struct closer *get_closer(napi_env env, napi_value value) {
    void *data;
    if (napi_get_value_external(env, value, &data) == napi_ok) return data;
    napi_throw_type_error(env, NULL, "a closer is expected");
    return NULL;
}

static napi_value js_with_closer(napi_env env, napi_callback_info info, int (*call)(struct closer *closer)) {
    napi_value argument;
    struct closer *closer;
    if (!get_arguments(env, info, 1, &argument) || !(closer = get_closer(env, argument))) return NULL;
    return make_int(env, call(closer));
}

static napi_value js_closer_start(napi_env env, napi_callback_info info) {
    return js_with_closer(env, info, closer_start);
}

static napi_value js_closer_give_up(napi_env env, napi_callback_info info) {
    return js_with_closer(env, info, closer_give_up);
}

static napi_value js_closer_push(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    struct closer *closer;
    int fd;
    if (!get_arguments(env, info, 2, arguments) || !(closer = get_closer(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd))
        return NULL;
    return make_int(env, closer_push(closer, fd));
}

static napi_value js_closer_look(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    struct closer *closer;
    uint32_t *out;
    size_t count;
    if (!get_arguments(env, info, 2, arguments) || !(closer = get_closer(env, arguments[0])) ||
        !get_uints(env, arguments[1], &out, &count))
        return NULL;
    if (count < 5) {
        napi_throw_range_error(env, NULL, "the state is five numbers");
        return NULL;
    }
    struct closer_state state = closer_look(closer);
    out[0] = state.waiting;
    out[1] = state.begun;
    out[2] = state.busy;
    out[3] = state.running;
    out[4] = state.stuck;
    return NULL;
}

static napi_value js_closer_stop(napi_env env, napi_callback_info info) {
    napi_value argument;
    struct closer *closer;
    if (get_arguments(env, info, 1, &argument) && (closer = get_closer(env, argument))) closer_stop(closer);
    return NULL;
}

void register_closer(napi_env env, napi_value exports) {
    export_function(env, exports, "closerOpen", js_closer_open);
    export_function(env, exports, "closerStart", js_closer_start);
    export_function(env, exports, "closerPush", js_closer_push);
    export_function(env, exports, "closerLook", js_closer_look);
    export_function(env, exports, "closerGiveUp", js_closer_give_up);
    export_function(env, exports, "closerStop", js_closer_stop);
}
