// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
import HTTPTransport
package import OpenStackImage
import Testing

/// One entry of the lab's clouds.yaml. Values are the service's own JSON, so that a test compares
/// the service's answer, and not the result of our decoders.
package struct LabCloud: Sendable {
    package let name: String
    package let service: ImageService

    package static let alpha = LabCloud("alpha")
    package static let alphaAdmin = LabCloud("alpha-admin")
    package static let alphaOther = LabCloud("alpha-other")
    /// Alpha's second region.
    package static let alphaTwo = LabCloud("alpha-two")
    package static let alphaTwoAdmin = LabCloud("alpha-two-admin")
    package static let beta = LabCloud("beta")
    package static let betaAdmin = LabCloud("beta-admin")
    package static let betaOther = LabCloud("beta-other")
    /// Services without a Keystone, see ``Lab/withExtras(_:)``.
    package static let noauth = LabCloud("noauth")
    package static let basic = LabCloud("basic")

    /// The folder in which its Glance keeps stores, staging and tasks.
    package var dataFolder: String {
        let site = name.hasPrefix("alpha-two") ? "gamma" : name.prefix { $0 != "-" }
        return "\(Lab.folder)/\(site)/data"
    }

    package init(_ name: String) {
        self.name = name
        do {
            // Each idle connection holds one of the service's few threads.
            var transport = TransportConfiguration()
            transport.idleSeconds = 2
            service = ImageService(
                try CloudSession.named(
                    name, environment: ["OS_CLIENT_CONFIG_FILE": Lab.cloudsFile],
                    transport: transport))
        } catch {
            preconditionFailure("the lab has no cloud \(name): \(error)")
        }
    }

    package var projectID: String {
        get async throws { try #require(try await service.session.authenticate().projectID) }
    }

    // MARK: Looking

    package func image(_ id: String) async throws -> JSONValue {
        try await service.sendForJSON(ServiceRequest(.get, "/v2/images/\(id)"))
    }

    /// Returns every image of that name that is not hidden.
    package func named(_ name: String) async throws -> [JSONValue] {
        let page = try await service.sendForJSON(
            ServiceRequest(.get, "/v2/images", query: [.init("name", name)]))
        return page["images"]?.array ?? []
    }

    /// Returns every visible image whose name begins with the prefix, in order of creation.
    package func images(_ prefix: String) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        for hidden in ["false", "true"] {
            var marker: String?
            while true {
                var query: [ServiceRequest.QueryItem] = [
                    .init("limit", "200"), .init("visibility", "all"), .init("os_hidden", hidden),
                ]
                if let marker { query.append(.init("marker", marker)) }
                let page = try await service.sendForJSON(
                    ServiceRequest(.get, "/v2/images", query: query))
                let images = page["images"]?.array ?? []
                found += images.filter { $0["name"]?.string?.hasPrefix(prefix) == true }
                guard page["next"] != nil, let last = images.last?["id"]?.string else { break }
                marker = last
            }
        }
        return found.sorted { $0.text("created_at") < $1.text("created_at") }
    }

    /// Returns the only image of that name.
    package func only(_ name: String) async throws -> JSONValue {
        let found = try await images(name).filter { $0["name"]?.string == name }
        try #require(found.count == 1, "\(found.count) images are called \(name)")
        return found[0]
    }

    package func members(_ id: String) async throws -> [String] {
        let answer = try await service.sendForJSON(
            ServiceRequest(.get, "/v2/images/\(id)/members"))
        return (answer["members"]?.array ?? []).map { $0.text("member_id") }.sorted()
    }

    package func data(_ id: String) async throws -> [UInt8] {
        let answer = try await service.send(
            ServiceRequest(.get, "/v2/images/\(id)/file"), expecting: [200, 204])
        return answer.body
    }

    /// Deletes every image of that name.
    package func remove(_ name: String) async throws {
        for image in try await named(name) { try await delete(image) }
    }

    // MARK: Changing

    /// Creates an image with its data and returns it as the service shows it.
    @discardableResult
    package func add(
        _ name: String, _ bytes: [UInt8]?, disk: String = "raw", container: String = "bare",
        _ more: [String: JSONValue] = [:]
    ) async throws -> JSONValue {
        var record: [String: JSONValue] = [
            "name": .string(name), "disk_format": .string(disk),
            "container_format": .string(container),
        ]
        record.merge(more) { $1 }
        let image = try await service.sendForJSON(
            ServiceRequest(.post, "/v2/images", json: .object(record)))
        guard let bytes else { return image }
        try await service.send(
            ServiceRequest(
                .put, "/v2/images/\(image.id)/file",
                headers: ["Content-Type": "application/octet-stream"], body: bytes),
            expecting: [204])
        return try await self.image(image.id)
    }

    @discardableResult
    package func change(_ id: String, _ changes: [String: JSONValue]) async throws -> JSONValue {
        let operations = changes.sorted { $0.key < $1.key }.map { key, value -> JSONValue in
            ["op": "add", "path": .string("/\(key)"), "value": value]
        }
        return try await service.sendForJSON(
            ServiceRequest(
                .patch, "/v2/images/\(id)", json: .array(operations),
                mediaType: "application/openstack-images-v2.1-json-patch"))
    }

    package func share(_ id: String, with project: String) async throws {
        _ = try await service.sendForJSON(
            ServiceRequest(
                .post, "/v2/images/\(id)/members", json: ["member": .string(project)]))
    }

    package func delete(_ image: JSONValue) async throws {
        if image["protected"]?.bool == true {
            try await change(image.id, ["protected": false])
        }
        try await service.send(
            ServiceRequest(.delete, "/v2/images/\(image.id)"), expecting: [204, 404, 403])
    }
}

extension JSONValue {
    /// Returns a member as text; empty if it is missing.
    package func text(_ key: String) -> String { self[key]?.string ?? "" }

    package var id: String { text("id") }
    package var name: String { text("name") }
}
