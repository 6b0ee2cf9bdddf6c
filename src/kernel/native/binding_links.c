/* Taps, netlink sockets and the kernel's numbers, for JavaScript. */
#include "constants.h"
#include "convert.h"
#include "interfaces.h"
#include "netlink.h"
#include "tun.h"

#include <net/if.h>
#include <stdlib.h>

static napi_value js_tun_device(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, tun_device());
}

static napi_value js_tun_attach(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int32_t fd, flags;
    char name[IFNAMSIZ];
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_text(env, arguments[1], name, sizeof name) || !get_int(env, arguments[2], &flags))
        return NULL;
    return make_int(env, tun_attach(fd, name, flags));
}

static napi_value js_link_index(napi_env env, napi_callback_info info) {
    napi_value argument;
    char name[IFNAMSIZ];
    if (!get_arguments(env, info, 1, &argument) || !get_text(env, argument, name, sizeof name)) return NULL;
    return make_int(env, link_index(name));
}

/* A function of one number. */
static napi_value with_int(napi_env env, napi_callback_info info, int (*function)(int)) {
    napi_value argument;
    int32_t number;
    if (!get_arguments(env, info, 1, &argument) || !get_int(env, argument, &number)) return NULL;
    return make_int(env, function(number));
}

static napi_value js_tun_own(napi_env env, napi_callback_info info) {
    return with_int(env, info, tun_own);
}

static napi_value js_netlink_open(napi_env env, napi_callback_info info) {
    return with_int(env, info, netlink_open);
}

static napi_value js_netlink_watch_links(napi_env env, napi_callback_info info) {
    return with_int(env, info, netlink_watch_links);
}

static napi_value js_netlink_watch_sticky_entries(napi_env env, napi_callback_info info) {
    return with_int(env, info, netlink_watch_sticky_entries);
}

static napi_value js_netlink_watch_interfaces(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int32_t fd;
    uint8_t *names;
    uint32_t *indexes;
    size_t size, count;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_bytes(env, arguments[1], &names, &size) || !get_uints(env, arguments[2], &indexes, &count))
        return NULL;
    const char(*all)[IFNAMSIZ] = (const void *)names;
    return make_int(env, interfaces_watch(fd, all, size / IFNAMSIZ, indexes, count));
}

static napi_value js_netlink_send(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int32_t fd;
    uint8_t *message;
    size_t room;
    uint32_t size;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_bytes(env, arguments[1], &message, &room) || !get_uint(env, arguments[2], &size))
        return NULL;
    return make_int(env, netlink_send(fd, message, size < room ? size : room));
}

static napi_value js_netlink_receive(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int32_t fd;
    uint8_t *buffer;
    size_t size;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_bytes(env, arguments[1], &buffer, &size))
        return NULL;
    return make_int(env, netlink_receive(fd, buffer, size));
}

/* A request under way on the thread pool. The buffers are JavaScript's, kept alive by the references. */
struct exchange {
    napi_async_work work;
    napi_deferred deferred;
    napi_ref references[2];
    const uint8_t *request;
    uint8_t *answer;
    size_t request_size, answer_size;
    ssize_t result;
};

static void exchange_execute(napi_env env, void *data) {
    struct exchange *exchange = data;
    (void)env;
    exchange->result =
        netlink_exchange(exchange->request, exchange->request_size, exchange->answer, exchange->answer_size);
}

static void exchange_complete(napi_env env, napi_status status, void *data) {
    struct exchange *exchange = data;
    (void)status;
    napi_resolve_deferred(env, exchange->deferred, make_int(env, exchange->result));
    for (size_t at = 0; at < 2; at++) napi_delete_reference(env, exchange->references[at]);
    napi_delete_async_work(env, exchange->work);
    free(exchange);
}

static napi_value js_netlink_exchange(napi_env env, napi_callback_info info) {
    napi_value arguments[2], promise, name;
    uint8_t *request, *answer;
    size_t request_size, answer_size;
    if (!get_arguments(env, info, 2, arguments) || !get_bytes(env, arguments[0], &request, &request_size) ||
        !get_bytes(env, arguments[1], &answer, &answer_size))
        return NULL;
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        napi_throw_error(env, NULL, "out of memory");
        return NULL;
    }
    *exchange = (struct exchange){
        .request = request, .request_size = request_size, .answer = answer, .answer_size = answer_size};
    napi_create_promise(env, &exchange->deferred, &promise);
    napi_create_string_utf8(env, "netlink_exchange", NAPI_AUTO_LENGTH, &name);
    for (size_t at = 0; at < 2; at++) napi_create_reference(env, arguments[at], 1, &exchange->references[at]);
    napi_create_async_work(env, NULL, name, exchange_execute, exchange_complete, exchange, &exchange->work);
    napi_queue_async_work(env, exchange->work);
    return promise;
}

static void export_constants(napi_env env, napi_value exports) {
    napi_value object, value;
    napi_create_object(env, &object);
    for (size_t at = 0; at < constants_count; at++) {
        napi_create_uint32(env, constants[at].value, &value);
        napi_set_named_property(env, object, constants[at].name, value);
    }
    napi_set_named_property(env, exports, "constants", object);
}

void register_links(napi_env env, napi_value exports) {
    export_function(env, exports, "tunDevice", js_tun_device);
    export_function(env, exports, "tunAttach", js_tun_attach);
    export_function(env, exports, "tunOwn", js_tun_own);
    export_function(env, exports, "linkIndex", js_link_index);
    export_function(env, exports, "netlinkOpen", js_netlink_open);
    export_function(env, exports, "netlinkWatchLinks", js_netlink_watch_links);
    export_function(env, exports, "netlinkWatchStickyEntries", js_netlink_watch_sticky_entries);
    export_function(env, exports, "netlinkWatchInterfaces", js_netlink_watch_interfaces);
    export_function(env, exports, "netlinkSend", js_netlink_send);
    export_function(env, exports, "netlinkReceive", js_netlink_receive);
    export_function(env, exports, "netlinkExchange", js_netlink_exchange);
    export_constants(env, exports);
}
