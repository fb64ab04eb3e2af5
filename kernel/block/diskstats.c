/*
 * kernel/block/diskstats.c - what was transferred, and how long it took.
 *
 * Theory.  Of each disk and each partition the figures of /proc/diskstats: transfers, bios that were
 * joined to another's, sectors, and the time from submission to the end, separately for reads and
 * writes; how many are under way; the time during which any was (io_ticks: how busy it is), and the
 * sum over all of the time each took (time_in_queue).  The last two are brought up to date whenever
 * the number under way changes.  What is done to a partition counts for its disk too.  Times are
 * counted in ticks and shown in milliseconds.
 *
 * Locking: queue_lock.
 */
#include <kernel/block/blk.h>

#include <kernel/core/seq_file.h>
#include <kernel/core/time.h>

/* The figures of a partition, and those of its disk. */
static unsigned int stats_of(struct hd_struct *part, struct disk_stats *stats[2])
{
	stats[0] = &part->disk->part0.stats;
	stats[1] = &part->stats;
	return part->partno ? 2 : 1;
}

static void round_stats(struct disk_stats *stats)
{
	unsigned long passed = jiffies_to_msecs(jiffies - stats->stamp);

	stats->stamp = jiffies;
	if (stats->in_flight) {
		stats->io_ticks += passed;
		stats->time_in_queue += passed * stats->in_flight;
	}
}

static void account_in_flight(struct request *rq, int change)
{
	struct disk_stats *stats[2];

	for (unsigned int i = stats_of(rq->part, stats); i--; ) {
		round_stats(stats[i]);
		stats[i]->in_flight += (unsigned long)change;
	}
}

void blk_account_start(struct request *rq)
{
	if (!(rq->cmd_flags & REQ_FLUSH))
		account_in_flight(rq, 1);
}

void blk_account_merge(const struct bio *bio)
{
	struct disk_stats *stats[2];

	for (unsigned int i = stats_of(bio->bi_part, stats); i--; )
		stats[i]->merges[bio_is_write(bio)]++;
}

void blk_account_join(struct request *gone)
{
	blk_account_merge(gone->bio);
	account_in_flight(gone, -1);
}

void blk_account_sectors(struct request *rq, unsigned int sectors)
{
	struct disk_stats *stats[2];

	for (unsigned int i = stats_of(rq->part, stats); i--; )
		stats[i]->sectors[rq_is_write(rq)] += sectors;
}

void blk_account_done(struct request *rq)
{
	unsigned long ms = jiffies_to_msecs(jiffies - rq->start_time);
	unsigned int rw = rq_is_write(rq);
	struct disk_stats *stats[2];

	for (unsigned int i = stats_of(rq->part, stats); i--; ) {
		if (rq->cmd_flags & REQ_FLUSH) {
			stats[i]->flushes++;
			stats[i]->flush_ticks += ms;
		} else {
			stats[i]->ios[rw]++;
			stats[i]->ticks[rw] += ms;
		}
	}
	if (!(rq->cmd_flags & REQ_FLUSH))
		account_in_flight(rq, -1);
}

/* ---- /proc/diskstats, /proc/partitions -------------------------------------------------------- */

/* A consistent copy, up to now. */
static struct disk_stats read_stats(struct hd_struct *part)
{
	struct request_queue *q = part->disk->queue;
	struct disk_stats copy;

	spin_lock_irq(&q->queue_lock);
	round_stats(&part->stats);
	copy = part->stats;
	spin_unlock_irq(&q->queue_lock);
	return copy;
}

void blk_print_stats(struct seq_file *m, struct hd_struct *part)
{
	struct disk_stats s = read_stats(part);

	for (unsigned int rw = READ; rw <= WRITE; rw++)
		seq_printf(m, " %lu %lu %lu %lu", s.ios[rw], s.merges[rw], s.sectors[rw], s.ticks[rw]);
	seq_printf(m, " %lu %lu %lu 0 0 0 0 %lu %lu\n", s.in_flight, s.io_ticks, s.time_in_queue,
		   s.flushes, s.flush_ticks);
}

static void for_each_part(struct seq_file *m,
			  void (*show)(struct seq_file *m, struct hd_struct *part))
{
	struct gendisk *disk;

	mutex_lock(&disks_mutex);
	list_for_each_entry(disk, &all_disks, list)
		for (unsigned int i = 0; i < DISK_MAX_PARTS; i++)
			if (disk->part[i])
				show(m, disk->part[i]);
	mutex_unlock(&disks_mutex);
}

static void show_stats(struct seq_file *m, struct hd_struct *part)
{
	char name[DISK_NAME_LEN];

	seq_printf(m, "%4u %7u %s", part->disk->major,
		   part->disk->first_minor + (unsigned int)part->partno, part_name(part, name));
	blk_print_stats(m, part);
}

static int diskstats_show(struct seq_file *m, void *v)
{
	for_each_part(m, show_stats);
	return 0;
}
PROC_SHOW("diskstats", diskstats_show);

static void show_partition(struct seq_file *m, struct hd_struct *part)
{
	char name[DISK_NAME_LEN];

	seq_printf(m, "%4u  %7u %10llu %s\n", part->disk->major,
		   part->disk->first_minor + (unsigned int)part->partno, part->nr_sects >> 1,
		   part_name(part, name));
}

static int partitions_show(struct seq_file *m, void *v)
{
	bool none;

	mutex_lock(&disks_mutex);
	none = list_empty(&all_disks);
	mutex_unlock(&disks_mutex);
	if (!none)
		seq_puts(m, "major minor  #blocks  name\n\n");
	for_each_part(m, show_partition);
	return 0;
}
PROC_SHOW("partitions", partitions_show);
