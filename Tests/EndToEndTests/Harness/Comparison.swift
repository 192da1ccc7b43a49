// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import Testing

/// The differences between images and their copies, by the services' own records.
enum Comparison {
    private static let compared = [
        "name", "status", "disk_format", "container_format", "min_disk", "min_ram", "size",
        "visibility", "protected", "os_hidden", "os_hash_algo", "os_hash_value", "checksum",
    ]
    private static let references = ["kernel_id", "ramdisk_id"]
    /// Fields that a service sets itself.
    private static let ofTheService: Set<String> = [
        "id", "owner", "created_at", "updated_at", "virtual_size", "stores", "locations",
        "direct_url", "self", "file", "schema", "tags",
    ]

    /// Returns one line for each difference; empty if every original has exactly one copy and no
    /// other image exists.
    static func differences(_ originals: [JSONValue], _ copies: [JSONValue]) -> [String] {
        var left = copies
        var found: [String] = []
        for original in originals {
            let index = left.firstIndex {
                $0.name == original.name && $0["os_hash_value"] == original["os_hash_value"]
            }
            guard let index else {
                found.append("\(original.name) has no copy")
                continue
            }
            let copy = left.remove(at: index)
            found += differences(original, copy, originals, copies).map {
                "\(original.name): \($0)"
            }
        }
        found += left.map { "\($0.name) (\($0.id)) is a \($0.text("status")) copy too many" }
        return found
    }

    private static func differences(
        _ one: JSONValue, _ other: JSONValue, _ originals: [JSONValue], _ copies: [JSONValue]
    ) -> [String] {
        var found: [String] = []
        func compare(_ key: String, _ left: JSONValue?, _ right: JSONValue?) {
            if left != right { found.append("\(key) was \(left ?? nil), is \(right ?? nil)") }
        }
        for key in compared { compare(key, one[key], other[key]) }
        compare("tags", tags(one), tags(other))
        let (left, right) = (properties(one), properties(other))
        for key in Set(left.keys).union(right.keys).sorted() {
            compare(key, left[key], right[key])
        }
        for key in references {
            let named = originals.first { $0.id == one.text(key) }
            let copied = copies.first { $0.id == other.text(key) }
            compare(key, named?["os_hash_value"], copied?["os_hash_value"])
            if one[key] != nil, copied == nil { found.append("\(key) dangles") }
        }
        if other["tranship_origin"] == nil { found.append("it does not carry our marker") }
        return found
    }

    private static func tags(_ image: JSONValue) -> JSONValue {
        .array((image["tags"]?.array ?? []).sorted { ($0.string ?? "") < ($1.string ?? "") })
    }

    private static func properties(_ image: JSONValue) -> [String: JSONValue] {
        (image.object ?? [:]).filter { key, _ in
            !ofTheService.contains(key) && !compared.contains(key) && !references.contains(key)
                && key != "tranship_origin" && !key.hasPrefix("os_glance")
        }
    }

    /// Expects that the target has every original once, and no other image.
    static func expectEqual(
        _ originals: [JSONValue], _ copies: [JSONValue], _ said: Comment = "",
        at location: SourceLocation = #_sourceLocation
    ) {
        let found = differences(originals, copies).joined(separator: "\n")
        #expect(found.isEmpty, "\(found)\n\(said)", sourceLocation: location)
    }
}

/// The openstack client: it has no line of our code between the service and a test.
enum OpenStackClient {
    /// Returns the sha512 of an image's data as this client downloads it.
    static func sha512(_ id: String, cloud: String, folder: URL) async throws -> String {
        let file = folder.appendingPathComponent("\(id).data")
        defer { try? FileManager.default.removeItem(at: file) }
        let environment = ProcessInfo.processInfo.environment.merging(
            ["OS_CLIENT_CONFIG_FILE": Lab.cloudsFile]) { $1 }
        let save = try await RunningCommand(
            ["-c", "openstack --os-cloud \(cloud) image save \(id) | sha512sum"],
            environment: environment, folder: folder, binary: URL(fileURLWithPath: "/bin/bash")
        ).outcome()
        try #require(save.status == 0, save.said)
        return String(save.output.prefix { $0 != " " })
    }
}
