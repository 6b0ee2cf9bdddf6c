/* Who is in a group, and which users there are. See accounts.h. */
#include "accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* A group with a hundred thousand members has a record of about a megabyte. */
#define MAX_RECORD (16u << 20)
#define USER_RECORD (1u << 20)
#define MAX_USERS (1u << 20)

/* Copies the names into one block of memory. Returns how many there are. */
static int copy_names(char *const *members, char **names) {
    size_t size = 1;
    int count = 0;
    for (; members[count]; count++) size += strlen(members[count]) + 1;
    char *end = *names = malloc(size);
    if (!end) return -ENOMEM;
    for (int i = 0; i < count; i++) end = stpcpy(end, members[i]) + 1;
    return count;
}

int members_of(const char *name, gid_t gid, char **names) {
    for (size_t size = 4096; size <= MAX_RECORD; size *= 4) {
        struct group record, *found = NULL;
        char *buffer = malloc(size);
        if (!buffer) return -ENOMEM;
        int bad =
            name ? getgrnam_r(name, &record, buffer, size, &found) : getgrgid_r(gid, &record, buffer, size, &found);
        int count = bad ? -bad : found ? copy_names(found->gr_mem, names) : -ENOENT;
        free(buffer);
        if (bad != ERANGE) return count;
    }
    return -ERANGE;
}

/* Makes room for one more. Returns 0 or -errno. */
static int grow(struct user_ids **users, size_t count) {
    if (count >= MAX_USERS) return -E2BIG;
    // Full whenever count is a power of two
    if (count & (count - 1)) return 0;
    struct user_ids *more = realloc(*users, (count ? count * 2 : 1) * sizeof *more);
    if (!more) return -ENOMEM;
    *users = more;
    return 0;
}

static int read_users(char *buffer, struct user_ids **users) {
    for (size_t count = 0;; count++) {
        struct passwd record, *found = NULL;
        int bad = getpwent_r(&record, buffer, USER_RECORD, &found);
        if (bad == ENOENT) return (int)count;
        if (!bad) bad = -grow(users, count);
        if (bad) return -bad;
        (*users)[count] = (struct user_ids){.uid = found->pw_uid, .gid = found->pw_gid};
    }
}

int every_user(struct user_ids **users) {
    *users = NULL;
    char *buffer = malloc(USER_RECORD);
    if (!buffer) return -ENOMEM;
    setpwent();
    int count = read_users(buffer, users);
    endpwent();
    free(buffer);
    if (count >= 0) return count;
    free(*users);
    *users = NULL;
    return count;
}
