/*
 * tests/user/fs_memfd.c - memfd_create: a file without a name; seals, and what each forbids to
 * write, truncate, fallocate and mmap; and POSIX shared memory by name in /dev/shm.
 * calls: memfd_create fcntl64 fallocate
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include <tests/user/test.h>

#define PAGE		4096
#define PUNCH		(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif

static void *map(int fd, int prot, int flags)
{
	return mmap(NULL, PAGE, prot, flags, fd, 0);
}

static int sealable(void)
{
	int fd = memfd_create("s", MFD_ALLOW_SEALING);

	must(fd >= 0 && ftruncate(fd, PAGE) == 0);
	return fd;
}

static void creation(void)
{
	char name[260], link[300], want[300];
	struct stat st;
	int fd, n;

	memset(name, 'n', sizeof(name));
	name[249] = 0;
	fd = memfd_create(name, MFD_CLOEXEC);
	must(fd >= 0);
	expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	expect_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	must(fstat(fd, &st) == 0);
	expect_eq(st.st_mode & S_IFMT, S_IFREG);
	expect_eq(st.st_nlink, 0);
	expect_eq(st.st_size, 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = (int)readlink(link, want, sizeof(want) - 1);
	must(n > 0);
	want[n] = 0;
	snprintf(link, sizeof(link), "/memfd:%s (deleted)", name);
	expect(!strcmp(link, want));
	expect_eq(write(fd, "abc", 3), 3);
	expect_eq(pread(fd, link, 10, 1), 2);
	/* Two of the same name are two. */
	n = memfd_create(name, 0);
	expect_eq(fcntl(n, F_GETFD), 0);
	expect_eq(read(n, link, 1), 0);
	close(n);
	close(fd);
	memset(name, 'n', 250);
	name[250] = 0;
	expect_errno(memfd_create(name, 0), EINVAL);
	expect_errno(memfd_create("x", 0x1000), EINVAL);
	expect_errno(memfd_create(BAD_PTR, 0), EFAULT);
	fd = memfd_create("", 0);
	expect(fd >= 0);
	/* Without having asked there is one seal: against seals. */
	expect_eq(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
	expect_errno(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	close(fd);
}

static void sizes(void)
{
	int fd = sealable();

	expect_eq(fcntl(fd, F_GET_SEALS), 0);
	expect_errno(fcntl(fd, F_ADD_SEALS, 0x1000), EINVAL);
	expect_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	expect_errno(ftruncate(fd, PAGE - 1), EPERM);
	expect_eq(ftruncate(fd, PAGE), 0);
	expect_eq(ftruncate(fd, 2 * PAGE), 0);
	expect_eq(pwrite(fd, "x", 1, 2 * PAGE), 1);
	expect_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	expect_eq(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW);
	expect_errno(ftruncate(fd, 3 * PAGE), EPERM);
	expect_errno(pwrite(fd, "xx", 2, 2 * PAGE), EPERM);
	expect_eq(pwrite(fd, "x", 1, 2 * PAGE), 1);
	expect_errno(fallocate(fd, 0, 0, 3 * PAGE), EPERM);
	expect_eq(fallocate(fd, 0, 0, PAGE), 0);
	expect_eq(fallocate(fd, PUNCH, 0, 3 * PAGE), 0);
	expect_eq(lseek(fd, 0, SEEK_END), 2 * PAGE + 1);
	/* No more seals, but what is open stays as it is. */
	expect_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
	expect_errno(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	expect_eq(pwrite(fd, "y", 1, 0), 1);
	close(fd);
}

static void writing(void)
{
	int fd = sealable(), ro;
	char path[64];
	char *at = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);

	must(at != MAP_FAILED);
	strcpy(at, "text");
	/* Who may write through a mapping, or could by mprotect, is in the way. */
	expect_errno(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	expect_eq(mprotect(at, PAGE, PROT_READ), 0);
	expect_errno(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW), EBUSY);
	expect_eq(fcntl(fd, F_GET_SEALS), 0);
	munmap(at, PAGE);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY);
	must(ro >= 0);
	expect_errno(fcntl(ro, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	at = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	must(at != MAP_FAILED);
	expect_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	at[0] = 'T';
	munmap(at, PAGE);
	expect_errno(pwrite(fd, "x", 1, 0), EPERM);
	expect_errno(fallocate(fd, PUNCH, 0, PAGE), EPERM);
	expect(map(fd, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED && errno == EPERM);
	at = map(ro, PROT_READ, MAP_SHARED);
	must(at != MAP_FAILED);
	expect(!strcmp(at, "text"));
	expect_errno(mprotect(at, PAGE, PROT_READ | PROT_WRITE), EACCES);
	munmap(at, PAGE);
	expect_eq(ftruncate(fd, 2), 0);
	close(ro);
	close(fd);
}

/* Who maps it already may go on writing: nobody else will. */
static void future_writing(void)
{
	int fd = sealable();
	char *old = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), *at;

	must(old != MAP_FAILED);
	expect_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
	strcpy(old, "more");
	expect_errno(pwrite(fd, "x", 1, 0), EPERM);
	expect(map(fd, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED && errno == EPERM);
	at = map(fd, PROT_READ, MAP_SHARED);
	must(at != MAP_FAILED);
	expect(!strcmp(at, "more"));
	expect_errno(mprotect(at, PAGE, PROT_READ | PROT_WRITE), EACCES);
	munmap(at, PAGE);
	munmap(old, PAGE);
	close(fd);
}

static void others(void)
{
	int fds[2], dir = open("/", O_RDONLY);

	must(pipe(fds) == 0 && dir >= 0);
	expect_errno(fcntl(fds[1], F_ADD_SEALS, F_SEAL_GROW), EINVAL);
	expect_errno(fcntl(fds[1], F_GET_SEALS), EINVAL);
	expect_errno(fcntl(dir, F_GET_SEALS), EINVAL);
	expect_errno(fcntl(-1, F_GET_SEALS), EBADF);
	close(fds[0]);
	close(fds[1]);
	close(dir);
}

/* Two processes that know a name. */
static void by_name(void)
{
	struct statfs fs;
	int fd, status;
	char *at;
	pid_t pid;

	if (statfs("/dev/shm", &fs) || fs.f_type != 0x01021994)
		return;
	shm_unlink("/octavo-test");
	fd = shm_open("/octavo-test", O_RDWR | O_CREAT | O_EXCL, 0600);
	must(fd >= 0 && ftruncate(fd, PAGE) == 0);
	at = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	must(at != MAP_FAILED);
	expect_eq(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		int mine = shm_open("/octavo-test", O_RDWR, 0);

		_exit(mine < 0 || pwrite(mine, "hello", 6, 0) != 6);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect(!strcmp(at, "hello"));
	expect_eq(shm_unlink("/octavo-test"), 0);
	expect_errno(shm_open("/octavo-test", O_RDWR, 0), ENOENT);
	munmap(at, PAGE);
	close(fd);
}

int main(void)
{
	creation();
	sizes();
	writing();
	future_writing();
	others();
	by_name();
	return test_result();
}
