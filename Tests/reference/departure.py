# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Three projects on two clouds, with a user each: makes them, fills them, and says what each user sees.

  python departure.py make PREFIX FILE    projects and users; FILE is a clouds.yaml with entries for them
  python departure.py fill PREFIX    images on alpha
  python departure.py see PREFIX CLOUD    a line for each thing that the users see there
  python departure.py remove PREFIX    projects and users

`fill` and `see` need OS_CLIENT_CONFIG_FILE to be that FILE. Every look goes through openstacksdk, so that nothing of Tranship is between a user and the service.
"""

import json
import os
import sys

import openstack
import yaml

CLOUDS = ("alpha", "beta")
PROJECTS = ("a", "b", "c")
# What the service says of one cloud only, and the marker of a copy.
OF_THE_CLOUD = {
    "id", "created_at", "updated_at", "file", "schema", "location", "locations", "direct_url",
    "url", "stores", "store", "tranship_origin", "owner", "owner_id", "kernel_id", "ramdisk_id",
}
# What Nova writes about things of its own cloud; the copy is to be without it.
LEFT_OUT = {
    "base_image_ref": "11111111-2222-3333-4444-555555555555",
    "instance_uuid": "99999999-2222-3333-4444-555555555555",
    "user_id": "0123456789abcdef0123456789abcdef", "image_location": "snapshot",
    "image_state": "available", "owner_project_name": "a", "owner_user_name": "someone",
    "boot_roles": "member,reader",
}
VIEWS = {
    "listed": {}, "hidden": {"is_hidden": True}, "community": {"visibility": "community"},
    "offered": {"visibility": "shared", "member_status": "pending"},
    "rejected": {"visibility": "shared", "member_status": "rejected"},
}


def administrator(cloud):
    return openstack.connect(cloud=f"{cloud}-admin")


def connected(cloud, name):
    return openstack.connect(cloud=f"{cloud}-{name}")


def make(prefix, file):
    with open(os.environ["OS_CLIENT_CONFIG_FILE"]) as stream:
        entries = yaml.safe_load(stream)
    for cloud in CLOUDS:
        identity = administrator(cloud).identity
        roles = {role.name: role for role in identity.roles()}
        us = administrator(cloud).current_user_id
        for letter in PROJECTS:
            name = f"{prefix}-{letter}"
            project = identity.create_project(name=name, domain_id="default")
            made = identity.create_user(name=name, password=f"{name}-secret", domain_id="default",
                                        default_project_id=project.id)
            identity.assign_project_role_to_user(project, made, roles["member"])
            # Who moves the images has a role in all projects.
            identity.assign_project_role_to_user(project, us, roles["admin"])
            entry = json.loads(json.dumps(entries["clouds"][cloud]))
            entry["auth"] |= {
                "username": name, "password": f"{name}-secret", "project_name": name}
            entries["clouds"][f"{cloud}-{name}"] = entry
    with open(file, "w") as stream:
        yaml.safe_dump(entries, stream)


def remove(prefix):
    for cloud in CLOUDS:
        identity = administrator(cloud).identity
        for kind, delete in ((identity.users, identity.delete_user),
                             (identity.projects, identity.delete_project)):
            for each in kind():
                if each.name.startswith(f"{prefix}-"):
                    delete(each)


class Filling:
    """Images of one project."""

    def __init__(self, prefix, letter):
        self.name = f"{prefix} "
        self.letter = letter
        self.cloud = connected("alpha", f"{prefix}-{letter}")
        self.number = 0

    def add(self, name, kind="raw", **fields):
        self.number += 1
        container = kind if kind in ("ami", "aki", "ari") else "bare"
        image = self.cloud.image.post("/images", json={
            "name": self.name + name, "disk_format": kind, "container_format": container,
            "visibility": "private"} | fields).json()
        # No two images are alike.
        data = os.urandom(1000 + self.number)
        answer = self.cloud.image.put(f"/images/{image['id']}/file", data=data, headers={
            "Content-Type": "application/octet-stream"})
        assert answer.status_code == 204, answer.text
        return image["id"]

    def share(self, image, members):
        for member, status in members.items():
            project = member.cloud.current_project_id
            self.cloud.image.add_member(image, member=project)
            if status != "pending":
                member.cloud.image.update_member(project, image, status=status)


def fill(prefix):
    a, b, c = (Filling(prefix, letter) for letter in PROJECTS)
    admin = administrator("alpha")
    for mine in (a, b, c):
        others = [other for other in (a, b, c) if other is not mine]
        for _ in range(2):
            mine.add("of one name", tags=[mine.letter], os_distro="debian", min_disk=1, min_ram=64)
        mine.share(mine.add(f"shared by {mine.letter}", visibility="shared"),
                   {others[0]: "accepted", others[1]: "pending"})
        mine.share(mine.add(f"unwanted {mine.letter}", visibility="shared"),
                   {others[0]: "rejected", others[1]: "accepted"})
        mine.add(f"community {mine.letter}", visibility="community")
        mine.add(f"hidden {mine.letter}", os_hidden=True, hw_disk_bus="scsi")
        mine.add(f"protected {mine.letter}", protected=True)
        public = mine.add(f"public {mine.letter}")
        admin.image.patch(
            f"/images/{public}",
            data=json.dumps([{"op": "replace", "path": "/visibility", "value": "public"}]),
            headers={"Content-Type": "application/openstack-images-v2.1-json-patch"})
        admin.image.deactivate_image(mine.add(f"deactivated {mine.letter}"))
        mine.add(f"snapshot {mine.letter}", image_type="snapshot", **LEFT_OUT)
        mine.add(f"machine {mine.letter}", "ami", kernel_id=mine.add(f"kernel {mine.letter}", "aki"))
    kernel = b.add("kernel for others", "aki", visibility="community")
    ramdisk = c.add("ramdisk for others", "ari", visibility="community")
    a.add("machine of three", "ami", kernel_id=kernel, ramdisk_id=ramdisk)


def see(prefix, cloud):
    admin = administrator(cloud)
    projects = {project.id: project.name for project in admin.identity.projects()}
    names = {}
    for hidden in (False, True):
        for image in admin.image.images(visibility="all", is_hidden=hidden):
            names[image.id] = f"{image.name} {(image.hash_value or '')[:12]}"
    for letter in PROJECTS:
        service = connected(cloud, f"{prefix}-{letter}")
        own = service.current_project_id
        for view, query in VIEWS.items():
            for image in service.image.images(**query):
                if image.name is None or not image.name.startswith(f"{prefix} "):
                    continue
                fields = image.to_dict()
                properties = fields.pop("properties", None) or {}
                shown = {key: value for key, value in (fields | properties).items()
                         if key not in OF_THE_CLOUD and key not in LEFT_OUT and value is not None}
                shown["owner"] = projects[image.owner_id]
                shown["tags"] = sorted(image.tags)
                for key in ("kernel_id", "ramdisk_id"):
                    named = properties.get(key) or fields.get(key)
                    if named is not None:
                        shown[key] = names.get(named, f"unknown: {named}")
                print(letter, view, json.dumps(shown, sort_keys=True))
                if view in ("community", "rejected") or image.visibility != "shared":
                    continue
                for member in service.image.members(image.id):
                    if image.owner_id == own or member.member_id == own:
                        print(letter, view, "member of", names[image.id],
                              projects.get(member.member_id), member.status)


if __name__ == "__main__":
    {"make": make, "fill": fill, "see": see, "remove": remove}[sys.argv[1]](*sys.argv[2:])
