"""Change many templates in one call: each on its own, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.model import limits
from shared.model.errors import SchedulerError
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.change_template import Change
    from functions.api.list_templates import ListTemplates, TemplateFilter
    from shared.model.template import Template, TemplateKey

    Action = Callable[[TemplateKey, Change], Template]

# So many are begun together; what is left of an invocation must suffice for all of them.
_AT_ONCE: Final = 16
_SECONDS_PER_CHUNK: Final = 12.0


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of one template: its next version, the same when nothing had to be changed, or why not."""

    before: Template
    after: Template | SchedulerError

    @property
    def is_changed(self) -> bool:
        return not isinstance(self.after, SchedulerError) and self.after.version != self.before.version


@dataclass(frozen=True, slots=True)
class ChangedPage:
    """`next` is the id after which the call is to go on, None when all are done."""

    results: list[Changed]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTemplates:
    list_templates: ListTemplates

    def __call__(
        self, tenant: str, wanted: TemplateFilter, action: Action | None, change: Change, *, after: str | None
    ) -> ChangedPage:
        """Do `action` to the templates that match, newest first, at most `limits.MAX_BULK_TEMPLATES` and as many as the
        time allows. Without one they are only looked for."""
        page = self.list_templates(tenant, wanted, limit=limits.MAX_BULK_TEMPLATES, after=after, now=change.now)
        templates = [one.template for one in page.items]
        if action is None:
            return ChangedPage([Changed(one, one) for one in templates], page.next)
        do = action

        def act(template: Template) -> Changed:
            try:
                return Changed(template, do(template.key, change))
            except SchedulerError as error:
                return Changed(template, error)

        results: list[Changed] = []
        for start in range(0, len(templates), _AT_ONCE):
            if results and change.seconds_left() < _SECONDS_PER_CHUNK:
                return ChangedPage(results, results[-1].before.id)
            results += side_by_side(act, templates[start : start + _AT_ONCE])
        return ChangedPage(results, page.next)
