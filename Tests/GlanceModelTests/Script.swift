// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import Testing

/// The behavior of the Image service, as requests and answers. Each part starts with new ids and
/// leaves nothing that the next one sees.
struct Script: Sendable, CustomTestStringConvertible {
    let name: String
    let steps: [Step]

    init(_ name: String, _ steps: [Step]) {
        self.name = name
        self.steps = steps
    }

    var testDescription: String { name }

    private static let active: JSONValue = "active"
    private static let queued: JSONValue = "queued"

    static let all =
        records + changes + lists + data + refusedData + imports + failedImports + sharing + states

    private static let records = [
        Script(
            "a client chooses the id, and a used or deleted id is refused",
            [
                .create("$a"), .get("images/$a", 200, ["id": "$a", "status": queued]),
                .create("$a", [:], 409), .delete("images/$a"), .get("images/$a", 404),
                .create("$a", [:], 409), .delete("images/$a", 404),
            ]),
        Script(
            "a record begins queued, without data, and names its defaults",
            [
                .post(
                    "images", ["id": "$a", "name": "$run"], 201,
                    [
                        "status": queued, "visibility": "shared", "size": nil, "checksum": nil,
                        "os_hash_algo": nil, "os_hash_value": nil, "protected": false,
                        "os_hidden": false, "min_disk": 0, "min_ram": 0, "tags": [],
                        "owner": "$owner", "disk_format": nil,
                    ])
            ]),
        Script(
            "a create is refused",
            [
                .create("no-uuid", [:], 400), .create("$a", ["visibility": "public"], 403),
                .create("$a", ["owner": "$other"], 403), .create("$a", ["checksum": "x"], 403),
                .create("$a", ["size": 1], 403), .create("$a", ["status": "active"], 403),
                .create("$a", ["os_glance_x": "y"], 403), .create("$a", ["x": 1], 400),
                .create("$a", ["name": .string(String(repeating: "n", count: 256))], 400),
                .create("$a", ["visibility": "secret"], 400), .get("images/$a", 404),
                .create(
                    "$a",
                    Dictionary(uniqueKeysWithValues: (0..<129).map { ("k\($0)", "v") }), 413),
                .create(
                    "$a", ["tags": .array((0..<129).map { .string("t\($0)") })], 413),
            ]),
        Script(
            "an administrator sets another owner",
            [
                .create("$a", ["owner": "$owner"], as: .admin),
                .get("images/$a", 200, ["owner": "$owner"]),
            ]),
        Script(
            "a protected image is not deleted",
            [
                .create("$a", ["protected": true]), .delete("images/$a", 403),
                .add("$a", "protected", false), .delete("images/$a"),
            ]),
    ]

    private static let changes = [
        Script(
            "properties are added, replaced and removed",
            [
                .create("$a", ["x": "1"]), .add("$a", "x", "2"),
                .patch("$a", [["op": "replace", "path": "/x", "value": "3"]], 200, ["x": "3"]),
                .patch("$a", [["op": "replace", "path": "/y", "value": "3"]], 409),
                .patch("$a", [["op": "remove", "path": "/x"]], 200, absent: ["x"]),
                .patch("$a", [["op": "remove", "path": "/x"]], 409),
                .patch("$a", [["op": "remove", "path": "/name"]], 403),
                .patch(
                    "$a", [["op": "add", "path": "/a~1b~0c", "value": "v"]], 200, ["a/b~c": "v"]),
                .add("$a", "number", 1, 400), .add("$a", "checksum", "x", 403),
                .add("$a", "visibility", "public", 403), .add("$a", "os_glance_x", "y", 403),
            ]),
        // The answer is a refusal, but the image changes its owner.
        Script(
            "a member who sets another owner is refused and loses the image",
            [
                .create("$a"), .add("$a", "owner", "$other", 403), .get("images/$a", 404),
                .get("images/$a", 200, ["owner": "$other"], as: .admin),
            ]),
        Script(
            "one refused change refuses the whole request",
            [
                .create("$a"),
                .patch(
                    "$a",
                    [
                        ["op": "add", "path": "/x", "value": "1"],
                        ["op": "remove", "path": "/y"],
                    ], 409),
                .get("images/$a", absent: ["x"]),
            ]),
        Script(
            "a patch has a media type of its own",
            [
                .create("$a"),
                Step(
                    method: .patch, path: "images/$a",
                    headers: ["Content-Type": "application/json"],
                    json: [], status: 415),
            ]),
        Script(
            "formats change while an image is queued, and not afterwards",
            [
                .create("$a"), .add("$a", "disk_format", "iso"), .add("$a", "disk_format", "raw"),
                .send("images/$a/file"), .add("$a", "disk_format", "iso", 403),
            ]),
        Script(
            "tags",
            [
                .create("$a"), .put("images/$a/tags/one", nil, 204),
                .put("images/$a/tags/one", nil, 204),
                .get("images/$a", 200, ["tags": ["one"]]), .delete("images/$a/tags/one"),
                .delete("images/$a/tags/one", 404), .get("images/$a", 200, ["tags": []]),
                .put("images/$a/tags/\(String(repeating: "t", count: 256))", nil, 400),
            ]),
    ]

