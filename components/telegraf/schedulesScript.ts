/**
 * Starlark function `last_due`: the last time, in Unix seconds, at which a cron expression was due before another, in a
 * time zone; None where it was not within 400 days, or is no cron expression of five fields.
 *
 * Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
 */
export const schedulesScript = (): string => `macros = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}
months = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

def cron_field(text, low, high, names):
    numbers = {name: number for number, name in enumerate(names)}
    number = lambda part: numbers[part] if part in numbers else int(part)
    found = {}
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span in ["*", "?"]:
            first, last = low, high
        else:
            first = number(first)
            last = number(last) if last else (high if step else first)
        for value in range(first, last + 1, int(step or "1")):
            found[value] = True
    return found

def last_due(schedule, zone, before):
    parts = macros.get(schedule, schedule).split()
    if len(parts) != 5 or not time.is_valid_timezone(zone):
        return None
    minutes = sorted(cron_field(parts[0], 0, 59, []), reverse = True)
    hours = sorted(cron_field(parts[1], 0, 23, []), reverse = True)
    days, month, week = cron_field(parts[2], 1, 31, []), cron_field(parts[3], 1, 12, months), cron_field(parts[4], 0, 7, weekdays)
    any_day, any_weekday = parts[2][0] in "*?", parts[4][0] in "*?"
    today = time.from_timestamp(before).in_location(zone)
    noon = time.time(year = today.year, month = today.month, day = today.day, hour = 12, location = zone).unix
    for ago in range(400):
        day = time.from_timestamp(noon - ago * 86400).in_location(zone)
        weekday = (time.time(year = day.year, month = day.month, day = day.day, hour = 12, location = "UTC").unix // 86400 + 4) % 7
        on_day, on_weekday = day.day in days, weekday in week or (weekday == 0 and 7 in week)
        if day.month not in month or not ((on_day and on_weekday) if any_day or any_weekday else (on_day or on_weekday)):
            continue
        for hour in hours:
            for minute in minutes:
                due = time.time(year = day.year, month = day.month, day = day.day, hour = hour, minute = minute, location = zone).unix
                if due <= before:
                    return due
    return None
`;
