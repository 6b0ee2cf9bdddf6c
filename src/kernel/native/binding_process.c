/* The calls of process.h and accounts.h for JavaScript; src/kernel/native.ts has their types. */
#include "accounts.h"
#include "convert.h"
#include "process.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static napi_value js_errno_name(napi_env env, napi_callback_info info) {
    napi_value argument;
    int number;
    char unnamed[16];
    if (!get_arguments(env, info, 1, &argument) || !get_int(env, argument, &number)) return NULL;
    const char *name = strerrorname_np(number);
    if (!name) snprintf(unnamed, sizeof unnamed, "E%d", number);
    return make_text(env, name ? name : unnamed);
}

static napi_value js_lock_file(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, lock_file);
}

static napi_value js_never_wait(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, never_wait);
}

static napi_value js_keep_on_exec(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, keep_on_exec);
}

static napi_value js_close_on_exec(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, close_on_exec);
}

static napi_value js_pidfd_open(napi_env env, napi_callback_info info) {
    return call_with_int(env, info, open_pidfd);
}

static napi_value js_limit_capabilities(napi_env env, napi_callback_info info) {
    napi_value argument;
    uint32_t keep;
    if (!get_arguments(env, info, 1, &argument) || !get_uint(env, argument, &keep)) return NULL;
    return make_int(env, limit_capabilities(keep));
}

static int get_signals(napi_env env, napi_value value, uint64_t *out) {
    bool whole;
    return napi_get_value_bigint_uint64(env, value, out, &whole) == napi_ok && whole;
}

static napi_value js_exec_in_place(napi_env env, napi_callback_info info) {
    napi_value arguments[6], result = NULL;
    char file[PATH_MAX];
    struct beginning beginning;
    if (!get_arguments(env, info, 6, arguments) || !get_text(env, arguments[0], file, sizeof file) ||
        !get_uint(env, arguments[3], &beginning.open_files))
        return NULL;
    if (!get_signals(env, arguments[4], &beginning.ignored) || !get_signals(env, arguments[5], &beginning.blocked)) {
        napi_throw_type_error(env, NULL, "signals must be a bigint of 64 bits");
        return NULL;
    }
    char **words = get_texts(env, arguments[1]);
    char **environment = words ? get_texts(env, arguments[2]) : NULL;
    if (environment) result = make_int(env, exec_in_place(file, words, environment, &beginning));
    free(environment);
    free(words);
    return result;
}

static napi_value js_notify(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    char address[PATH_MAX], message[4096];
    if (!get_arguments(env, info, 2, arguments) || !get_text(env, arguments[0], address, sizeof address) ||
        !get_text(env, arguments[1], message, sizeof message))
        return NULL;
    return make_int(env, notify(address, message));
}

static napi_value js_user_id(napi_env env, napi_callback_info info) {
    napi_value argument;
    char name[MAX_ACCOUNT_NAME + 1];
    uid_t uid;
    gid_t primary;
    if (!get_arguments(env, info, 1, &argument) || !get_text(env, argument, name, sizeof name)) return NULL;
    int bad = user_by_name(name, &uid, &primary);
    return make_int(env, bad ? bad : (int64_t)uid);
}

static napi_value js_group_id(napi_env env, napi_callback_info info) {
    napi_value argument;
    char name[MAX_ACCOUNT_NAME + 1];
    gid_t gid;
    if (!get_arguments(env, info, 1, &argument) || !get_text(env, argument, name, sizeof name)) return NULL;
    int bad = group_by_name(name, &gid);
    return make_int(env, bad ? bad : (int64_t)gid);
}

static napi_value js_name_of(napi_env env, napi_callback_info info, int (*call)(id_t id, char *name)) {
    napi_value argument;
    uint32_t id;
    char name[MAX_ACCOUNT_NAME + 1];
    if (!get_arguments(env, info, 1, &argument) || !get_uint(env, argument, &id)) return NULL;
    int bad = call(id, name);
    return bad ? make_int(env, bad) : make_text(env, name);
}

static napi_value js_user_name(napi_env env, napi_callback_info info) {
    return js_name_of(env, info, user_by_id);
}

static napi_value js_group_name(napi_env env, napi_callback_info info) {
    return js_name_of(env, info, group_by_id);
}

