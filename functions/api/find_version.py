"""What a template was at a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.api.refusals import Refused
from shared.model.errors import TemplateNotFound, UnreadableTemplate

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
            Refused: it had no such version, or one that only a newer version of Punctual can read.
        """
        template = self.templates.get_template(key)
        if template.version == version:
            return template
        try:
            if version < template.version:
                return self.templates.archived_version(key, version)
        except TemplateNotFound:
            pass
        except UnreadableTemplate:
            detail = "this version of the template was written by a newer version of Punctual, which alone can read it"
            raise Refused("not-found", detail) from None
        raise Refused("not-found", "the template has no such version")

    def page(self, key: TemplateKey, *, before: int | None, limit: int) -> VersionPage:
        """At most `limit` versions below `before`, the present one first; without those that cannot be read."""
        template = self.templates.get_template(key)
        newest = [template] if before is None or template.version < before else []
        below = template.version if newest else before
        found = [*newest, *self.templates.archived_versions(key, before=below, limit=limit + 1 - len(newest))]
        return VersionPage(found[:limit], found[limit - 1].version if len(found) > limit else None)
