// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Image requests")
struct ImageRequestsTests {
    private func text(_ request: ServiceRequest) -> String {
        String(decoding: request.body ?? [], as: UTF8.self)
    }

    @Test("only what was set is said when an image is created")
    func create() throws {
        #expect(text(try ImageRequests.create(NewImage(name: "n"))) == #"{"name":"n"}"#)
        let full = NewImage(
            id: "i", name: "n", diskFormat: "raw", containerFormat: "bare", visibility: .shared,
            isProtected: true, isHidden: false, ownerID: "o", minRAMMiB: 1, minDiskGiB: 2,
            tags: ["t"], properties: ["p": "v"])
        #expect(
            text(try ImageRequests.create(full)) == """
                {"container_format":"bare","disk_format":"raw","id":"i","min_disk":2,"min_ram":1,\
                "name":"n","os_hidden":false,"owner":"o","p":"v","protected":true,"tags":["t"],\
                "visibility":"shared"}
                """)
    }

    /// Such a request may use a kept connection, which may turn out to be dead.
    @Test("a create with an id, and a patch that sets values, may be sent twice")
    func repeatable() throws {
        #expect(try ImageRequests.create(NewImage(id: "i", name: "n")).isRepeatable)
        #expect(try !ImageRequests.create(NewImage(name: "n")).isRepeatable)
        #expect(ImageRequests.update("i", [.add("p", "1"), .replace("name", "n")]).isRepeatable)
        #expect(!ImageRequests.update("i", [.add("p", "1"), .remove("q")]).isRepeatable)
        #expect(
            !ImageRequests.update("i", [PatchOperation(.add, pointer: "/locations/-", value: 1)])
                .isRepeatable)
        #expect(ImageRequests.deactivate("i").isRepeatable)
        #expect(!ImportRequests.start("i", ImportRequest(.glanceDirect)).isRepeatable)
        #expect(ImageRequests.show("i").isRepeatable && ImageRequests.delete("i").isRepeatable)
    }

    @Test("a property cannot pose as a field")
    func baseKey() throws {
        let error = #expect(throws: TranshipError.self) {
            try ImageRequests.create(NewImage(properties: ["size": "1"]))
        }
        #expect(error?.code == .usage)
        #expect(error?.message.hasPrefix("\"size\" is a field of every image") == true)
    }

    @Test("a patch has its own media type and escaped pointers")
    func update() {
        let request = ImageRequests.update(
            "a/b", [.add("x~y/z", "1"), .replace("name", .null), .remove("p")])
        #expect(request.path == "/v2/images/a%2Fb")
        #expect(
            request.headers["content-type"] == "application/openstack-images-v2.1-json-patch")
        #expect(
            text(request) == """
                [{"op":"add","path":"/x~0y~1z","value":"1"},\
                {"op":"replace","path":"/name","value":null},{"op":"remove","path":"/p"}]
                """)
    }

    @Test("every part of a query reaches the URL encoded")
    func query() {
        let query = ImageQuery(
            name: "a: b&c", status: [.active, .queued], isProtected: false, isHidden: true,
            tags: ["x", "y z"], sizeMinBytes: 1, createdAt: .init(.greaterOrEqual, "2026-01-01"),
            properties: ["os distro": "ü"], sort: [.init("name"), .init("id", ascending: false)],
            pageLimit: 7, marker: "m")
        #expect(
            ImageRequests.list(query).url(root: "https://h/image") == """
                https://h/image/v2/images?limit=7&name=eq%3Aa%3A%20b%26c\
                &status=in%3A%22active%22%2C%22queued%22&protected=false&os_hidden=true&tag=x\
                &tag=y%20z&size_min=1&created_at=gte%3A2026-01-01&os%20distro=%C3%BC\
                &sort=name%3Aasc%2Cid%3Adesc&marker=m
                """)
    }
}
