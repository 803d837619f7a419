"""Change what a template does, or when."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from functions.api.check_template import present_timetable
from functions.api.models.template_spec import TemplateSpec, read_template
from functions.api.refusals import invalid_field
from functions.api.wire.template_answers import template_document
from shared.model.merge_patch import merged
from shared.model.template_changes import changed, planned_anew

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions.api.change_template import Change, ChangeTemplate
    from functions.api.check_template import CheckTemplate
    from shared.model.template import Template, TemplateKey
    from shared.ports.calendars import CalendarStore
    from shared.ports.templates import TemplateStore

_TRIGGERS: Final = ("cron", "every", "rrule", "at", "any_of")
# Jobs that are planned keep these as they were.
_NOT_PLANNED: Final = frozenset({"name", "tags", "pause_after_failures"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTemplate:
    change_template: ChangeTemplate
    templates: TemplateStore
    calendars: CalendarStore
    check: CheckTemplate

    def patch(self, key: TemplateKey, patch: Mapping[str, Any], change: Change) -> Template:
        """The template after a merge patch; as it is, without a write, when that changes nothing.

        Raises:
            Refused, InvalidField: the patched template would not be a valid one.
        """
        return self._edit(key, change, lambda template: read_template(self.patched(template, patch)))

    def replace(self, key: TemplateKey, body: Any, change: Change) -> Template:
        """The template as `body` says; its external key stays, also when the body does not name it."""
        spec = read_template(body)
        return self._edit(key, change, lambda template: spec)

    def patched(self, template: Template, patch: Mapping[str, Any]) -> dict[str, Any]:
        """The document of a template after a merge patch. A trigger takes the place of the one that was there."""
        document = template_document(template, self._payload(template))
        schedule = patch.get("schedule")
        if isinstance(schedule, dict) and any(schedule.get(name) is not None for name in _TRIGGERS):
            kept = {name: value for name, value in document["schedule"].items() if name not in (*_TRIGGERS, "dialect")}
            document["schedule"] = kept
        result: dict[str, Any] = merged(document, patch)
        return result

    def _edit(self, key: TemplateKey, change: Change, read: Callable[[Template], TemplateSpec]) -> Template:
        return self.change_template(key, change, lambda template: self._decide(template, read(template), change))

    def _decide(self, template: Template, spec: TemplateSpec, change: Change) -> Template | None:
        if spec.external_key not in (None, template.external_key):
            raise invalid_field("/external_key", "not-editable", "fixed when the template is created")
        job = spec.job
        if job.payload.data == self.templates.load_template_payload(template):
            job = replace(job, payload=template.job.payload)
        wanted: dict[str, Any] = {
            "name": spec.name,
            "schedule": spec.schedule,
            "job": job,
            "misfire": spec.misfire,
            "pause_after_failures": spec.pause_after_failures,
            "tags": spec.tags,
        }
        fields = {name: value for name, value in wanted.items() if value != getattr(template, name)}
        if not fields:
            return None
        how: dict[str, Any] = {"by": change.by, "change": "edit", "now": change.now}
        becomes = self.check(replace(template, **{**fields, "job": spec.job}), change.now, was=template)
        if fields.keys() <= _NOT_PLANNED:
            return changed(template, **how, **fields)
        self.calendars.note_use(template.tenant, template.id, becomes.schedule.calendars)
        if "job" in fields:
            # Before the template names it. Its place depends on the size of the whole item.
            fields["job"] = self.templates.place_template_payload(replace(template, **fields)).job
        return planned_anew(template, present_timetable(template, self.calendars), becomes, **how, **fields)

    def _payload(self, template: Template) -> Any:
        text = self.templates.load_template_payload(template)
        return None if text is None else json.loads(text)
