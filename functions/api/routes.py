"""What there is: one table of routes. The resolver, the OpenAPI document and the answers 404 and 405 come from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from functions.api.endpoints import jobs, many_jobs, outputs, service
from shared.model.api_key import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.answer import Answer
    from functions.api.request import Request
    from functions.api.services import Services

    # Takes the request, the services, and the parameters of the path by name.
    Endpoint = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`scope` is what the caller's API key must have; None: nobody has to be authenticated. `takes_query`: the endpoint
    reads query parameters; elsewhere there are none."""

    method: str
    path: str
    endpoint: Endpoint
    scope: Scope | None
    takes_query: bool = False

    def matches(self, path: str) -> bool:
        return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path) is not None


@dataclass(frozen=True, slots=True)
class Later:
    """An endpoint whose module is imported by the first who asks: no other request pays for time zones and rules."""

    module: str
    name: str

    def __call__(self, request: Request, services: Services, **parameters: str) -> Answer:
        return self.endpoint()(request, services, **parameters)

    def endpoint(self) -> Endpoint:
        endpoint: Endpoint = getattr(import_module(f"functions.api.endpoints.{self.module}"), self.name)
        return endpoint


_executions: Final = partial(Later, "executions")
_templates: Final = partial(Later, "templates")
_template_actions: Final = partial(Later, "template_actions")
_template_versions: Final = partial(Later, "template_versions")
_many_templates: Final = partial(Later, "many_templates")
_backfills: Final = partial(Later, "backfills")
_calendars: Final = partial(Later, "calendars")
_breakers: Final = partial(Later, "breakers")
_windows: Final = partial(Later, "maintenance_windows")
_channels: Final = partial(Later, "channels")
_subscriptions: Final = partial(Later, "subscriptions")
_alerts: Final = partial(Later, "alerts")
_rules: Final = partial(Later, "alert_rules")
_policies: Final = partial(Later, "escalation_policies")
_dead_letters: Final = partial(Later, "dead_letters")
_bulk_actions: Final = partial(Later, "bulk_actions")
_retention: Final = partial(Later, "retention")

