# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""openstacksdk's create_image of a file: prints the image's id and how many bodies were sent.

  python create_image.py CLOUD NAME FILE
"""

import json
import sys

import openstack

cloud, name, file = sys.argv[1:]
service = openstack.connect(cloud=cloud).image
request = service.request
bodies = 0


def counted(url, method, *arguments, **named):
    global bodies
    bodies += method == "PUT"
    return request(url, method, *arguments, **named)


service.request = counted
image = service.create_image(
    name, filename=file, disk_format="raw", validate_checksum=True, wait=True)
print(json.dumps({"id": image.id, "bodies": bodies}))
