// Days of the calendar, all in UTC: a day of the model is the same day in every time zone.
export const DAY = 86400; // seconds

// Which days of the month have a tick, the densest first; then every so many months.
const DAYS = [1, 2, 5, 10, 15].map((step) => Array.from({ length: Math.floor(30 / step) }, (_, at) => 1 + at * step));
const MONTHS = [1, 2, 3, 6, 12];

// Seconds since 1970 of the midnight with which a day such as "2024-07-01" begins.
export function secondsOf(iso) {
  return Date.parse(`${iso}T00:00:00Z`) / 1000;
}

export function isoOfSeconds(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

// The day that comes so many days after another.
export function isoAfter(iso, days) {
  return isoOfSeconds(secondsOf(iso) + days * DAY);
}

// Midnights for the ticks of a time axis, at most so many, counted from the first of the month.
export function ticks(from, to, most) {
  let found = [];
  for (const rule of rules((to - from) / DAY)) {
    found = between(from, to, rule);
    if (found.length <= Math.max(1, most)) break;
  }
  return found;
}

function* rules(days) {
  if (days < 100) for (const wanted of DAYS) yield { months: 1, days: wanted };
  for (const months of MONTHS) yield { months, days: [1] };
  for (let years = 2; years < 1000; years *= 2) yield { months: 12 * years, days: [1] };
}

function between(from, to, { months, days }) {
  const found = [];
  const first = new Date(from * 1000);
  const month = 12 * first.getUTCFullYear() + first.getUTCMonth();
  for (let at = month - (month % months); midnight(at, 1) <= to; at += months)
    for (const day of days) {
      const seconds = midnight(at, day);
      if (seconds >= from && seconds <= to && seconds < midnight(at + 1, 1)) found.push(seconds);
    }
  return found;
}

// Months are counted from the year 0.
function midnight(month, day) {
  return Date.UTC(Math.floor(month / 12), month % 12, day) / 1000;
}
