/*
 * Users and groups from every source that nsswitch.conf(5) names. May wait for a directory server. Every function
 * returns 0 or more, or -errno; -ENOENT when there is no such account.
 */
#ifndef FDBROKER_ACCOUNTS_H
#define FDBROKER_ACCOUNTS_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes of the longest name taken, without its NUL. */
#define MAX_ACCOUNT_NAME 256

int user_by_name(const char *name, uid_t *uid, gid_t *primary);
int group_by_name(const char *name, gid_t *gid);
/* name has room for MAX_ACCOUNT_NAME + 1 bytes. ENAMETOOLONG when it does not fit. */
int user_by_id(uid_t uid, char *name);
int group_by_id(gid_t gid, char *name);

/* getgrouplist(3). *groups is the caller's to free. Returns how many. */
int groups_of(const char *name, gid_t primary, gid_t **groups);

/*
 * Those whom the group of that name, or of that gid where name is NULL, lists: not whose primary group it is. *names is
 * the caller's to free, and holds one name after another, each with its NUL. Returns how many.
 */
int members_of(const char *name, gid_t gid, char **names);

struct user_ids {
    uid_t uid;
    gid_t gid;
};

/* getpwent(3): all whom the sources are willing to list. *users is the caller's to free. Returns how many. */
int every_user(struct user_ids **users);

#endif
