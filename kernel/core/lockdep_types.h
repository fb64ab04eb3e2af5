/*
 * kernel/core/lockdep_types.h - what a lock carries for the checker of debug builds.
 *
 * Every lock belongs to a *class*: locks that are used by the same rules, such as
 * the mmap_sem of every address space.  What names a class is the address of a
 * key: a static one at the place that initialises such locks (spin_lock_init()
 * and its kin are macros for that), for a static lock its own address, for a
 * lock on a stack the address of its name.  In release builds all this is empty.
 *
 * Theory of the checker: kernel/core/lockdep.h.
 */
#ifndef OCTAVO_KERNEL_CORE_LOCKDEP_TYPES_H
#define OCTAVO_KERNEL_CORE_LOCKDEP_TYPES_H

/*
 * Two locks of one class may be held together only if the second is taken by a
 * _nested function with another subclass: it says that there is an order within
 * the class (parent before child, lower address first), which the caller keeps.
 */
#define SINGLE_DEPTH_NESTING		1
#define MAX_LOCKDEP_SUBCLASSES		8

#ifdef CONFIG_DEBUG

struct lock_class;

struct lock_class_key {
	char address;			/* only where it lies matters */
};

struct lockdep_map {
	struct lock_class *class;	/* found at the first use; NULL before */
	const struct lock_class_key *key; /* [c] NULL: static or on a stack, see above */
	const char *name;		/* [c] */
};

#define __LOCKDEP_MAP(_name, _key)	{ .key = (_key), .name = #_name }
#define __LOCKDEP_INIT(_name, _key)	.dep = __LOCKDEP_MAP(_name, _key),

#define lockdep_set_class(lock, _key) \
	((lock)->dep = (struct lockdep_map)__LOCKDEP_MAP(lock, _key))
#define lockdep_set_class_and_name(lock, _key, _name) \
	((lock)->dep = (struct lockdep_map){ .key = (_key), .name = (_name) })

/* A key of its own for the lock that is initialised at this place of the source. */
#define __lockdep_init_map(map, _name) do {					\
	static const struct lock_class_key __key;				\
	*(map) = (struct lockdep_map){ .key = &__key, .name = (_name) };	\
} while (0)
#define __lockdep_init(lock, _name)	__lockdep_init_map(&(lock)->dep, _name)

#else

struct lock_class_key { };

#define __LOCKDEP_INIT(_name, _key)
#define lockdep_set_class(lock, _key)			((void)(lock), (void)(_key))
#define lockdep_set_class_and_name(lock, _key, _name)	((void)(lock), (void)(_key))
#define __lockdep_init(lock, _name)			((void)(lock))

#endif
#endif
