# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance's schemas: what clients read at ``/v2/schemas/…``, and what a launch's body is checked with.

Confirmed on a real Glance: names, properties, their types, enumerations and ``readOnly``, what is required, links. Left
out: descriptions of the properties, lengths, and what lies deeper than a property.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Properties = dict[str, Any]

TASK_STATES = ("pending", "processing", "success", "failure")
TASK_TYPES = ("import", "api_image_import", "location_import")
_UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
_NAMES: Mapping[str, type] = {"null": type(None), "string": str, "object": dict}


def _of(kind: str, names: str, **more: Any) -> Properties:
    """Return properties of one type; ``null|string`` is two types."""
    types = kind.split("|")
    return {name: {"type": types if len(types) > 1 else kind, **more} for name in names.split()}


_STAMPS = _of("string", "created_at updated_at", readOnly=True, format="date-time")
_LINKS = _of("string", "self schema", readOnly=True)
_TEXTS: Properties = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
_TYPES = ("array", "boolean", "integer", "number", "object", "string", None)
_IMAGE = {
    **_of("string", "id", pattern=_UUID),
    **_of("null|string", "name owner"),
    **_of("string", "visibility", enum=("community", "public", "private", "shared")),
    **_of("boolean", "protected os_hidden"),
    **_of("integer", "min_ram min_disk"),
    **_of("array", "tags", items={"type": "string"}),
    **_of("array", "locations", items={"type": "object"}),
    **_of(
        "null|string",
        "container_format",
        enum=(None, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"),
    ),
    **_of(
        "null|string",
        "disk_format",
        enum=(None, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"),
    ),
    **_of(
        "string",
        "status",
        readOnly=True,
        enum=(
            *("queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete"),
            "deactivated",
        ),
    ),
    **_of("null|string", "checksum os_hash_algo os_hash_value", readOnly=True),
    **_of("null|integer", "size virtual_size", readOnly=True),
    **_of("string", "created_at updated_at direct_url file stores", readOnly=True),
    **_LINKS,
}
_MEMBER = {
    **_of("string", "member_id created_at updated_at"),
    **_of("string", "image_id", pattern=_UUID),
    **_of("string", "status", enum=("pending", "accepted", "rejected")),
    **_of("string", "schema", readOnly=True),
}
_STUB = {
    **_of("string", "id", pattern=_UUID),
    **_of("string", "type", enum=TASK_TYPES),
    **_of("string", "status", enum=TASK_STATES),
    **_of("string", "owner image_id request_id user_id created_at updated_at"),
    **_of("null|string", "expires_at"),
    **_LINKS,
}
TASK = {**_STUB, **_of("null|object", "input result"), **_of("string", "message")}
_OBJECT = {**_of("string", "name description"), "required": _TEXTS, **_of("object", "properties"), **_STAMPS, **_LINKS}
_NAMESPACE = {
    **_of("string", "namespace display_name description owner"),
    **_of("string", "visibility", enum=("public", "private")),
    **_of("boolean", "protected"),
    **_of("array", "resource_type_associations objects tags", items={"type": "object"}),
    **_of("object", "properties"),
    **_STAMPS,
    **_LINKS,
}
_PROPERTY = {
    **_of("string", "name title description"),
    **_of("string", "type", enum=_TYPES),
    **_of("string", "pattern", format="regex"),
    **_of("array", "operators", items={"type": "string"}),
    **_of("array", "enum"),
    "required": _TEXTS,
    **_of("number", "minimum maximum"),
    **_of("integer", "maxLength minLength maxItems minItems", minimum=0),
    **_of("boolean", "readonly uniqueItems additionalItems"),
    **_of("object", "items"),
    "default": {},
}
_RESOURCE_TYPE = {**_of("string", "name prefix properties_target"), **_STAMPS}
_TAG = {**_of("string", "name"), **_STAMPS}


def _one(name: str, properties: Properties, *required: str) -> dict[str, Any]:
    closed = {"name": name, "properties": properties, "additionalProperties": False}
    return {**closed, "required": list(required)} if required else closed


def _many(name: str, item: Mapping[str, Any], *, pages: bool = True, kind: str = "array") -> dict[str, Any]:
    """Return the schema of a collection, with links to its pages or without."""
    below = {"type": "array", "items": item} if kind == "array" else {"type": kind, "additionalProperties": item}
    rels = {**({"first": "first", "next": "next"} if pages else {}), "describedby": "schema"}
    return {
        "name": name,
        "properties": {name: below, **_of("string", " ".join(rels.values()))},
        "links": [{"rel": rel, "href": f"{{{key}}}"} for rel, key in rels.items()],
    }


_IMAGE_SCHEMA = {
    "name": "image",
    "properties": _IMAGE,
    # What else an image has are its users' properties.
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": rel, "href": f"{{{key}}}"}
        for rel, key in (("self",) * 2, ("enclosure", "file"), ("describedby", "schema"))
    ],
}
_METADEFS = {
    "namespace": ("namespaces", _one("namespace", _NAMESPACE, "namespace"), "array"),
    "resource_type": (
        "resource_types",
        _one("resource_type_association", _RESOURCE_TYPE, "name"),
        "array",
    ),
    "property": ("properties", _one("property", _PROPERTY, "type", "title", "name"), "object"),
    "object": ("objects", _one("object", _OBJECT, "name"), "array"),
    "tag": ("tags", _one("tag", _TAG, "name"), "array"),
}
#: The path below ``/v2/schemas`` and what is there.
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "image": _IMAGE_SCHEMA,
    "images": _many("images", _IMAGE_SCHEMA),
    "member": {"name": "member", "properties": _MEMBER},
    "members": _many("members", {"name": "member", "properties": _MEMBER}, pages=False),
    "task": {"name": "task", "properties": TASK},
    "tasks": _many("tasks", {"name": "task", "properties": _STUB}, pages=False),
    **{f"metadefs/{name}": one for name, (_several, one, _kind) in _METADEFS.items()},
    **{
        f"metadefs/{several}": _many("resource_type_associations" if "resource" in several else several, one, kind=kind)
        for several, one, kind in _METADEFS.values()
    },
}


def mismatch(body: Mapping[str, Any], properties: Properties = TASK) -> str:
    """Return in what a body differs from a schema, in the words of Glance's validator; empty when it fits."""
    unexpected = [name for name in body if name not in properties]
    if unexpected:
        verb = "was" if len(unexpected) == 1 else "were"
        return f"Additional properties are not allowed ({', '.join(map(repr, unexpected))} {verb} unexpected)"
    return next(filter(None, (_fault(value, properties[name]) for name, value in body.items())), "")


def _fault(value: object, wanted: Mapping[str, Any]) -> str:
    kinds: Sequence[str] = wanted["type"] if isinstance(wanted["type"], list) else [wanted["type"]]
    if "enum" in wanted and value not in wanted["enum"]:
        return f"{value!r} is not one of {list(wanted['enum'])!r}"
    if not isinstance(value, tuple(_NAMES[kind] for kind in kinds)):
        return f"{value!r} is not of type {', '.join(map(repr, kinds))}"
    if "pattern" in wanted and not re.search(wanted["pattern"], str(value)):
        return f"{value!r} does not match {wanted['pattern']!r}"
    return ""
