"""
A readable page of the HTTP API, from the same document as `/openapi.json`.

Plain HTML without script, so that it works under the strict content security policy and offline.
"""

from __future__ import annotations

import html
from typing import Any

_METHODS = ("get", "post", "put", "patch", "delete")


def reference_page(document: dict[str, Any]) -> str:
    """The whole page."""
    info = document["info"]
    tags = [tag["name"] for tag in document["tags"]]
    operations = [
        (operation["tags"][0], method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]
    navigation = "".join(f'<li><a href="docs#{_t(tag)}">{_t(tag)}</a></li>' for tag in tags)
    sections = "".join(
        f'<section id="{_t(tag)}"><h2>{_t(tag)}</h2>'
        + "".join(
            _operation(method, path, operation)
            for group, method, path, operation in operations
            if group == tag
        )
        + "</section>"
        for tag in tags
    )
    schemas = "".join(
        _schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())
    )
    paragraphs = "".join(f"<p>{_code(part)}</p>" for part in info["description"].split("\n\n"))
    base = "" if document["servers"][0]["url"] == "/" else document["servers"][0]["url"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<base href="{_t(base)}/"><meta name="viewport" content="width=device-width">'
        '<title>Indelible: HTTP API</title><link rel="stylesheet" href="docs/style.css"></head>'
        f"<body><header><h1>Indelible: HTTP API</h1><p>Version {_t(info['version'])} ·"
        ' <a href="openapi.json">openapi.json</a> · <a href="./">the screen</a></p></header>'
        f'<nav><ul>{navigation}<li><a href="docs#schemas">Schemas</a></li></ul></nav>'
        f"<main>{paragraphs}{sections}"
        f'<section id="schemas"><h2>Schemas</h2>{schemas}</section></main></body></html>'
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    head = (
        f'<article><h3><span class="method {method}">{method.upper()}</span> '
        f"<code>{_t(path)}</code></h3><p><strong>{_t(operation['summary'])}.</strong> "
        f"{_code(operation.get('description', ''))}</p>"
        f"<p>Needs: {_t(operation.get('x-permission', 'nothing'))}</p>"
    )
    parts = [head]
    if operation.get("parameters"):
        rows = "".join(
            f"<tr><td><code>{_t(item['name'])}</code></td><td>{_t(item['in'])}"
            f"{', required' if item['required'] else ''}</td><td>{_type(item['schema'])}</td>"
            f"<td>{_code(item['description'])}</td></tr>"
            for item in operation["parameters"]
        )
        parts.append(
            "<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th><th>Meaning</th></tr>"
            f"</thead><tbody>{rows}</tbody></table>"
        )
    if "requestBody" in operation:
        for media, content in operation["requestBody"]["content"].items():
            parts.append(f"<p>Body: <code>{_t(media)}</code> {_type(content['schema'])}</p>")
    rows = "".join(
        f"<tr><td>{_t(status)}</td><td>{_t(reply['description'])}</td><td>{_content(reply)}</td></tr>"
        for status, reply in operation["responses"].items()
    )
    parts.append(
        "<table><thead><tr><th>Status</th><th>Meaning</th><th>Body</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></article>"
    )
    return "".join(parts)


def _content(reply: dict[str, Any]) -> str:
    return " ".join(
        f"<code>{_t(media)}</code> {_type(content.get('schema', {}))}"
        for media, content in reply.get("content", {}).items()
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><td><code>{_t(field)}</code>{' *' if field in required else ''}</td>"
        f"<td>{_type(kind)}</td></tr>"
        for field, kind in schema.get("properties", {}).items()
    )
    return (
        f'<article id="{_t(name)}"><h3><code>{_t(name)}</code></h3>'
        f"<p>{_code(schema.get('description', ''))}</p>"
        f"<table><thead><tr><th>Field (* required)</th><th>Type</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></article>"
    )


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f'<a href="docs#{_t(name)}">{_t(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(item) for item in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{_t(value)}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {})) or 'anything'}"
    kind = schema.get("type", "")
    return _t(" or ".join(kind) if isinstance(kind, list) else kind)


def _t(text: object) -> str:
    return html.escape(str(text), quote=True)


def _code(text: str) -> str:
    """Text with `code` marked as such."""
    pieces = _t(text).split("`")
    return "".join(
        f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces)
    )


STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 64rem; margin: 0 auto; padding: 1rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; }
article { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; }
th { font-weight: 600; }
code { font-family: ui-monospace, monospace; font-size: .92em; }
.method { display: inline-block; min-width: 4.5rem; font-family: ui-monospace, monospace; }
a { color: LinkText; }
"""
