"""Finds a template as it was in one of its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model.errors import TemplateNotFound

if TYPE_CHECKING:
    from shared.model.template import Template, TemplateKey
    from shared.ports.templates import TemplateStore


def template_version(templates: TemplateStore, key: TemplateKey, version: int) -> Template:
    """The template in that version, present or archived.

    Raises:
        TemplateNotFound: there is no such template, or no such version of it.
    """
    template = templates.get_template(key)
    if template.version == version:
        return template
    archived = templates.archived_versions(key, before=version + 1, limit=1)
    if not archived or archived[0].version != version:
        raise TemplateNotFound(key.template_id)
    return archived[0]
