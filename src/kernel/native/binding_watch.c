/* The calls of watch.h for JavaScript; src/kernel/native.ts has their types. */
#include "convert.h"
#include "watch.h"

#include <errno.h>
#include <stdlib.h>

struct binding {
    napi_env env;
    /* NULL once it is closed. */
    struct watch *watch;
    /* An Int32Array that has the layout of struct watch_event, and the function told of it. */
    napi_ref batch;
    napi_ref ready;
    napi_async_cleanup_hook_handle hook;
    /* JavaScript's handle and the open set: whichever is gone last frees this. */
    int holders;
};

static void let_go(struct binding *binding) {
    if (--binding->holders == 0) free(binding);
}

static void begin_close(struct binding *binding) {
    if (!binding->watch) return;
    struct watch *watch = binding->watch;
    binding->watch = NULL;
    watch_close(watch);
}

static void on_closed(void *context) {
    struct binding *binding = context;
    napi_delete_reference(binding->env, binding->batch);
    napi_delete_reference(binding->env, binding->ready);
    napi_remove_async_cleanup_hook(binding->hook);
    let_go(binding);
}

/* The environment ends: Node waits until on_closed takes the hook away. */
static void on_exit_hook(napi_async_cleanup_hook_handle hook, void *data) {
    (void)hook;
    begin_close(data);
}

static void on_collected(napi_env env, void *data, void *hint) {
    (void)env;
    (void)hint;
    let_go(data);
}

static void call_ready(struct binding *binding) {
    napi_env env = binding->env;
    napi_value batch, ready, global, count;
    int32_t *places;
    size_t room;
    if (napi_get_reference_value(env, binding->batch, &batch) != napi_ok || !get_ints(env, batch, &places, &room))
        return;
    int events = watch_take(binding->watch, (struct watch_event *)(void *)places, (int)(room / 3));
    if (events <= 0) return;
    if (napi_get_reference_value(env, binding->ready, &ready) != napi_ok) return;
    if (napi_get_global(env, &global) != napi_ok || napi_create_int32(env, events, &count) != napi_ok) return;
    /* No async context: it would serve async_hooks alone, which nothing here uses. */
    if (napi_make_callback(env, NULL, global, ready, 1, &count, NULL) != napi_pending_exception) return;
    napi_value exception;
    if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

static void on_ready(void *context) {
    struct binding *binding = context;
    napi_handle_scope scope;
    if (!binding->watch || napi_open_handle_scope(binding->env, &scope) != napi_ok) return;
    call_ready(binding);
    napi_close_handle_scope(binding->env, scope);
}

static int open_binding(napi_env env, struct binding *binding, napi_value batch, napi_value ready) {
    struct uv_loop_s *loop;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok) return -ENOTSUP;
    int bad = watch_open(loop, on_ready, on_closed, binding, &binding->watch);
    if (bad) return bad;
    binding->env = env;
    binding->holders = 2;
    napi_create_reference(env, batch, 1, &binding->batch);
    napi_create_reference(env, ready, 1, &binding->ready);
    napi_add_async_cleanup_hook(env, on_exit_hook, binding, &binding->hook);
    return 0;
}

static napi_value js_watch_open(napi_env env, napi_callback_info info) {
    napi_value arguments[2], handle = NULL;
    int32_t *places;
    size_t room;
    napi_valuetype type;
    if (!get_arguments(env, info, 2, arguments) || !get_ints(env, arguments[0], &places, &room)) return NULL;
    if (room < 3 || napi_typeof(env, arguments[1], &type) != napi_ok || type != napi_function) {
        napi_throw_type_error(env, NULL, "room for an event and a function are expected");
        return NULL;
    }
    struct binding *binding = calloc(1, sizeof *binding);
    if (!binding) return make_int(env, -ENOMEM);
    int bad = open_binding(env, binding, arguments[0], arguments[1]);
    if (bad) {
        free(binding);
        return make_int(env, bad);
    }
    if (napi_create_external(env, binding, on_collected, NULL, &handle) != napi_ok) {
        begin_close(binding);
        let_go(binding);
    }
    return handle;
}

static struct binding *get_binding(napi_env env, napi_value value) {
    void *data;
    if (napi_get_value_external(env, value, &data) == napi_ok) return data;
    napi_throw_type_error(env, NULL, "a watch is expected");
    return NULL;
}

typedef int controller(struct watch *watch, int fd, int32_t generation, int interest);

static napi_value js_control(napi_env env, napi_callback_info info, controller *call) {
    napi_value arguments[4];
    struct binding *binding;
    int fd, generation, interest;
    if (!get_arguments(env, info, 4, arguments) || !(binding = get_binding(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd) || !get_int(env, arguments[2], &generation) ||
        !get_int(env, arguments[3], &interest))
        return NULL;
    return make_int(env, binding->watch ? call(binding->watch, fd, generation, interest) : -EBADF);
}

static napi_value js_watch_add(napi_env env, napi_callback_info info) {
    return js_control(env, info, watch_add);
}

static napi_value js_watch_change(napi_env env, napi_callback_info info) {
    return js_control(env, info, watch_change);
}

static napi_value js_watch_remove(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    struct binding *binding;
    int fd;
    if (!get_arguments(env, info, 2, arguments) || !(binding = get_binding(env, arguments[0])) ||
        !get_int(env, arguments[1], &fd))
        return NULL;
    return make_int(env, binding->watch ? watch_remove(binding->watch, fd) : -EBADF);
}

static napi_value js_watch_reference(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    struct binding *binding;
    int keeps_alive;
    if (!get_arguments(env, info, 2, arguments) || !(binding = get_binding(env, arguments[0])) ||
        !get_bool(env, arguments[1], &keeps_alive))
        return NULL;
    if (binding->watch) watch_reference(binding->watch, keeps_alive);
    return NULL;
}

static napi_value js_watch_close(napi_env env, napi_callback_info info) {
    napi_value argument;
    struct binding *binding;
    if (get_arguments(env, info, 1, &argument) && (binding = get_binding(env, argument))) begin_close(binding);
    return NULL;
}

void register_watch(napi_env env, napi_value exports) {
    export_function(env, exports, "watchOpen", js_watch_open);
    export_function(env, exports, "watchAdd", js_watch_add);
    export_function(env, exports, "watchChange", js_watch_change);
    export_function(env, exports, "watchRemove", js_watch_remove);
    export_function(env, exports, "watchReference", js_watch_reference);
    export_function(env, exports, "watchClose", js_watch_close);
}
