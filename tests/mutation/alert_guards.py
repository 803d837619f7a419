"""What keeps alerts exact and quiet: the moves of an alert, its counting, its looks, and its store before it writes."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_alert = partial(SourceMutant, "shared/model/alerts/alert.py")
_moves = partial(SourceMutant, "shared/model/alerts/moves.py")
_table = partial(SourceMutant, "shared/model/alerts/transitions.py")
_telling = partial(SourceMutant, "shared/model/alerts/telling.py")
_quiet = partial(SourceMutant, "shared/model/alerts/quiet_hours.py")
_rule = partial(SourceMutant, "shared/model/alerts/rule.py")
_judgement = partial(SourceMutant, "shared/model/alerts/judgement.py")
_raise = partial(SourceMutant, "functions/watcher/alerts/raise_alert.py")
_notify = partial(SourceMutant, "functions/watcher/alerts/notify.py")
_looks = partial(SourceMutant, "functions/watcher/alerts/look_after_alerts.py")
_recovery = partial(SourceMutant, "functions/watcher/alerts/recovery.py")
_judge_overdue = partial(SourceMutant, "functions/watcher/alerts/judge_overdue.py")
_evaluate = partial(SourceMutant, "functions/watcher/alerts/evaluate_rule.py")
_confirmation = partial(SourceMutant, "functions/watcher/alerts/confirmation.py")
_silences = partial(SourceMutant, "functions/watcher/alerts/silences.py")
_lately = partial(SourceMutant, "functions/watcher/alerts/lately.py")
_memory = partial(SourceMutant, "shared/adapters/memory/alerts.py")
_dynamodb = partial(SourceMutant, "shared/adapters/dynamodb/alerts.py")

ALERT_GUARDS: Final = (
    _table("an alert is moved from anywhere", "if alert.state not in LEGAL_MOVES[move]:", "if False:"),
    _moves("acknowledging again is another version", "if alert.state is AlertState.ACKNOWLEDGED:", "if False:"),
    _moves("resolving again is refused", "if alert.state is AlertState.RESOLVED:", "if False:"),
    _moves(
        "an alert comes back at the end of its grace period",
        "return now < alert.resolved_at",
        "return now <= alert.resolved_at",
    ),
    _moves("recovery is told to nobody who knew", "if alert.told else None,", "if False else None,"),
    _moves("a silence ends before its time", "alert.silenced_until <= now:", "True:"),
    _moves("a silence made longer begins anew", "silenced_at=alert.silenced_at or now,", "silenced_at=now,"),
    _moves(
        "a silence leaves the escalation as it was",
        "begun_at=alert.begun_at + interrupted_for,",
        "begun_at=alert.begun_at,",
    ),
    _moves("a step is taken before its time", "alert.step_at <= now:", "True:"),
    _moves("an acknowledged alert escalates", "if alert.state in UNSEEN and alert.step_at", "if alert.step_at"),
    _telling("recovery is told before the grace period is over", "or alert.recover_at > now:", "or False:"),
    _telling("recovery is told again and again", "written(told=(), recover_at=None)", "written(told=())"),
    _telling(
        "a late look tells in quiet hours", "if told_at(now, alert.quiet_hours, alert.severity) > now:", "if False:"
    ),
    _telling(
        "quiet hours do not move the steps that follow",
        "begun_at=alert.begun_at + (step_at - due)",
        "begun_at=alert.begun_at",
    ),
    _telling(
        "a late step leaves those behind it where they were",
        "begun_at=alert.begun_at + late if late > _IN_TIME else alert.begun_at,",
        "begun_at=alert.begun_at,",
    ),
    _moves(
        "what counts nothing is found once",
        "if found else replace(alert, last_at=max(alert.last_at, now))",
        "if found else alert",
    ),
    _quiet("what is critical waits for the morning", "or severity is Severity.CRITICAL:", "or False:"),
    _rule("rules of every scope judge a job", "if rule.scope.breadth is narrowest]", "]"),
    _rule("a rule that is switched off judges", "for rule in rules if rule.is_enabled)", "for rule in rules)"),
    _rule("the built-in rules judge beside one's own", "if rule.kind not in kinds)", ")"),
    _rule("any number of rules judge a job", "[:MOST_OF_A_KIND]", ""),
    _judgement("notifications are judged themselves", "and not is_reserved(job.group) and", "and"),
    _judgement(
        "every skipped job has missed its deadline", "is_missed = job.reason in _MISSED_REASONS", "is_missed = True"
    ),
    _raise(
        "a finding that is twice in a batch is counted twice",
        "self.found}.values())",
        "self.found}.values()) + list(self.found[1:2])",
    ),
    _raise("what was counted is counted again", "if place not in known.marks]", "]"),
    _raise("a meeting at the alert loses what was found", "except AlertChanged:", "except KeyError:"),
    _raise("a storm is not remembered", "return storm is not None and storm.state.is_live", "return False"),
    _raise("a storm is asked for anew for each finding", "== rule.storm_cap.window_of(now):", "is None:"),
    _raise("in a storm an open alert is not counted in", "if _goes_on(latest, now):", "if False:"),
    _raise("a rule takes all the time there is", "if place and seconds_left() <= 0:", "if False:"),
    _raise("what there was no time for is left out", "left = cases[place:]", "left = ()"),
    _judge_overdue(
        "jobs that there was no time for are not judged",
        "left.setdefault(JobKey(case.rule.tenant, occurrence.job_id), case.rule.id)",
        "continue",
    ),
    _judge_overdue(
        "what the store did not take is not judged again",
        "self._remember({one.job.key: _BEFORE_ALL for one in found})",
        "pass",
    ),
    _judge_overdue("one tenant keeps others from being judged", "failures.append(error)", "raise"),
    _judge_overdue(
        "jobs that there was no time for are judged whatever their age",
        " and due_at + timedelta(seconds=_seconds(rule)) <= now",
        "",
    ),
    _raise(
        "a storm is silent if any of it is",
        "max(silent) if len(silent) == len(above) else None",
        "max(silent, default=None)",
    ),
    _notify(
        "what was told stays pending", "changed = handed_over(alert, numbers, announced=announced)", "changed = alert"
    ),
    _looks("a look is forgotten although it is due", "return self._after(alert, now).due_at", "return None"),
    _looks(
        "one alert with a defect stands before all",
        "except Exception as error:\n            # A defect about",
        "except KeyError as error:\n            # A defect about",
    ),
    _looks(
        "one pass takes a step for each look",
        "things.setdefault((look.kind, look.tenant, look.id), [])",
        "things.setdefault((look.kind, look.tenant, look.id, look.due_at), [])",
    ),
    _looks("a tenant whose jobs cannot be judged is tried page by page", "unavailable.add(tenant)", "pass"),
    _looks("alerts wait for rules", "(looks[0].kind is not DueKind.ALERT, looks[0].due_at)", "looks[0].due_at"),
    _looks(
        "a window that is ended early goes on silencing", "if alert.is_in_a_window else alert", "if False else alert"
    ),
    _alert("a window ends what a person has silenced", " and self.history[-1].by == PUNCTUAL", ""),
    _looks("two watchers at once fail", "except AlertChanged:", "except KeyError:"),
    _recovery("any dead letter keeps an alert open", "if fingerprint_in(letter.sort_key) == fingerprint:", "if True:"),
    _recovery("newer dead letters hide those of an alert", "until=until + INDEX_LAG)", "until=None)"),
    _recovery("what was not looked through is over", "return looked_at == _DEAD_LETTERS_LOOKED_AT", "return False"),
    _recovery("a lagging index ends an alert", "if now < alert.last_at + INDEX_LAG:", "if False:"),
    _evaluate(
        "silence that has an alert is looked for",
        "(alert is None or not alert.state.is_live) and not lately",
        "not lately",
    ),
    _lately("pages that could not be read are the end of the jobs", "if self._failure is not None:", "if False:"),
    _lately("a success in the newest page alone is one", "while not self.is_known", "if not self.is_known"),
    _confirmation("a listed job is a dead letter", " if is_dead_letter(job))", ")"),
    _confirmation("what the index does not show does not count", "self._look_at(known)", "pass"),
    _silences(
        "a window silences whatever it says",
        "if window is not None and window.is_silencing else",
        "if window is not None else",
    ),
    _confirmation("one failure in a row is enough", "if rule.kind not in SUSPICIONS:", "if True:"),
    _silences("a window over some silences all", "if known and len(known) == len(ends) else", "if known else"),
    _memory("an alert is overwritten", "current.revision == seen.alert.revision", "True"),
    _memory("two alerts have one key", "return is_latest and", "return"),
    _memory("a mark is no mark", "if repeated:", "if False:"),
    _memory("a cap is no cap", ">= slot.cap:", ">= slot.cap + 1:"),
)

ALERT_STORE_GUARDS: Final = (
    _dynamodb("on AWS, an alert is overwritten", '"ConditionExpression": f"{REVISION} = :seen", ', ""),
    _dynamodb(
        "on AWS, a mark is no mark",
        '{"Put": {"Item": item, "ConditionExpression": _ABSENT}}\n\n    def _take',
        '{"Put": {"Item": item}}\n\n    def _take',
    ),
    _dynamodb("on AWS, two alerts have one key", '{"Put": {"Item": latest, **in_place}}', '{"Put": {"Item": latest}}'),
    _dynamodb("on AWS, a cap is no cap", '"ConditionExpression": "attribute_not_exists(#n) OR #n < :cap",', ""),
    _dynamodb("on AWS, looks at jobs crowd out others", "order = _OF_JOBS if kind is DueKind.JOB else", "order ="),
    _dynamodb("on AWS, what is due is never looked at", "if alert.due_at is not None:", "if False:"),
)
