"""Declare a template under a key of the client's own: it is created, or becomes what is declared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from functions.api.create_template import ExternalKeyTaken
from functions.api.models.template_spec import read_template
from functions.api.refusals import FieldError, Refused, invalid_field
from shared.model.errors import TemplateNotFound
from shared.model.template import TemplateKey, TemplateStatus

if TYPE_CHECKING:
    from functions.api.change_template import Change
    from functions.api.create_template import Create, CreateTemplate
    from functions.api.edit_template import EditTemplate
    from shared.model.template import Template
    from shared.ports.templates import TemplateStore

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Declared:
    template: Template
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PutTemplate:
    templates: TemplateStore
    create_template: CreateTemplate
    edit_template: EditTemplate

    def __call__(self, external_key: str, body: Any, asked: Create, change: Change) -> Declared:
        """The template of that key as `body` says. The same body again changes nothing.

        Raises:
            Refused, InvalidField: it would not be a valid template.
            VersionMismatch, Refused: `change.precondition` does not hold; none does where there is no template.
        """
        spec = read_template(body)
        if spec.external_key not in (None, external_key):
            raise invalid_field("/external_key", "contradiction", "the path names another: leave it out")
        for _ in range(_TRIES):
            existing = self.find(asked.tenant, external_key)
            if existing is not None:
                return Declared(self.edit_template.replace(existing.key, body, change), created=False)
            if change.precondition.is_update:
                detail = "there is no template of this key"
                raise Refused("precondition-failed", detail, [FieldError("If-Match", "stale", detail)])
            try:
                created = self.create_template(asked, lambda: replace(spec, external_key=external_key))
            except ExternalKeyTaken:
                continue  # by another who declares it at this moment
            return Declared(created.template, created=True)
        raise Refused("conflict", "others changed the template of this key at the same time: try again")

    def find(self, tenant: str, external_key: str) -> Template | None:
        """The template that the key names, unless it is deleted, or does not exist yet."""
        named = self.templates.named_by(tenant, external_key)
        if named is None:
            return None
        try:
            template = self.templates.get_template(TemplateKey(tenant, named))
        except TemplateNotFound:
            return None
        return None if template.status is TemplateStatus.DELETED else template