    private static let lists = [
        Script(
            "a list is paged, newest first",
            [
                .create("$a"), .create("$b"), .create("$c"),
                .list("name=$run", ["$c", "$b", "$a"]), .list("name=$run&limit=2", ["$c", "$b"]),
                .list("name=$run&limit=2&marker=$b", ["$a"]), .list("name=$run&marker=$a", []),
                .list("name=$run&limit=0", []),
                .list("name=$run&sort_key=created_at&sort_dir=asc", ["$a", "$b", "$c"]),
                .list("id=in:$a,$b", ["$b", "$a"]),
            ]),
        Script(
            "a full page names the next one",
            [
                .create("$a"), .create("$b"),
                .get(
                    "images?name=$run&limit=1", 200,
                    ["next": "/v2/images?name=$run&limit=1&marker=$b"]),
                .get("images?name=$run&limit=3", 200, absent: ["next"]),
            ]),
        Script(
            "a marker that is unknown or deleted is refused",
            [
                .create("$a"), .get("images?marker=$b", 400), .delete("images/$a"),
                .get("images?marker=$a", 400), .get("images?sort_key=colour", 400),
                .get("images?limit=-1", 400), .get("images?visibility=secret", 400),
            ]),
        Script(
            "hidden images have a list of their own",
            [
                .create("$a", ["os_hidden": true]), .create("$b"), .list("name=$run", ["$b"]),
                .list("name=$run&os_hidden=true", ["$a"]), .get("images/$a"),
            ]),
        Script(
            "filters",
            [
                .create("$a", ["colour": "red", "tags": ["x", "y"], "protected": true]),
                .create("$b", ["colour": "blue", "tags": ["x"]]), .send("images/$b/file"),
                .list("name=$run&colour=red", ["$a"]), .list("name=$run&tag=x&tag=y", ["$a"]),
                .list("name=$run&status=active", ["$b"]), .list("name=$run&size_min=10", ["$b"]),
                .list("name=$run&size_min=11", []), .list("name=$run&protected=true", ["$a"]),
                .list("name=$run&checksum=\(Step.md5)", ["$b"]),
                .list("name=$run&os_hash_value=\(Step.sha512)", ["$b"]),
                .list("name=$run&owner=$owner", ["$b", "$a"]),
                .list("name=$run&status=in:queued,saving", ["$a"]),
                .add("$a", "protected", false),
            ]),
    ]

    private static let data = [
        Script(
            "an upload makes the image active and reports its digests",
            [
                .create("$a"), .send("images/$a/file"),
                .get(
                    "images/$a", 200,
                    [
                        "status": active, "size": 10, "checksum": .string(Step.md5),
                        "os_hash_algo": "sha512", "os_hash_value": .string(Step.sha512),
                        "stores": "fast",
                    ]),
                .send("images/$a/file", Step.data, 409), .send("images/$a/stage", Step.data, 409),
            ]),
        Script(
            "an empty upload is an image too",
            [
                .create("$a"), .send("images/$a/file", []),
                .get("images/$a", 200, ["status": active, "size": 0]),
            ]),
        Script(
            "a client chooses the store",
            [
                .create("$a"),
                .send("images/$a/file", headers: ["X-Image-Meta-Store": "slow"]),
                .get("images/$a", 200, ["stores": "slow"]), .create("$b"),
                .send("images/$b/file", Step.data, 400, headers: ["X-Image-Meta-Store": "none"]),
                .get("images/$b", 200, ["status": queued, "checksum": nil]),
            ]),
        Script(
            "ranges",
            [
                .create("$a"), .download("$a", 204), .send("images/$a/file"),
                .download("$a", 200, Step.data, headers: ["Content-MD5": Step.md5]),
                .download(
                    "$a", range: "bytes=2-4", 206, Array("234".utf8),
                    headers: ["Content-Range": "bytes 2-4/10", "Content-Length": "3"]),
                .download(
                    "$a", range: "bytes=7-", 206, Array("789".utf8),
                    headers: ["Content-Range": "bytes 7-9/10", "Content-MD5": Step.md5]),
                .download("$a", range: "bytes=-2", 206, Array("89".utf8)),
                .download("$a", range: "bytes=10-", 416), .download("$a", range: "bytes=4-2", 416),
                .download("$a", range: "lines=1-2", 416),
                .download("$a", range: "bytes=0-1,3-4", 400),
            ]),
    ]