/* A Uint32Array of the primary group and count others. */
static napi_value make_groups(napi_env env, gid_t primary, const gid_t *groups, size_t count) {
    napi_value buffer, result = NULL;
    void *memory;
    if (napi_create_arraybuffer(env, (count + 1) * sizeof *groups, &memory, &buffer) != napi_ok) return NULL;
    gid_t *all = memory;
    all[0] = primary;
    memcpy(all + 1, groups, count * sizeof *groups);
    napi_create_typedarray(env, napi_uint32_array, count + 1, buffer, 0, &result);
    return result;
}

static napi_value js_groups_of(napi_env env, napi_callback_info info) {
    napi_value argument;
    char name[MAX_ACCOUNT_NAME + 1];
    uid_t uid;
    gid_t primary, *groups;
    if (!get_arguments(env, info, 1, &argument) || !get_text(env, argument, name, sizeof name)) return NULL;
    int bad = user_by_name(name, &uid, &primary);
    if (bad) return make_int(env, bad);
    int count = groups_of(name, primary, &groups);
    if (count < 0) return make_int(env, count);
    napi_value result = make_groups(env, primary, groups, (size_t)count);
    free(groups);
    return result;
}

static napi_value make_names(napi_env env, const char *names, int count) {
    napi_value result = NULL;
    if (napi_create_array_with_length(env, (size_t)count, &result) != napi_ok) return NULL;
    for (int i = 0; i < count; i++, names += strlen(names) + 1) {
        napi_value name = make_text(env, names);
        if (!name || napi_set_element(env, result, (uint32_t)i, name) != napi_ok) return NULL;
    }
    return result;
}

static napi_value answer_members(napi_env env, const char *name, gid_t gid) {
    char *names;
    int count = members_of(name, gid, &names);
    if (count < 0) return make_int(env, count);
    napi_value result = make_names(env, names, count);
    free(names);
    return result;
}

static napi_value js_members_by_name(napi_env env, napi_callback_info info) {
    napi_value argument;
    char name[MAX_ACCOUNT_NAME + 1];
    if (!get_arguments(env, info, 1, &argument) || !get_text(env, argument, name, sizeof name)) return NULL;
    return answer_members(env, name, 0);
}

static napi_value js_members_by_id(napi_env env, napi_callback_info info) {
    napi_value argument;
    uint32_t gid;
    if (!get_arguments(env, info, 1, &argument) || !get_uint(env, argument, &gid)) return NULL;
    return answer_members(env, NULL, gid);
}

static napi_value js_every_user(napi_env env, napi_callback_info info) {
    (void)info;
    napi_value buffer, result = NULL;
    void *memory;
    struct user_ids *users;
    int count = every_user(&users);
    if (count < 0) return make_int(env, count);
    size_t size = (size_t)count * sizeof *users;
    if (napi_create_arraybuffer(env, size, &memory, &buffer) == napi_ok) {
        if (size > 0) memcpy(memory, users, size);
        napi_create_typedarray(env, napi_uint32_array, size / sizeof(uint32_t), buffer, 0, &result);
    }
    free(users);
    return result;
}

void register_process(napi_env env, napi_value exports) {
    export_function(env, exports, "errnoName", js_errno_name);
    export_function(env, exports, "lockFile", js_lock_file);
    export_function(env, exports, "limitCapabilities", js_limit_capabilities);
    export_function(env, exports, "neverWait", js_never_wait);
    export_function(env, exports, "keepOnExec", js_keep_on_exec);
    export_function(env, exports, "closeOnExec", js_close_on_exec);
    export_function(env, exports, "execInPlace", js_exec_in_place);
    export_function(env, exports, "notify", js_notify);
    export_function(env, exports, "pidfdOpen", js_pidfd_open);
    export_function(env, exports, "userId", js_user_id);
    export_function(env, exports, "groupId", js_group_id);
    export_function(env, exports, "userName", js_user_name);
    export_function(env, exports, "groupName", js_group_name);
    export_function(env, exports, "groupsOf", js_groups_of);
    export_function(env, exports, "membersByName", js_members_by_name);
    export_function(env, exports, "membersById", js_members_by_id);
    export_function(env, exports, "everyUser", js_every_user);
}
