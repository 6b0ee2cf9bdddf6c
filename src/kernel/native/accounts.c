/* Users and groups. See accounts.h. */
#include "accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* A group with a hundred thousand members has a record of about a megabyte. */
#define MAX_RECORD (16u << 20)
#define MAX_GROUPS 65536

/* One question to the account database: by the name where there is one, else by the number. */
struct question {
    const char *name;
    id_t id;
};

struct account {
    id_t id;
    gid_t primary;
    char name[MAX_ACCOUNT_NAME + 1];
};

static int copy_name(struct account *account, const char *name) {
    size_t length = strlen(name);
    if (length > MAX_ACCOUNT_NAME) return ENAMETOOLONG;
    memcpy(account->name, name, length + 1);
    return 0;
}

static int read_user(const struct question *question, char *buffer, size_t size, struct account *account) {
    struct passwd record, *found = NULL;
    int bad = question->name ? getpwnam_r(question->name, &record, buffer, size, &found)
                             : getpwuid_r(question->id, &record, buffer, size, &found);
    if (bad) return bad;
    if (!found) return ENOENT;
    account->id = found->pw_uid;
    account->primary = found->pw_gid;
    return copy_name(account, found->pw_name);
}

static int read_group(const struct question *question, char *buffer, size_t size, struct account *account) {
    struct group record, *found = NULL;
    int bad = question->name ? getgrnam_r(question->name, &record, buffer, size, &found)
                             : getgrgid_r(question->id, &record, buffer, size, &found);
    if (bad) return bad;
    if (!found) return ENOENT;
    account->id = found->gr_gid;
    return copy_name(account, found->gr_name);
}

typedef int reader(const struct question *question, char *buffer, size_t size, struct account *account);

/* Asks with ever more room until the record fits. */
static int look_up(reader *read, const struct question *question, struct account *account) {
    for (size_t size = 4096; size <= MAX_RECORD; size *= 4) {
        char *buffer = malloc(size);
        if (!buffer) return -ENOMEM;
        int bad = read(question, buffer, size, account);
        free(buffer);
        if (bad != ERANGE) return -bad;
    }
    return -ERANGE;
}

int user_by_name(const char *name, uid_t *uid, gid_t *primary) {
    struct account account = {0};
    int bad = look_up(read_user, &(struct question){.name = name}, &account);
    if (bad) return bad;
    *uid = account.id;
    *primary = account.primary;
    return 0;
}

int group_by_name(const char *name, gid_t *gid) {
    struct account account = {0};
    int bad = look_up(read_group, &(struct question){.name = name}, &account);
    if (!bad) *gid = account.id;
    return bad;
}

static int name_of(reader *read, id_t id, char *name) {
    struct account account = {0};
    int bad = look_up(read, &(struct question){.id = id}, &account);
    if (!bad) memcpy(name, account.name, sizeof account.name);
    return bad;
}

int user_by_id(uid_t uid, char *name) {
    return name_of(read_user, uid, name);
}

int group_by_id(gid_t gid, char *name) {
    return name_of(read_group, gid, name);
}

int groups_of(const char *name, gid_t primary, gid_t **groups) {
    for (int room = 64; room <= MAX_GROUPS * 2; room *= 4) {
        int count = room;
        *groups = calloc((size_t)room, sizeof **groups);
        if (!*groups) return -ENOMEM;
        if (getgrouplist(name, primary, *groups, &count) >= 0) return count;
        free(*groups);
    }
    return -ERANGE;
}
