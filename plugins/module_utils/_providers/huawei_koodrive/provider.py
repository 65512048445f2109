# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Huawei Cloud KooDrive: the tasks of ``/task`` (service task) and the batch tasks of ``/jobs`` (service jobs)."""

from __future__ import annotations

from dataclasses import replace

from ..._provider.contract import Provider, ProviderTools, TaskProvider
from ..._provider.description import LoginForm, ProviderDescription
from ..._provider.options import ConnectionOptions
from ..._provider.rest import connect
from .codes import ADDRESS_ADVICE, DOCUMENTED_ERRORS, read_refusal
from .job_service import JOB_STATES, JOB_TYPES, JobService
from .login import HOSTS, TOKEN_SECONDS, make_login
from .service import TITLE
from .task_service import TASK_STATES, TASK_TYPES, TaskService

DESCRIPTION = ProviderDescription(
    name="huawei_koodrive",
    title=TITLE,
    states=TASK_STATES,
    logins=(
        LoginForm(("api_token", "api_url")),
        LoginForm(("api_token", "region")),
        LoginForm(("app_id", "app_secret", "user_id", "api_url")),
        LoginForm(("app_id", "app_secret", "user_id", "region")),
    ),
    documents={
        "KooDrive API reference": "https://support.huaweicloud.com/intl/en-us/api-koodrive/",
        "KooDrive, authentication": "https://support.huaweicloud.com/api-koodrive/koodrive_05_0010.html",
    },
    environment_prefix="KOODRIVE",
    options=("service",),
    defaults={"service": "task"},
    choices={"service": ("task", "jobs"), "region": tuple(HOSTS)},
    # The documents say "string" and show 19 digits. Whatever has a point or a plus was a float on its way.
    task_id_pattern=r"[0-9A-Za-z_-]+",
    task_id_hint=(
        "like 1534087020903704704; a number with a point or an exponent has lost its last digits on its way: "
        "put IDs in quotes"
    ),
    documented_errors=DOCUMENTED_ERRORS,
    poll_interval=10.0,
    page_size=100,
    read_refusal=read_refusal,
    address_advice=ADDRESS_ADVICE,
    launch_id_paths=(("json", "taskId"), ("json", "data")),
    launch_types=tuple(TASK_TYPES.values()),
)
JOBS_DESCRIPTION = replace(DESCRIPTION, states=JOB_STATES, launch_types=tuple(JOB_TYPES.values()))


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    is_jobs = options.service == "jobs"
    description = JOBS_DESCRIPTION if is_jobs else DESCRIPTION
    if "api_token" in options.login:
        description = replace(
            description,
            # A minute is left for the request itself.
            longest_poll_interval=TOKEN_SECONDS - 60.0,
            longest_poll_reason="a token ends after 20 minutes without a request, and polling keeps it alive",
        )
    api = connect(description, options, tools, lambda _channel: make_login(options, tools))
    return (JobService if is_jobs else TaskService)(description, api)


PROVIDER = Provider(DESCRIPTION, _create)
