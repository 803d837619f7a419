"""The page at /docs: the OpenAPI document for people. It needs nothing from elsewhere, no script, and one request."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code, pre { font: .9em ui-monospace, monospace; background: var(--soft); border-radius: 3px; padding: .1em .3em; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
section { border-top: 1px solid var(--line); margin-top: 2rem; }
details { margin: .5rem 0; } summary { cursor: pointer; }
.method { font-weight: 700; } nav ul { columns: 2; list-style: none; padding: 0; }
@media (max-width: 40rem) { nav ul { columns: 1; } td, th { padding: .3rem; } }
"""


def docs_page(document: Mapping[str, Any]) -> str:
    """The document as one HTML page."""
    info = document["info"]
    operations = [(method, path, one) for path, methods in document["paths"].items() for method, one in methods.items()]
    index = "".join(
        f'<li><a href="#{escape(one["operationId"])}"><code>{method.upper()} {escape(path)}</code></a></li>'
        for method, path, one in operations
    )
    shapes = document["components"]["schemas"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(info['title'])} API</h1>{_text(info['description'])}"
        "<p>Every call under <code>/v1</code> needs an API key: "
        "<code>Authorization: Bearer &lt;id&gt;.&lt;secret&gt;</code>. "
        'For programs, this page is <a href="openapi.json">openapi.json</a>.</p>'
        f"<nav><ul>{index}</ul></nav>"
        f"{''.join(_operation(method, path, one) for method, path, one in operations)}"
        f"<section><h2>Shapes</h2>{''.join(_shape(name, shape) for name, shape in shapes.items())}</section>"
        "</main></body></html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {})
    return (
        f'<section id="{escape(operation["operationId"])}"><h2>{escape(operation["summary"])}</h2>'
        f'<p><code><span class="method">{method.upper()}</span> {escape(path)}</code></p>'
        f"{_text(operation.get('description', ''))}"
        f"{_parameters(operation.get('parameters', []))}"
        f"{_contents('Body', body)}"
        f"<h3>Answers</h3>{_table(('Status', 'Meaning', 'Shape'), map(_response, operation['responses'].items()))}"
        "</section>"
    )


def _parameters(parameters: list[Mapping[str, Any]]) -> str:
    rows = (
        (
            f"<code>{escape(one['name'])}</code>",
            one["in"],
            f"{_kind(one['schema'])}",
            _inline(one.get("description", "")),
        )
        for one in parameters
    )
    return f"<h3>Parameters</h3>{_table(('Name', 'In', 'Type', 'Meaning'), rows)}" if parameters else ""


def _contents(title: str, contents: Mapping[str, Any]) -> str:
    if not contents:
        return ""
    kinds = " or ".join(f"<code>{escape(kind)}</code>" for kind in contents)
    content = next(iter(contents.values()))
    example = escape(json.dumps(content["example"], indent=2, ensure_ascii=False))
    return f"<h3>{title}</h3><p>{_kind(content['schema'])}, as {kinds}, such as</p><pre>{example}</pre>"


def _response(response: tuple[str, Mapping[str, Any]]) -> tuple[str, str, str]:
    status, described = response
    content = next(iter(described.get("content", {}).values()), None)
    return status, _text(described["description"]), "" if content is None else _kind(content["schema"])


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = (
        (f"<code>{escape(member)}</code>{'' if member in required else ' ?'}", _kind(one), _inline(_notes(one)))
        for member, one in schema.get("properties", {}).items()
    )
    return (
        f'<details open id="{escape(name)}"><summary><strong>{escape(name)}</strong></summary>'
        f"{_text(schema.get('description', ''))}{_table(('Member', 'Type', 'Meaning'), rows)}</details>"
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema's type in a few words, with links to other shapes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{escape(name)}">{escape(name)}</a>'
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(_kind(choice) for choice in choices)
    if "const" in schema or "enum" in schema:
        return " or ".join(f"<code>{escape(str(one))}</code>" for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type", "any value")))


def _notes(schema: Mapping[str, Any]) -> str:
    """What a member's schema says beyond its type."""
    inner: Mapping[str, Any] = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), {})
    merged = {**inner, **schema}
    # A member's own words, then those of its kind of value, such as the bounds of a duration.
    notes = list(dict.fromkeys((schema.get("description", ""), inner.get("description", ""))))
    notes += [f"{word} {merged[key]}." for key, word in _BOUNDS.items() if key in merged]
    if merged.get("default") is not None:
        notes.append(f"Default `{merged['default']}`.")
    return " ".join(note for note in notes if note)


_BOUNDS: Final = {
    "minimum": "At least",
    "maximum": "At most",
    "minLength": "Characters: at least",
    "maxLength": "Characters: at most",
    "maxItems": "Items: at most",
    "maxProperties": "Members: at most",
    "pattern": "Pattern:",
}


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{head}</th>" for head in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    return "".join(f"<p>{_inline(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph.strip())


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
