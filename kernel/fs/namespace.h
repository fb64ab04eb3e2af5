/*
 * kernel/fs/namespace.h - changing the tree of mounts: between namespace.c and who joins in.
 */
#ifndef OCTAVO_KERNEL_FS_NAMESPACE_H
#define OCTAVO_KERNEL_FS_NAMESPACE_H

#include <kernel/fs/mount.h>

/*
 * To the top of what is mounted on @path, with nobody to remove or cover that any more.
 * => path->dentry's i_sem and namespace_sem are held until unlock_mount()
 */
void lock_mount(struct path *path);
void unlock_mount(const struct path *path);
/* @mnt is in the tree, and not its first root. => namespace_sem held */
bool is_attached(const struct vfsmount *mnt);
/*
 * A mount leaves one place for another, with what is mounted in it.
 * => namespace_sem, vfsmount_lock held; the caller puts *left later
 */
void change_place(struct vfsmount *mnt, const struct path *to, struct path *left);

#endif
