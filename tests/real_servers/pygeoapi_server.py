# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real pygeoapi: OGC API Processes, with one process that takes as long as it is told."""

from __future__ import annotations

import json

from machine import run
from real_server import Command, RealServer
from server_process import answers

PROCESS = """
import time
from pygeoapi.process.base import BaseProcessor, ProcessorExecuteError

METADATA = {
    "version": "0.1.0", "id": "slow", "title": {"en": "Slow"}, "description": {"en": "Sleeps"},
    "jobControlOptions": ["sync-execute", "async-execute"], "keywords": [], "links": [],
    "inputs": {
        "seconds": {"title": "s", "schema": {"type": "number"}, "minOccurs": 1, "maxOccurs": 1},
        "fail": {"title": "f", "schema": {"type": "boolean"}, "minOccurs": 0, "maxOccurs": 1},
    },
    "outputs": {"r": {"title": "r", "schema": {"type": "object", "contentMediaType": "application/json"}}},
    "example": {"inputs": {"seconds": 1}},
}

class Slow(BaseProcessor):
    def __init__(self, definition):
        super().__init__(definition, METADATA)

    def execute(self, data, outputs=None):
        time.sleep(data["seconds"])
        if data.get("fail"):
            raise ProcessorExecuteError("no raster there")
        return "application/json", {"slept": data["seconds"]}
"""


class PygeoapiServer(RealServer):
    """The server, without a login."""

    name = "pygeoapi"
    is_python = True

    def start(self) -> None:
        """Write its configuration and start it."""
        (self.state / "slow.py").write_text(PROCESS, encoding="utf-8")
        configuration = self.state / "config.yml"
        # JSON is YAML.
        configuration.write_text(json.dumps(self._configuration()), encoding="utf-8")
        described = self.state / "openapi.yml"
        variables = {
            "PYTHONPATH": str(self.state),
            "PYGEOAPI_CONFIG": str(configuration),
            "PYGEOAPI_OPENAPI": str(described),
        }
        program = self.program("pygeoapi")
        generate: Command = [program, "openapi", "generate", configuration, "--output-file", described]
        run(generate, cwd=self.state, environment=self.environment(**variables))
        serve: Command = [program, "serve", "--flask"]
        self.serve("api", serve, lambda: answers(f"{self.url}/jobs"), folder=self.state, variables=variables)

    def _configuration(self) -> dict[str, object]:
        nobody = {
            "name": "nobody", "position": "none", "address": "none", "city": "none", "stateorprovince": "none",
            "postalcode": "0", "country": "none", "phone": "0", "fax": "0", "email": "nobody@example.invalid",
            "url": self.url, "hours": "none", "instructions": "none", "role": "none",
        }  # fmt: skip
        identification = {
            "title": "A test", "description": "A test", "keywords": ["test"], "keywords_type": "theme",
            "terms_of_service": "none", "url": self.url,
        }  # fmt: skip
        named = {"name": "none", "url": self.url}
        return {
            "server": {
                "bind": {"host": "127.0.0.1", "port": self.port},
                "url": self.url,
                "mimetype": "application/json; charset=UTF-8",
                "encoding": "utf-8",
                "languages": ["en-US"],
                # One job a page.
                "limits": {"default_items": 1, "max_items": 1},
                "manager": {
                    "name": "TinyDB",
                    "connection": str(self.state / "jobs.db"),
                    "output_dir": str(self.state),
                },
                "map": {"url": "https://example.invalid/{z}", "attribution": "none"},
            },
            "logging": {"level": "ERROR"},
            "metadata": {
                "identification": identification,
                "license": named,
                "provider": named,
                "contact": nobody,
            },
            "resources": {"slow": {"type": "process", "processor": {"name": "slow.Slow"}}},
        }