    private static let refusedData = [
        Script(
            "an upload without formats, or with another media type, leaves the record queued",
            [
                .create("$a", ["disk_format": nil]), .send("images/$a/file", Step.data, 400),
                .get("images/$a", 200, ["status": queued, "checksum": nil]), .create("$b"),
                .send(
                    "images/$b/file", Step.data, 415, headers: ["Content-Type": "text/plain"]),
                .get("images/$b", 200, ["status": queued, "checksum": nil]),
                .send("images/$c/file", Step.data, 404),
            ]),
        Script(
            "an upload of the wrong size leaves the record queued",
            [
                .create("$a"),
                .send(
                    "images/$a/file", Step.data, 400, headers: ["X-OpenStack-Image-Size": "11"]),
                .get("images/$a", 200, ["status": queued]),
            ]),
        Script(
            "a refused format leaves its digests on the record, which takes no data any more",
            [
                .create("$a", ["disk_format": "qcow2"]), .send("images/$a/file", Step.data, 415),
                .get(
                    "images/$a", 200,
                    ["status": queued, "checksum": .string(Step.md5), "os_hash_algo": "sha512"]),
                .add("$a", "disk_format", "raw"), .send("images/$a/file", Step.data, 500),
            ]),
        Script(
            "the format of staged data is inspected by the import, which stays importing for ever",
            [
                .create("$a", ["disk_format": "qcow2"]), .send("images/$a/stage"),
                .post("images/$a/import", direct(), 202),
                .until("images/$a/tasks", ["tasks.0.status": "failure"]),
                .until(
                    "images/$a",
                    [
                        "status": "importing", "checksum": nil, "os_glance_failed_import": "fast",
                        "os_glance_importing_to_stores": "",
                    ]),
                .send("images/$a/file", Step.data, 409),
                .post("images/$a/import", direct(), 409),
            ]),
    ]

    private static func direct(_ more: [String: JSONValue] = [:]) -> JSONValue {
        .object(more.merging(["method": ["name": "glance-direct"]]) { $1 })
    }

    private static let imports = [
        Script(
            "staged data is imported once",
            [
                .create("$a"), .post("images/$a/import", direct(), 409), .send("images/$a/stage"),
                .get("images/$a", 200, ["status": "uploading", "checksum": nil]),
                .send("images/$a/stage", Step.data, 409), .send("images/$a/file", Step.data, 409),
                .post("images/$a/import", direct(["stores": ["none"]]), 409),
                .post("images/$a/import", direct(), 202),
                .until(
                    "images/$a",
                    [
                        "status": active, "size": 10, "checksum": .string(Step.md5),
                        "os_hash_value": .string(Step.sha512), "stores": "fast",
                    ]),
                .until("images/$a/tasks", ["tasks.0.status": "success"]),
                .get("images/$a/tasks", 200, ["tasks.0.type": "api_image_import"]),
                .post("images/$a/import", direct(), 409),
            ]),
        Script(
            "an import goes to the stores that it names",
            [
                .create("$a"), .send("images/$a/stage"),
                .post("images/$a/import", direct(["stores": ["slow"]]), 202),
                .until("images/$a", ["status": active, "stores": "slow"]),
            ]),
        Script(
            "an import is refused at once",
            [
                .create("$a"),
                .post("images/$a/import", ["method": ["name": "none"]], 400),
                .post(
                    "images/$a/import", ["method": ["name": "web-download", "uri": "ftp://x/y"]],
                    400),
                .post("images/$a/import", ["method": ["name": "glance-download"]], 400),
                .get("images/$a", 200, ["status": queued]), .create("$b", ["disk_format": nil]),
                .post(
                    "images/$b/import",
                    ["method": ["name": "web-download", "uri": "http://127.0.0.1:9/x"]], 409),
            ]),
        Script(
            "an administrator copies an image to a second store, its owner may not",
            [
                .create("$a"),
                .post(
                    "images/$a/import", ["method": ["name": "copy-image"], "stores": ["slow"]],
                    409, as: .admin), .send("images/$a/file"),
                .post(
                    "images/$a/import", ["method": ["name": "copy-image"], "stores": ["slow"]],
                    403),
                .post(
                    "images/$a/import", ["method": ["name": "copy-image"], "stores": ["slow"]],
                    202, as: .admin),
                .until("images/$a", ["status": active, "stores": "fast,slow"]),
                // Until its end, the task may write its earlier state of the record back.
                .until("images/$a/tasks", ["tasks.0.status": "success"], as: .admin),
                .delete("stores/fast/$a", 403), .delete("stores/fast/$a", as: .admin),
                .get("images/$a", 200, ["stores": "slow"]),
                .delete("stores/slow/$a", 403, as: .admin),
            ]),
    ]

