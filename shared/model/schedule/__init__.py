"""When a template's jobs are due: a pure function of (schedule, seed, calendars, after). No clock, no AWS.

Start with `schedule` (the values), `documents` (their JSON form) and `occurrences` (the instants). Below them: `cron`
and `recurrence_rule` expand a rule into naive local times, `placement` puts those into a zone by the DST policies,
`calendar` says which days are excluded. Misfires are not decided here: they need to know what time it is.
"""
