/*
 * kernel/arch/rtc.c - reading the CMOS clock.
 *
 * The clock updates itself once a second; while register A's bit 7 is set its
 * registers are in motion.  We read twice until two readings agree, which needs
 * no waiting for the flag's edge.  Status B says whether numbers are BCD and
 * hours 12 or 24.  The century is not stored dependably: years below 70 are 20xx.
 *
 * Days from a date: years are made to start in March, so that the leap day is
 * the last of its year; 153 days are any five months from March.
 */
#include <kernel/arch/rtc.h>

#include <kernel/arch/io.h>
#include <lib/string.h>

#define CMOS_INDEX	0x70
#define CMOS_DATA	0x71
#define RTC_SECONDS	0
#define RTC_MINUTES	2
#define RTC_HOURS	4
#define RTC_DAY		7
#define RTC_MONTH	8
#define RTC_YEAR	9
#define RTC_STATUS_A	10
#define RTC_STATUS_B	11
#define RTC_UPDATING	0x80
#define RTC_24H		0x02
#define RTC_BINARY	0x04
#define RTC_PM		0x80
#define READ_LIMIT	10000

#define DAYS_TO_1970	719468	/* from March 1 of year 0 */

s64 mktime(unsigned int year, unsigned int mon, unsigned int day,
	   unsigned int hour, unsigned int min, unsigned int sec)
{
	unsigned int m = mon > 2 ? mon - 3 : mon + 9;
	unsigned int y = mon > 2 ? year : year - 1;
	s64 days = (s64)365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;

	return ((days - DAYS_TO_1970) * 24 + hour) * 3600 + min * 60 + sec;
}

u8 cmos_read(u8 reg)
{
	outb(reg, CMOS_INDEX);
	return inb(CMOS_DATA);
}

struct rtc_fields {
	u8 sec, min, hour, day, mon, year;
};

static void rtc_read_fields(struct rtc_fields *f)
{
	f->sec = cmos_read(RTC_SECONDS);
	f->min = cmos_read(RTC_MINUTES);
	f->hour = cmos_read(RTC_HOURS);
	f->day = cmos_read(RTC_DAY);
	f->mon = cmos_read(RTC_MONTH);
	f->year = cmos_read(RTC_YEAR);
}

static u8 from_bcd(u8 v)
{
	return (v & 15) + (v >> 4) * 10;
}

s64 rtc_read_time(void)
{
	struct rtc_fields f, again;
	u8 status = cmos_read(RTC_STATUS_B);
	bool pm;

	rtc_read_fields(&f);
	for (int i = 0; i < READ_LIMIT; i++) {
		rtc_read_fields(&again);
		if (!(cmos_read(RTC_STATUS_A) & RTC_UPDATING) &&
		    memcmp(&f, &again, sizeof(f)) == 0)
			break;
		f = again;
	}
	pm = !(status & RTC_24H) && (f.hour & RTC_PM);
	f.hour &= ~RTC_PM;
	if (!(status & RTC_BINARY)) {
		f.sec = from_bcd(f.sec);
		f.min = from_bcd(f.min);
		f.hour = from_bcd(f.hour);
		f.day = from_bcd(f.day);
		f.mon = from_bcd(f.mon);
		f.year = from_bcd(f.year);
	}
	if (!(status & RTC_24H))
		f.hour = f.hour % 12 + (pm ? 12 : 0);
	return mktime(f.year + (f.year < 70 ? 2000 : 1900), f.mon, f.day, f.hour, f.min, f.sec);
}
