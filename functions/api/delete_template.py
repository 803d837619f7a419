"""Delete a template: what of it is planned is withdrawn, and what is left explains the past for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.api.check_template import present_timetable
from functions.api.refusals import WrongState
from shared.model.template import TemplateStatus
from shared.model.template_changes import deleted

if TYPE_CHECKING:
    from functions.api.change_template import Change, ChangeTemplate
    from shared.model.template import Template, TemplateKey
    from shared.ports.calendars import Calendars
    from shared.ports.retentions import Retentions
    from shared.ports.templates import TemplateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTemplate:
    change_template: ChangeTemplate
    templates: TemplateStore
    calendars: Calendars
    retention: Retentions

    def __call__(self, key: TemplateKey, change: Change) -> Template:
        """What is left of the template. Deleting it again changes nothing more."""
        template = self.templates.get_template(key)
        if template.status is TemplateStatus.DELETED:
            return template

        def decide(template: Template) -> Template:
            timetable = present_timetable(template, self.calendars)
            kept = self.retention.of_tenant(template.tenant).longest
            return deleted(template, timetable, by=change.by, now=change.now, retention=kept)

        try:
            return self.change_template(key, change, decide)
        except WrongState:  # another deleted it in this moment
            return self.templates.get_template(key)
