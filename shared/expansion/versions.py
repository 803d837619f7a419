"""Finds a template as it was in one of its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.model.template import Template, TemplateKey
    from shared.ports.templates import TemplateStore


def template_version(templates: TemplateStore, key: TemplateKey, version: int) -> Template:
    """The template in that version, present or archived.

    Raises:
        TemplateNotFound: there is no such template, or no such version of it.
        UnreadableTemplate: a newer version of Punctual wrote it.
    """
    template = templates.get_template(key)
    return template if template.version == version else templates.archived_version(key, version)
