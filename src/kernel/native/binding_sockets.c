/* The calls of sockets.h and peer.h for JavaScript; src/kernel/native.ts has their types. */
#include "convert.h"
#include "peer.h"
#include "sockets.h"

#include <string.h>
#include <unistd.h>

/* A string longer than any sun_path, so that it is the call that finds a path too long. */
#define PATH_ROOM 4096

static napi_value js_open_seqpacket(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, open_seqpacket());
}

static napi_value js_open_stream(napi_env env, napi_callback_info info) {
    (void)info;
    return make_int(env, open_stream());
}

static napi_value js_with_path(napi_env env, napi_callback_info info, int (*call)(int fd, const char *path)) {
    napi_value arguments[2];
    int fd;
    char path[PATH_ROOM];
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_text(env, arguments[1], path, sizeof path))
        return NULL;
    return make_int(env, call(fd, path));
}

static napi_value js_bind_path(napi_env env, napi_callback_info info) {
    return js_with_path(env, info, bind_path);
}

static napi_value js_connect_path(napi_env env, napi_callback_info info) {
    return js_with_path(env, info, connect_path);
}

static napi_value js_listen(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int fd, backlog;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_int(env, arguments[1], &backlog))
        return NULL;
    return make_int(env, listen_on(fd, backlog));
}

static napi_value js_adopt_listener(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, adopt_listener);
}

static void write_peer(const struct ucred *peer, uint32_t out[3]) {
    out[0] = (uint32_t)peer->pid;
    out[1] = peer->uid;
    out[2] = peer->gid;
}

/* A number and room for the three numbers of credentials. */
static int get_fd_and_room(napi_env env, napi_callback_info info, int *fd, uint32_t **out) {
    napi_value arguments[2];
    size_t count;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], fd) ||
        !get_uints(env, arguments[1], out, &count))
        return 0;
    if (count < 3) napi_throw_range_error(env, NULL, "credentials are three numbers");
    return count >= 3;
}

static napi_value js_accept(napi_env env, napi_callback_info info) {
    int listener;
    uint32_t *out;
    struct ucred peer = {.uid = (uid_t)-1};
    if (!get_fd_and_room(env, info, &listener, &out)) return NULL;
    int fd = accept_connection(listener);
    if (fd >= 0) peer_process(fd, &peer);
    write_peer(&peer, out);
    return make_int(env, fd);
}

static napi_value js_unsent_bytes(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, unsent_bytes);
}

static napi_value js_peer_pidfd(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, peer_pidfd);
}

static napi_value js_peer_pidfd_by_number(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, peer_pidfd_by_number);
}

static napi_value js_close(napi_env env, napi_callback_info info) {
    call_with_int(env, info, close);
    return NULL;
}

static napi_value js_bound_path(napi_env env, napi_callback_info info) {
    napi_value argument;
    int fd;
    char path[PATH_ROOM];
    if (!get_arguments(env, info, 1, &argument) || !get_int(env, argument, &fd)) return NULL;
    int length = bound_path(fd, path, sizeof path);
    return length < 0 ? make_int(env, length) : make_text(env, path);
}

static napi_value js_receive(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int fd;
    uint8_t *bytes;
    int32_t *about;
    size_t size, places;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_bytes(env, arguments[1], &bytes, &size) || !get_ints(env, arguments[2], &about, &places))
        return NULL;
    if (places < 2 + MAX_PASSED_FDS) {
        napi_throw_range_error(env, NULL, "room for 253 descriptors is expected");
        return NULL;
    }
    struct received received = {0};
    int length = receive_message(fd, bytes, size, about + 2, &received);
    about[0] = (received.cut_off ? 1 : 0) | (received.hung_up ? 2 : 0);
    about[1] = received.fds;
    return make_int(env, length);
}

typedef int sender(int fd, const void *bytes, size_t size, const int *fds, size_t count);

