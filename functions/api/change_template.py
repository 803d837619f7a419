"""Change a template by a client's wish: read it, decide, write on the condition that nobody was faster, expand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused, WrongState
from shared.model.errors import TemplateChanged, TemplateNotFound
from shared.model.template import TemplateStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.expand_at_once import ExpandAtOnce
    from functions.api.preconditions import Precondition
    from shared.model.template import Template, TemplateKey
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import TemplateStore

# A race is lost to an expansion or another client; five in a row mean a template that does not hold still.
_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who asks for a change, when, of which version, and how long it may take."""

    by: str
    now: datetime
    precondition: Precondition
    seconds_left: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTemplate:
    templates: TemplateStore
    expand: ExpandAtOnce
    telemetry: Telemetry

    def __call__(self, key: TemplateKey, change: Change, decide: Callable[[Template], Template | None]) -> Template:
        """The template as `decide`'s next version of it, and the expansion of that, left it; as it is when `decide`
        finds nothing to change.

        `decide` is asked again for the fresh template when another was faster. What it raises, nothing was stored by.

        Raises:
            TemplateNotFound: there is no such template.
            VersionMismatch: the precondition does not hold, from the start or after a lost race.
            WrongState: it is deleted.
            Refused: the template changed each time.
        """
        # What is overdue is still planned by the version under which it was due: another schedule would give it up.
        template = self.expand(self.templates.get_template(key), change.seconds_left)
        for _ in range(_TRIES):
            change.precondition.check(template)
            if template.status is TemplateStatus.DELETED:
                raise WrongState("deleted", "the template is deleted; POST to its /clone makes a new one like it")
            decided = decide(template)
            if decided is None:
                return template
            self.templates.archive_version(template)
            try:
                self.templates.replace_template(decided)
            except TemplateChanged as refusal:
                if refusal.current is None:
                    raise TemplateNotFound(key.template_id) from None
                template = refusal.current
            else:
                self.telemetry.note("template_changed", change=decided.change, by=change.by, **decided.identity())
                return self.expand(decided, change.seconds_left)
        raise Refused("conflict", "the template was changed by others at the same time: read it, and try again")
