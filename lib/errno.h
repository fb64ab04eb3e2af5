/*
 * lib/errno.h - the error numbers of Linux/i386.
 *
 * Theory.  A function that can fail returns 0 or a negative number of this list; ring 3 sees
 * the same number through the C library's errno, so the values are part of the system-call
 * ABI and never change.  The last group never leaves the kernel: the signal code turns
 * ERESTART* into a restarted call or into -EINTR.
 *
 * References: POSIX.1-2017 <errno.h>; Linux/i386 ABI.
 */
#ifndef OCTAVO_LIB_ERRNO_H
#define OCTAVO_LIB_ERRNO_H

#define EPERM		1	/* not the owner, or not allowed to */
#define ENOENT		2	/* no such file */
#define ESRCH		3	/* no such process */
#define EINTR		4	/* a signal came first */
#define EIO		5	/* the device failed */
#define ENXIO		6	/* no device at that number */
#define E2BIG		7	/* argument list too long */
#define ENOEXEC		8	/* not a program we can run */
#define EBADF		9	/* bad file descriptor */
#define ECHILD		10	/* no children to wait for */
#define EAGAIN		11	/* would block, or no room now: try again */
#define ENOMEM		12	/* no memory */
#define EACCES		13	/* the permission bits forbid it */
#define EFAULT		14	/* bad user address */
#define ENOTBLK		15	/* not a block device */
#define EBUSY		16	/* in use */
#define EEXIST		17	/* exists already */
#define EXDEV		18	/* link across file systems */
#define ENODEV		19	/* no such device */
#define ENOTDIR		20	/* not a directory */
#define EISDIR		21	/* a directory */
#define EINVAL		22	/* invalid argument */
#define ENFILE		23	/* system file table full */
#define EMFILE		24	/* process file table full */
#define ENOTTY		25	/* no such ioctl here */
#define ETXTBSY		26	/* program text is being run */
#define EFBIG		27	/* file would grow too large */
#define ENOSPC		28	/* device full */
#define ESPIPE		29	/* cannot seek */
#define EROFS		30	/* read-only file system */
#define EMLINK		31	/* too many links */
#define EPIPE		32	/* nobody reads this pipe */
#define EDOM		33	/* argument out of domain */
#define ERANGE		34	/* result out of range */
#define EDEADLK		35	/* would deadlock */
#define ENAMETOOLONG	36	/* name too long */
#define ENOLCK		37	/* no record locks left */
#define ENOSYS		38	/* no such system call */
#define ENOTEMPTY	39	/* directory not empty */
#define ELOOP		40	/* too many symbolic links */
#define ENOMSG		42
#define EIDRM		43
#define ECHRNG		44
#define EL2NSYNC	45
#define EL3HLT		46
#define EL3RST		47
#define ELNRNG		48
#define EUNATCH		49
#define ENOCSI		50
#define EL2HLT		51
#define EBADE		52
#define EBADR		53
#define EXFULL		54
#define ENOANO		55
#define EBADRQC		56
#define EBADSLT		57
#define EBFONT		59
#define ENOSTR		60
#define ENODATA		61
#define ETIME		62
#define ENOSR		63
#define ENONET		64
#define ENOPKG		65
#define EREMOTE		66
#define ENOLINK		67
#define EADV		68
#define ESRMNT		69
#define ECOMM		70
#define EPROTO		71
#define EMULTIHOP	72
#define EDOTDOT		73
#define EBADMSG		74
#define EOVERFLOW	75	/* value does not fit */
#define ENOTUNIQ	76
#define EBADFD		77
#define EREMCHG		78
#define ELIBACC		79
#define ELIBBAD		80
#define ELIBSCN		81
#define ELIBMAX		82
#define ELIBEXEC	83
#define EILSEQ		84	/* illegal byte sequence */
#define ERESTART	85
#define ESTRPIPE	86
#define EUSERS		87
#define ENOTSOCK	88
#define EDESTADDRREQ	89
#define EMSGSIZE	90
#define EPROTOTYPE	91
#define ENOPROTOOPT	92
#define EPROTONOSUPPORT	93
#define ESOCKTNOSUPPORT	94
#define EOPNOTSUPP	95	/* operation not supported */
#define EPFNOSUPPORT	96
#define EAFNOSUPPORT	97
#define EADDRINUSE	98
#define EADDRNOTAVAIL	99
#define ENETDOWN	100
#define ENETUNREACH	101
#define ENETRESET	102
#define ECONNABORTED	103
#define ECONNRESET	104
#define ENOBUFS		105
#define EISCONN		106
#define ENOTCONN	107
#define ESHUTDOWN	108
#define ETOOMANYREFS	109
#define ETIMEDOUT	110	/* timed out */
#define ECONNREFUSED	111
#define EHOSTDOWN	112
#define EHOSTUNREACH	113
#define EALREADY	114
#define EINPROGRESS	115
#define ESTALE		116
#define EUCLEAN		117
#define ENOTNAM		118
#define ENAVAIL		119
#define EISNAM		120
#define EREMOTEIO	121
#define EDQUOT		122
#define ENOMEDIUM	123
#define EMEDIUMTYPE	124
#define ECANCELED	125
#define ENOKEY		126
#define EKEYEXPIRED	127
#define EKEYREVOKED	128
#define EKEYREJECTED	129
#define EOWNERDEAD	130
#define ENOTRECOVERABLE	131
#define ERFKILL		132
#define EHWPOISON	133

#define EWOULDBLOCK	EAGAIN
#define EDEADLOCK	EDEADLK
#define ENOTSUP		EOPNOTSUPP

/* Inside the kernel only. */
#define ERESTARTSYS		512	/* restart if the handler has SA_RESTART, else EINTR */
#define ERESTARTNOINTR		513	/* restart always */
#define ERESTARTNOHAND		514	/* restart if no handler ran, else EINTR */
#define ENOIOCTLCMD		515	/* this layer does not know the ioctl */
#define ERESTART_RESTARTBLOCK	516	/* restart by restart_syscall with adjusted arguments */

#define MAX_ERRNO	4095	/* the last page of addresses holds error pointers */

#endif /* OCTAVO_LIB_ERRNO_H */
