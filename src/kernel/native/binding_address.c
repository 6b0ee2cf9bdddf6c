/* Addresses of UDP as the kernel has them (frames.h) and as text; src/kernel/native-frames.ts has the types. */
#include "convert.h"
#include "frames.h"
#include "inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static uint8_t *get_place(napi_env env, napi_value array, napi_value index) {
    uint8_t *bytes;
    size_t size;
    uint32_t place;
    if (!get_bytes(env, array, &bytes, &size) || !get_uint(env, index, &place)) return NULL;
    if (place < size / FRAME_ADDRESS) return bytes + (size_t)place * FRAME_ADDRESS;
    napi_throw_range_error(env, NULL, "no such place");
    return NULL;
}

/* Arguments: address, port, bytes, place. */
static napi_value js_write(napi_env env, napi_callback_info info) {
    napi_value arguments[4];
    char text[INET6_ADDRSTRLEN + 1];
    uint32_t port;
    uint8_t *place;
    struct sockaddr_storage address;
    if (!get_arguments(env, info, 4, arguments) || !get_text(env, arguments[0], text, sizeof text) ||
        !get_uint(env, arguments[1], &port) || !(place = get_place(env, arguments[2], arguments[3])))
        return NULL;
    int size = inet_address(text, (uint16_t)port, &address);
    if (size < 0) return make_int(env, size);
    memset(place, 0, FRAME_ADDRESS);
    memcpy(place, &address, (size_t)size);
    return make_int(env, 0);
}

static napi_value js_port(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    uint8_t *place;
    struct sockaddr_in address;
    if (!get_arguments(env, info, 2, arguments) || !(place = get_place(env, arguments[0], arguments[1]))) return NULL;
    memcpy(&address, place, sizeof address);
    return make_int(env, ntohs(address.sin_port));
}

static napi_value js_text(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    char text[INET6_ADDRSTRLEN];
    uint8_t *place;
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    if (!get_arguments(env, info, 2, arguments) || !(place = get_place(env, arguments[0], arguments[1]))) return NULL;
    memcpy(&six, place, sizeof six);
    memcpy(&four, place, sizeof four);
    const void *address = six.sin6_family == AF_INET6 ? (void *)&six.sin6_addr : (void *)&four.sin_addr;
    if (!inet_ntop(six.sin6_family, address, text, sizeof text)) return make_int(env, -errno);
    return make_text(env, text);
}

/* Arguments: fd, bytes, place. */
static napi_value js_own(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int fd;
    uint8_t *place;
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &fd) ||
        !(place = get_place(env, arguments[1], arguments[2])))
        return NULL;
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0) return make_int(env, -errno);
    if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return make_int(env, -EAFNOSUPPORT);
    memcpy(place, &address, FRAME_ADDRESS);
    return make_int(env, 0);
}

void register_address(napi_env env, napi_value exports) {
    export_function(env, exports, "addressWrite", js_write);
    export_function(env, exports, "addressText", js_text);
    export_function(env, exports, "addressPort", js_port);
    export_function(env, exports, "addressOwn", js_own);
}
