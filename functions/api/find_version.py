"""What a template was at a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.api.refusals import Refused

if TYPE_CHECKING:
    from shared.model.template import Template, TemplateKey
    from shared.ports.templates import TemplateStore


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Versions newest first; `next` is the version after which they go on, None at the end."""

    versions: list[Template]
    next: int | None


@dataclass(frozen=True, slots=True)
class FindVersion:
    templates: TemplateStore

    def __call__(self, key: TemplateKey, version: int) -> Template:
        """
        Raises:
            TemplateNotFound: there is no such template.
            Refused: it had no such version.
        """
        template = self.templates.get_template(key)
        if template.version == version:
            return template
        found = self.templates.archived_versions(key, before=version + 1, limit=1) if version < template.version else []
        if not found or found[0].version != version:
            raise Refused("not-found", "the template has no such version")
        return found[0]

    def page(self, key: TemplateKey, *, before: int | None, limit: int) -> VersionPage:
        """At most `limit` versions below `before`, the present one first."""
        template = self.templates.get_template(key)
        newest = [template] if before is None or template.version < before else []
        below = template.version if newest else before
        found = [*newest, *self.templates.archived_versions(key, before=below, limit=limit + 1 - len(newest))]
        return VersionPage(found[:limit], found[limit - 1].version if len(found) > limit else None)
