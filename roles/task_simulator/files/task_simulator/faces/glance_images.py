# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as Glance and Rackspace Cloud Images list them: those of the scenario, and those that imports have made.

Confirmed by the API's documents: the paths, an image's own fields, comparison with any field that the query names,
links that keep the query, a page that is full has ``next``. Inferred: that a successful import's image has the
properties of its ``image_properties`` and nothing else, and that it is there from the task's end on, not before.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from ..messages import Request, Response
from ..tasks import Moment
from ..validation import Fields, option, options_reader
from .base import Face, RefusedError, Route, is_uuid_like, stable_uuid

#: What a list's query holds that no image is compared with.
_PAGING = ("limit", "marker", "sort", "sort_dir", "sort_key")


@dataclass(frozen=True)
class KnownImage:
    """An image of the scenario, there from the start; an ``owner`` of None is the default one."""

    name: str = option(Fields.text)
    id: str = option(Fields.text, lambda fields: stable_uuid("known-image", fields.text("name")))
    status: str = option(Fields.text, "active")
    owner: str | None = option(Fields.text, None)
    fields: Mapping[str, Any] = option(Fields.mapping, {})


read_images = options_reader(KnownImage)


class ImageFace(Face):
    """A vendor with images, each of which belongs to somebody."""

    #: A vendor's own properties of each imported image.
    image_properties: ClassVar[Mapping[str, Any]] = {}
    default_page: ClassVar[int]
    largest_page: ClassVar[int]

    @abstractmethod
    def visible_images(self, request: Request) -> list[Any]:
        """Return the images that who asks may see."""

    def image_routes(self, base: str) -> Sequence[Route]:
        """Return the paths of images."""
        return (
            Route(f"{base}/images", {"GET": self._list_images}),
            Route(f"{base}/images/{{id}}", {"GET": self._show_image}),
        )

    def is_task(self, document: Mapping[str, Any]) -> bool:
        """Tell tasks from images, which have an ID and a status too."""
        return super().is_task(document) and "file" not in document

    def images(self) -> list[Any]:
        """Return the images there are by now, the newest first; an import's outlives its task."""
        now = self.now()
        found = []
        for known in self.credentials.images:
            owner = self.default_owner() if known.owner is None else known.owner
            image = self._image(known.id, owner, 0.0, {"name": known.name, "status": known.status, **known.fields})
            found.append((0.0, image))
        for task in self.store.all():
            end = task.life.end
            age = task.life.ends_at()
            if task.type != "import" or end is None or age is None or now < task.born + age:
                continue
            shown = self.view(task, Moment(end, age, ended=True))
            result = shown.get("result")
            if shown.get("status") != "success" or not isinstance(result, Mapping) or "image_id" not in result:
                continue
            given = task.input.get("image_properties") if isinstance(task.input, Mapping) else None
            wanted = given if isinstance(given, Mapping) else {}
            made = task.born + age
            found.append((made, self._image(result["image_id"], task.owner, made, {**self.image_properties, **wanted})))
        found.sort(key=lambda pair: (pair[0], str(pair[1]["id"])), reverse=True)
        return [image for _made, image in found]

    def _image(self, image_id: str, owner: str, made: float, given: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "name": None,
            "status": "active",
            "visibility": "private",
            "protected": False,
            "tags": [],
            "disk_format": None,
            "container_format": None,
            "size": 1048576,
            "min_disk": 0,
            "min_ram": 0,
            "created_at": self.utc(made),
            "updated_at": self.utc(made),
            **given,
            "id": image_id,
            "owner": owner,
            "self": f"/v2/images/{image_id}",
            "file": f"/v2/images/{image_id}/file",
            "schema": "/v2/schemas/image",
        }

    def _show_image(self, request: Request, values: Mapping[str, str]) -> Response:
        image = next((image for image in self.visible_images(request) if image["id"] == values["id"]), None)
        if image is None:
            raise RefusedError(f"No image found with ID {values['id']}", 404)
        return Response.of_json(200, image)

    def _list_images(self, request: Request, values: Mapping[str, str]) -> Response:
        images, query = self.visible_images(request), dict(request.parameters)
        try:
            limit = int(query.get("limit", self.default_page))
        except ValueError:
            raise RefusedError("limit param must be an integer") from None
        if limit < 0:
            raise RefusedError("limit param must be positive")
        limit = min(limit, self.largest_page)
        filters = {key: value for key, value in query.items() if key not in _PAGING}
        fitting = [
            image for image in images if all(_words(image.get(key)) == _words(value) for key, value in filters.items())
        ]
        marker = query.get("marker")
        if marker:
            # The marker need not fit the filters itself.
            if not is_uuid_like(marker) or all(image["id"] != marker for image in images):
                raise RefusedError(f"No image found with ID {marker}")
            later = [image["id"] for image in images]
            del later[: later.index(marker) + 1]
            fitting = [image for image in fitting if image["id"] in later]
        page = fitting[:limit]
        return Response.of_json(200, page_of(query, "images", page, limit))


def page_of(query: Mapping[str, str], path: str, page: Sequence[Mapping[str, Any]], limit: int) -> dict[str, Any]:
    """Return the body of a page of a collection; one that is full names a next one."""
    parameters = {key: value for key, value in query.items() if key != "marker"}

    def link(query: Mapping[str, str]) -> str:
        return f"/v2/{path}?{urlencode(query)}" if query else f"/v2/{path}"

    body: dict[str, Any] = {path.rpartition("/")[2]: page, "first": link(parameters), "schema": f"/v2/schemas/{path}"}
    if page and len(page) == limit:
        body["next"] = link({**parameters, "marker": page[-1]["id"]})
    return body


def _words(value: Any) -> str:
    """Write a property as queries do."""
    return str(value).lower() if isinstance(value, bool) else str(value)
