# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that say which vendor is asked, where, and with which login."""

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of all modules of the collection."""

    DOCUMENTATION = r"""
options:
  provider:
    description:
      - Whose tasks these are. Required, unless O(definition) is set.
      - V(custom) - tasks of any REST API that O(definition) describes.
      - V(dbvisit_standby) - tasks of Dbvisit Standby MultiPlatform (StandbyMP).
      - V(huawei_koodrive) - tasks and batch tasks of Huawei Cloud KooDrive.
      - V(netapp_astra_control) - tasks of NetApp Astra Control.
      - V(openstack_images) - tasks of OpenStack Glance v2.
      - V(rackspace_images) - tasks of Rackspace Cloud Images.
      - V(vmware_live_site_recovery) - tasks of VMware Live Site Recovery (Site Recovery Manager), vSphere Replication,
        and the configuration of their appliances.
    type: str
    choices:
      - custom
      - dbvisit_standby
      - huawei_koodrive
      - netapp_astra_control
      - openstack_images
      - rackspace_images
      - vmware_live_site_recovery
  api_url:
    description:
      - Address of the vendor's API, with or without its version, unless it follows from the login.
      - The login is sent to this address and to no other. Redirects and paging links to another server are refused.
      - Required for Dbvisit, the address of the control center, as in V(https://standby.example.com:4433).
      - For NetApp Astra Control it is the address of its web interface, without a path.
      - Required for V(vmware_live_site_recovery), the address of the appliance, such as V(https://srm.example.com).
      - Environment C(PREFIX_API_URL) or E(OS_IMAGE_ENDPOINT_OVERRIDE).
    type: str
  api_path:
    description:
      - Path of the API on its server, where it can vary.
      - For Dbvisit the default is C(/api), which its documents do not state for this API.
      - For V(vmware_live_site_recovery) it is the part before the service. The default is C(/api/rest).
      - Environment E(DBVISIT_API_PATH) or E(VMWARE_LSR_API_PATH).
    type: str
  service:
    description:
      - Which of a vendor's services to use, where there are several.
      - For V(huawei_koodrive), V(task) (default) means transfers and imports of users, V(jobs) batch tasks on files.
      - For V(vmware_live_site_recovery), V(configure) (default) means the appliance's own configuration, V(srm) Live
        Site Recovery, V(vr) vSphere Replication.
      - Environment E(KOODRIVE_SERVICE) or E(VMWARE_LSR_SERVICE).
    type: str
  api_version:
    description:
      - Version of the API, where there are several.
      - For V(vmware_live_site_recovery) V(v1) or V(v2). The default is V(v2).
      - Environment E(VMWARE_LSR_API_VERSION).
    type: str
  account_id:
    description:
      - The account that the tasks belong to, where its ID is a part of the address. Required for
        V(netapp_astra_control), and for V(custom) if O(definition) uses it.
      - Environment E(LONGRUNNING_ACCOUNT_ID) or E(NETAPP_ASTRA_ACCOUNT_ID).
    type: str
  region:
    description:
      - Region of the service, such as V(DFW) at Rackspace or V(RegionOne) in OpenStack. KooDrive has V(cn) and V(intl).
        For V(custom) O(definition) says where it goes.
      - By default Rackspace uses the user's default region, or the only region.
      - Environment C(PREFIX_REGION) or E(OS_REGION_NAME).
    type: str
  auth_url:
    description:
      - Address of the identity service. Required for OpenStack, unless O(cloud) or O(api_token) is set. For Rackspace
        the default is its own service.
      - For V(custom), the server of a login on another host, if O(definition) uses it.
      - Environment C(PREFIX_AUTH_URL).
    type: str
  username:
    description:
      - Name of the user to log in as.
      - For V(vmware_live_site_recovery) with O(service=configure) a user of the appliance, such as V(admin). For the
        other services a user of vCenter Single Sign-On.
      - Environment C(PREFIX_USERNAME).
    type: str
  password:
    description:
      - Password of the user.
      - Environment C(PREFIX_PASSWORD).
    type: str
  api_key:
    description:
      - API key of the user, which Rackspace prefers to a password. For V(custom) O(definition) says where it goes.
      - Environment E(LONGRUNNING_API_KEY) or E(RACKSPACE_API_KEY).
    type: str
  api_token:
    description:
      - An existing token instead of a login. It cannot be renewed - when it runs out during a wait, the wait ends.
      - For Dbvisit it is the value of the cookie C(dbvisit-standby).
      - Needs O(api_url), or O(region) at Rackspace and KooDrive. At NetApp Astra Control it needs O(account_id) too,
        and does not run out but can be revoked.
      - For V(huawei_koodrive) a token that begins with C(Bearer) or C(AT) and a space or a plus sign is sent
        unchanged. Any other token gets C(Bearer) before it.
      - Environment C(PREFIX_API_TOKEN) or E(OS_TOKEN).
    type: str
  user_id:
    description:
      - ID of the user for whom the module sends requests. Used by V(huawei_koodrive) only. Required with O(app_id).
        With
        O(api_token) it is the user of the token - the vendor's documents call it mandatory.
      - Environment E(KOODRIVE_USER_ID).
    type: str
  app_id:
    description:
      - ID of the application that signs requests with V(huawei_koodrive), or of the client of an OAuth 2 login with
        V(custom).
      - Environment E(KOODRIVE_APP_ID) or E(LONGRUNNING_APP_ID).
    type: str
  app_secret:
    description:
      - Secret of the application that O(app_id) names.
      - Environment E(KOODRIVE_APP_SECRET) or E(LONGRUNNING_APP_SECRET).
    type: str
  cloud:
    description:
      - Name of a cloud in a C(clouds.yaml) file, found where openstacksdk looks for it. Used by V(openstack_images)
        only.
      - Environment E(OS_CLOUD).
    type: str
  project_name:
    description:
      - Project to log in to. Used by V(openstack_images) only.
      - Environment E(OS_PROJECT_NAME).
    type: str
  user_domain_name:
    description:
      - Domain of the user, C(Default) if omitted. Used by V(openstack_images) only.
      - Environment E(OS_USER_DOMAIN_NAME).
    type: str
  project_domain_name:
    description:
      - Domain of the project, C(Default) if omitted. Used by V(openstack_images) only.
      - Environment E(OS_PROJECT_DOMAIN_NAME).
    type: str
  application_credential_id:
    description:
      - ID of an application credential, instead of O(username) and O(password). Used by V(openstack_images) only.
      - Environment E(OS_APPLICATION_CREDENTIAL_ID).
    type: str
  application_credential_secret:
    description:
      - Secret of the application credential.
      - Environment E(OS_APPLICATION_CREDENTIAL_SECRET).
    type: str
  definition:
    description:
      - Describes an API that has no provider of its own. O(provider) is then V(custom).
      - A mapping, whose keys are in R(the guide, ansible_collections.longrunning.tasks.docsite.custom_guide), or the
        name of a definition.
      - V(NAME) means the file C(task_definitions/NAME.yml) in the role, beside the tasks or beside the playbook.
        Otherwise it means the definition of this name in this collection.
      - V(NAMESPACE.COLLECTION.NAME) means the file C(plugins/plugin_utils/task_definitions/NAME.yml) of an installed
        collection.
      - A value that has a slash, or ends in C(.yml), C(.yaml) or C(.json), is the path of a file in the same folders.
        The controller reads all files.
    type: raw
  validate_certs:
    description:
      - Whether to check the servers' certificates, against the system's trusted authorities and those of the requests
        library.
    type: bool
    default: true
  ca_path:
    description:
      - File or folder with the authorities to trust instead, in PEM format.
      - The variable E(REQUESTS_CA_BUNDLE) has no effect.
      - Environment C(PREFIX_CA_PATH) or E(OS_CACERT).
    type: path
  client_cert:
    description:
      - File with a client certificate in PEM format, which may hold its key too.
      - Environment C(PREFIX_CLIENT_CERT) or E(OS_CERT).
    type: path
  client_key:
    description:
      - File with the key of O(client_cert), unless that file holds it too.
      - Environment C(PREFIX_CLIENT_KEY) or E(OS_KEY).
    type: path
  request_timeout:
    description:
      - Seconds that a single request may take.
    type: float
    default: 30.0
requirements:
  - python >= 3.9
  - requests
  - jsonschema
  - keystoneauth1 (for O(provider=openstack_images) with a login)
  - openstacksdk (for O(cloud))
  - jmespath (for O(provider=custom))
  - xmltodict (for O(provider=custom) with answers in XML)
notes:
  - C(PREFIX) in the name of an environment variable is C(DBVISIT) for V(dbvisit_standby), C(KOODRIVE) for
    V(huawei_koodrive), C(LONGRUNNING) for V(custom), C(NETAPP_ASTRA) for V(netapp_astra_control), C(OS) for
    V(openstack_images), C(RACKSPACE) for V(rackspace_images), C(VMWARE_LSR) for V(vmware_live_site_recovery).
  - An option wins over its environment variable. When the options make up a whole login, the module ignores the login
    in the environment.
  - The environment is that of the host where the module runs. Run it on the controller, as with C(hosts=localhost) or
    C(delegate_to=localhost), unless only another host reaches the API.
  - The modules use proxies from the environment (E(HTTPS_PROXY), E(NO_PROXY)). They ignore logins in a C(.netrc) file.
  - With the C(local) connection on Linux, ansible-playbook does the work in its own worker process and Python, unless
    the task has C(become) or C(async), or that Python lacks a library. Set the variable
    C(longrunning_tasks_in_process) to V(false) to run the module with the host's interpreter instead. The results are
    the same.
"""
