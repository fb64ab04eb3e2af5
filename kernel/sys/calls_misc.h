/*
 * kernel/sys/calls_misc.h - system calls about the machine: X(number, name).
 *
 * Absent, and so -ENOSYS: ioperm (101), iopl (110), vm86, modify_ldt, module
 * loading, quota, acct (51), syslog's cousins, membarrier (375).
 */
X(59, oldolduname)
X(74, sethostname)
X(87, swapon)
X(88, reboot)
X(103, syslog)
X(109, olduname)
X(111, vhangup)
X(115, swapoff)
X(116, sysinfo)
X(121, setdomainname)
X(122, newuname)
X(318, getcpu)
X(355, getrandom)
