/* Taps made on the thread pool, for JavaScript; src/kernel/native-links.ts has the types. */
#include "bridge.h"
#include "convert.h"
#include "tun.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Taps under way. The results are JavaScript's memory, kept alive by the reference. */
struct batch {
    napi_async_work work;
    napi_deferred deferred;
    napi_ref reference;
    char **names;
    int32_t *results;
    int32_t flags;
};

static void make_one(const char *name, int flags, int32_t result[2]) {
    int fd = tun_device();
    int bad = fd < 0 ? fd : tun_attach(fd, name, flags);
    int index = bad < 0 ? bad : link_index(name);
    if (index < 0 && fd >= 0) close(fd);
    result[0] = index < 0 ? index : fd;
    result[1] = index;
}

static void make_taps(napi_env env, void *data) {
    struct batch *batch = data;
    (void)env;
    for (size_t at = 0; batch->names[at] != NULL; at++)
        make_one(batch->names[at], batch->flags, batch->results + 2 * at);
}

static void made_taps(napi_env env, napi_status status, void *data) {
    struct batch *batch = data;
    (void)status;
    napi_resolve_deferred(env, batch->deferred, make_int(env, 0));
    napi_delete_reference(env, batch->reference);
    napi_delete_async_work(env, batch->work);
    free(batch->names);
    free(batch);
}

static napi_value js_taps_ahead(napi_env env, napi_callback_info info) {
    napi_value arguments[3], promise, name;
    int32_t *results, flags;
    size_t room, count = 0;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[1], &flags) ||
        !get_ints(env, arguments[2], &results, &room))
        return NULL;
    char **names = get_texts(env, arguments[0]);
    if (names == NULL) return NULL;
    while (names[count] != NULL) count++;
    struct batch *batch = room < 2 * count ? NULL : calloc(1, sizeof *batch);
    if (batch == NULL) {
        free(names);
        napi_throw_range_error(env, NULL, "no room for two numbers of each tap");
        return NULL;
    }
    *batch = (struct batch){.names = names, .results = results, .flags = flags};
    napi_create_promise(env, &batch->deferred, &promise);
    napi_create_string_utf8(env, "taps_ahead", NAPI_AUTO_LENGTH, &name);
    napi_create_reference(env, arguments[2], 1, &batch->reference);
    napi_create_async_work(env, NULL, name, make_taps, made_taps, batch, &batch->work);
    napi_queue_async_work(env, batch->work);
    return promise;
}

static napi_value js_link_facts(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    char name[IFNAMSIZ];
    int32_t *words;
    size_t count;
    struct link_facts facts = {0};
    if (!get_arguments(env, info, 2, arguments) || !get_text(env, arguments[0], name, sizeof name) ||
        !get_ints(env, arguments[1], &words, &count))
        return NULL;
    if (count * sizeof *words < sizeof facts) {
        napi_throw_range_error(env, NULL, "five numbers are expected");
        return NULL;
    }
    const int result = link_facts(name, &facts);
    memcpy(words, &facts, sizeof facts);
    return make_int(env, result);
}

static napi_value js_bridge_ports(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    char name[IFNAMSIZ];
    int32_t *indexes;
    size_t room;
    if (!get_arguments(env, info, 2, arguments) || !get_text(env, arguments[0], name, sizeof name) ||
        !get_ints(env, arguments[1], &indexes, &room))
        return NULL;
    return make_int(env, bridge_ports(name, indexes, room));
}

static napi_value js_vhost_device(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, vhost_device());
}

static napi_value js_tun_carry(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, tun_carry);
}

void register_taps(napi_env env, napi_value exports) {
    export_function(env, exports, "vhostDevice", js_vhost_device);
    export_function(env, exports, "tunCarry", js_tun_carry);
    export_function(env, exports, "tapsAhead", js_taps_ahead);
    export_function(env, exports, "linkFacts", js_link_facts);
    export_function(env, exports, "bridgePorts", js_bridge_ports);
}