static napi_value send_by(napi_env env, napi_callback_info info, sender *call) {
    napi_value arguments[3];
    int fd;
    uint8_t *bytes;
    int32_t *fds;
    size_t size, count;
    if (!get_arguments(env, info, 3, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_bytes(env, arguments[1], &bytes, &size) || !get_ints(env, arguments[2], &fds, &count))
        return NULL;
    return make_int(env, call(fd, bytes, size, fds, count));
}

static napi_value js_send(napi_env env, napi_callback_info info) {
    return send_by(env, info, send_message);
}

static napi_value js_send_away(napi_env env, napi_callback_info info) {
    return send_by(env, info, send_away);
}

static int socket_type(const char *name) {
    if (strcmp(name, "stream") == 0) return SOCK_STREAM;
    return strcmp(name, "dgram") == 0 ? SOCK_DGRAM : SOCK_SEQPACKET;
}

static napi_value js_send_buffer(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int fd, bytes;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_int(env, arguments[1], &bytes))
        return NULL;
    return make_int(env, send_buffer(fd, bytes));
}

static napi_value js_receive_buffer(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int fd, bytes;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_int(env, arguments[1], &bytes))
        return NULL;
    return make_int(env, receive_buffer(fd, bytes));
}

static napi_value js_refuse_descriptors(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, refuse_descriptors);
}

static napi_value js_socket_pair(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    char type[16];
    int32_t *ends;
    size_t count;
    if (!get_arguments(env, info, 2, arguments) || !get_text(env, arguments[0], type, sizeof type) ||
        !get_ints(env, arguments[1], &ends, &count))
        return NULL;
    if (count < 2) {
        napi_throw_range_error(env, NULL, "a pair has two ends");
        return NULL;
    }
    return make_int(env, socket_pair(socket_type(type), ends));
}

static napi_value js_peer_process(napi_env env, napi_callback_info info) {
    int fd;
    uint32_t *out;
    struct ucred peer;
    if (!get_fd_and_room(env, info, &fd, &out)) return NULL;
    int result = peer_process(fd, &peer);
    if (result == 0) write_peer(&peer, out);
    return make_int(env, result);
}

static napi_value js_peer_groups(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int fd;
    uint32_t *groups;
    size_t count;
    if (!get_arguments(env, info, 2, arguments) || !get_int(env, arguments[0], &fd) ||
        !get_uints(env, arguments[1], &groups, &count))
        return NULL;
    return make_int(env, peer_groups(fd, groups, count));
}

void register_sockets(napi_env env, napi_value exports) {
    export_function(env, exports, "close", js_close);
    export_function(env, exports, "openSeqpacket", js_open_seqpacket);
    export_function(env, exports, "openStream", js_open_stream);
    export_function(env, exports, "bindPath", js_bind_path);
    export_function(env, exports, "listen", js_listen);
    export_function(env, exports, "connectPath", js_connect_path);
    export_function(env, exports, "adoptListener", js_adopt_listener);
    export_function(env, exports, "boundPath", js_bound_path);
    export_function(env, exports, "accept", js_accept);
    export_function(env, exports, "receive", js_receive);
    export_function(env, exports, "send", js_send);
    export_function(env, exports, "sendAway", js_send_away);
    export_function(env, exports, "unsentBytes", js_unsent_bytes);
    export_function(env, exports, "socketPair", js_socket_pair);
    export_function(env, exports, "sendBuffer", js_send_buffer);
    export_function(env, exports, "receiveBuffer", js_receive_buffer);
    export_function(env, exports, "refuseDescriptors", js_refuse_descriptors);
    export_function(env, exports, "peerProcess", js_peer_process);
    export_function(env, exports, "peerGroups", js_peer_groups);
    export_function(env, exports, "peerPidfd", js_peer_pidfd);
    export_function(env, exports, "peerPidfdByNumber", js_peer_pidfd_by_number);
}