    private static let failedImports = [
        Script(
            "a download that fails leaves the record queued and names the store",
            [
                .create("$a"),
                .post(
                    "images/$a/import",
                    ["method": ["name": "web-download", "uri": "http://127.0.0.1:9/x"]], 202),
                .until("images/$a/tasks", ["tasks.0.status": "failure"]),
                .until("images/$a", ["status": queued, "os_glance_failed_import": "fast"]),
                .get("images/$a", 200, ["checksum": nil, "os_glance_importing_to_stores": ""]),
                // The record accepts data again.
                .send("images/$a/file"), .get("images/$a", 200, ["status": active]),
            ]),
        Script(
            "a copy from a region that does not exist shows its failure in the task alone",
            [
                .create("$a"),
                .post(
                    "images/$a/import",
                    [
                        "method": [
                            "name": "glance-download", "glance_region": "Nowhere",
                            "glance_image_id": "$b",
                        ]
                    ], 202),
                .until("images/$a/tasks", ["tasks.0.status": "failure"]),
                .get(
                    "images/$a", 200,
                    [
                        "status": queued, "os_glance_importing_to_stores": "fast",
                        "os_glance_failed_import": "",
                    ]),
            ]),
    ]

    private static let sharing = [
        Script(
            "only a shared image has members, and a member begins pending",
            [
                .create("$a"), .post("images/$a/members", ["member": "$other"], 403),
                .add("$a", "visibility", "shared"),
                .post(
                    "images/$a/members", ["member": "$other"], 200,
                    ["member_id": "$other", "status": "pending", "image_id": "$a"]),
                .post("images/$a/members", ["member": "$other"], 409),
                .get("images/$a/members/$other", 200, ["status": "pending"]),
                .get("images/$a", as: .other), .list("name=$run", [], as: .other),
                .put("images/$a/members/$other", ["status": "accepted"], 403),
                .put("images/$a/members/$other", ["status": "accepted"], 200, as: .other),
                .list("name=$run", ["$a"], as: .other),
                .put("images/$a/members/$other", ["status": "sure"], 400, as: .other),
                .delete("images/$a/members/$other", 403, as: .other),
                .delete("images/$a/members/$other"), .get("images/$a/members/$other", 404),
                .get("images/$a", 404, as: .other),
            ]),
        Script(
            "who sees an image by its visibility",
            [
                .create("$a"), .get("images/$a", 404, as: .other), .get("images/$a", as: .admin),
                .delete("images/$a", 404, as: .other), .add("$a", "visibility", "community"),
                .get("images/$a", as: .other), .list("name=$run", [], as: .other),
                .list("name=$run&visibility=community", ["$a"], as: .other),
                .list("name=$run&visibility=all", ["$a"], as: .other),
                .delete("images/$a", 403, as: .other),
                .patch("$a", [["op": "add", "path": "/x", "value": "y"]], 403, as: .other),
                .patch(
                    "$a", [["op": "add", "path": "/visibility", "value": "public"]],
                    as: .admin), .list("name=$run", ["$a"], as: .other),
            ]),
    ]

    private static let states = [
        Script(
            "a deactivated image is no longer read by its owner",
            [
                .create("$a"), .post("images/$a/actions/deactivate", nil, 403),
                .send("images/$a/file"), .post("images/$a/actions/deactivate", nil, 204),
                .post("images/$a/actions/deactivate", nil, 204),
                .get("images/$a", 200, ["status": "deactivated"], absent: ["stores"]),
                .download("$a", 403), .download("$a", 200, Step.data, as: .admin),
                .post("images/$a/actions/reactivate", nil, 204), .download("$a", 200, Step.data),
                .post("images/$a/actions/reactivate", nil, 204),
            ]),
        Script(
            "what the service offers",
            [
                .get("info/import", 200, ["import-methods.type": "array"]),
                .get("info/stores", 200, ["stores.0.id": "fast", "stores.0.default": "true"]),
                .get("info/usage", 200),
            ]),
    ]
}
