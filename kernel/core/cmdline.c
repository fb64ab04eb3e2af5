/*
 * kernel/core/cmdline.c - options from the loader's command line.
 *
 * The line is never changed; each question walks over it.  A few dozen short
 * walks at boot cost less than a table would.
 */
#include <kernel/core/cmdline.h>

#include <lib/errno.h>
#include <lib/string.h>
#include <lib/strtox.h>

char boot_command_line[COMMAND_LINE_SIZE];

/*
 * The next word from *p on; *p moves behind it.
 * => its length (quotes included), 0 at the end or at a bare "--"
 */
static size_t next_word(const char **p, const char **word)
{
	const char *s = *p;
	bool quoted = false;

	while (*s == ' ' || *s == '\t')
		s++;
	*word = s;
	while (*s && (quoted || (*s != ' ' && *s != '\t'))) {
		if (*s == '"')
			quoted = !quoted;
		s++;
	}
	*p = s;
	if (s - *word == 2 && (*word)[0] == '-' && (*word)[1] == '-')
		return 0;
	return s - *word;
}

/* The last word that is @name or name=...; => NULL if there is none */
static const char *find_word(const char *name, size_t *len)
{
	const char *p = boot_command_line;
	const char *found = NULL;
	const char *word;
	size_t name_len = strlen(name);
	size_t word_len;

	while ((word_len = next_word(&p, &word)) != 0) {
		if (word_len < name_len || memcmp(word, name, name_len) != 0)
			continue;
		if (word_len == name_len || word[name_len] == '=') {
			found = word;
			*len = word_len;
		}
	}
	return found;
}

bool cmdline_has(const char *name)
{
	size_t len;

	return find_word(name, &len) != NULL;
}

int cmdline_find_option(const char *name, char *buf, size_t size)
{
	size_t name_len = strlen(name);
	size_t len, used = 0;
	const char *word = find_word(name, &len);

	if (!word || len == name_len)
		return -ENOENT;
	for (size_t i = name_len + 1; i < len && used + 1 < size; i++)
		if (word[i] != '"')
			buf[used++] = word[i];
	if (size)
		buf[used] = 0;
	return (int)used;
}

u64 cmdline_get_mem(const char *name, u64 otherwise)
{
	char value[24];

	if (cmdline_find_option(name, value, sizeof(value)) <= 0)
		return otherwise;
	return memparse(value, NULL);
}

long cmdline_get_int(const char *name, long otherwise)
{
	char value[24];
	long result;

	if (cmdline_find_option(name, value, sizeof(value)) <= 0)
		return otherwise;
	return kstrtol(value, 0, &result) ? otherwise : result;
}