ROUTES: Final = (
    Route("POST", "/v1/jobs", jobs.create_job, Scope.WRITE),
    Route("GET", "/v1/jobs", many_jobs.list_jobs, Scope.READ, takes_query=True),
    Route("POST", "/v1/jobs/bulk", many_jobs.create_jobs, Scope.WRITE),
    Route("GET", "/v1/jobs/{job_id}", jobs.get_job, Scope.READ),
    Route("PATCH", "/v1/jobs/{job_id}", jobs.edit_job, Scope.WRITE),
    Route("POST", "/v1/jobs/{job_id}/reschedule", jobs.reschedule_job, Scope.WRITE),
    Route("POST", "/v1/jobs/{job_id}/cancel", jobs.cancel_job, Scope.WRITE),
    Route("POST", "/v1/jobs/{job_id}/run", jobs.run_job, Scope.WRITE),
    Route("GET", "/v1/jobs/{job_id}/executions", jobs.get_executions, Scope.READ),
    Route("GET", "/v1/jobs/{job_id}/executions/{attempt}/output", outputs.get_output, Scope.READ, takes_query=True),
    Route("GET", "/v1/dead-letters", _dead_letters("list_dead_letters"), Scope.READ, takes_query=True),
    Route("GET", "/v1/dead-letters/groups", _dead_letters("count_dead_letters"), Scope.READ, takes_query=True),
    Route("GET", "/v1/dead-letters/{job_id}", _dead_letters("get_dead_letter"), Scope.READ),
    Route("POST", "/v1/dead-letters/{job_id}/redrive", _dead_letters("redrive_job"), Scope.WRITE),
    Route("POST", "/v1/dead-letters/{job_id}/discard", _dead_letters("discard_job"), Scope.WRITE),
    Route("POST", "/v1/bulk-actions", _bulk_actions("create_bulk_action"), Scope.WRITE),
    Route("GET", "/v1/bulk-actions", _bulk_actions("list_bulk_actions"), Scope.READ, takes_query=True),
    Route("GET", "/v1/bulk-actions/{action_id}", _bulk_actions("get_bulk_action"), Scope.READ),
    Route("POST", "/v1/bulk-actions/{action_id}/abort", _bulk_actions("abort_bulk_action"), Scope.WRITE),
    Route("GET", "/v1/archive/jobs/{job_id}", Later("archive", "get_archived_job"), Scope.READ, takes_query=True),
    Route("POST", "/v1/templates", _templates("create_template"), Scope.WRITE),
    Route("GET", "/v1/templates", _many_templates("list_templates"), Scope.READ, takes_query=True),
    Route("POST", "/v1/templates/bulk-actions", _many_templates("change_templates"), Scope.WRITE),
    Route("GET", "/v1/templates/by-key/{external_key}", _templates("get_template_by_key"), Scope.READ),
    Route("PUT", "/v1/templates/by-key/{external_key}", _templates("put_template"), Scope.WRITE),
    Route("GET", "/v1/templates/{template_id}", _templates("get_template"), Scope.READ),
    Route("PATCH", "/v1/templates/{template_id}", _templates("edit_template"), Scope.WRITE),
    Route("PUT", "/v1/templates/{template_id}", _templates("replace_template"), Scope.WRITE),
    Route("DELETE", "/v1/templates/{template_id}", _templates("delete_template"), Scope.WRITE),
    Route("POST", "/v1/templates/{template_id}/clone", _templates("clone_template"), Scope.WRITE),
    Route("POST", "/v1/templates/{template_id}/pause", _template_actions("pause_template"), Scope.WRITE),
    Route("POST", "/v1/templates/{template_id}/resume", _template_actions("resume_template"), Scope.WRITE),
    Route("POST", "/v1/templates/{template_id}/trigger", _template_actions("trigger_template"), Scope.WRITE),
    Route("POST", "/v1/templates/{template_id}/skip", _template_actions("skip_occurrence"), Scope.WRITE),
    Route("POST", "/v1/templates/{template_id}/unskip", _template_actions("unskip_occurrence"), Scope.WRITE),
    Route(
        "GET",
        "/v1/templates/{template_id}/versions",
        _template_versions("list_versions"),
        Scope.READ,
        takes_query=True,
    ),
    Route("GET", "/v1/templates/{template_id}/versions/{version}", _template_versions("get_version"), Scope.READ),
    Route(
        "GET",
        "/v1/templates/{template_id}/versions/{version}/diff/{other}",
        _template_versions("compare_versions"),
        Scope.READ,
    ),
    Route(
        "GET",
        "/v1/templates/{template_id}/occurrences",
        Later("occurrences", "list_occurrences"),
        Scope.READ,
        takes_query=True,
    ),
    Route("POST", "/v1/templates/{template_id}/backfills", _backfills("create_backfill"), Scope.WRITE),
    Route("GET", "/v1/backfills", _backfills("list_backfills"), Scope.READ, takes_query=True),
    Route("GET", "/v1/backfills/{backfill_id}", _backfills("get_backfill"), Scope.READ),
    Route("POST", "/v1/backfills/{backfill_id}/abort", _backfills("abort_backfill"), Scope.WRITE),
    Route("GET", "/v1/forecast", Later("occurrences", "get_forecast"), Scope.READ, takes_query=True),
    Route("POST", "/v1/schedules/preview", Later("schedules", "preview_schedule"), Scope.READ),
    Route("GET", "/v1/schedules/timezones", Later("schedules", "get_timezones"), Scope.READ),
    Route("GET", "/v1/calendars", _calendars("list_calendars"), Scope.READ, takes_query=True),
    Route("GET", "/v1/calendars/{calendar_id}", _calendars("get_calendar"), Scope.READ),
    Route("PUT", "/v1/calendars/{calendar_id}", _calendars("put_calendar"), Scope.WRITE),
    Route("DELETE", "/v1/calendars/{calendar_id}", _calendars("delete_calendar"), Scope.WRITE),
    Route("POST", "/v1/calendars/{calendar_id}/import", _calendars("import_calendar"), Scope.WRITE),
    Route("POST", "/v1/calendars/{calendar_id}/impact", _calendars("judge_calendar"), Scope.READ, takes_query=True),
    Route("POST", "/v1/maintenance-windows", _windows("create_window"), Scope.WRITE),
    Route("GET", "/v1/maintenance-windows", _windows("list_windows"), Scope.READ, takes_query=True),
    Route("GET", "/v1/maintenance-windows/{window_id}", _windows("get_window"), Scope.READ),
    Route("PUT", "/v1/maintenance-windows/{window_id}", _windows("replace_window"), Scope.WRITE),
    Route("DELETE", "/v1/maintenance-windows/{window_id}", _windows("delete_window"), Scope.WRITE),
    Route("POST", "/v1/maintenance-windows/{window_id}/end", _windows("end_window"), Scope.WRITE),
    Route("GET", "/v1/breakers", _breakers("list_breakers"), Scope.READ, takes_query=True),
    Route("GET", "/v1/breakers/{target}", _breakers("get_breaker"), Scope.READ),
    Route("POST", "/v1/breakers/{target}/open", _breakers("open_breaker"), Scope.WRITE),
    Route("POST", "/v1/breakers/{target}/close", _breakers("close_breaker"), Scope.WRITE),
    # Who does the work of an attempt has no API key, but the token of that attempt's lease.
    Route("POST", "/v1/executions/{token}/heartbeat", _executions("heartbeat"), None),
    Route("GET", "/v1/executions/{token}/checkpoint", _executions("get_checkpoint"), None),
    Route("POST", "/v1/executions/{token}/checkpoint", _executions("save_checkpoint"), None),
    Route("POST", "/v1/executions/{token}/complete", _executions("complete"), None),
    Route("POST", "/v1/executions/{token}/fail", _executions("fail"), None),
    Route("POST", "/v1/channels", _channels("create_channel"), Scope.WRITE),
    Route("GET", "/v1/channels", _channels("list_channels"), Scope.READ),
    Route("GET", "/v1/channels/{channel_id}", _channels("get_channel"), Scope.READ),
    Route("PATCH", "/v1/channels/{channel_id}", _channels("change_channel"), Scope.WRITE),
    Route("PUT", "/v1/channels/{channel_id}", _channels("change_channel"), Scope.WRITE),
    Route("DELETE", "/v1/channels/{channel_id}", _channels("delete_channel"), Scope.WRITE),
    Route("POST", "/v1/channels/{channel_id}/test", _channels("test_channel"), Scope.WRITE),
    Route("POST", "/v1/subscriptions", _subscriptions("create_subscription"), Scope.WRITE),
    Route("GET", "/v1/subscriptions", _subscriptions("list_subscriptions"), Scope.READ),
    Route("GET", "/v1/subscriptions/{subscription_id}", _subscriptions("get_subscription"), Scope.READ),
    Route("PATCH", "/v1/subscriptions/{subscription_id}", _subscriptions("change_subscription"), Scope.WRITE),
    Route("PUT", "/v1/subscriptions/{subscription_id}", _subscriptions("change_subscription"), Scope.WRITE),
    Route("DELETE", "/v1/subscriptions/{subscription_id}", _subscriptions("delete_subscription"), Scope.WRITE),
    Route("GET", "/v1/alerts", _alerts("list_alerts"), Scope.READ, takes_query=True),
    Route("GET", "/v1/alerts/{alert_id}", _alerts("get_alert"), Scope.READ),
    Route("POST", "/v1/alerts/{alert_id}/acknowledge", _alerts("acknowledge_alert"), Scope.WRITE),
    Route("POST", "/v1/alerts/{alert_id}/resolve", _alerts("resolve_alert"), Scope.WRITE),
    Route("POST", "/v1/alerts/{alert_id}/silence", _alerts("silence_alert"), Scope.WRITE),
    Route("POST", "/v1/alert-rules", _rules("create_rule"), Scope.WRITE),
    Route("GET", "/v1/alert-rules", _rules("list_rules"), Scope.READ),
    Route("GET", "/v1/alert-rules/{rule_id}", _rules("get_rule"), Scope.READ),
    Route("PATCH", "/v1/alert-rules/{rule_id}", _rules("change_rule"), Scope.WRITE),
    Route("PUT", "/v1/alert-rules/{rule_id}", _rules("change_rule"), Scope.WRITE),
    Route("DELETE", "/v1/alert-rules/{rule_id}", _rules("delete_rule"), Scope.WRITE),
    Route("POST", "/v1/escalation-policies", _policies("create_policy"), Scope.WRITE),
    Route("GET", "/v1/escalation-policies", _policies("list_policies"), Scope.READ),
    Route("GET", "/v1/escalation-policies/{policy_id}", _policies("get_policy"), Scope.READ),
    Route("PATCH", "/v1/escalation-policies/{policy_id}", _policies("change_policy"), Scope.WRITE),
    Route("PUT", "/v1/escalation-policies/{policy_id}", _policies("change_policy"), Scope.WRITE),
    Route("DELETE", "/v1/escalation-policies/{policy_id}", _policies("delete_policy"), Scope.WRITE),
    Route("GET", "/v1/retention", _retention("get_retention"), Scope.READ),
    # A setting of the tenant's, by which what it has goes sooner or costs longer.
    Route("PUT", "/v1/retention", _retention("put_retention"), Scope.ADMIN),
    Route("GET", "/health", service.get_health, None),
    Route("GET", "/ready", service.get_ready, None),
    Route("GET", "/openapi.json", service.get_openapi, None),
    Route("GET", "/docs", service.get_docs, None),
)


def needs_caller(path: str) -> bool:
    """Whether nobody may learn what is at `path` without an API key: also where there is nothing."""
    return path == "/v1" or path.startswith("/v1/")


def allowed_methods(path: str) -> list[str]:
    """The methods that some route takes at `path`; none where there is nothing."""
    methods = {route.method for route in ROUTES if route.matches(path)}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)
