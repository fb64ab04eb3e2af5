/*
 * kernel/uapi/mempolicy.h - numbers of the memory policy calls, as Linux has them.
 */
#ifndef OCTAVO_KERNEL_UAPI_MEMPOLICY_H
#define OCTAVO_KERNEL_UAPI_MEMPOLICY_H

enum {
	MPOL_DEFAULT,
	MPOL_PREFERRED,
	MPOL_BIND,
	MPOL_INTERLEAVE,
	MPOL_LOCAL,
	MPOL_PREFERRED_MANY,
	MPOL_MAX
};

/* Beside the mode. */
#define MPOL_F_STATIC_NODES	(1 << 15)	/* node numbers are meant as they stand */
#define MPOL_F_RELATIVE_NODES	(1 << 14)	/* ... count among the allowed ones */
#define MPOL_F_NUMA_BALANCING	(1 << 13)	/* with BIND: pages may be moved nearer */
#define MPOL_MODE_FLAGS		(MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES | MPOL_F_NUMA_BALANCING)

/* get_mempolicy() */
#define MPOL_F_NODE		(1 << 0)	/* a node, not a policy */
#define MPOL_F_ADDR		(1 << 1)	/* of an address */
#define MPOL_F_MEMS_ALLOWED	(1 << 2)

/* mbind(), move_pages() */
#define MPOL_MF_STRICT		(1 << 0)	/* fail if pages lie elsewhere */
#define MPOL_MF_MOVE		(1 << 1)	/* move those of this process */
#define MPOL_MF_MOVE_ALL	(1 << 2)	/* ... and those it shares */
#define MPOL_MF_VALID		(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)

#endif
